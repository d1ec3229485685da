//! `ks policy diff`: which decisions another policy would have changed. Both runs decide anew, from
//! the same inputs; what follows from a decision that differs differs too.

use std::collections::BTreeSet;
use std::io::sink;
use std::path::PathBuf;

use ks_replayer::report::{Decision, Report};
use ks_vocabulary::decision::Verdict;
use serde::Serialize;

use crate::agent_options;
use crate::cli::agent::PolicyDiff;
use crate::commands::replay;
use crate::exit::Unmet;
use crate::plain::Page;
use crate::render::Format;
use crate::stdout;

/// What a policy says of one proposal.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Said {
    verdict: Verdict,
    rule: &'static str,
    reason: String,
}

/// A proposal on which the two differ; nothing where one of the runs does not have it.
#[derive(Debug, Serialize)]
struct Change {
    incident: u64,
    action: &'static str,
    target: String,
    before: Option<Said>,
    after: Option<Said>,
}

pub(super) fn run(arguments: &PolicyDiff) -> anyhow::Result<()> {
    let before = report(arguments, None)?;
    let after = report(arguments, Some(arguments.policy.clone()))?;
    let changes = changes(&before, &after);
    if arguments.format == Format::Json {
        stdout::print_json(&changes)?;
    } else {
        stdout::print_page(&page(&changes, before.decisions.len()))?;
    }
    if changes.is_empty() { Ok(()) } else { Err(Unmet.into()) }
}

fn report(arguments: &PolicyDiff, policy: Option<PathBuf>) -> anyhow::Result<Report> {
    let options = arguments.options(policy);
    let config = agent_options::config(arguments.config.as_deref(), &options)?;
    replay::report(&arguments.paths, arguments.seed, config, None, &mut sink())
}

type Key = (u64, u64, &'static str, String);

fn key(decision: &Decision) -> Key {
    let target = decision.target.as_ref().map_or(String::new(), ToString::to_string);
    (decision.run, decision.incident, decision.action.unwrap_or_default(), target)
}

fn changes(before: &Report, after: &Report) -> Vec<Change> {
    let all: BTreeSet<Key> = before.decisions.iter().chain(&after.decisions).map(key).collect();
    let first = |report: &Report, wanted: &Key| {
        let found = report.decisions.iter().find(|one| key(one) == *wanted);
        found.map(|one| Said { verdict: one.verdict, rule: one.rule, reason: one.reason.clone() })
    };
    let each = all.into_iter().filter_map(|wanted| {
        let (old, new) = (first(before, &wanted), first(after, &wanted));
        let is_same =
            old.as_ref().map(|said| said.verdict) == new.as_ref().map(|said| said.verdict);
        let (_, incident, action, target) = wanted;
        (!is_same).then_some(Change { incident, action, target, before: old, after: new })
    });
    each.collect()
}

fn page(changes: &[Change], decisions: usize) -> Page {
    let told = match changes.len() {
        0 => format!("The policy changes none of {decisions} decisions."),
        1 => "The policy changes one decision:".to_owned(),
        count => format!("The policy changes {count} decisions:"),
    };
    let mut page = Page::of(told);
    for Change { incident, action, target, before, after } in changes {
        page.line(format_args!("incident {incident}: {action} to {target}"));
        page.line(format_args!("  before  {}", said(before.as_ref())));
        page.line(format_args!("  after   {}", said(after.as_ref())));
    }
    page
}

fn said(said: Option<&Said>) -> String {
    said.map_or("not proposed".to_owned(), |said| {
        format!("{} by {}: {}", said.verdict, said.rule, said.reason)
    })
}
