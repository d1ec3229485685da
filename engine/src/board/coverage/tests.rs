//! Judged, judged in part, not judged, nothing to judge.

use super::*;
use alloc::string::ToString;

const KIND: Kind = Kind::Scheduler;

fn told(covers: &[Cover]) -> Option<(CoverageState, Option<String>)> {
    let mut coverages = Coverages::default();
    let mut last = None;
    for _ in 0..=PATIENCE_TICKS {
        coverages.begin();
        for cover in covers {
            coverages.cover(KIND, *cover);
        }
        let explain = |missing| match missing {
            Missing::Source(name) | Missing::Field(name) => name.to_string(),
            Missing::NoEarlier | Missing::WentBack | Missing::Because(_) => "another".to_string(),
        };
        last = coverages.take(explain).pop().or(last);
    }
    last.map(|said| (said.state, said.reason))
}

#[test]
fn what_is_judged_in_part_is_judged_without_the_rest() {
    use CoverageState::{CannotTell, NotApplicable, Ok};
    let source = Cover::Missing(Missing::Source("net/snmp"));
    let (one, other) = (Cover::Part("latency: needs a tracer"), Cover::Part("groups"));
    let because = |why: &str| Some(why.to_string());
    let table = [
        (&[Cover::Ok][..], Some((Ok, None))),
        (&[Cover::Ok, source][..], Some((Ok, because("without net/snmp")))),
        (&[source, Cover::Ok][..], Some((Ok, because("without net/snmp")))),
        (&[source][..], Some((CannotTell, because("net/snmp")))),
        (&[source, one][..], Some((CannotTell, because("net/snmp")))),
        (
            &[one, Cover::Ok, other, one][..],
            Some((Ok, because("without latency: needs a tracer; groups"))),
        ),
        (&[Cover::NotApplicable("no swap")][..], Some((NotApplicable, because("no swap")))),
        (&[Cover::NotApplicable("no swap"), Cover::Ok][..], Some((Ok, None))),
        (&[Cover::Missing(Missing::NoEarlier)][..], None),
        (&[Cover::Missing(Missing::NoEarlier), Cover::Ok][..], Some((Ok, None))),
    ];
    for (covers, expected) in table {
        assert_eq!(told(covers), expected, "{covers:?}");
    }
}

#[test]
fn an_input_is_missing_after_a_few_readings_and_is_told_once() {
    let mut coverages = Coverages::default();
    let mut said = Vec::new();
    for _ in 0..10 {
        coverages.begin();
        coverages.cover(KIND, Cover::Missing(Missing::Source("stat")));
        said.push(coverages.take(|_| "stat".to_string()).len());
    }
    assert_eq!(said, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}
