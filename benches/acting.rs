//! What acting costs: a nice level that is given and put back by an actor in its sandbox, a line of
//! the audit log, and an actor that has nothing to do.
//!
//! Times are those of the wall clock, since what is waited for is disks and other processes; the
//! floor is a file that is written and synced in the same run. It needs root.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and fails by unwrap"
)]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ks_actor::audit::{Audit, Paths};
use ks_actor::hand::Hand;
use ks_actor::message::{Ask, Origin};
use ks_actor::perform::Order;
use ks_actor::process::Setup;
use ks_actor::stat::Stat;
use ks_recorder::clock;
use ks_vocabulary::decision::Effect;
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

/// A user that nobody has.
const ID: u32 = 61_900;
const ROUNDS: u64 = 200;
const IDLE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((setup, role)) = Setup::called(&arguments) {
        return if setup.be(role).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: not root, and an actor is started by root");
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let floor = synced(folder.path());
    told("floor: a file is written and synced", floor.clone(), None);
    told("a line of the audit log", lines(folder.path()), Some(1e6));
    let setup = Setup { state: folder.path().join("state"), id: ID, weak: false };
    let (mut hand, _) = Hand::start(&mut setup.actor()).unwrap();
    told("a nice level, noted, audited, given and read back", round_trips(&mut hand), Some(20e6));
    idle(&hand);
    ExitCode::SUCCESS
}

fn timed(mut work: impl FnMut(u64)) -> Vec<u64> {
    (1..=ROUNDS)
        .map(|round| {
            let begin = clock::now();
            work(round);
            clock::now().since_ns(begin)
        })
        .collect()
}

fn synced(folder: &Path) -> Vec<u64> {
    let mut file = File::create(folder.join("floor")).unwrap();
    timed(|_| {
        file.write_all(&[b'x'; 300]).unwrap();
        file.sync_data().unwrap();
    })
}

fn lines(folder: &Path) -> Vec<u64> {
    let own = folder.join("lines");
    fs::create_dir(&own).unwrap();
    let (mut audit, _) = Audit::open(Paths::of(&own)).unwrap();
    timed(|round| audit.append(0, &[round; 30]).unwrap())
}

fn round_trips(hand: &mut Hand) -> Vec<u64> {
    let mut child = sleeper();
    let start = Stat::of(Path::new(&format!("/proc/{}", child.id()))).unwrap().start_ticks;
    let process = Exact(Entity::Process(child.id().into(), start));
    let order = |request| Order {
        request,
        action: "renice".to_owned(),
        effects: vec![Effect::Nice { process: process.clone(), nice: 7 }],
        lasts_s: None,
    };
    let mut begun = Vec::new();
    for request in 1..=ROUNDS {
        let begin = clock::now();
        let ask = Ask::Perform { order: order(request), origin: Origin::Agent };
        assert_eq!(hand.ask(&ask).unwrap().outcome, Outcome::Applied);
        begun.push(clock::now().since_ns(begin));
        hand.ask(&Ask::Undo { request }).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    begun
}

fn sleeper() -> Child {
    let child = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_millis(50));
    child
}

fn idle(hand: &Hand) {
    let status = || fs::read_to_string(format!("/proc/{}/status", hand.pid())).unwrap();
    let number = |text: &str, name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let before = status();
    sleep(IDLE);
    let after = status();
    let woken = ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"]
        .map(|name| number(&after, name) - number(&before, name));
    let own_kb = number(&after, "RssAnon:");
    println!(
        "an idle actor: woken {} times in {} s, {own_kb} kB of its own (target 0, 3072): {}",
        woken[0] + woken[1],
        IDLE.as_secs(),
        if woken == [0, 0] && own_kb <= 3072 { "ok" } else { "MISSED" }
    );
}

fn told(what: &str, mut all: Vec<u64>, target_ns: Option<f64>) {
    all.sort_unstable();
    let at = |share: usize| all[(all.len() - 1) * share / 100] as f64;
    let target = target_ns.map_or(String::new(), |target_ns| {
        let verdict = if at(95) <= target_ns { "ok" } else { "MISSED" };
        format!(" (target {:.0}): {verdict}", target_ns / 1e3)
    });
    println!(
        "{what}: half within {:.0} us, 95 % within {:.0} us, n = {}{target}",
        at(50) / 1e3,
        at(95) / 1e3,
        all.len()
    );
}
