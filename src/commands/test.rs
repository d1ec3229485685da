//! `ks test`: expectations over scenarios and recordings.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;

use anyhow::{Context, ensure};
use ks_replayer::expectations::case::{self, Case, SeedChoice};
use ks_replayer::expectations::junit;
use ks_replayer::expectations::runner::{self, Outcome};
use ks_replayer::expectations::tally::{Calm, Count, Tally};
use serde::Serialize;

use crate::cli::Format;
use crate::cli::test::Test;
use crate::exit::Unmet;
use crate::render::detection;
use crate::{progress, stdout};

/// What is printed for programs.
#[derive(Serialize)]
struct Results<'a> {
    cases: Vec<Line<'a>>,
    kinds: &'a BTreeMap<&'static str, Count>,
    calm: Calm,
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
    #[cfg(feature = "mutants")]
    if let Some(mutation) = arguments.mutant {
        ks_engine::mutation::choose(mutation);
    }
    let cases = chosen(arguments)?;
    let bar = progress::cases(cases.len() as u64);
    let jobs = arguments.jobs.or_else(|| std::thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    let told = |done: usize| bar.set_position(done as u64);
    let outcomes = runner::run(&cases, arguments.jitter, jobs, told);
    bar.finish_and_clear();
    let outcomes = outcomes?;
    let mut tally = Tally::default();
    for outcome in &outcomes {
        tally.add(&outcome.verdict);
    }
    tally.finish();
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit::write(&outcomes))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if let Some(path) = &arguments.report {
        let command: Vec<String> = std::env::args().skip(1).collect();
        std::fs::write(path, detection::page(&command.join(" "), outcomes.len(), &tally))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()).count();
    match arguments.format {
        Format::Json => stdout::print_json(&results(&outcomes, &tally, failed))?,
        Format::Text => stdout::print_plain(&text(&outcomes, &tally, failed))?,
    }
    if failed > 0 {
        return Err(Unmet.into());
    }
    Ok(())
}

fn chosen(arguments: &Test) -> anyhow::Result<Vec<Case>> {
    let seeds = match arguments.seeds {
        1 => SeedChoice::First,
        count => SeedChoice::Count(count),
    };
    let mut cases = Vec::new();
    if arguments.paths.is_empty() {
        cases = case::of_library(seeds)?;
    }
    for path in &arguments.paths {
        cases.extend(case::of_argument(path, seeds)?);
    }
    if let Some(word) = &arguments.filter {
        cases.retain(|case| case.name.contains(word.as_str()));
    }
    ensure!(!cases.is_empty(), "no case: nothing was named, or --filter leaves none");
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
        passed: outcomes.len() - failed,
        failed,
    }
}

fn text(outcomes: &[Outcome], tally: &Tally, failed: usize) -> String {
    let mut text = String::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()) {
        let _ = writeln!(text, "FAILED {}", outcome.name);
        for why in &outcome.verdict.why {
            let _ = writeln!(text, "  {why}");
        }
    }
    let _ = writeln!(
        text,
        "{:24} {:>8} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9} {:>9}",
        "kind", "expected", "found", "false", "low", "flapping", "culprit", "median s", "worst s"
    );
    for (kind, count) in &tally.kinds {
        let seconds =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let _ = writeln!(
            text,
            "{kind:24} {:>8} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9} {:>9}",
            count.expected,
            count.found,
            count.false_,
            count.false_low,
            count.flapping,
            format!("{}/{}", count.culprit_right, count.culprit_asked),
            seconds(count.delay_median_s),
            seconds(count.delay_worst_s),
        );
    }
    let Calm { hours, false_, per_hour_at_most } = tally.calm;
    let most = per_hour_at_most.map_or("-".to_owned(), |most| format!("{most:.3}"));
    let _ = writeln!(
        text,
        "nothing wrong for {hours} h: {false_} false, at most {most} an hour (95 %)"
    );
    let _ = writeln!(text, "{} passed, {failed} failed", outcomes.len() - failed);
    text
}
