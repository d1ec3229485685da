//! How the agent takes part in a run, by the options of a command.

use std::path::Path;

use ks_replayer::{config_file, policy_file, scenario};
use ks_scenarios::scenario::Scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::decision::{Mode, Reasoner};
use ks_vocabulary::input::Config;

use crate::cli::agent::{Advisor, Agent};
use crate::model;
use crate::progress;

/// The configuration of a run, where anything is asked for: that of a file with what the options
/// say on top, and what to call it. `None` leaves a run as it is.
pub(crate) fn config(
    file: Option<&Path>,
    options: &Agent,
) -> anyhow::Result<Option<(Config, String)>> {
    let asked = options.mode.is_some() || options.reasoner.is_some() || options.policy.is_some();
    if file.is_none() && !asked {
        return Ok(None);
    }
    let mut config = file.map(config_file::load).transpose()?.unwrap_or_default();
    let mut names: Vec<String> = file.iter().map(|file| file.display().to_string()).collect();
    if let Some(mode) = options.mode {
        config.agent.mode = mode.into();
        names.push(format!("mode {}", config.agent.mode));
        // Who asks for a mode wants someone to advise.
        if config.agent.reasoner == Reasoner::Off {
            config.agent.reasoner = Reasoner::Rules;
        }
    }
    match &options.reasoner {
        Some(Advisor::Named(reasoner)) => {
            config.agent.reasoner = *reasoner;
            names.push(format!("reasoner {reasoner}"));
        }
        Some(Advisor::Cassette(file)) => names.push(format!("cassette {}", file.display())),
        None => {}
    }
    let name = model::name(file, options, &mut config.agent)?;
    names.extend(name.map(|name| format!("model {name}")));
    if let Some(path) = &options.policy {
        config.agent.policy = policy_file::load(path)?;
        names.push(path.display().to_string());
    }
    Ok(Some((config, names.join(", "))))
}

/// Whether an agent decides in it.
pub(crate) fn decides(config: &Config) -> bool {
    config.agent.reasoner != Reasoner::Off
}

/// Whether the agent would act in it.
pub(crate) fn acts(config: &Config) -> bool {
    config.agent.mode == Mode::Auto && decides(config)
}

/// A scenario as it runs; where an agent acts on it, with what happens when nothing is done.
pub(crate) fn modelled(
    path: &Path,
    scenario: &Scenario,
    seed: u64,
    configured: Option<Config>,
) -> anyhow::Result<Simulation> {
    let Some(config) = configured else { return Ok(scenario::simulation(scenario, seed)?) };
    let mut simulation = if acts(&config) {
        let bar = progress::runs();
        let told = |done, all| progress::set(&bar, done, all);
        let made = scenario::acted_on(scenario, &path.display().to_string(), seed, Some(&told));
        bar.finish_and_clear();
        made?
    } else {
        scenario::simulation(scenario, seed)?
    };
    simulation.configure(config);
    Ok(simulation)
}
