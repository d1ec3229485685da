//! How well an agent decides, graded from ground truth: each scenario of the library runs with one
//! that may act, and what it diagnosed, did and left is held against what the scenario says is
//! wrong, what was measured to be right about it, and what raw counters say came of it.
//!
//! Nothing of a grade comes from what the agent says of itself but which action it chose.

mod controls;
mod course;
mod diagnosis;
mod grade;
mod row;
mod summary;

use std::io::sink;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use ks_scenarios::library;
use ks_scenarios::remedies::Remedies;
use ks_scenarios::scenario::{Operator, Says, Scenario};
use ks_scenarios::units::Duration;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::Config;

use crate::driver::{Answers, DriveError, Modelled};
use crate::replay::Run;
use crate::report::Report;
use crate::scenario;

pub use row::{Ended, ModelRow, Row};
pub use summary::{DIAGNOSES_MIN, GOOD_MIN, Summary};

use course::Course;

/// Proposals of a run that its operator approves of.
const APPROVED: u32 = 100;
/// How long the operator thinks.
const THINKS: Duration = Duration { ns: 5_000_000_000 };

/// Who decides.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Player {
    /// The rules.
    Rules,
    /// A model on the wire of Gemini.
    Gemini,
    /// One on that of chat completions.
    Openai,
    /// A script in place of a model: it shows the loop, the guard and the cost, and knows nothing.
    Scripted,
    /// A control that does nothing, whatever stands.
    DoNothing,
    /// A control that wants everybody ended who has a part in anything.
    DestroyEverything,
}

impl Player {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Gemini => "gemini",
            Self::Openai => "openai",
            Self::Scripted => "scripted",
            Self::DoNothing => "do-nothing",
            Self::DestroyEverything => "destroy-everything",
        }
    }
}

impl Player {
    /// Whether it is asked by messages.
    pub fn is_model(self) -> bool {
        matches!(self, Self::Gemini | Self::Openai | Self::Scripted)
    }
}

/// Makes whoever is asked in place of a model, one for each scenario.
pub trait Models: Sync {
    /// How its agent works.
    fn config(&self) -> Config;

    /// Whoever answers in a scenario; the error is why nobody does.
    fn of(&self, scenario: &str) -> Result<Box<dyn Answers>, String>;
}

