//! Effects on a process: done, looked at, undone, looked at.

use ks_actor::syscalls::{io_priority, policy as full_policy, set_policy};
use ks_vocabulary::decision::{Effect, Signal};
use rustix::process::{Pid, setpriority_process};

use crate::child::{Child, cpus, nice, policy};
use crate::lab::{Lab, No, Verdict, failed, read, same, skipped, wait, write};

/// Best effort, level 7; and idle.
const BEST_EFFORT_7: u64 = 2 << 13 | 7;
const IDLE: u64 = 3 << 13;
const RESET_ON_FORK: u64 = 0x4000_0000;

pub(crate) fn give_nice(tid: u64, nice: i32) -> Verdict {
    Ok(setpriority_process(i32::try_from(tid).ok().and_then(Pid::from_raw), nice)?)
}

pub(crate) fn nice_level(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    // One has another level than the others, and gets it back.
    let last = child.threads()?[2];
    give_nice(last, 3)?;
    let effect = Effect::Nice { process: child.exact(), nice: 7 };
    lab.there_and_back(effect, || child.each(nice), vec![7; 3])?;
    same("its own level", nice(last)?, 3)
}

pub(crate) fn policy_batch(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let effect = Effect::Policy { process: child.exact(), policy: 3, reset_on_fork: false };
    lab.there_and_back(effect, || child.each(policy), vec![3; 3])
}

/// The nice level stays what it is, and so does the flag of one thread.
pub(crate) fn policy_idle(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let threads = child.threads()?;
    give_nice(threads[1], 5)?;
    set_policy(threads[2], RESET_ON_FORK)?;
    let look = || child.each(|tid| Ok((full_policy(tid)?, nice(tid)?)));
    let effect = Effect::Policy { process: child.exact(), policy: 5, reset_on_fork: true };
    let all = 5 | RESET_ON_FORK;
    lab.there_and_back(effect, look, vec![(all, 0), (all, 5), (all, 0)])
}

pub(crate) fn affinity(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let before = cpus(child.pid())?;
    let first: String = before.chars().take_while(char::is_ascii_digit).collect();
    if before == first {
        return skipped("there is one CPU");
    }
    let effect = Effect::Affinity { process: child.exact(), cpus: Some(first.parse()?) };
    lab.there_and_back(effect, || child.each(cpus), vec![first; 3])
}

pub(crate) fn io_priority_idle(lab: &mut Lab) -> Verdict {
    of_io_priority(lab, IDLE)
}

pub(crate) fn io_priority_best_effort(lab: &mut Lab) -> Verdict {
    of_io_priority(lab, BEST_EFFORT_7)
}

fn of_io_priority(lab: &mut Lab, value: u64) -> Verdict {
    let child = Child::new()?;
    let effect = Effect::IoPriority { process: child.exact(), value };
    lab.there_and_back(effect, || child.each(|tid| Ok(io_priority(tid)?)), vec![value; 3])
}

pub(crate) fn autogroup(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let text = || read(child.file("autogroup"));
    let Ok(before) = text() else {
        lab.act(Effect::Autogroup { process: child.exact(), nice: 5 })?;
        return failed("it was done where no kernel keeps it");
    };
    let wanted = before.replace(" nice 0", " nice 5");
    lab.there_and_back(Effect::Autogroup { process: child.exact(), nice: 5 }, text, wanted)
}

fn of_oom_score(lab: &mut Lab, child: &Child) -> Verdict {
    let text = || read(child.file("oom_score_adj"));
    let effect = Effect::OomScore { process: child.exact(), adj: 300 };
    lab.there_and_back(effect, text, "300\n".to_owned())
}

pub(crate) fn oom_score(lab: &mut Lab) -> Verdict {
    of_oom_score(lab, &Child::new()?)
}

/// What root protected is protected again.
pub(crate) fn oom_score_protected(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    if let Err(No::Failed(why)) = write(child.file("oom_score_adj"), "-500") {
        return skipped(format!("this root may not protect: {why}"));
    }
    of_oom_score(lab, &child)
}

fn signal(child: &Child, signal: Signal) -> Effect {
    Effect::Signal { process: child.exact(), signal }
}

pub(crate) fn stop(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    lab.there_and_back(signal(&child, Signal::Stop), || child.is_stopped(), true)
}

pub(crate) fn stop_for_a_time(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let (request, done) = lab.ask(vec![signal(&child, Signal::Stop)], Some(1))?;
    same("what it says", done.reason, None)?;
    same("stopped", child.is_stopped()?, true)?;
    wait("it is to go on", || child.is_stopped().is_ok_and(|stopped| !stopped))?;
    let mut over = None;
    wait("the actor is to say so", || {
        over = lab.hand.over().ok().flatten();
        over.is_some()
    })?;
    same("what was over", over.map(|(request, _)| request), Some(request))
}

pub(crate) fn go_on(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let pid = i32::try_from(child.pid()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| No::Failed("no pid".to_owned()))?;
    rustix::process::kill_process(pid, rustix::process::Signal::STOP)?;
    child.wait_for(b'T')?;
    lab.there_and_back(signal(&child, Signal::Continue), || child.is_stopped(), false)
}

pub(crate) fn terminate(lab: &mut Lab) -> Verdict {
    let child = Child::new()?;
    let request = lab.act(signal(&child, Signal::Terminate))?;
    child.wait_for(b'Z')?;
    lab.put_back(request)
}

/// Nobody plans it, and so it is not done.
pub(crate) fn link_mode(lab: &mut Lab) -> Verdict {
    let nic = ks_vocabulary::lasting::Exact(ks_vocabulary::kind::Entity::Nic(b"lo".to_vec()));
    lab.refuses(vec![Effect::LinkMode { nic, mbit: Some(100) }], "no action does this")
}
