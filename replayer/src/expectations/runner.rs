//! Runs cases in parallel; results come in the order of the cases, whoever was first.

use std::io::sink;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ks_recorder::format::recording::Reader;
use ks_scenarios::units::Duration;
use ks_vocabulary::decision::{self, Reasoner};
use ks_vocabulary::input::{Body, Config, Input};
use ks_vocabulary::random::Random;
use ks_vocabulary::time::SECOND_NS;

use super::case::{Case, Source};
use super::decisions::Decided;
use super::grid;
use super::judge::{self, Verdict};
use super::measure::Measure;
use super::seen::Seen;
use super::truth::{self, Crossed};
use super::watch::Watch;
use crate::driver::{DriveError, Modelled, Recorded, Source as Inputs, Stamped};
use crate::moment::Moment;
use crate::range::Range;
use crate::replay::{Run, drive};
use crate::report::{Mode, Report};
use crate::scenario;

/// Share of samples that a run with other ticks leaves out: the next one comes late.
const LEFT_OUT: f64 = 0.02;

/// Why a case cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Its recording cannot be read.
    #[error(transparent)]
    Replay(#[from] DriveError),
    /// Its scenario cannot be run.
    #[error(transparent)]
    Scenario(#[from] scenario::Error),
    /// Its journal cannot be kept.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// How one case ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// How strong its faults were, where it is a case of the grid.
    pub intensity: Option<f64>,
}

/// Runs every case, and each `jitter` times more with other ticks. `jobs` run at once; `done` is
/// told how many are over.
pub fn run(
    cases: &[Case],
    jitter: u32,
    jobs: usize,
    done: impl Fn(usize) + Sync,
) -> Result<Vec<Outcome>, RunError> {
    in_parallel(cases, jobs, done, |case| run_case(case, jitter))
}

/// What an agent that may act decides in each case. `jobs` run at once.
pub fn decide(cases: &[Case], jobs: usize) -> Result<Vec<Decided>, RunError> {
    in_parallel(cases, jobs, |_| {}, decided)
}

fn in_parallel<T: Send>(
    cases: &[Case],
    jobs: usize,
    done: impl Fn(usize) + Sync,
    one: impl Fn(&Case) -> Result<T, RunError> + Sync,
) -> Result<Vec<T>, RunError> {
    let (next, over) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Mutex<Vec<Option<Result<T, RunError>>>> =
        Mutex::new(cases.iter().map(|_| None).collect());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(at) else { return };
            let outcome = one(case);
            results.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(outcome);
            done(over.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, cases.len().max(1)) {
            scope.spawn(work);
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().flatten().collect()
}

fn run_case(case: &Case, jitter: u32) -> Result<Outcome, RunError> {
    let mut verdict = judge_once(case, None)?;
    for seed in 0..u64::from(jitter) {
        let other = judge_once(case, Some(seed))?;
        let told = other.why.into_iter().map(|why| format!("with other ticks ({seed}): {why}"));
        verdict.why.extend(told);
    }
    Ok(Outcome { name: case.name.clone(), verdict, intensity: case.intensity })
}

fn judge_once(case: &Case, jitter: Option<u64>) -> Result<Verdict, RunError> {
    let Replayed { report, interval_ns, crossings, refused } = replayed(case, jitter)?;
    let seen = Seen::of(&report);
    let (mut truths, mut windows) = match &case.source {
        Source::Scenario { scenario, .. } => {
            (truth::of_scenario(scenario), truth::windows(scenario))
        }
        Source::Recording { .. } => {
            let truths = truth::of_recording(&case.expect, seen.length_s);
            let windows = truth::windows_of(&truths);
            (truths, windows)
        }
    };
    for truth in &mut truths {
        truth.find_crossing(&crossings);
    }
    if case.intensity.is_some() {
        grid::loosened(&mut truths, &crossings);
        windows.extend(grid::windows(&crossings));
    }
    let interval_s = interval_ns as f64 / SECOND_NS as f64;
    let held = Measure {
        truths: &truths,
        expects: &case.expect,
        crossings: &crossings,
        weakened: &case.weakened,
        windows: &windows,
        forbids: &case.forbid,
        interval_s,
        may_be_empty: case.intensity.is_some(),
    };
    let mut verdict = judge::judge(&seen, &held);
    if jitter.is_none() && case.expects_decisions() {
        let Decided { why, guards, .. } = decided(case)?;
        verdict.why.extend(why);
        verdict.guards = guards;
    }
    // On other hosts an action may well meet another end; here it is what its author wrote.
    if case.intensity.is_none() {
        verdict.why.extend(refused);
    }
    Ok(verdict)
}

/// What a run gave.
struct Replayed {
    report: Report,
    /// Nominal time between its samples.
    interval_ns: u64,
    /// Limits that its counters crossed.
    crossings: Vec<Crossed>,
    /// Actions that could not be done.
    refused: Vec<String>,
}

fn replayed(case: &Case, jitter: Option<u64>) -> Result<Replayed, RunError> {
    let mut interval_ns = SECOND_NS;
    let mut reference = Watch::default();
    match &case.source {
        Source::Scenario { scenario, seed } => {
            let mut run = Run::default();
            let mut simulation = scenario::simulation(scenario, *seed)?;
            let (mut told, note) = (|_, _| {}, |_: &_, input: &Input| reference.input(input));
            match jitter {
                None => {
                    run.through(&mut Modelled::new(&mut simulation, &mut told), &mut sink(), note)
                }
                Some(seed) => {
                    let mut late = Late::new(Stamped::new(&mut simulation), seed);
                    let mut world = Recorded::new(&mut late, Range::default(), &mut told);
                    run.through(&mut world, &mut sink(), note)
                }
            }?;
            interval_ns = scenario.interval.ns;
            let report = run.finish(&case.name, &mut sink())?;
            let refused = simulation.refused().iter();
            let refused = refused.map(|(planned, why)| format!("action {}: {why}", planned.at));
            let refused = refused.collect();
            Ok(Replayed { report, interval_ns, crossings: reference.finish(), refused })
        }
        Source::Recording { path, from, to } => {
            let mut reader =
                Reader::open_for_engine(std::slice::from_ref(path)).map_err(DriveError::from)?;
            let range = Range::new(from.map(moment), to.map(moment));
            let mut run = if range.is_all() { Run::default() } else { Run::of_part() };
            let note = |_: &_, input: &Input| {
                reference.input(input);
                if let Body::Start(start) = &input.body {
                    interval_ns = start.interval_ns;
                }
            };
            drive(&mut run, &mut reader, range, &mut sink(), |_, _| {}, note)?;
            let report = run.finish(&case.name, &mut sink())?;
            let refused = Vec::new();
            Ok(Replayed { report, interval_ns, crossings: reference.finish(), refused })
        }
    }
}

/// What an agent that may act decides in a case.
fn decided(case: &Case) -> Result<Decided, RunError> {
    let report = match &case.source {
        Source::Scenario { scenario, seed } => {
            let mut run = Run::default();
            let mut simulation = scenario::acted_on(scenario, &scenario.name, *seed, None)?;
            simulation.configure(Config::by_rules(decision::Mode::Auto));
            let mut told = |_, _| {};
            let mut world = Modelled::new(&mut simulation, &mut told);
            run.through(&mut world, &mut sink(), |_, _| {})?;
            run.finish(&case.name, &mut sink())?
        }
        Source::Recording { path, from, to } => {
            let range = || Range::new(from.map(moment), to.map(moment));
            return decided_of_recording(case, path, &range);
        }
    };
    Ok(Decided::of(&report, &case.expect, &case.forbid))
}

/// One of an agent at work is fed as it was recorded, with what came of its actions. To any other
/// recording nothing is done. Where an agent was at work and another engine judges, it decides
/// anew, and what would come of that nobody knows: outcomes are not looked at then.
fn decided_of_recording(
    case: &Case,
    path: &Path,
    range: &dyn Fn() -> Range,
) -> Result<Decided, RunError> {
    let paths = [path.to_owned()];
    let had_agent = has_agent(path)?;
    if had_agent && range().is_all() {
        let mut run = Run::default();
        let mut reader = Reader::open_for_engine(&paths).map_err(DriveError::from)?;
        drive(&mut run, &mut reader, range(), &mut sink(), |_, _| {}, |_, _| {})?;
        let report = run.finish(&case.name, &mut sink())?;
        if report.mode == Mode::AsRecorded {
            return Ok(Decided::of(&report, &case.expect, &case.forbid));
        }
    }
    let mut run = Run::default();
    run.rehearse();
    run.configure(Config::by_rules(decision::Mode::Auto), "an agent that may act");
    let mut reader = Reader::open_for_agent(&paths).map_err(DriveError::from)?;
    drive(&mut run, &mut reader, range(), &mut sink(), |_, _| {}, |_, _| {})?;
    let report = run.finish(&case.name, &mut sink())?;
    let mut expects = case.expect.clone();
    if had_agent {
        for expect in &mut expects {
            expect.outcome = None;
        }
    }
    Ok(Decided::of(&report, &expects, &case.forbid))
}

/// Whether an agent was at work when a recording was made.
fn has_agent(path: &Path) -> Result<bool, RunError> {
    let mut reader = Reader::open_for_engine(&[path.to_owned()]).map_err(DriveError::from)?;
    let first = reader.next().map_err(DriveError::from)?;
    let Some(Body::Start(start)) = first.map(|input| &input.body) else { return Ok(false) };
    let reasoner = start.config.as_ref().map(|config| config.agent.reasoner);
    Ok(reasoner.is_some_and(|reasoner| reasoner != Reasoner::Off))
}

fn moment(after: Duration) -> Moment {
    Moment::After { ns: after.ns }
}

/// Leaves samples out at random, so that ticks come late.
struct Late<'a> {
    source: Stamped<'a>,
    random: Random,
}

impl<'a> Late<'a> {
    fn new(source: Stamped<'a>, seed: u64) -> Self {
        Self { source, random: Random::stream(seed, "ticks") }
    }

    /// Samples that hold every process are never left out: they carry what later ones rely on.
    fn is_left_out(&mut self) -> bool {
        match self.source.input().map(|input| &input.body) {
            Some(Body::Sample(sample)) if !sample.processes_complete => {
                self.random.next_f64() < LEFT_OUT
            }
            _ => false,
        }
    }
}

impl Inputs for Late<'_> {
    fn advance(&mut self) -> Result<bool, ks_recorder::error::Error> {
        while self.source.advance()? {
            if !self.is_left_out() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn input(&self) -> Option<&Input> {
        self.source.input()
    }

    fn progress(&self) -> (u64, u64) {
        self.source.progress()
    }
}
