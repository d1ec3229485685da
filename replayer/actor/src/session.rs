//! Sessions as the scheduler knows them: autogroups, each of which has a number of its own as long
//! as the kernel runs (`sched(7)`).

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::held::{Held, Target};
use crate::process_file;
use crate::stat::Stat;

/// The number of the autogroup that a process is in; `None` where it is in none.
pub(crate) fn number(held: &Held) -> Result<Option<u64>, Failure> {
    Ok(process_file::autogroup(held)?.as_deref().and_then(number_of))
}

/// The processes of an autogroup, in the order of their ids. One that came or went meanwhile may be
/// missing.
pub(crate) fn members(number: u64) -> Vec<Target> {
    let listed = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<Target> = pids.filter_map(|pid| member(pid, number)).collect();
    found.sort_by_key(|target| target.pid);
    found
}

fn member(pid: u64, number: u64) -> Option<Target> {
    let start_ticks = Stat::of(Path::new(&format!("/proc/{pid}"))).ok()?.start_ticks;
    let target = Target { pid, start_ticks };
    let held = target.hold().ok()?;
    (self::number(&held).ok()? == Some(number)).then_some(target)
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("/autogroup-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::Child;

    #[test]
    fn those_who_began_in_a_session_are_its_members() {
        let mut child = Child::parent();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let Ok(Some(own)) = number(&held) else {
            println!("skipped: no autogroups");
            return;
        };
        let made = child.make_child();
        let found: Vec<u64> = members(own).iter().map(|target| target.pid).collect();
        let mut wanted = [child.pid(), made];
        wanted.sort_unstable();
        assert_eq!(found, wanted);
    }
}
