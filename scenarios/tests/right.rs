//! What is right about each scenario of the library is measured and committed, in `right/`.
//!
//! `KS_BLESS_RIGHT=1 cargo test --release -p ks-scenarios --test right` measures it anew (some
//! minutes). `ks eval` holds all of it against the scenarios as they are; here some are.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by it, and tells")]

use std::path::Path;
use std::sync::Mutex;
use std::{env, fs, thread};

use ks_scenarios::library;
use ks_scenarios::remedies::{Moment, Remedies};
use ks_scenarios::scenario::Scenario;

/// One scenario in so many is held against the model.
const ONE_IN: usize = 9;
/// None that lasts longer, in s.
const SHORT_S: f64 = 1_000.0;

fn load(name: &str) -> Scenario {
    let mut find = |_: &str, name: &str| {
        library::find(name).map(|text| (text.to_owned(), name.to_owned())).ok_or_else(String::new)
    };
    Scenario::parse_with(library::find(name).unwrap(), name, &mut find).unwrap()
}

fn measure() {
    let names = Mutex::new(library::names());
    let work = || {
        loop {
            let Some(name) = names.lock().unwrap().next() else { return };
            let scenario = load(name);
            let found = Remedies::measure(&scenario, scenario.seeds.first);
            let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
            let file = format!("right/{name}.json");
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), text).unwrap();
            println!("{name}");
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(work);
        }
    });
}

fn committed(name: &str) -> Option<Remedies> {
    serde_json::from_str(library::right(name)?).ok()
}

#[test]
fn it_is_committed_for_every_scenario_and_of_the_world_as_it_is() {
    if env::var_os("KS_BLESS_RIGHT").is_some() {
        return measure();
    }
    let mut looked_at = 0;
    for (at, name) in library::names().enumerate() {
        let found = committed(name);
        let found = found.unwrap_or_else(|| panic!("{name}: not measured: {BLESS}"));
        let scenario = load(name);
        assert_eq!(found.seed, scenario.seeds.first, "{name}");
        if at % ONE_IN == 0 && scenario.duration.seconds() <= SHORT_S {
            assert!(found.is_of(&scenario), "{name}: measured of another world: {BLESS}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 3, "{looked_at}");
}

const BLESS: &str = "KS_BLESS_RIGHT=1 cargo test --release -p ks-scenarios --test right";

#[test]
fn an_action_that_a_scenario_forbids_is_never_right() {
    for name in library::names() {
        let scenario = load(name);
        let forbids = scenario.forbid.iter().any(|one| one.action.as_deref() == Some("*"));
        let found = committed(name).unwrap();
        let right: Vec<_> = found.moments.iter().flat_map(Moment::right).collect();
        assert!(!forbids || right.is_empty(), "{name}: {right:?}");
    }
}
