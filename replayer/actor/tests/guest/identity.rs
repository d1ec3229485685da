//! Who is meant, and nobody else: ids that were given again, groups that were made anew, those that
//! have ended, and the kernel's own.

use std::fs;

use ks_actor::stat::Stat;
use ks_vocabulary::decision::{Effect, GroupFile, Signal};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::child::{Child, nice};
use crate::group::{Group, switch};
use crate::lab::{Lab, Verdict, failed, read, same, write};
use crate::process::give_nice;

/// Not many more than the least that kernels take.
const FEW_IDS: &str = "500";

/// Makes processes until one has this id: the number of ids is made small for that.
fn with_id(pid: u64) -> Verdict<Child> {
    for _ in 0..2000 {
        let child = Child::of_one_thread()?;
        if child.pid() == pid {
            return Ok(child);
        }
    }
    failed(format!("the id {pid} does not come again"))
}

/// With few ids, for as long as something is done.
fn with_few_ids(check: impl FnOnce() -> Verdict) -> Verdict {
    let before = read("/proc/sys/kernel/pid_max")?;
    write("/proc/sys/kernel/pid_max", FEW_IDS)?;
    let done = check();
    write("/proc/sys/kernel/pid_max", before.trim())?;
    done
}

pub(crate) fn recycled_id(lab: &mut Lab) -> Verdict {
    lab.only_in_a_guest()?;
    with_few_ids(|| {
        let old = Child::of_one_thread()?;
        let (pid, exact) = (old.pid(), old.exact());
        let effect = |nice| Effect::Nice { process: exact.clone(), nice };
        let stop = || Effect::Signal { process: exact.clone(), signal: Signal::Stop };
        let adj = || Effect::OomScore { process: exact.clone(), adj: 300 };
        let all = [lab.act(effect(7))?, lab.act(stop())?, lab.act(adj())?];
        drop(old);
        let new = with_id(pid)?;
        // It has what the old one was given, and is not the one that gives it back.
        give_nice(pid, 7)?;
        write(new.file("oom_score_adj"), "300")?;
        for request in all.into_iter().rev() {
            lab.put_back(request)?;
        }
        for effect in [effect(9), stop(), adj()] {
            lab.refuses(vec![effect], "is gone, or another has its place")?;
        }
        same("the nice level of another one", nice(pid)?, 7)?;
        same("another one's score", read(new.file("oom_score_adj"))?, "300\n".to_owned())?;
        same("another one is stopped", new.is_stopped()?, false)
    })
}

pub(crate) fn group_made_anew(lab: &mut Lab) -> Verdict {
    let group = Group::new()?;
    let (file, text) = (GroupFile::CgroupFreeze, "1");
    let old = group.effect(file, text)?;
    let request = lab.act(old.clone())?;
    group.make_anew()?;
    group.write(file, text)?;
    lab.put_back(request)?;
    same("a file of the new group", group.text(file)?, "1\n".to_owned())?;
    group.write(file, "0")?;
    lab.refuses(vec![old], "is gone, or another has its place")?;
    same("a file of the new group", group.text(file)?, "0\n".to_owned())?;
    let new = group.effect(file, text)?;
    let request = lab.act(new)?;
    lab.put_back(request)
}

/// Its limits are gone with it, and are not there when it is back: nothing is to be undone.
pub(crate) fn controller_off_and_on(lab: &mut Lab) -> Verdict {
    lab.only_in_a_guest()?;
    let group = Group::new()?;
    let request = lab.act(group.effect(GroupFile::PidsMax, "10")?)?;
    // Groups beside it have it as well.
    switch("-pids")?;
    switch("+pids")?;
    lab.put_back(request)?;
    same("the limit", group.text(GroupFile::PidsMax)?, "max\n".to_owned())
}

pub(crate) fn controller_off(lab: &mut Lab) -> Verdict {
    lab.only_in_a_guest()?;
    let group = Group::new()?;
    let request = lab.act(group.effect(GroupFile::PidsMax, "10")?)?;
    switch("-pids")?;
    let done = lab.put_back(request);
    switch("+pids")?;
    done
}

pub(crate) fn zombie(lab: &mut Lab) -> Verdict {
    let child = Child::of_one_thread()?;
    let request = lab.act(Effect::Nice { process: child.exact(), nice: 7 })?;
    let child = child.into_zombie()?;
    let process = || child.exact();
    for effect in [
        Effect::Nice { process: process(), nice: 9 },
        Effect::Policy { process: process(), policy: 5, reset_on_fork: false },
        Effect::IoPriority { process: process(), value: 3 << 13 },
        Effect::OomScore { process: process(), adj: 300 },
        Effect::Signal { process: process(), signal: Signal::Terminate },
    ] {
        lab.refuses(vec![effect], "has ended")?;
    }
    lab.put_back(request)
}

/// A process by its name.
fn named(name: &str) -> Verdict<(u64, Exact)> {
    for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if fs::read_to_string(entry.path().join("comm")).is_ok_and(|comm| comm.trim() == name) {
            let stat = Stat::of(&entry.path())?;
            return Ok((pid, Exact(Entity::Process(pid, stat.start_ticks))));
        }
    }
    failed(format!("no process {name}"))
}

/// The kernel's own take what is given to them; the bound ones no CPUs, and signals are
/// nothing to them.
pub(crate) fn kernel_thread(lab: &mut Lab) -> Verdict {
    lab.only_in_a_guest()?;
    let (pid, own) = named("kswapd0")?;
    let effect = Effect::Nice { process: own.clone(), nice: 7 };
    lab.there_and_back(effect, || nice(pid), 7)?;
    let signal = |signal| Effect::Signal { process: own.clone(), signal };
    lab.refuses(vec![signal(Signal::Stop)], "its state did not change")?;
    // It is sent, and nothing comes of it.
    let request = lab.act(signal(Signal::Terminate))?;
    lab.put_back(request)?;
    same("the thread after it", named("kswapd0")?.1, own)?;
    // It has one already, and another one would be more.
    let (_, bound) = named("ksoftirqd/1")?;
    let effect = Effect::Affinity { process: bound, cpus: Some("0".parse()?) };
    lab.refuses(vec![effect], "would be more")
}
