//! `ks test --mutants`: the engine broken in each way that it knows, one after the other, and then
//! each rule of the guard switched off. A way that no case notices is a hole in the cases.
//!
//! The canary is the engine as it is: each case has to pass with it, or it would fail with a broken
//! one for another reason. It goes first, since knowledge is learned once in a process, and what a
//! broken engine learned would stay.

use ks_agent::guard::RULES;
use ks_engine::mutation::{self, Mutation};
use ks_replayer::expectations::case::Case;
use ks_replayer::expectations::runner::{self, RunError};

use super::guards;
use crate::exit::Unmet;
use crate::plain::Page;
use crate::stdout;

/// Runs the table; an error says that a way was not noticed, or that the canary died.
pub(super) fn run(cases: &[Case], jobs: usize) -> anyhow::Result<()> {
    let mut page = Page::default();
    let outcomes = runner::run(cases, 0, jobs, |_| {})?;
    let failed = outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()).count();
    let passed = outcomes.len() - failed;
    page.line(format_args!("{:24} noticed by", "engine broken by"));
    page.line(format_args!("{:24} none: {passed} cases pass, {failed} fail", "nothing (canary)"));
    let mut holes = 0;
    for way in Mutation::all() {
        mutation::choose(way);
        let found = first_failure(cases, way, jobs);
        mutation::restore();
        if let Some((name, why)) = found? {
            page.line(format_args!("{:24} {name}: {why}", way.word()));
        } else {
            page.line(format_args!("{:24} NO CASE", way.word()));
            holes += 1;
        }
    }
    page.line(format_args!(""));
    let rules: Vec<usize> = (0..RULES.len()).collect();
    holes += guards::tell(cases, &rules, jobs, &mut page)?;
    stdout::print_page(&page)?;
    if holes > 0 || failed > 0 {
        return Err(Unmet.into());
    }
    Ok(())
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
