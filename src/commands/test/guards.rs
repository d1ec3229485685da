//! `ks test --mutant guard:NAME`: a rule of the guard switched off. Scenarios in which it decides
//! something have to fail then, as has its own case on the bench of guards: some rules refuse what
//! no scenario brings about, such as what an operator has stopped.

use ks_agent::benched::{Benched, on_the_bench};
use ks_agent::guard::RULES;
use ks_agent::mutation;
use ks_replayer::expectations::Decided;
use ks_replayer::expectations::case::Case;
use ks_replayer::expectations::runner::{self, RunError};

use crate::cli::rule::PREFIX;
use crate::exit::Unmet;
use crate::plain::Page;
use crate::stdout;

/// Switches rules off; an error says that nothing noticed, or that the canary died.
pub(super) fn run(cases: &[Case], rules: &[usize], jobs: usize) -> anyhow::Result<()> {
    let mut page = Page::default();
    let holes = tell(cases, rules, jobs, &mut page)?;
    stdout::print_page(&page)?;
    if holes > 0 { Err(Unmet.into()) } else { Ok(()) }
}

/// Switches each of `rules` off in turn, and says on the page what noticed. The return value is
/// how many were not noticed, and how many cases fail with all of them on.
pub(super) fn tell(
    cases: &[Case],
    rules: &[usize],
    jobs: usize,
    page: &mut Page,
) -> Result<usize, RunError> {
    let of_decisions: Vec<Case> =
        cases.iter().filter(|case| case.expects_decisions()).cloned().collect();
    let whole = runner::decide(&of_decisions, jobs)?;
    let failing: Vec<&str> =
        of_decisions.iter().zip(&whole).filter(|(_, one)| !one.why.is_empty()).map(name).collect();
    page.line(format_args!("{:24} noticed by", "rule switched off"));
    let (passed, failed) = (whole.len() - failing.len(), failing.len());
    page.line(format_args!("{:24} none: {passed} cases pass, {failed} fail", "none (canary)"));
    for name in &failing {
        page.line(format_args!("{:24} {name}", ""));
    }
    let mut holes = failed;
    for rule in rules {
        let word = format!("{PREFIX}{}", RULES[*rule].name);
        let own = deciding(&of_decisions, &whole, RULES[*rule].name);
        let noticed = noticed(&own, *rule, jobs)?;
        holes += usize::from(noticed.is_empty());
        if noticed.is_empty() {
            page.line(format_args!("{word:24} NO CASE, of {} in which it decides", own.len()));
        }
        for (at, by) in noticed.iter().enumerate() {
            page.line(format_args!("{:24} {by}", if at == 0 { &word } else { "" }));
        }
    }
    Ok(holes)
}

fn name<'a>((case, _): (&'a Case, &Decided)) -> &'a str {
    &case.name
}

/// Cases in which a rule refuses something.
fn deciding(cases: &[Case], whole: &[Decided], rule: &str) -> Vec<Case> {
    let own = cases.iter().zip(whole).filter(|(_, one)| one.objected.contains(&rule));
    own.map(|(case, _)| case.clone()).collect()
}

/// What fails without a rule: the first of the cases in which it decides, and its own.
fn noticed(own: &[Case], rule: usize, jobs: usize) -> Result<Vec<String>, RunError> {
    mutation::switch_off(rule);
    let scenario = first_failure(own, jobs);
    let bench = on_the_bench(rule);
    mutation::restore();
    let bench = bench.filter(|one| one.found != one.wanted).map(|one| benched(rule, one));
    Ok(scenario?.into_iter().chain(bench).collect())
}

fn first_failure(cases: &[Case], jobs: usize) -> Result<Option<String>, RunError> {
    for some in cases.chunks(jobs.max(1)) {
        for (case, decided) in some.iter().zip(runner::decide(some, jobs)?) {
            if let Some(why) = decided.why.first() {
                return Ok(Some(format!("{}: {why}", case.name)));
            }
        }
    }
    Ok(None)
}

fn benched(rule: usize, one: Benched) -> String {
    let Benched { wanted, found } = one;
    format!("bench: what breaks \"{}\" is decided by {found}, not {wanted}", RULES[rule].asks)
}
