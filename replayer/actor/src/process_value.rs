//! A number in a file of a process that is written, read back, and put back.

use serde::{Deserialize, Serialize};

use crate::clock::boot_ticks;
use crate::failure::Failure;
use crate::heirs;
use crate::held::Held;
use crate::process_file::{ProcessFile, read, told, write_to};
use crate::session;
use crate::writes::Writes;

/// What a file held, and what is written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// Which file.
    pub file: ProcessFile,
    /// What is written.
    pub written: i64,
    /// What it held.
    pub before: i64,
    /// What the kernel made of what is written, where it took something else: that is ours too.
    #[serde(default)]
    pub taken: Option<i64>,
    /// Since when the process hands on what is written to what it makes, in clock ticks after
    /// boot; nothing where it does not.
    #[serde(default)]
    pub since_ticks: Option<u64>,
    /// The number of the autogroup whose value it is.
    #[serde(default)]
    pub session: Option<u64>,
}

/// What became of putting it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It holds what it held.
    Restored,
    /// Someone else wrote this since, and it was left alone.
    Superseded(i64),
}

/// Looks at what there is before `written` is.
pub fn capture(held: &Held, file: ProcessFile, written: i64) -> Result<Prior, Failure> {
    // An adjustment of the OOM score is copied at a fork. The nice level of an autogroup is that of
    // a session: who is made in it shares it, and who makes another one begins with 0 there
    // (`kernel.md`, section 7), so nobody has a copy.
    let since_ticks = match file {
        ProcessFile::OomScoreAdj => Some(boot_ticks()),
        ProcessFile::Autogroup => None,
    };
    let (before, session) = held.during(|| {
        let session = match file {
            ProcessFile::Autogroup => session::number(held)?,
            ProcessFile::OomScoreAdj => None,
        };
        Ok((read(held, file)?, session))
    })?;
    Ok(Prior { file, written, before, taken: None, since_ticks, session })
}

/// Writes it, and reads it back. What is read and is something else is kept beside it.
pub fn apply(held: &Held, prior: &mut Prior, writes: &dyn Writes) -> Result<(), Failure> {
    let found = held.during(|| {
        is_of_session(held, prior)?;
        write(held, prior.file, prior.written, writes)
    })?;
    prior.taken = (found != prior.written).then_some(found);
    taken(held, prior.file, prior.written, found)
}

/// Writes what there was, where what was written stands still; what the process made meanwhile gets
/// it too.
pub fn restore(held: &Held, prior: &Prior, writes: &dyn Writes) -> Result<Restored, Failure> {
    let (restored, _) = restore_of(held, prior, writes)?;
    if let Some(since_ticks) = prior.since_ticks {
        // What one of them wrote itself since is its own business.
        let of_heir = |heir: &Held| restore_of(heir, prior, writes).map(|(_, changed)| changed);
        heirs::each(held, since_ticks, of_heir)?;
    }
    Ok(restored)
}

/// The same where the process that was named has ended, or has left its session: that may go on,
/// and has one value for all.
pub fn restore_session(prior: &Prior, writes: &dyn Writes) -> Result<Restored, Failure> {
    let members = prior.session.map(session::members).unwrap_or_default();
    let mut gone = Failure::Gone { what: "the session".to_owned() };
    for member in members {
        match member.hold().and_then(|held| restore(&held, prior, writes)) {
            Err(failure) if failure.is_end() => gone = failure,
            restored => return restored,
        }
    }
    Err(gone)
}

/// What became of one, and whether it was changed.
fn restore_of(
    held: &Held,
    prior: &Prior,
    writes: &dyn Writes,
) -> Result<(Restored, bool), Failure> {
    held.during(|| {
        is_of_session(held, prior)?;
        let found = read(held, prior.file)?;
        if found == prior.before {
            return Ok((Restored::Restored, false));
        }
        if found != prior.written && Some(found) != prior.taken {
            return Ok((Restored::Superseded(found), false));
        }
        let found = write(held, prior.file, prior.before, writes)?;
        taken(held, prior.file, prior.before, found)?;
        Ok((Restored::Restored, true))
    })
}

/// Who begins another session has another autogroup from then on, and the value is that of the
/// first.
fn is_of_session(held: &Held, prior: &Prior) -> Result<(), Failure> {
    let Some(session) = prior.session else { return Ok(()) };
    if session::number(held)? == Some(session) {
        return Ok(());
    }
    Err(Failure::Gone { what: format!("the session of process {}", held.pid()) })
}

/// Writes, and gives what is read then.
fn write(held: &Held, file: ProcessFile, value: i64, writes: &dyn Writes) -> Result<i64, Failure> {
    write_to(writes.open_process_file(held, file)?, value, &told(held, file))?;
    read(held, file)
}

