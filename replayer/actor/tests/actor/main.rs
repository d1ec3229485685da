//! An actor in its sandbox, as a daemon starts it: what it does, what is left of it after a kill,
//! and what no message makes it do. It has no harness: an actor is started with one thread.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod files;
mod heirs;
mod kills;
mod lab;
mod messages;
mod played;
mod systemd;
mod systemd_played;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use ks_actor::message::Ask;
use ks_actor::perform::Order;
use ks_actor::process::Setup;
use ks_actor::stat::Stat;
use ks_vocabulary::decision::{Effect, Signal};
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use lab::{Sleeper, folder, id_of, order, perform, setup, start, wait, whole_log};

fn its_status_is_as_promised(folder: &Path) {
    let ((hand, _), id) = (start(folder).unwrap(), id_of(folder));
    let status = fs::read_to_string(format!("/proc/{}/status", hand.pid())).unwrap();
    for line in [
        &format!("Uid:\t{id}\t{id}\t{id}\t{id}"),
        &format!("Gid:\t{id}\t{id}\t{id}\t{id}"),
        "Groups:\t ",
        "Threads:\t1",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        // CAP_KILL is 5, CAP_SYS_NICE 23.
        "CapPrm:\t0000000000800020",
        "CapEff:\t0000000000800020",
        "CapBnd:\t0000000000000000",
        "CapInh:\t0000000000000000",
        "CapAmb:\t0000000000000000",
    ] {
        assert!(status.lines().any(|one| one == line), "{line} in\n{status}");
    }
    assert_eq!(fs::read(format!("/proc/{}/environ", hand.pid())).unwrap(), b"");
    let open = fs::read_dir(format!("/proc/{}/fd", hand.pid())).unwrap();
    let open: Vec<PathBuf> =
        open.map(|entry| fs::read_link(entry.unwrap().path()).unwrap()).collect();
    println!("  open: {open:?}");
    let sockets = 3 + usize::from(systemd::is_there());
    assert_eq!(open.len(), 6 + sockets, "the standard ones, sockets, its lock and the log");
    let resident = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
    println!("  {resident}");
}

/// The actor, its helpers, and who started it.
fn it_acts_on_nobody_of_its_own(folder: &Path) {
    let (mut hand, _) = start(folder).unwrap();
    let stat = |pid: u64| Stat::of(Path::new(&format!("/proc/{pid}")));
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u64 = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let is_helper = stat(pid).is_ok_and(|stat| stat.ppid == u64::from(hand.pid()));
        let known = [hand.pid(), std::process::id()].map(u64::from);
        (is_helper || known.contains(&pid)).then_some(pid)
    });
    let pids: Vec<u64> = pids.collect();
    assert_eq!(pids.len(), 4 + usize::from(systemd::is_there()));
    for (request, pid) in (1..).zip(pids) {
        let process = Exact(Entity::Process(pid, stat(pid).unwrap().start_ticks));
        // One that would be stopped by a failure of this could not tell it.
        let done = perform(&mut hand, order(request, Effect::Nice { process, nice: 1 }));
        assert_eq!(done.outcome, Outcome::NotApplied);
        assert!(done.reason.unwrap().contains("is of KernelSight itself"));
    }
}

fn a_nice_level_is_given_and_put_back(folder: &Path) {
    let (child, (mut hand, left)) = (Sleeper::new(), start(folder).unwrap());
    assert!(left.is_empty());
    let effect = Effect::Nice { process: child.exact(), nice: 7 };
    let done = perform(&mut hand, order(1, effect));
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    assert_eq!(child.nice(), 7);
    assert_eq!(hand.ask(&Ask::Undo { request: 1 }).unwrap().outcome, Outcome::Applied);
    assert_eq!(child.nice(), 0);
    drop(hand);
    assert_eq!(whole_log(folder), 5);
}

fn a_pause_ends_though_the_daemon_is_gone(folder: &Path) {
    let (child, (mut hand, _)) = (Sleeper::new(), start(folder).unwrap());
    let effect = Effect::Signal { process: child.exact(), signal: Signal::Stop };
    perform(&mut hand, Order { lasts_s: Some(1), ..order(1, effect) });
    child.wait_for(b'T');
    drop(hand);
    child.wait_for(b'S');
    wait(|| whole_log(folder) == 5);
}

fn while_it_is_stopped_it_does_nothing(folder: &Path) {
    let (child, (mut hand, _)) = (Sleeper::new(), start(folder).unwrap());
    fs::write(setup(folder).stop(), "").unwrap();
    let effect = || Effect::Nice { process: child.exact(), nice: 7 };
    let done = perform(&mut hand, order(1, effect()));
    assert_eq!(done.outcome, Outcome::NotApplied);
    assert_eq!(child.nice(), 0);
    fs::remove_file(setup(folder).stop()).unwrap();
    assert_eq!(perform(&mut hand, order(2, effect())).outcome, Outcome::Applied);
    hand.ask(&Ask::Undo { request: 2 }).unwrap();
}

fn a_user_that_somebody_has_is_none_for_an_actor(folder: &Path) {
    let mut command = Command::new("sleep");
    std::os::unix::process::CommandExt::uid(&mut command, id_of(folder));
    let mut other = command.arg("1000").stdin(Stdio::null()).spawn().unwrap();
    let error = start(folder).unwrap_err().to_string();
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(error.contains(&format!("runs as user {}", id_of(folder))), "{error}");
}

type Test = fn(&Path);

const TESTS: [(&str, Test); 16] = [
    ("killed at any step it leaves nothing by halves", kills::killed_at_any_step),
    ("what is done is what is logged", kills::what_is_done_is_what_is_logged),
    ("a control group is frozen for a time", files::a_group_is_frozen_for_a_time),
    ("a parameter is set and put back", files::in_own_network),
    ("what belongs to others is written through its helpers", files::helpers),
    ("what is a unit's is limited by systemd", systemd::units),
    ("more children than descriptors are put back", heirs::more_than_descriptors),
    ("what cannot be looked at is not said to be undone", heirs::out_of_descriptors),
    ("it acts on nobody of its own", it_acts_on_nobody_of_its_own),
    ("its status is as promised", its_status_is_as_promised),
    ("a nice level is given and put back", a_nice_level_is_given_and_put_back),
    (
        "after a kill the next one undoes what nobody kept",
        kills::after_a_kill_the_next_one_undoes_what_nobody_kept,
    ),
    ("a pause ends though the daemon is gone", a_pause_ends_though_the_daemon_is_gone),
    ("while it is stopped it does nothing", while_it_is_stopped_it_does_nothing),
    ("no message does what no action does", messages::no_message_does_what_no_action_does),
    (
        "a user that somebody has is none for an actor",
        a_user_that_somebody_has_is_none_for_an_actor,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((setup, role)) = Setup::called(&arguments) {
        return if setup.be(role).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let [word, given] = arguments.as_slice() {
        match word.as_str() {
            files::IN_NETWORK => files::a_parameter_is_set_and_put_back(Path::new(given)),
            systemd::PLAYED => systemd_played::played(Path::new(given)),
            // For a host with a systemd: the path of the group of a unit that runs.
            systemd::RUNNING => systemd::running(folder().path(), given),
            _ => return ExitCode::FAILURE,
        }
        return ExitCode::SUCCESS;
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: not root, and an actor is started by root");
        return ExitCode::SUCCESS;
    }
    for (name, test) in TESTS {
        println!("{name}");
        test(folder().path());
    }
    ExitCode::SUCCESS
}
