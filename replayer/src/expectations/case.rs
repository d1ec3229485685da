//! Cases: a scenario from a seed, or a part of a recording, with what it must find.

use std::path::{Path, PathBuf};

use ks_scenarios::expectation::{Expect, Forbid};
use ks_scenarios::library;
use ks_scenarios::scenario::{Scenario, ScenarioError, Weakened};
use ks_scenarios::units::Duration;
use serde::Deserialize;

use crate::scenario;

/// One run with its expectations.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// What is run.
    pub source: Source,
    /// What it must find.
    pub expect: Vec<Expect>,
    /// What it must not say.
    pub forbid: Vec<Forbid>,
    /// What is borne with, and why.
    pub weakened: Vec<Weakened>,
    /// Where its expectations stand.
    pub place: Place,
    /// How strong its faults are, where it is a case of the grid.
    pub intensity: Option<f64>,
}

/// Where the expectations of a case stand in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the top: a scenario.
    Top,
    /// In the `[[case]]` of this number, from 0.
    Entry(usize),
    /// In another file than the one that was named.
    Elsewhere,
}

/// What is run.
#[derive(Debug, Clone)]
pub enum Source {
    /// A scenario from a seed.
    Scenario {
        /// Which.
        scenario: Box<Scenario>,
        /// Its seed.
        seed: u64,
    },
    /// A part of a recording.
    Recording {
        /// Its file.
        path: PathBuf,
        /// From when on.
        from: Option<Duration>,
        /// Until when.
        to: Option<Duration>,
    },
}

impl Case {
    /// Whether it says anything of decisions.
    pub fn expects_decisions(&self) -> bool {
        self.expect.iter().any(Expect::is_of_a_decision)
            || self.forbid.iter().any(|one| one.action.is_some())
    }

    /// What its random background rests on: cases with the same one share it, however strong their
    /// faults are and whatever they are called.
    pub fn background(&self) -> String {
        match &self.source {
            Source::Scenario { scenario, seed } => {
                let Scenario { host, background, processes, groups, .. } = scenario.as_ref();
                format!("{seed} {host:?} {background:?} {processes:?} {groups:?}")
            }
            Source::Recording { path, from, to } => format!("{} {from:?} {to:?}", path.display()),
        }
    }
}

/// A file of cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "case")]
    cases: Vec<Entry>,
    /// What was weakened in any of them, and why.
    #[serde(default)]
    weakened: Vec<Weakened>,
}

/// One case of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    from: Option<PathBuf>,
    #[serde(default)]
    scenario: Option<PathBuf>,
    #[serde(default)]
    at: Option<Duration>,
    #[serde(default)]
    until: Option<Duration>,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    expect: Vec<Expect>,
    #[serde(default)]
    forbid: Vec<Forbid>,
}

/// Why a case cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// A scenario makes no sense.
    #[error(transparent)]
    Scenario(#[from] scenario::Error),
    /// A file of cases makes no sense.
    #[error("{path}: {problem}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its place.
        problem: String,
    },
}

/// How many seeds of each scenario are run.
#[derive(Debug, Clone, Copy)]
pub enum SeedChoice {
    /// The first of each.
    First,
    /// So many of each.
    Count(u32),
}

/// The cases of the library.
pub fn of_library(seeds: SeedChoice) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    for name in library::names() {
        cases.extend(of_scenario(&scenario::load(name.as_ref())?, seeds));
    }
    Ok(cases)
}

/// The cases of an argument: a name of the library, or a file of cases or of a scenario.
pub fn of_argument(argument: &Path, seeds: SeedChoice) -> Result<Vec<Case>, CaseError> {
    let (text, _) = scenario::text(argument)?;
    if text.contains("[[case]]") {
        return of_file(argument, &text, seeds);
    }
    Ok(of_scenario(&scenario::load(argument)?, seeds))
}

fn of_scenario(scenario: &Scenario, seeds: SeedChoice) -> Vec<Case> {
    let own = scenario.seeds;
    let count = match seeds {
        SeedChoice::First => 1,
        SeedChoice::Count(count) => count.min(own.count),
    };
    (0..u64::from(count)).map(|at| of_seed(scenario, own.first + at)).collect()
}

fn of_seed(scenario: &Scenario, seed: u64) -> Case {
    Case {
        name: format!("{} seed {seed}", scenario.name),
        expect: scenario.expect.clone(),
        forbid: scenario.forbid.clone(),
        weakened: scenario.weakened.clone(),
        place: Place::Top,
        intensity: None,
        source: Source::Scenario { scenario: Box::new(scenario.clone()), seed },
    }
}

fn of_file(path: &Path, text: &str, seeds: SeedChoice) -> Result<Vec<Case>, CaseError> {
    let bad = |problem: String| CaseError::File { path: path.to_owned(), problem };
    let file: File = toml::from_str(text).map_err(|error| {
        let error = ScenarioError::syntax(&path.display().to_string(), text, &error);
        scenario::Error::from(error)
    })?;
    let mut cases = Vec::new();
    for (at, entry) in file.cases.into_iter().enumerate() {
        match (&entry.from, &entry.scenario) {
            (Some(from), None) => cases.push(Case {
                name: entry.name.clone(),
                source: Source::Recording {
                    path: beside(path, from),
                    from: entry.at,
                    to: entry.until,
                },
                expect: entry.expect,
                forbid: entry.forbid,
                weakened: Vec::new(),
                place: Place::Entry(at),
                intensity: None,
            }),
            (None, Some(named)) => {
                let file = beside(path, named);
                let named = if file.exists() { file } else { named.clone() };
                cases.extend(of_entry(&entry, at, &scenario::load(&named)?, seeds));
            }
            _ => {
                return Err(bad(format!("case `{}` needs `from` or `scenario`", entry.name)));
            }
        }
    }
    for case in &mut cases {
        case.weakened.extend(file.weakened.iter().cloned());
    }
    Ok(cases)
}

/// Cases of an entry over a scenario: its expectations stand in place of the scenario's own.
fn of_entry(entry: &Entry, at: usize, scenario: &Scenario, seeds: SeedChoice) -> Vec<Case> {
    let mut cases = if entry.seeds.is_empty() {
        of_scenario(scenario, seeds)
    } else {
        entry.seeds.iter().map(|seed| of_seed(scenario, *seed)).collect()
    };
    for case in &mut cases {
        case.name = format!("{}: {}", entry.name, case.name);
        case.place = Place::Elsewhere;
        if !entry.expect.is_empty() || !entry.forbid.is_empty() {
            case.place = Place::Entry(at);
            case.expect.clone_from(&entry.expect);
            case.forbid.clone_from(&entry.forbid);
        }
        if let Source::Scenario { scenario, .. } = &mut case.source {
            scenario.expect.clone_from(&case.expect);
            scenario.forbid.clone_from(&case.forbid);
        }
    }
    cases
}

/// The cases of a file's text.
pub(super) fn of_text(path: &Path, text: &str) -> Result<Vec<Case>, CaseError> {
    of_file(path, text, SeedChoice::First)
}

/// A path of a file as seen from another.
fn beside(file: &Path, path: &Path) -> PathBuf {
    file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
}
