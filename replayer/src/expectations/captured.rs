//! The cases of a cut of `ks capture` in which an agent decided something: what was found in it, as
//! severe as it was, with what was decided about it.

use std::path::Path;

use ks_scenarios::expectation::{Expect, Severities};
use ks_scenarios::units::Duration;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::kind::{Kind, Severity};
use serde::Serialize;

use super::case;
use super::decisions::{Decided, Made};
use super::judge;
use super::runner::{self, RunError};
use super::seen::{Seen, SeenEpisode};
use crate::report::Report;

/// How such a file begins.
pub const HEAD: &str = "# What was found and decided in a cut. Written by `ks capture`.\n";
/// What is found in a cut was raised when it was, with a little for rounding.
const WITHIN: Duration = Duration { ns: 1_000_000_000 };
const MILLISECOND_NS: u64 = 1_000_000;

#[derive(Debug, Serialize)]
struct File<'a> {
    case: [Case<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weakened: Vec<Borne>,
}

#[derive(Debug, Serialize)]
struct Case<'a> {
    name: &'a str,
    from: &'a str,
    expect: Vec<Expect>,
}

/// A severity that came at another time than raw counters say: so it did in the original.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Borne {
    reason: &'static str,
    what: String,
    kind: Kind,
    entity: String,
    severity: Severity,
}

/// The text of a file of cases that lies beside `cut`, whose replay gave `report`.
pub fn cases(cut: &Path, report: &Report) -> Result<String, RunError> {
    let from = cut.file_name().unwrap_or_default().to_string_lossy();
    let name = cut.file_stem().unwrap_or_default().to_string_lossy();
    let expect = expected(report);
    let text = |weakened: Vec<Borne>| {
        let case = Case { name: &name, from: &from, expect: expect.clone() };
        let body = toml::to_string(&File { case: [case], weakened });
        format!("{HEAD}{}", body.expect("every field has a form in TOML"))
    };
    let beside = cut.with_extension("toml");
    let own = case::of_text(&beside, &text(Vec::new())).expect("it is written in this form");
    let mut borne = Vec::new();
    for outcome in runner::run(&own, 0, 1, |_| {})? {
        for (expect, one) in own[0].expect.iter().zip(&outcome.verdict.outcomes) {
            for late in one.escalations.iter().filter(|late| late.why.is_some()) {
                let entry = bear(expect, late.severity);
                if !borne.contains(&entry) {
                    borne.push(entry);
                }
            }
        }
    }
    Ok(text(borne))
}

fn bear(expect: &Expect, severity: Severity) -> Borne {
    let (kind, entity) = (expect.kind, expect.entity.clone());
    let name = format!("{} on {entity}", kind.word());
    Borne {
        reason: "it was so when it was recorded",
        what: format!("{name}: {} comes early, late or never", severity.word()),
        kind,
        entity,
        severity,
    }
}

/// Everything of medium or above, and what a decision rests on.
fn expected(report: &Report) -> Vec<Expect> {
    let seen = Seen::of(report);
    let decided = Decided::of(report, &[], &[]);
    let rests = |episode: &SeenEpisode| {
        decided.made.iter().any(|made| made.on.iter().any(|one| is_same(one, episode)))
    };
    let is_told = |episode: &&SeenEpisode| episode.severity >= Severity::Medium || rests(episode);
    let told: Vec<&SeenEpisode> = seen.episodes.iter().filter(is_told).collect();
    let mut expects: Vec<Expect> = told.iter().map(|episode| of_episode(episode)).collect();
    for made in &decided.made {
        let of_it = || (0..told.len()).filter(|at| made.on.iter().any(|on| is_same(on, told[*at])));
        let free = of_it().find(|at| !expects[*at].is_of_a_decision());
        match (free, of_it().next()) {
            (Some(at), _) => decide(&mut expects[at], made),
            (None, Some(at)) => {
                let mut copy = of_episode(told[at]);
                decide(&mut copy, made);
                expects.push(copy);
            }
            (None, None) => {}
        }
    }
    expects
}

fn is_same(one: &SeenEpisode, other: &SeenEpisode) -> bool {
    (one.kind, &one.entity) == (other.kind, &other.entity)
        && one.start_s.total_cmp(&other.start_s).is_eq()
}

fn of_episode(episode: &SeenEpisode) -> Expect {
    Expect {
        kind: episode.kind,
        entity: episode.entity.clone(),
        ancestors: Vec::new(),
        subtype: None,
        severity: Severities::One(episode.severity),
        fault: None,
        cross: Some(at(episode.start_s)),
        within: WITHIN,
        onset: Some(at(episode.start_s)),
        end: episode.end_s.map(at),
        culprit: judge::convicted(episode),
        ambiguous: false,
        optional: false,
        action: None,
        target: None,
        verdict: None,
        outcome: None,
    }
}

fn at(seconds: f64) -> Duration {
    Duration { ns: ks_scenarios::grain::whole(seconds * 1e3) * MILLISECOND_NS }
}

fn decide(expect: &mut Expect, made: &Made) {
    let one = &made.decision;
    expect.action = ActionKind::ALL.into_iter().find(|kind| one.action == Some(kind.name()));
    expect.target = one.target.as_ref().map(ToString::to_string);
    expect.verdict = Some(one.verdict);
    expect.outcome = one.outcome;
}
