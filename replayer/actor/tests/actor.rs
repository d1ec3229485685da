//! An actor in its sandbox, as a daemon starts it: what it does, what is left of it after a kill,
//! and what no message makes it do. It has no harness: an actor is started with one thread.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ks_actor::audit;
use ks_actor::hand::{Hand, HandError};
use ks_actor::helper::Role;
use ks_actor::message::{Ask, Origin, Said};
use ks_actor::perform::{Done, Order};
use ks_actor::process::Setup;
use ks_actor::stat::Stat;
use ks_vocabulary::decision::{Effect, GroupFile, Signal, Sysctl};
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::process::{Pid, getpriority_process, kill_process};

/// Users that nobody has: of each test its own, since two runs on one host are no strangers to it.
const IDS: std::ops::Range<u32> = 61_200..61_800;
const MESSAGES: u64 = 10_000;
/// By what this program is told to be in a network namespace of its own.
const IN_NETWORK: &str = "in-network";

struct Sleeper(Child);

impl Sleeper {
    fn new() -> Self {
        let mut command = Command::new("setsid");
        let child = Self(command.args(["sleep", "1000"]).stdin(Stdio::null()).spawn().unwrap());
        child.wait_for(b'S');
        child
    }

    fn exact(&self) -> Exact {
        let start = self.stat().start_ticks;
        Exact(Entity::Process(u64::from(self.0.id()), start))
    }

    fn stat(&self) -> Stat {
        Stat::of(Path::new(&format!("/proc/{}", self.0.id()))).unwrap()
    }

    fn nice(&self) -> i32 {
        getpriority_process(Some(Pid::from_child(&self.0))).unwrap()
    }

    fn wait_for(&self, state: u8) {
        wait(|| self.stat().state == state);
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait(is_so: impl Fn() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    unreachable!("ten seconds are enough");
}

/// The user of an actor with this folder: it and the next one are in use.
fn id_of(folder: &Path) -> u32 {
    let bytes = folder.as_os_str().as_encoded_bytes().iter();
    let mixed =
        bytes.fold(0_u32, |mixed, byte| mixed.wrapping_mul(31).wrapping_add((*byte).into()));
    let pairs = (IDS.end - IDS.start) / 2;
    IDS.start + 2 * (mixed % pairs)
}

fn setup(folder: &Path) -> Setup {
    let helper = |setup: &Setup, role: Role| {
        let mut command = Command::new("/proc/self/exe");
        command.arg(role.word()).arg(setup.state.parent().unwrap());
        command
    };
    Setup { helper, state: folder.join("state"), id: id_of(folder) }
}

/// Starts this program again as an actor, and gives what an earlier one left.
fn start(folder: &Path) -> Result<(Hand, Vec<ks_actor::perform::Left>), HandError> {
    let mut command = Command::new("/proc/self/exe");
    Hand::start(command.arg("actor").arg(folder))
}

fn order(request: u64, effect: Effect) -> Order {
    Order { request, action: "a test".to_owned(), effects: vec![effect], lasts_s: None }
}

fn perform(hand: &mut Hand, order: Order) -> Done {
    hand.ask(&Ask::Perform { order, origin: Origin::Agent }).unwrap()
}

fn whole_log(folder: &Path) -> u64 {
    audit::verify(&setup(folder).audit()).unwrap().lines
}

fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

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
    assert_eq!(open.len(), 9, "the standard ones, three sockets, its lock and the log");
    let resident = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
    println!("  {resident}");
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
    assert_eq!(whole_log(folder), 3);
}

/// Every effect on a process of another user, by an actor that may open none of its files.
fn helpers(folder: &Path) {
    let (child, (mut hand, _)) = (Sleeper::new(), start(folder).unwrap());
    let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.0.id())).unwrap();
    let process = || child.exact();
    let before = (of("oom_score_adj"), of("autogroup"));
    for (request, effect) in [
        (1, Effect::OomScore { process: process(), adj: 300 }),
        (2, Effect::Autogroup { process: process(), nice: 5 }),
    ] {
        let done = perform(&mut hand, order(request, effect.clone()));
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None), "{effect}");
    }
    assert_eq!(of("oom_score_adj"), "300\n");
    assert!(of("autogroup").ends_with(" nice 5\n"));
    for request in [1, 2] {
        let done = hand.ask(&Ask::Undo { request }).unwrap();
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    }
    assert_eq!((of("oom_score_adj"), of("autogroup")), before);
}

