//! What happens while something is done, or before it is undone.

use std::thread::sleep;
use std::time::Duration;

use ks_actor::syscalls::{io_priority, set_io_priority, set_policy};
use ks_vocabulary::decision::{Effect, GroupFile, Signal};
use ks_vocabulary::input::Outcome;

use crate::child::{Child, nice, threads};
use crate::group::Group;
use crate::lab::{Lab, Verdict, failed, read, same, wait, write};
use crate::process::give_nice;

fn to_nice(child: &Child, nice: i64) -> Effect {
    Effect::Nice { process: child.exact(), nice }
}

/// Whether all threads have a nice level.
fn all_have(child: &Child, wanted: i64, least: usize) -> Verdict {
    let found = child.each(nice)?;
    if found.len() < least {
        return failed(format!("{} threads are few", found.len()));
    }
    let others = found.iter().filter(|nice| **nice != wanted).count();
    if others == 0 { Ok(()) } else { failed(format!("{others} of {} threads", found.len())) }
}

/// Threads that appear while the others are gone through have it too, and lose it with them.
pub(crate) fn threads_that_appear(lab: &mut Lab) -> Verdict {
    let mut child = Child::new()?;
    child.tell("storm")?;
    let request = lab.act(to_nice(&child, 7))?;
    child.tell("calm")?;
    all_have(&child, 7, 150)?;
    child.tell("storm")?;
    let done = lab.undo(request)?;
    child.tell("calm")?;
    same("undone", (done.outcome, done.reason), (Outcome::Applied, None))?;
    all_have(&child, 0, 300)
}

pub(crate) fn children_made_since(lab: &mut Lab) -> Verdict {
    let mut child = Child::of_one_thread()?;
    let request = lab.act(to_nice(&child, 7))?;
    // Starts are kept in ticks.
    sleep(Duration::from_millis(30));
    let said = child.tell("fork")?;
    let heir: u64 = said.lines().next().unwrap_or_default().parse()?;
    same("the level of its child", nice(heir)?, 7)?;
    lab.put_back(request)?;
    let found: Verdict<Vec<i64>> = threads(heir)?.into_iter().map(nice).collect();
    same("the level of its child", found?, vec![0])
}

/// One that is frozen is given all, and does not stop.
pub(crate) fn frozen(lab: &mut Lab) -> Verdict {
    let group = Group::new()?;
    let child = Child::new()?;
    group.add(&child)?;
    group.write(GroupFile::CgroupFreeze, "1")?;
    wait("it is to be frozen", || group.is_frozen().is_ok_and(|is| is))?;
    lab.there_and_back(to_nice(&child, 7), || child.each(nice), vec![7; 3])?;
    let effect = Effect::OomScore { process: child.exact(), adj: 300 };
    let score = || read(child.file("oom_score_adj"));
    lab.there_and_back(effect, score, "300\n".to_owned())?;
    // A part of it fails, so none of it is done.
    let stop = Effect::Signal { process: child.exact(), signal: Signal::Stop };
    lab.refuses(vec![to_nice(&child, 7), stop], "its state did not change")?;
    same("nice levels", child.each(nice)?, vec![0; 3])?;
    group.write(GroupFile::CgroupFreeze, "0")?;
    wait("it is to be thawed", || group.is_frozen().is_ok_and(|is| !is))?;
    sleep(Duration::from_millis(50));
    same("stopped after the thaw", child.is_stopped()?, false)
}

/// One without a handler ends though it is frozen.
pub(crate) fn frozen_and_terminated(lab: &mut Lab) -> Verdict {
    let group = Group::new()?;
    let child = Child::new()?;
    group.add(&child)?;
    group.write(GroupFile::CgroupFreeze, "1")?;
    wait("it is to be frozen", || group.is_frozen().is_ok_and(|is| is))?;
    let process = child.exact();
    let request = lab.act(Effect::Signal { process, signal: Signal::Terminate })?;
    child.wait_for(b'Z')?;
    lab.put_back(request)
}

/// What another one gave a thread since is his, and the other threads get back what they had.
pub(crate) fn another_gave_a_nice_level(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let request = lab.act(to_nice(&child, 7))?;
    let second = child.threads()?[1];
    give_nice(second, 11)?;
    lab.superseded(request)?;
    same("nice levels", child.each(nice)?, vec![0, 11, 0])
}

pub(crate) fn another_gave_a_policy_or_io_priority(lab: &mut Lab) -> Verdict {
    let child = Child::of_one_thread()?;
    let (process, pid) = (|| child.exact(), child.pid());
    let policy = Effect::Policy { process: process(), policy: 3, reset_on_fork: false };
    let policy = lab.act(policy)?;
    let priority = lab.act(Effect::IoPriority { process: process(), value: 2 << 13 | 7 })?;
    set_policy(pid, 5)?;
    set_io_priority(pid, 3 << 13)?;
    lab.superseded(policy)?;
    lab.superseded(priority)?;
    let found = (ks_actor::syscalls::policy(pid)?, io_priority(pid)?);
    same("policy and I/O priority", found, (5, 3 << 13))
}

pub(crate) fn another_wrote_an_oom_score(lab: &mut Lab) -> Verdict {
    let child = Child::of_one_thread()?;
    let request = lab.act(Effect::OomScore { process: child.exact(), adj: 300 })?;
    write(child.file("oom_score_adj"), "400")?;
    lab.superseded(request)?;
    same("the score", read(child.file("oom_score_adj"))?, "400\n".to_owned())
}

pub(crate) fn another_wrote_a_limit(lab: &mut Lab) -> Verdict {
    let group = Group::new()?;
    let request = lab.act(group.effect(GroupFile::PidsMax, "10")?)?;
    group.write(GroupFile::PidsMax, "20")?;
    lab.superseded(request)?;
    same("the limit", group.text(GroupFile::PidsMax)?, "20\n".to_owned())
}
