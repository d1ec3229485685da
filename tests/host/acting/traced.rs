//! What an actor really asks the kernel for is what its audit log says.
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::victim::{Victim, children};
use super::{act_rested, audited, proposing, succeeded, undo, unfit, verify};
use crate::control::status;
use crate::live::terminate;
use crate::{Own, has};

/// Every call by which an actor changes a process.
const CALLS: &str = "trace=setpriority,sched_setscheduler,sched_setattr,sched_setaffinity,\
                     ioprio_set,pidfd_send_signal,kill,tgkill";

/// How often something was called, and did not fail.
fn called(trace: &str, call: &str) -> usize {
    let is_one = |line: &&str| line.contains(&format!("{call}(")) && line.ends_with("= 0");
    trace.lines().filter(is_one).count()
}

fn trace_of(pid: u32, to: &Path) -> Own {
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-e", CALLS, "-p", &pid.to_string(), "-o"]).arg(to);
    let child = Own(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let is_traced = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() == child.0.id().to_string())
    });
    assert!(is_traced, "strace attaches within 3 s");
    child
}

#[test]
fn what_is_done_is_what_is_logged() {
    if unfit() {
        return;
    }
    if !has("strace") {
        eprintln!("skipped: strace is not installed");
        return;
    }
    let victims: Vec<Victim> = (0..3).filter_map(|_| Victim::begin()).collect();
    let [first, second, third] = &victims[..] else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, trace) = (folder.path(), scratch.path().join("trace"));
    let mut daemon = proposing(folder);
    let actor = children(daemon.0.id(), "actor");
    let mut strace = trace_of(actor[0], &trace);
    for (action, victim, set) in [
        ("lower_process_priority", first, "nice=10"),
        ("demote_scheduling_class", second, "class=batch"),
        ("pause_process", third, "lasts=1m"),
    ] {
        succeeded(&act_rested(folder, action, victim.pid(), &["--set", set]));
    }
    assert!(third.is_stopped());
    let decisions = status(folder)["acting"]["decisions"].clone();
    for decision in decisions.as_array().unwrap() {
        if decision["outcome"] == "inconclusive" {
            succeeded(&undo(folder, decision["decision"].as_u64().unwrap()));
        }
    }
    assert!(!third.is_stopped() && first.nice() == 0, "{decisions}");
    terminate(&mut daemon.0);
    strace.0.wait().unwrap();
    verify(folder);
    let trace = std::fs::read_to_string(trace).unwrap();
    for (what, effect) in [("asked", "effects"), ("undone", "done")] {
        let lines = audited(folder, what);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines.iter().all(|line| !line[effect].is_null()), "{lines:?}");
    }
    for call in ["setpriority", "sched_setscheduler", "pidfd_send_signal"] {
        assert_eq!(called(&trace, call), 2, "{call} is done and undone: {trace}");
    }
    let calls = trace.lines().filter(|line| line.contains("= ") && line.contains('(')).count();
    assert_eq!(calls, 6, "nothing else is done: {trace}");
}