fn taken(held: &Held, file: ProcessFile, value: i64, found: i64) -> Result<(), Failure> {
    if found == value {
        return Ok(());
    }
    let (written, found) = (value.to_string(), found.to_string());
    Err(Failure::NotTaken { what: told(held, file), written, found })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::child::{Child, may_put_back};
    use crate::place::Place;
    use crate::writes::Direct;

    #[test]
    fn what_was_written_is_put_back_and_what_others_wrote_is_left() {
        if !may_put_back() {
            return;
        }
        let child = Child::sleeping();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let mut prior = capture(&held, ProcessFile::OomScoreAdj, 500).unwrap();
        apply(&held, &mut prior, &Direct).unwrap();
        assert_eq!(read(&held, ProcessFile::OomScoreAdj).unwrap(), 500);
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Restored);
        assert_eq!(read(&held, ProcessFile::OomScoreAdj).unwrap(), prior.before);
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Restored, "twice is once");
        apply(&held, &mut prior, &Direct).unwrap();
        write(&held, ProcessFile::OomScoreAdj, 700, &Direct).unwrap();
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Superseded(700));
        assert_eq!(read(&held, ProcessFile::OomScoreAdj).unwrap(), 700);
    }

    #[test]
    fn what_the_kernel_refuses_is_told_with_its_place() {
        let child = Child::sleeping();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let mut prior = capture(&held, ProcessFile::OomScoreAdj, 1001).unwrap();
        let told = apply(&held, &mut prior, &Direct).unwrap_err().to_string();
        assert!(told.starts_with("1001 to `oom_score_adj` of process "), "{told}");
    }

    /// A kernel that takes something else than what is written.
    #[derive(Debug)]
    struct Otherwise(&'static str);

    impl Writes for Otherwise {
        fn open_process_file(&self, held: &Held, file: ProcessFile) -> Result<File, Failure> {
            std::fs::write(held.folder().join(file.name()), self.0).unwrap();
            Ok(File::options().write(true).open("/dev/null").unwrap())
        }

        fn write_place(&self, _: &Place, _: &str) -> Result<(), Failure> {
            unreachable!("it is a file of a process")
        }
    }

    #[test]
    fn what_the_kernel_took_instead_is_told_and_put_back() {
        if !may_put_back() {
            return;
        }
        let child = Child::sleeping();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let mut prior = capture(&held, ProcessFile::OomScoreAdj, 500).unwrap();
        let told = apply(&held, &mut prior, &Otherwise("496")).unwrap_err();
        assert!(matches!(told, Failure::NotTaken { .. }), "{told}");
        assert_eq!((read(&held, prior.file).unwrap(), prior.taken), (496, Some(496)));
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Restored);
        assert_eq!(read(&held, prior.file).unwrap(), prior.before);
    }

    #[test]
    fn a_session_gets_back_its_value_from_whoever_is_left_of_it() {
        if !may_put_back() {
            return;
        }
        let mut child = Child::parent();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let left = child.make_child();
        let Ok(mut prior) = capture(&held, ProcessFile::Autogroup, 7) else {
            println!("skipped: no autogroups");
            return;
        };
        apply(&held, &mut prior, &Direct).unwrap();
        let of = |pid| std::fs::read_to_string(format!("/proc/{pid}/autogroup")).unwrap();
        assert!(of(left).ends_with(" nice 7\n"));
        // As of one that has begun another session since.
        let elsewhere = Prior { session: prior.session.map(|number| number + 1), ..prior };
        assert!(restore(&held, &elsewhere, &Direct).unwrap_err().is_end());
        assert!(apply(&held, &mut elsewhere.clone(), &Direct).unwrap_err().is_end());
        child.end_alone();
        assert!(restore(&held, &prior, &Direct).unwrap_err().is_end());
        assert_eq!(restore_session(&prior, &Direct).unwrap(), Restored::Restored);
        assert!(of(left).ends_with(" nice 0\n"), "{}", of(left));
        crate::child::kill(left);
        assert!(restore_session(&prior, &Direct).unwrap_err().is_end(), "nobody is left");
    }

    #[test]
    fn what_was_made_while_it_lasted_has_what_its_maker_had() {
        if !may_put_back() {
            return;
        }
        let mut child = Child::parent();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let mut prior = capture(&held, ProcessFile::OomScoreAdj, 500).unwrap();
        apply(&held, &mut prior, &Direct).unwrap();
        let made = [child.make_child(), child.make_child()];
        let path = |pid| format!("/proc/{pid}/oom_score_adj");
        let of = |pid| std::fs::read_to_string(path(pid)).unwrap();
        assert_eq!(made.map(of), ["500\n", "500\n"], "they inherit");
        std::fs::write(path(made[1]), "600").unwrap();
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Restored);
        let before = format!("{}\n", prior.before);
        assert_eq!((of(child.pid()), of(made[0])), (before.clone(), before));
        assert_eq!(of(made[1]), "600\n", "what one wrote itself is left");
    }
}
