//! Expectations of decisions: what was decided in every run is written where it belongs, beside the
//! condition that it rests on.

use ks_scenarios::expectation::Expect;
use toml_edit::{Table, value};

use super::super::decisions::{self, Decided, Made};
use super::super::truth;
use crate::report::Decision;

/// The fields of an expectation that speak of a decision.
const FIELDS: [&str; 4] = ["action", "target", "verdict", "outcome"];

/// What is written of a decision, field by field; nothing where runs do not agree.
type Written = [Option<String>; 4];

/// What becomes of the expectations of one place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// What the expectation of this number says from now on.
    pub(super) own: Vec<(usize, Written)>,
    /// Further decisions on the condition of that number.
    pub(super) further: Vec<(usize, Written)>,
    /// Decisions that rest on nothing that is expected.
    pub(super) unplaced: Vec<String>,
}

/// A decision, at the expectation of this number.
type Spot<'a> = (usize, &'a Decision);

/// Where the decisions of one run belong.
#[derive(Debug, Default)]
struct Placed<'a> {
    own: Vec<Spot<'a>>,
    further: Vec<Spot<'a>>,
    unplaced: Vec<&'a Made>,
}

/// Places what the runs decided: only what all of them did is written.
pub(super) fn plan(expects: &[Expect], runs: &[&Decided]) -> Plan {
    let placed: Vec<Placed<'_>> = runs.iter().map(|run| place(expects, run)).collect();
    let Some((first, others)) = placed.split_first() else { return Plan::default() };
    let own: Vec<&[Spot<'_>]> = others.iter().map(|run| run.own.as_slice()).collect();
    let own = in_all(&first.own, &own);
    let further: Vec<&[Spot<'_>]> = others.iter().map(|run| run.further.as_slice()).collect();
    let further = in_all(&first.further, &further);
    let unplaced = placed.iter().flat_map(|run| &run.unplaced);
    let mut unplaced: Vec<String> = unplaced.map(|one| decisions::described(one)).collect();
    unplaced.dedup();
    Plan { own, further, unplaced }
}

/// What all runs decided at the same spots; of several decisions at one each is held against those
/// that come as late there.
fn in_all(first: &[Spot<'_>], others: &[&[Spot<'_>]]) -> Vec<(usize, Written)> {
    let mut all = Vec::new();
    for (position, (at, one)) in first.iter().enumerate() {
        let nth = first[..position].iter().filter(|(before, _)| before == at).count();
        let same: Option<Vec<&Decision>> = others
            .iter()
            .map(|other| Some(other.iter().filter(|(place, _)| place == at).nth(nth)?.1))
            .collect();
        let Some(same) = same else { continue };
        if same.iter().all(|other| other.action == one.action) {
            all.push((*at, agreed(one, &same)));
        }
    }
    all
}

fn place<'a>(expects: &[Expect], run: &'a Decided) -> Placed<'a> {
    let mut placed = Placed::default();
    let mut rest: Vec<&Made> = run.made.iter().collect();
    for (at, expect) in expects.iter().enumerate().filter(|(_, one)| one.is_of_a_decision()) {
        let met = rest.iter().position(|made| decisions::is_expected(expect, &made.decision));
        if let Some(met) = met {
            placed.own.push((at, &rest.remove(met).decision));
        }
    }
    for made in rest {
        let rests = |expect: &Expect| made.on.iter().any(|episode| truth::is_of(expect, episode));
        let is_free = |at: usize| {
            !expects[at].is_of_a_decision() && placed.own.iter().all(|(taken, _)| *taken != at)
        };
        let of_it: Vec<usize> = (0..expects.len()).filter(|at| rests(&expects[*at])).collect();
        match (of_it.iter().find(|at| is_free(**at)), of_it.first()) {
            (Some(at), _) => placed.own.push((*at, &made.decision)),
            (None, Some(at)) => placed.further.push((*at, &made.decision)),
            (None, None) => placed.unplaced.push(made),
        }
    }
    placed
}

/// What all runs say of a decision.
fn agreed(one: &Decision, others: &[&Decision]) -> Written {
    let own = written(one);
    let others: Vec<Written> = others.iter().map(|other| written(other)).collect();
    std::array::from_fn(|field| {
        own[field].clone().filter(|_| others.iter().all(|other| other[field] == own[field]))
    })
}

fn written(one: &Decision) -> Written {
    let entity = one.target.as_ref().map(ToString::to_string);
    [
        one.action.map(str::to_owned),
        // Ids of processes change with the seed, and names do not.
        one.comm.clone().or(entity),
        Some(one.verdict.to_string()),
        one.outcome.map(|outcome| outcome.to_string()),
    ]
}

/// Writes what an expectation does not say yet; the return value says what.
pub(super) fn write(own: &mut Table, fields: &Written) -> Option<String> {
    let mut told = Vec::new();
    for (field, text) in FIELDS.iter().zip(fields) {
        let Some(text) = text.as_ref().filter(|_| !own.contains_key(field)) else { continue };
        own[field] = value(text);
        told.push(format!("{field} {text}"));
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// Takes away what an expectation says of a decision.
pub(super) fn clear(own: &mut Table) {
    for field in FIELDS {
        own.remove(field);
    }
}

/// Whether any run decided otherwise than expected.
pub(super) fn is_missed(expect: &Expect, runs: &[&Decided]) -> bool {
    let is_met =
        |run: &&Decided| run.made.iter().any(|made| decisions::is_expected(expect, &made.decision));
    expect.is_of_a_decision() && !runs.iter().all(is_met)
}
