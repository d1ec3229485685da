//! When somebody may decide: a limit that a fault is expected to cross has been held as medium for
//! as long as that has to last. What takes longer from the lowest limit to there is foretold: then
//! it may be decided on at the lowest limit, and at the latest half-way from the onset.

use ks_vocabulary::kind::Severity;
use ks_vocabulary::subtype::Subtype;

use super::copies::Untreated;
use super::medium::held;
use super::{LONGER_S, Moment, Place, WITHIN_S};
use crate::expectation::{Expect, matches};
use crate::reference::Crossing;
use crate::scenario::Scenario;
use crate::units::Duration;

/// Moments that are nearer than this are one, in s.
const APART_S: f64 = 60.0;
/// Time after the end of a fault in which what it brought may still begin to stand, in s.
const AFTER_S: f64 = 90.0;

/// A moment with one limit.
struct Single {
    at_s: f64,
    foretold: bool,
    until_s: f64,
    place: Place,
}

/// The moments of a scenario, in the order of time, with nothing tried yet.
pub(super) fn of(scenario: &Scenario, untreated: &Untreated) -> Vec<Moment> {
    let wrong = scenario.expect.iter().filter(|expect| is_suffered(expect));
    let mut all: Vec<Single> =
        wrong.flat_map(|expect| singles(expect, scenario, untreated)).collect();
    all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s).then_with(|| a.place.cmp(&b.place)));
    let mut moments: Vec<Moment> = Vec::new();
    for Single { at_s, foretold, until_s, place } in all {
        let last = moments.last_mut();
        let own = last.filter(|last| at_s - last.at_s < APART_S && last.foretold == foretold);
        if let Some(own) = own {
            if !own.standing.contains(&place) {
                own.standing.push(place);
            }
            own.at_s = at_s;
            own.until_s = own.until_s.max(until_s);
            continue;
        }
        let (standing, tried) = (vec![place], Vec::new());
        moments.push(Moment { at_s, standing, foretold, until_s, tried, without_effect: 0 });
    }
    moments
}

/// Whether somebody suffers from it: it must be found, may be medium, and is not meant to be so.
fn is_suffered(expect: &Expect) -> bool {
    !expect.optional
        && expect.severity.bounds().1 >= Severity::Medium
        && expect.subtype != Some(Subtype::Niced)
}

fn singles<'a>(
    expect: &'a Expect,
    scenario: &Scenario,
    untreated: &'a Untreated,
) -> impl Iterator<Item = Single> + 'a {
    let fault = scenario.fault(expect.fault.as_deref());
    let length_s = scenario.duration.seconds();
    let onset_s = expect.onset.or(fault.map(|fault| fault.at)).map_or(0.0, Duration::seconds);
    let lasts = fault.and_then(|fault| fault.duration);
    let end_s = expect.end.map(Duration::seconds);
    let end_s = end_s.or(lasts.map(|lasts| onset_s + lasts.seconds())).unwrap_or(length_s);
    let predicted = expect.subtype == Some(Subtype::Predicted);
    let own = untreated
        .crossings
        .iter()
        .filter(move |crossing| crossing.kind == expect.kind && is_there(expect, crossing));
    own.filter_map(move |crossing| {
        let held_s = untreated.since_begin_s(held(crossing)?);
        let is_of_fault = held_s >= onset_s && held_s <= end_s + AFTER_S;
        let crossed_s = untreated.since_begin_s(crossing.at);
        let foretold = predicted || held_s - crossed_s > APART_S;
        let middle_s = f64::midpoint(onset_s, held_s);
        let at_s = if foretold { crossed_s.min(middle_s) } else { held_s };
        let place = Place::of(crossing);
        let until_s = if foretold { held_s } else { at_s + WITHIN_S } + LONGER_S;
        is_of_fault.then_some(Single { at_s, foretold, until_s, place })
    })
}

fn is_there(expect: &Expect, crossing: &Crossing) -> bool {
    let entity = crossing.entity.to_string();
    std::iter::once(&expect.entity).chain(&expect.ancestors).any(|place| matches(place, &entity))
}
