//! What is left after a kill, and what the kernel saw against what the log says.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ks_actor::hand::{Hand, HandError};
use ks_actor::message::{Ask, Origin};
use ks_vocabulary::decision::{Effect, Signal};
use ks_vocabulary::input::Outcome;
use rustix::process::{Pid, kill_process};

use crate::lab::{Sleeper, order, perform, setup, start, wait, whole_log};

pub(crate) fn after_a_kill_the_next_one_undoes_what_nobody_kept(folder: &Path) {
    let (child, other) = (Sleeper::new(), Sleeper::new());
    let (mut hand, _) = start(folder).unwrap();
    perform(&mut hand, order(1, Effect::Nice { process: child.exact(), nice: 7 }));
    perform(&mut hand, order(2, Effect::Nice { process: other.exact(), nice: 9 }));
    hand.ask(&Ask::Keep { request: 2 }).unwrap();
    let pid = Pid::from_raw(i32::try_from(hand.pid()).unwrap()).unwrap();
    kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert!(matches!(hand.ask(&Ask::Undo { request: 1 }), Err(HandError::Ended(_))));
    let (mut next, left) = start(folder).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].request, left[0].done.outcome), (Some(1), Outcome::Applied));
    assert_eq!((child.nice(), other.nice()), (0, 9));
    assert_eq!(next.ask(&Ask::Undo { request: 2 }).unwrap().outcome, Outcome::Applied);
    assert_eq!(other.nice(), 0);
    drop(next);
    whole_log(folder);
}

/// Starts an actor under strace, beside which it has the same parent; nothing where there is none.
pub(crate) fn traced(folder: &Path, options: &[&str]) -> Option<Result<Hand, HandError>> {
    if !Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
        println!("  skipped: no strace");
        return None;
    }
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq"]).args(options);
    // What is named for this program would be strace there.
    command.arg(std::env::current_exe().unwrap()).args(setup(folder).actor().get_args());
    Some(Hand::start(&mut command).map(|(hand, _)| hand))
}

/// Calls at which a kill may come: whatever changes anything, here or on disk, or says so.
const STEPS: [&str; 7] =
    ["pwrite64", "write", "fdatasync", "fsync", "rename", "unlink", "setpriority"];

/// An actor is killed at its first call of a kind, at its second, and so on: whoever comes next
/// finds all that is to be undone.
pub(crate) fn killed_at_any_step(folder: &Path) {
    let mut kills = 0;
    for call in STEPS {
        for at in 1.. {
            match is_killed_at(&folder.join(format!("{call}{at}")), call, at) {
                None => return,
                Some(true) => kills += 1,
                Some(false) => break,
            }
        }
    }
    println!("  killed at each of {kills} steps");
    assert!(kills > 20, "{kills}");
}

/// Nothing where there is no strace.
pub(crate) fn is_killed_at(own: &Path, call: &str, at: usize) -> Option<bool> {
    let child = Sleeper::new();
    fs::create_dir(own).unwrap();
    let inject = format!("inject={call}:signal=KILL:when={at}");
    let started = traced(own, &["-o", "/dev/null", "-e", &inject])?;
    let effect = Effect::Nice { process: child.exact(), nice: 7 };
    let perform = Ask::Perform { order: order(1, effect), origin: Origin::Agent };
    let is_killed = match started {
        Err(_) => true,
        Ok(mut hand) => hand.ask(&perform).is_err() || hand.ask(&Ask::Undo { request: 1 }).is_err(),
    };
    let (next, _) = start(own).unwrap();
    assert_eq!(child.nice(), 0, "{call} {at}");
    let notes = fs::read_dir(setup(own).state.join("actor/undo")).unwrap();
    let names = notes.map(|note| note.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.ends_with("undo.json")).count(), 0, "{call} {at}");
    drop(next);
    whole_log(own);
    Some(is_killed)
}

/// Every change that the kernel saw stands in the log, and the other way round.
pub(crate) fn what_is_done_is_what_is_logged(folder: &Path) {
    const CHANGES: &str = "trace=setpriority,sched_setscheduler,ioprio_set,pidfd_send_signal";
    let (child, seen) = (Sleeper::new(), folder.join("seen"));
    let options = ["-o", seen.to_str().unwrap(), "-e", CHANGES];
    let Some(started) = traced(folder, &options) else { return };
    let mut hand = started.unwrap();
    let process = || child.exact();
    let effects = [
        Effect::Nice { process: process(), nice: 7 },
        Effect::Policy { process: process(), policy: 3, reset_on_fork: false },
        Effect::IoPriority { process: process(), value: 3 << 13 },
        Effect::Signal { process: process(), signal: Signal::Stop },
    ];
    for (request, effect) in (1..).zip(effects) {
        assert_eq!(perform(&mut hand, order(request, effect)).outcome, Outcome::Applied);
        assert_eq!(hand.ask(&Ask::Undo { request }).unwrap().outcome, Outcome::Applied);
    }
    drop(hand);
    let seen = || fs::read_to_string(&seen).unwrap_or_default();
    let changes = || seen().lines().filter(|line| line.contains(") = 0")).count();
    // One call for each, and one to put it back.
    wait(|| changes() >= 8);
    sleep(Duration::from_millis(200));
    let log = fs::read_to_string(setup(folder).audit().log).unwrap();
    let count = |what: &str| log.matches(&format!("\"what\":\"{what}\"")).count();
    assert_eq!((count("asked"), count("came"), count("undone")), (4, 4, 4));
    assert_eq!(changes(), 8, "{}", seen());
}
