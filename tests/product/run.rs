//! A run of a scenario from its beginning to its end.

use std::io::sink;

use ks_replayer::range::Range;
use ks_replayer::replay::Run;
use ks_replayer::report::Report;
use ks_replayer::scenario;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::input::Config;

/// What `run` makes of a scenario that begins with a configuration.
pub(crate) fn through(mut run: Run, scenario: &Scenario, seed: u64, config: Config) -> Report {
    let mut simulation = scenario::simulation(scenario, seed).unwrap();
    simulation.configure(config);
    let all = Range::new(None, None);
    scenario::drive(&mut run, &mut simulation, all, &mut sink(), |_, _| {}, |_, _| {}).unwrap();
    run.finish(&scenario.name, &mut sink()).unwrap()
}
