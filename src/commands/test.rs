//! `ks test`: expectations over scenarios and recordings.

#[cfg(feature = "mutants")]
mod guards;
#[cfg(feature = "mutants")]
mod mutants;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ks_replayer::expectations::bless::{BlessError, bless};
use ks_replayer::expectations::calm::Calm;
use ks_replayer::expectations::case::{self, Case, SeedChoice};
use ks_replayer::expectations::grid::{self, Detection};
use ks_replayer::expectations::junit;
use ks_replayer::expectations::never_evaluated;
use ks_replayer::expectations::runner::{self, Outcome};
use ks_replayer::expectations::tally::{Count, Tally};
use serde::Serialize;

use crate::cli::test::Test;
use crate::exit::{Misused, Unmet};
use crate::plain::Page;
use crate::render::Format;
use crate::render::detection;
use crate::{plain, progress, render, replaceable, stdout};

/// What is printed for programs.
#[derive(Serialize)]
struct Results<'a> {
    cases: Vec<Line<'a>>,
    kinds: &'a BTreeMap<&'static str, Count>,
    calm: Calm,
    /// How often each rule of the guard was looked at, where an agent decided anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    guards: BTreeMap<&'static str, u64>,
    passed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    passed: bool,
    why: &'a [String],
}

pub(crate) fn run(arguments: &Test) -> anyhow::Result<()> {
    if arguments.bless {
        return bless_files(arguments);
    }
    let written = [
        (&arguments.junit, replaceable::JUNIT, "result of tests"),
        (&arguments.report, replaceable::REPORT, "page about detection"),
    ];
    for (path, begin, what) in written {
        path.as_deref().map_or(Ok(()), |path| replaceable::check(path, begin, what))?;
    }
    let cases = chosen(arguments)?;
    let jobs = arguments.jobs.or_else(|| std::thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    #[cfg(feature = "mutants")]
    if !arguments.mutant.is_empty() {
        return guards::run(&cases, &arguments.mutant, jobs);
    }
    #[cfg(feature = "mutants")]
    if arguments.mutants {
        return mutants::run(&cases, jobs);
    }
    let bar = progress::cases(cases.len() as u64);
    let told = |done: usize| bar.set_position(done as u64);
    let outcomes = runner::run(&cases, arguments.jitter, jobs, told);
    bar.finish_and_clear();
    let outcomes = outcomes?;
    let mut tally = Tally::default();
    let mut detection = Detection::default();
    for (case, outcome) in cases.iter().zip(&outcomes) {
        tally.add(&case.background(), &outcome.verdict);
        if let Some(intensity) = outcome.intensity {
            detection.add(intensity, &outcome.verdict);
        }
    }
    tally.finish();
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit::write(&outcomes))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if let Some(path) = &arguments.report {
        let command: Vec<String> = std::env::args().skip(1).collect();
        let command = plain::line(command.join(" "));
        let mut text = detection::page(&command, outcomes.len(), &tally);
        text += &detection::by_intensity(&detection);
        std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()).count();
    let results = results(&outcomes, &tally, failed);
    // Some scenarios of the library bring a whole guard about; a choice of them need not.
    let is_whole = arguments.paths.is_empty() && arguments.filter.is_none();
    let never = if is_whole && arguments.grid.is_none() {
        never_evaluated(&results.guards)
    } else {
        Vec::new()
    };
    match arguments.format {
        Format::Json => stdout::print_json(&results)?,
        Format::Text => stdout::print_page(&page(&outcomes, &tally, failed))?,
    }
    for rule in &never {
        render::note(&format!("rule `{rule}` of the guard was never looked at"));
    }
    if failed > 0 || !never.is_empty() {
        return Err(Unmet.into());
    }
    Ok(())
}

