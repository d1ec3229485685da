//! `ks test --mutants`: the engine broken in each way that it knows, one after the other. A way
//! that no case notices is a hole in the cases.
//!
//! Cases are run until one fails. The canary is the engine as it is: each of those cases has to
//! pass with it, or it failed for another reason.

use std::collections::BTreeSet;

use ks_engine::mutation::{self, Mutation};
use ks_replayer::expectations::case::{Case, Source};
use ks_replayer::expectations::runner::{self, RunError};

use crate::exit::Unmet;
use crate::plain::Page;
use crate::stdout;

/// Runs the table; an error says that a way was not noticed, or that the canary died.
pub(super) fn run(cases: &[Case], jobs: usize) -> anyhow::Result<()> {
    let cases: Vec<Case> = cases.iter().filter(|case| !has_lessons(case)).cloned().collect();
    let mut page = Page::default();
    page.line(format_args!("{:24} noticed by", "engine broken by"));
    let (mut noticing, mut holes) = (BTreeSet::new(), 0);
    for way in Mutation::all() {
        mutation::choose(way);
        let found = first_failure(&cases, way, jobs);
        mutation::restore();
        if let Some((name, why)) = found? {
            page.line(format_args!("{:24} {name}: {why}", way.word()));
            noticing.insert(name);
        } else {
            page.line(format_args!("{:24} NO CASE", way.word()));
            holes += 1;
        }
    }
    let canary: Vec<Case> =
        cases.iter().filter(|case| noticing.contains(&case.name)).cloned().collect();
    let outcomes = runner::run(&canary, 0, jobs, |_| {})?;
    let failed = outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()).count();
    let passed = outcomes.len() - failed;
    page.line(format_args!(
        "{:24} {passed} of the same cases pass, {failed} fail",
        "nothing (canary)"
    ));
    stdout::print_page(&page)?;
    if holes > 0 || failed > 0 || outcomes.is_empty() {
        return Err(Unmet.into());
    }
    Ok(())
}

/// Knowledge is learned once in a process: what a broken engine learned would stay.
fn has_lessons(case: &Case) -> bool {
    matches!(&case.source, Source::Scenario { scenario, .. } if scenario.knowledge.is_some())
}

/// The first case that fails, and its first reason. Those that expect a kind come first where that
/// kind is turned off.
fn first_failure(
    cases: &[Case],
    way: Mutation,
    jobs: usize,
) -> Result<Option<(String, String)>, RunError> {
    let concerns = |case: &&Case| match way {
        Mutation::Off(kind) => case.expect.iter().any(|expect| expect.kind == kind),
        Mutation::Culprits => case.expect.iter().any(|expect| expect.culprit.is_some()),
        Mutation::Limits | Mutation::Persistence => !case.expect.is_empty(),
    };
    let (first, then): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(concerns);
    let all: Vec<Case> = first.into_iter().chain(then).cloned().collect();
    for some in all.chunks(jobs.max(1)) {
        for outcome in runner::run(some, 0, jobs, |_| {})? {
            if let Some(why) = outcome.verdict.why.into_iter().next() {
                return Ok(Some((outcome.name, why)));
            }
        }
    }
    Ok(None)
}
