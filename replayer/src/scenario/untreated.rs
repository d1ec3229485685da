//! How the quantities of a scenario go on when nothing is done about its faults: what an action on
//! its modelled host has to beat. They are of other seeds than the run's, and hold for no real
//! host.

use std::sync::{Mutex, PoisonError};

use ks_engine::analysis::knowledge::KnownPlacebos;
use ks_engine::engine::Engine;
use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;

use super::{Error, lessons};
use crate::driver::{Driver, Modelled, Silent};

/// The first of the other seeds; no run of a test takes one of them.
const FIRST_SEED: u64 = 1_000_001;
/// So many are enough for two looks (`statistics.md`, section 6).
pub const SEEDS: u64 = 39;

/// Is told runs done, and runs in all.
pub type Told<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Those of a scenario by its name in the library, where they came with it; else they are worked
/// out, or none where nobody is told how far that is.
pub fn of(
    scenario: &Scenario,
    name: &str,
    progress: Option<Told<'_>>,
) -> Result<Vec<KnownPlacebos>, Error> {
    let shipped = library::untreated(name).and_then(|json| serde_json::from_str(json).ok());
    match (shipped, progress) {
        (Some(shipped), _) => Ok(shipped),
        (None, Some(progress)) => worked_out(scenario, name, progress),
        (None, None) => Ok(Vec::new()),
    }
}

/// Works them out: the scenario runs with each of the other seeds, and nobody acts.
pub fn worked_out(
    scenario: &Scenario,
    name: &str,
    progress: Told<'_>,
) -> Result<Vec<KnownPlacebos>, Error> {
    let knowledge = lessons::of(scenario)?;
    let seeds = Mutex::new(FIRST_SEED..FIRST_SEED + SEEDS);
    let found = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = seeds.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(seed) = seed else { return };
            let mut simulation = scenario.simulation(seed);
            if let Some(knowledge) = &knowledge {
                simulation.know(knowledge.clone().into());
            }
            let own = run(&mut simulation);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.push((seed, own));
            progress(found.len() as u64, SEEDS);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(seed, _)| *seed);
    Ok(gathered(found.into_iter().flat_map(|(_, own)| own), name))
}

/// Those of the first of the other seeds alone, which come first in each list.
pub fn of_first_seed(scenario: &Scenario, name: &str) -> Result<Vec<KnownPlacebos>, Error> {
    let mut simulation = scenario.simulation(FIRST_SEED);
    if let Some(knowledge) = lessons::of(scenario)? {
        simulation.know(knowledge.into());
    }
    Ok(gathered(run(&mut simulation).into_iter(), name))
}

fn run(simulation: &mut ks_scenarios::simulation::Simulation) -> Vec<KnownPlacebos> {
    let mut driver = Driver::<Engine>::default();
    let driven = driver.run(&mut Modelled::new(simulation, &mut |_, _| {}), &mut Silent);
    driven.expect("neither a modelled host nor silence fails");
    driver.machine().untreated()
}

/// One list for each kind and quantity, in their order; the digits that tell one from another.
fn gathered(all: impl Iterator<Item = KnownPlacebos>, name: &str) -> Vec<KnownPlacebos> {
    let mut by_quantity = std::collections::BTreeMap::new();
    for one in all {
        let key = (one.kind, one.metric);
        by_quantity.entry(key).or_insert_with(Vec::new).extend(one.values);
    }
    let source = format!("{SEEDS} other seeds of {name}");
    let each = by_quantity.into_iter().map(|((kind, metric), values)| KnownPlacebos {
        kind,
        metric,
        values: values.into_iter().map(shortened).collect(),
        scenario: Some(source.clone()),
        shortened: None,
    });
    each.collect()
}

/// Five digits.
fn shortened(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}
