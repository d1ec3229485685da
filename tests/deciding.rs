//! The agent on modelled hosts: what it decides, does and verifies, as a whole.

use std::path::Path;

use ks_engine::analysis::knowledge::KnownPlacebos;
use ks_replayer::scenario::{self, untreated};
use ks_scenarios::library;

/// Scenarios on which the agent acts by itself: what happens to them when nothing is done comes with
/// the product.
const ACTED_ON: [&str; 13] = [
    "action_makes_it_worse",
    "compile_in_a_hurry",
    "fork_bomb",
    "handle_leak",
    "leaking_service",
    "noisy_neighbour",
    "noisy_neighbour_weight",
    "port_exhaustion",
    "quiet",
    "renice_one_session",
    "renice_two_sessions",
    "runaway_threads",
    "two_faults_at_once",
];

/// `KS_BLESS_UNTREATED=1` works them out anew, and else one seed of some of them is held against
/// what is there: a model or an engine that gives something else makes them stale.
#[test]
fn what_happens_when_nothing_is_done_is_that_of_this_engine_and_model() {
    if std::env::var_os("KS_BLESS_UNTREATED").is_some() {
        for name in ACTED_ON {
            let scenario = scenario::load(Path::new(name)).unwrap();
            let found = untreated::worked_out(&scenario, name, &|_, _| {}).unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("scenarios/untreated")
                .join(name)
                .with_extension("json");
            std::fs::write(path, lines(&found)).unwrap();
        }
        return;
    }
    for name in ["noisy_neighbour_weight", "renice_one_session"] {
        let shipped: Vec<KnownPlacebos> =
            serde_json::from_str(library::untreated(name).unwrap()).unwrap();
        let scenario = scenario::load(Path::new(name)).unwrap();
        for one in untreated::of_first_seed(&scenario, name).unwrap() {
            let is_same =
                |known: &&KnownPlacebos| (known.kind, &known.metric) == (one.kind, &one.metric);
            let known = shipped.iter().find(is_same).unwrap();
            assert!(known.values.starts_with(&one.values), "{name}: {one:?} is stale");
        }
    }
}

/// One quantity a line.
fn lines(all: &[KnownPlacebos]) -> String {
    let each: Vec<String> = all.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    format!("[\n{}\n]\n", each.join(",\n"))
}
