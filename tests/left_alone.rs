//! Hosts that are well, and hosts that are busy by design: an agent that may act does nothing to
//! them.
//!
//! `KS_LEFT_ALONE_SEEDS` is how many seeds of each run, and with it those of a day run once each;
//! `make test-long` says 20.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "product/run.rs"]
mod run;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ks_replayer::replay::Run;
use ks_replayer::report::Decision;
use ks_replayer::scenario;
use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::Config;

/// The first seed; the expectations of scenarios are held against those from 1 on.
const FIRST_SEED: u64 = 2_000;
/// A longer scenario runs only where seeds are asked for, and one of more than some hours once.
const ORDINARY_S: u64 = 20 * 60;
const LONG_S: u64 = 3 * 3_600;
/// Those of the library that are to be left alone, at least.
const LEFT_ALONE_MIN: usize = 25;

/// Nothing is to be found in it, or it is busy by design, or it says itself that nobody acts.
fn is_left_alone(name: &str, scenario: &Scenario) -> bool {
    let says_so = scenario.forbid.iter().any(|one| one.action.as_deref() == Some("*"));
    says_so || scenario.expect.is_empty() || name.starts_with("busy_")
}

/// All decisions of a run on which the agent may act.
fn decided(scenario: &Scenario, seed: u64) -> Vec<Decision> {
    run::through(Run::default(), scenario, seed, Config::by_rules(Mode::Auto)).decisions
}

/// Scenarios that are to be left alone, by what they are loaded from.
fn all(with_long: bool) -> Vec<(String, Scenario)> {
    let long = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/long");
    let mut paths: Vec<PathBuf> = library::names().map(PathBuf::from).collect();
    if with_long {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(long).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        paths.extend(files);
    }
    let each = paths.into_iter().map(|path| {
        let scenario = scenario::load(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, scenario)
    });
    each.filter(|(name, scenario)| is_left_alone(name, scenario)).collect()
}

/// What was done where nothing is to be done, on all CPUs.
fn found(runs: Vec<(String, Scenario, u64)>) -> Vec<String> {
    let (left, found) = (Mutex::new(runs), Mutex::new(Vec::new()));
    let work = || {
        while let Some((name, scenario, seed)) = take(&left) {
            for one in decided(&scenario, seed) {
                let told = format!("{name}, seed {seed}: {:?} {:?}", one.action, one.verdict);
                found.lock().unwrap_or_else(PoisonError::into_inner).push(told);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn take<T>(left: &Mutex<Vec<T>>) -> Option<T> {
    left.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

#[test]
fn nothing_is_done_to_hosts_that_are_well_or_busy_by_design() {
    let asked = std::env::var("KS_LEFT_ALONE_SEEDS").ok().map(|text| text.parse::<u64>().unwrap());
    let all = all(asked.is_some());
    assert!(all.len() >= LEFT_ALONE_MIN, "{} are to be left alone", all.len());
    let seeds = asked.unwrap_or(1);
    let runs = all.into_iter().flat_map(|(name, scenario)| {
        let own = match scenario.duration.ns / 1_000_000_000 {
            0..ORDINARY_S => seeds,
            ORDINARY_S..LONG_S => asked.unwrap_or(0),
            _ => asked.map_or(0, |_| 1),
        };
        (0..own).map(move |at| (name.clone(), scenario.clone(), FIRST_SEED + at))
    });
    let runs: Vec<_> = runs.collect();
    println!("{} runs", runs.len());
    let found = found(runs);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// One takes all that there is, and nobody else wants it.
const ALONE: [&str; 2] = [
    r#"
summary = "A batch that must go on runs at full speed on a host of eight CPUs."
duration = "12m"

[host]
cpus = 8

[background]
mix = "idle"

[[process]]
name = "solver"
group = "/work.slice/solver.service"
threads = 64
during = "solve"
demand = { spin = 64.0, memory = "300MiB" }

[[fault]]
name = "solve"
at = "4m"
"#,
    r#"
summary = "A store reads all that its own disk gives."
duration = "12m"

[host]
cpus = 8
disk = "rotating"

[background]
mix = "idle"

[[process]]
name = "store"
group = "/work.slice/store.service"
threads = 16
during = "scrub"
demand = { cpu = 0.1, memory = "300MiB", read = { threads = 16, think = "0s", size = "64KiB" } }

[[fault]]
name = "scrub"
at = "4m"
"#,
];

#[test]
fn who_takes_what_nobody_else_wants_is_left_alone() {
    let runs = ALONE.into_iter().enumerate().map(|(at, text)| {
        let scenario = Scenario::parse(text, "alone.toml").unwrap();
        (format!("alone {at}"), scenario, FIRST_SEED)
    });
    let found = found(runs.collect());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A check that finds nothing anywhere would show nothing.
#[test]
fn where_something_is_to_be_done_it_is_noticed() {
    let scenario = scenario::load(Path::new("noisy_neighbour_weight")).unwrap();
    assert!(!is_left_alone("noisy_neighbour_weight", &scenario));
    let found = found(vec![("noisy".to_owned(), scenario, FIRST_SEED)]);
    assert!(!found.is_empty());
}
