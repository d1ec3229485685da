//! Scenarios by name or file, run in memory.

mod lessons;
pub mod untreated;

use std::io::Write;
use std::path::{Path, PathBuf};

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_scenarios::library;
use ks_scenarios::scenario::{Scenario, ScenarioError};
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::input::Input;

use crate::driver::{DriveError, Modelled, Recorded, Stamped};
use crate::range::Range;
use crate::replay::Run;

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file makes no sense.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The file cannot be read.
    #[error("cannot read the scenario `{path}`")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its knowledge would come from one that needs knowledge itself.
    #[error("scenario `{0}` needs knowledge itself: learn from one that needs none")]
    Circle(String),
    /// The library has none of that name.
    #[error("no scenario `{0}` in the library; `ks scenario list` names them all")]
    Unknown(String),
}

/// Whether an argument is meant as a scenario: a `.toml` file, or a name of the library where no
/// file has it.
pub fn is_scenario(argument: &Path) -> bool {
    let is_file = argument.extension().is_some_and(|ending| ending == "toml");
    let name = argument.to_str();
    is_file || name.is_some_and(|name| library::find(name).is_some()) && !argument.exists()
}

/// The text of a scenario, and what errors call it.
pub fn text(argument: &Path) -> Result<(String, String), Error> {
    let path = argument.display().to_string();
    if argument.extension().is_some_and(|ending| ending == "toml") {
        let bytes = std::fs::read(argument)
            .map_err(|source| Error::Read { path: argument.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            ScenarioError::not_text(&path, error.as_bytes(), error.utf8_error())
        })?;
        return Ok((text, path));
    }
    let text = library::find(&path).ok_or(Error::Unknown(path.clone()))?;
    Ok((text.to_owned(), path))
}

/// A scenario by its name in the library, or from a file.
pub fn load(argument: &Path) -> Result<Scenario, Error> {
    let (text, path) = text(argument)?;
    Ok(Scenario::parse_with(&text, &path, &mut included)?)
}

/// A file beside the one that includes it, or a scenario of the library.
fn included(from: &str, name: &str) -> Result<(String, String), String> {
    let beside = Path::new(from).parent().unwrap_or(Path::new("")).join(name);
    let is_file = beside.extension().is_some_and(|ending| ending == "toml");
    let path = if is_file { beside } else { PathBuf::from(name) };
    text(&path).map_err(|error| match &error {
        Error::Read { path, source } => format!("cannot read `{}`: {source}", path.display()),
        Error::Scenario(_) | Error::Circle(_) | Error::Unknown(_) => error.to_string(),
    })
}

/// A scenario as it runs from one seed, with the knowledge that it begins with.
pub fn simulation(scenario: &Scenario, seed: u64) -> Result<Simulation, Error> {
    let mut simulation = scenario.simulation(seed);
    if let Some(knowledge) = lessons::of(scenario)? {
        simulation.know(knowledge.into());
    }
    Ok(simulation)
}

/// The same with what happens to it when nothing is done, for an agent that acts on it: as it came
/// with the product, or else worked out where someone wants to be told how far that is.
pub fn acted_on(
    scenario: &Scenario,
    name: &str,
    seed: u64,
    progress: Option<untreated::Told<'_>>,
) -> Result<Simulation, Error> {
    let mut simulation = scenario.simulation(seed);
    let host = simulation.hostname().to_owned();
    let mut knowledge = lessons::of(scenario)?.unwrap_or_else(|| Knowledge::empty(&host));
    knowledge.placebos.extend(untreated::of(scenario, name, progress)?);
    simulation.know(knowledge.into());
    Ok(simulation)
}

/// Feeds a run with a scenario; `progress` is told seconds done and seconds in all, and `each` sees
/// the engine after each input. A part of it is fed like one of a recording.
pub fn drive(
    run: &mut Run,
    simulation: &mut Simulation,
    range: Range,
    out: &mut dyn Write,
    mut progress: impl FnMut(u64, u64),
    each: impl FnMut(&Engine, &Input),
) -> Result<(), DriveError> {
    if range.is_all() {
        return run.model_host(Modelled::new(simulation, &mut progress), out, each);
    }
    let mut stamped = Stamped::new(simulation);
    run.recorded(Recorded::new(&mut stamped, range, &mut progress), out, each)
}