/// Blesses each file by itself: one that is refused leaves the others as they are.
fn bless_files(arguments: &Test) -> anyhow::Result<()> {
    let jobs = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for path in &arguments.paths {
        let name = path.display();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        let cases = case::of_argument(path, seeds(arguments))?;
        let outcomes = runner::run(&cases, arguments.jitter, jobs, |_| {})?;
        let decided = runner::decide(&cases, jobs)?;
        let verdicts = outcomes.iter().map(|outcome| &outcome.verdict);
        let runs = cases.iter().zip(verdicts).zip(&decided);
        let runs: Vec<_> =
            runs.map(|((case, verdict), decided)| (case, verdict, decided)).collect();
        let blessed = match bless(&text, &runs, arguments.weaken.as_deref()) {
            Ok(blessed) => blessed,
            Err(BlessError::Unmet(unmet)) => {
                let error = BlessError::Unmet(unmet);
                render::note(&format!("`{name}` is left as it is: {error}"));
                return Err(Unmet.into());
            }
            Err(error) => return Err(error).with_context(|| format!("`{name}`")),
        };
        replace(path, &blessed.text)?;
        for change in &blessed.changes {
            render::note(&format!("`{name}`: {change}"));
        }
        render::note(&format!("`{name}`: {} changes", blessed.changes.len()));
    }
    Ok(())
}

/// Writes a file in one step: it is the old one or the new one, never a part.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, text)
        .with_context(|| format!("cannot write `{}`", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("cannot write `{}`", path.display()))
}

fn seeds(arguments: &Test) -> SeedChoice {
    match arguments.seeds {
        1 => SeedChoice::First,
        count => SeedChoice::Count(count),
    }
}

fn chosen(arguments: &Test) -> anyhow::Result<Vec<Case>> {
    let seeds = seeds(arguments);
    let mut cases = Vec::new();
    if let Some(key) = &arguments.grid {
        cases = grid::cases(&arguments.paths, arguments.seeds, key)?;
    } else if arguments.paths.is_empty() {
        cases = case::of_library(seeds)?;
    } else {
        for path in &arguments.paths {
            cases.extend(case::of_argument(path, seeds)?);
        }
    }
    if let Some(word) = &arguments.filter {
        cases.retain(|case| case.name.contains(word.as_str()));
    }
    if cases.is_empty() {
        return Err(Misused("no case: --filter leaves none").into());
    }
    Ok(cases)
}

fn results<'a>(outcomes: &'a [Outcome], tally: &'a Tally, failed: usize) -> Results<'a> {
    let line = |outcome: &'a Outcome| Line {
        name: &outcome.name,
        passed: outcome.verdict.why.is_empty(),
        why: &outcome.verdict.why,
    };
    Results {
        cases: outcomes.iter().map(line).collect(),
        kinds: &tally.kinds,
        calm: tally.calm,
        guards: guarded(outcomes),
        passed: outcomes.len() - failed,
        failed,
    }
}

/// How often each rule of the guard was looked at, over all cases.
fn guarded(outcomes: &[Outcome]) -> BTreeMap<&'static str, u64> {
    let mut all = BTreeMap::new();
    for (rule, times) in outcomes.iter().flat_map(|outcome| &outcome.verdict.guards) {
        *all.entry(*rule).or_default() += times;
    }
    all
}

fn page(outcomes: &[Outcome], tally: &Tally, failed: usize) -> Page {
    let mut page = Page::default();
    for outcome in outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()) {
        page.line(format_args!("FAILED {}", outcome.name));
        for why in &outcome.verdict.why {
            page.line(format_args!("  {why}"));
        }
    }
    page.line(format_args!(
        "{:24} {:>8} {:>6} {:>6} {:>8} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9} {:>9}",
        "kind",
        "expected",
        "found",
        "missed",
        "optional",
        "false",
        "low",
        "excess",
        "flapping",
        "culprit",
        "median s",
        "worst s"
    ));
    for (kind, count) in &tally.kinds {
        let seconds =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        page.line(format_args!(
            "{kind:24} {:>8} {:>6} {:>6} {:>8} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9} {:>9}",
            count.expected,
            count.found,
            count.missed,
            count.optional_missed,
            count.false_,
            count.false_low,
            count.excess,
            count.flapping,
            format!("{}/{}", count.culprit_right, count.culprit_asked),
            seconds(count.delay_median_s),
            seconds(count.delay_worst_s),
        ));
    }
    let Calm { hours, independent_hours, false_, independent_false, per_hour_at_most } = tally.calm;
    let most = per_hour_at_most.map_or("-".to_owned(), |most| format!("{most:.3}"));
    page.line(format_args!(
        "nothing wrong for {hours} h: {false_} false incidents; {independent_hours} h of them are \
         independent: {independent_false} false, at most {most} an hour (95 %)"
    ));
    page.line(format_args!("{} passed, {failed} failed", outcomes.len() - failed));
    page
}