/// A control group of ours, which ends with this.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
        let folder = Path::new(line.split(' ').nth(4)?).join("ks-actor-test");
        fs::create_dir(&folder).ok()?;
        Some(Self(folder))
    }

    fn exact(&self) -> Exact {
        use std::os::unix::fs::MetadataExt;
        let inode = Some(fs::metadata(&self.0).unwrap().ino());
        let group = ks_vocabulary::kind::Group::at(b"/ks-actor-test");
        Exact(Entity::Cgroup(ks_vocabulary::kind::Group { inode, ..group }))
    }

    fn frozen(&self) -> String {
        fs::read_to_string(self.0.join("cgroup.freeze")).unwrap()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

fn a_group_is_frozen_for_a_time(folder: &Path) {
    let Some(group) = Group::new() else {
        println!("  skipped: no control group of version 2 can be made");
        return;
    };
    let (mut hand, _) = start(folder).unwrap();
    let (file, text) = (GroupFile::CgroupFreeze, "1".to_owned());
    let effect = Effect::GroupFile { group: group.exact(), file, text };
    let done = perform(&mut hand, Order { lasts_s: Some(1), ..order(1, effect) });
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    assert_eq!(group.frozen(), "1\n");
    wait(|| group.frozen() == "0\n");
    let (request, done) = loop {
        if let Some(over) = hand.over().unwrap() {
            break over;
        }
    };
    assert_eq!((request, done.outcome), (1, Outcome::Applied));
}

/// A parameter of a network namespace of its own: those of the host are not ours.
fn in_own_network(folder: &Path) {
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    let status = command.arg("--net").arg(own).arg(IN_NETWORK).arg(folder).status().unwrap();
    if status.code() == Some(1) {
        println!("  skipped: no network namespace can be made");
        return;
    }
    assert!(status.success(), "{status}");
}

fn a_parameter_is_set_and_put_back(folder: &Path) {
    let read = || fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let before = read();
    let (mut hand, _) = start(folder).unwrap();
    let set = |request, text: &str| {
        order(request, Effect::Sysctl { key: Sysctl::IpLocalPortRange, text: text.to_owned() })
    };
    assert_eq!(perform(&mut hand, set(1, "15000 65000")).outcome, Outcome::Applied);
    assert_eq!(read(), "15000\t65000\n");
    let narrower = perform(&mut hand, set(2, "20000 65000"));
    assert_eq!(narrower.outcome, Outcome::NotApplied);
    assert!(narrower.reason.unwrap().contains("would be more"), "it goes one way");
    assert_eq!(hand.ask(&Ask::Undo { request: 1 }).unwrap().outcome, Outcome::Applied);
    assert_eq!(read(), before);
}

fn after_a_kill_the_next_one_undoes_what_nobody_kept(folder: &Path) {
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
fn traced(folder: &Path, options: &[&str]) -> Option<Result<Hand, HandError>> {
    if !Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
        println!("  skipped: no strace");
        return None;
    }
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq"]).args(options);
    command.arg(std::env::current_exe().unwrap()).arg("actor").arg(folder);
    Some(Hand::start(&mut command).map(|(hand, _)| hand))
}

/// Calls at which a kill may come: whatever changes anything, here or on disk, or says so.
const STEPS: [&str; 4] = ["pwrite64", "fsync", "unlink", "setpriority"];

/// An actor is killed at its first call of a kind, at its second, and so on: whoever comes next
/// finds all that is to be undone.
fn killed_at_any_step(folder: &Path) {
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
    assert!(kills > 8, "{kills}");
}

/// Nothing where there is no strace.
fn is_killed_at(own: &Path, call: &str, at: usize) -> Option<bool> {
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
fn what_is_done_is_what_is_logged(folder: &Path) {
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

fn a_pause_ends_though_the_daemon_is_gone(folder: &Path) {
    let (child, (mut hand, _)) = (Sleeper::new(), start(folder).unwrap());
    let effect = Effect::Signal { process: child.exact(), signal: Signal::Stop };
    perform(&mut hand, Order { lasts_s: Some(1), ..order(1, effect) });
    child.wait_for(b'T');
    drop(hand);
    child.wait_for(b'S');
    wait(|| whole_log(folder) == 3);
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

/// Messages made of pieces of real ones, by a small generator: whatever comes, the actor is there
/// afterwards, and a process that no message names is as it was.
fn no_message_does_what_no_action_does(folder: &Path) {
    let (child, bystander) = (Sleeper::new(), Sleeper::new());
    let (mut hand, _) = start(folder).unwrap();
    let whole = |request, effect| {
        let ask = Ask::Perform { order: order(request, effect), origin: Origin::Agent };
        serde_json::to_string(&ask).unwrap()
    };
    let seeds = [
        whole(1, Effect::Nice { process: child.exact(), nice: 7 }),
        whole(2, Effect::OomScore { process: child.exact(), adj: 500 }),
        whole(3, Effect::IoPriority { process: child.exact(), value: 3 << 13 }),
        serde_json::to_string(&Ask::Undo { request: 1 }).unwrap(),
        serde_json::to_string(&Ask::Keep { request: 1 }).unwrap(),
    ];
    let mut state = 42_u64;
    let mut roll = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (mut refused, mut done) = (0, 0);
    for _ in 0..MESSAGES {
        let mut bytes = seeds[roll(seeds.len())].clone().into_bytes();
        for _ in 0..roll(4) {
            let at = roll(bytes.len());
            match roll(4) {
                0 => bytes[at] = b"0123456789-\"{}[],:\\\x00\xff"[roll(21)],
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, b"09-\"e"[roll(5)]),
                _ => {
                    let other = seeds[roll(seeds.len())].as_bytes();
                    bytes.splice(at.., other[roll(other.len())..].iter().copied());
                }
            }
            if bytes.is_empty() {
                bytes.push(b'x');
            }
        }
        hand.tell(&bytes).unwrap();
        match hand.hear().unwrap() {
            Said::Refused { .. } => refused += 1,
            Said::Done { .. } => done += 1,
            other @ (Said::Ready { .. }
            | Said::Sealed { .. }
            | Said::Over { .. }
            | Said::Failed { .. }) => {
                unreachable!("{other:?}")
            }
        }
        let nice = child.nice();
        assert!((0..=19).contains(&nice), "{nice}");
    }
    println!("  {refused} refused, {done} understood");
    assert!(refused > 1000 && done > 1000);
    let score = fs::read_to_string(format!("/proc/{}/oom_score_adj", bystander.0.id())).unwrap();
    assert_eq!((bystander.nice(), score.as_str()), (0, "0\n"));
    drop(hand);
    whole_log(folder);
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

const TESTS: [(&str, Test); 12] = [
    ("killed at any step it leaves nothing by halves", killed_at_any_step),
    ("what is done is what is logged", what_is_done_is_what_is_logged),
    ("a control group is frozen for a time", a_group_is_frozen_for_a_time),
    ("a parameter is set and put back", in_own_network),
    ("what belongs to others is written through its helpers", helpers),
    ("its status is as promised", its_status_is_as_promised),
    ("a nice level is given and put back", a_nice_level_is_given_and_put_back),
    (
        "after a kill the next one undoes what nobody kept",
        after_a_kill_the_next_one_undoes_what_nobody_kept,
    ),
    ("a pause ends though the daemon is gone", a_pause_ends_though_the_daemon_is_gone),
    ("while it is stopped it does nothing", while_it_is_stopped_it_does_nothing),
    ("no message does what no action does", no_message_does_what_no_action_does),
    (
        "a user that somebody has is none for an actor",
        a_user_that_somebody_has_is_none_for_an_actor,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = arguments.as_slice() {
        if word == IN_NETWORK {
            a_parameter_is_set_and_put_back(Path::new(folder));
            return ExitCode::SUCCESS;
        }
        let setup = setup(Path::new(folder));
        let role = Role::ALL.into_iter().find(|role| role.word() == word);
        let done = role.map_or_else(|| setup.act(), |role| setup.help(role));
        return if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
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