/// Why an evaluation cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A scenario cannot be run.
    #[error(transparent)]
    Scenario(#[from] scenario::Error),
    /// A run of it ended early.
    #[error(transparent)]
    Replay(#[from] DriveError),
    /// The model cannot be asked any more, or was asked something else than was recorded.
    #[error("`{0}`: {1}")]
    Model(String, String),
    /// Nobody has measured what is right.
    #[error("`{0}`: what is right about it was not measured: {MEASURE}")]
    Missing(String),
    /// What was measured is of another world.
    #[error("`{0}`: what is right about it was measured of another world: {MEASURE}")]
    Stale(String),
}

/// How it is measured.
const MEASURE: &str = "`KS_BLESS_RIGHT=1 cargo test --release -p ks-scenarios --test right` does";

/// A scenario with what is right about it.
#[derive(Debug)]
pub struct Exam {
    scenario: Scenario,
    remedies: Remedies,
}

impl Exam {
    /// That of a scenario of the library.
    pub fn of(name: &str) -> Result<Self, EvalError> {
        let scenario = scenario::load(&PathBuf::from(name))?;
        let remedies = library::right(&scenario.name)
            .and_then(|json| serde_json::from_str::<Remedies>(json).ok())
            .filter(|remedies| remedies.seed == scenario.seeds.first);
        let remedies = remedies.ok_or_else(|| EvalError::Missing(scenario.name.clone()))?;
        Ok(Self { scenario, remedies })
    }

    /// The name of its scenario.
    pub fn name(&self) -> &str {
        &self.scenario.name
    }

    /// The whole library.
    pub fn all() -> Result<Vec<Self>, EvalError> {
        library::names().map(Self::of).collect()
    }
}

/// Runs every exam with every player, and grades it; `jobs` run at once, and `done` is told how
/// many are over. Rows come in the order of the exams, each with its players in their order.
pub fn run(
    exams: &[&Exam],
    (players, models): (&[Player], Option<&dyn Models>),
    jobs: usize,
    done: impl Fn(usize, &[Row]) + Sync,
) -> Result<Vec<Row>, EvalError> {
    let next = Mutex::new(exams.iter().enumerate());
    let over = Mutex::new(Vec::new());
    let failed = AtomicBool::new(false);
    let work = || {
        // What was paid for is kept: after an error nothing more is begun, and the rest is told.
        while !failed.load(Ordering::Relaxed) {
            let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((at, exam)) = taken else { return };
            let rows = examined(exam, players, models);
            failed.fetch_or(rows.is_err(), Ordering::Relaxed);
            let mut over = over.lock().unwrap_or_else(PoisonError::into_inner);
            done(over.len() + 1, rows.as_deref().unwrap_or_default());
            over.push((at, rows));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, exams.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut over = over.into_inner().unwrap_or_else(PoisonError::into_inner);
    over.sort_by_key(|(at, _)| *at);
    let rows = over.into_iter().map(|(_, rows)| rows).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// The rows of one exam.
fn examined(
    exam: &Exam,
    players: &[Player],
    models: Option<&dyn Models>,
) -> Result<Vec<Row>, EvalError> {
    let Exam { scenario, remedies } = exam;
    if !remedies.is_of(scenario) {
        return Err(EvalError::Stale(scenario.name.clone()));
    }
    let untreated = Course::untreated(scenario, remedies.seed);
    players.iter().map(|player| played(exam, *player, models, &untreated)).collect()
}

/// One run with an agent, graded.
fn played(
    exam: &Exam,
    player: Player,
    models: Option<&dyn Models>,
    untreated: &Course,
) -> Result<Row, EvalError> {
    let mut scenario = exam.scenario.clone();
    scenario.operators = operators();
    let name = scenario.name.clone();
    let mut simulation = scenario::acted_on(&scenario, &name, exam.remedies.seed, None)?;
    let models = models.filter(|_| player.is_model());
    let config = models.map_or_else(|| Config::by_rules(Mode::Auto), Models::config);
    simulation.configure(config);
    let mut run = Run::default();
    let of_model = |problem: String| EvalError::Model(name.clone(), problem);
    if let Some(models) = models {
        run.ask_model(models.of(&name).map_err(of_model)?);
    }
    match player {
        Player::Rules | Player::Gemini | Player::Openai | Player::Scripted => {}
        Player::DoNothing => run.advise_by(|| Box::new(controls::DoNothing)),
        Player::DestroyEverything => run.advise_by(|| Box::new(controls::DestroyEverything)),
    }
    let mut course = Course::new(&scenario);
    let mut told = |_, _| {};
    let world = Modelled::new(&mut simulation, &mut told);
    run.model_host(world, &mut sink(), |_, input| course.input(input))?;
    if let Some(problem) = run.problem_of_model() {
        return Err(of_model(problem));
    }
    let report = run.finish(&name, &mut sink())?;
    course.finish();
    Ok(grade::row(exam, player, &report, &course, untreated))
}

/// An operator who approves of whatever is proposed: what the agent wants is what is graded.
fn operators() -> Vec<Operator> {
    let each = (1..=APPROVED).filter_map(NonZeroU32::new);
    each.map(|proposal| Operator { proposal, after: THINKS, says: Says::Approve }).collect()
}

/// Seconds after the beginning of the run.
fn seconds(at: &str, report: &Report) -> f64 {
    let begin = report.recording.start.as_deref().and_then(|at| at.parse().ok());
    let at: Option<jiff::Timestamp> = at.parse().ok();
    at.zip(begin).map_or(0.0, |(at, begin)| at.duration_since(begin).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_of_another_world_is_not_held_against_this_one() {
        let mut exam = Exam::of("group_out_of_memory").unwrap();
        exam.scenario.duration = Duration { ns: exam.scenario.duration.ns + 1_000_000_000 };
        let players = [Player::DoNothing];
        let Err(error) = run(&[&exam], (&players, None), 1, |_, _| {}) else {
            panic!("it was graded")
        };
        assert!(matches!(&error, EvalError::Stale(name) if name == "group_out_of_memory"));
        assert!(error.to_string().contains("another world"), "{error}");
    }

    #[test]
    fn every_scenario_of_the_library_has_its_row() {
        assert_eq!(Exam::all().unwrap().len(), library::names().count());
    }
}
