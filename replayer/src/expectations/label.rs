//! Says of a recording what was wrong in it, from what was done and from its raw counters alone.

use std::path::Path;

use ks_recorder::error::Error;
use ks_recorder::format::recording::Reader;
use ks_scenarios::expectation::{Expect, Forbid, Severities, What};
use ks_scenarios::units::Duration;
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::time::Timestamp;
use serde::Serialize;

use super::truth::Crossed;
use super::watch::Watch;

/// Crossings this long after the end of what was done are of it.
const AFTER_S: f64 = 5.0;
/// The engine says of an onset in which interval it lies, and names its beginning: what began so
/// shortly before is of it.
const ONSET_NS: u64 = 2_000_000_000;
/// Time from a crossing until which a verdict may come.
const WITHIN: Duration = Duration { ns: 30_000_000_000 };

/// What was done while a recording went on.
#[derive(Debug, Clone)]
pub struct Known {
    /// What it is called.
    pub name: String,
    /// When it began, by the clock of the recording.
    pub onset: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// What it must show as; nothing where nothing was done.
    pub wrong: Vec<Wrong>,
}

/// A condition that what was done must bring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which.
    pub kind: Kind,
    /// Where.
    pub entity: String,
    /// Who brought it about.
    pub culprit: Option<String>,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    case: [Case<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Case<'a> {
    name: &'a str,
    from: &'a str,
    expect: Vec<Expect>,
    forbid: Vec<Forbid>,
}

/// The file of cases over a recording: what must be found is what crossed a limit, as severe as
/// that was by raw counters; other crossings while it lasted may be found. Episodes outside of it
/// are false whatever a file says, and incidents are forbidden, since what a kernel cannot tell of
/// one kind says nothing of the others.
pub fn cases(recording: &Path, known: &Known) -> Result<String, Error> {
    let mut reader = Reader::open_for_engine(std::slice::from_ref(&recording.to_owned()))?;
    let mut watch = Watch::default();
    while let Some(input) = reader.next()? {
        watch.input(input);
    }
    let begin = watch.begin();
    let name = recording.file_name().unwrap_or_default().to_string_lossy();
    let after = |at: Timestamp| Duration { ns: at.since_ns(begin) / 1_000_000 * 1_000_000 };
    let text = written(&name, known, (after(known.onset), after(known.end)), &watch.finish());
    Ok(text)
}

fn written(from: &str, known: &Known, span: (Duration, Duration), crossings: &[Crossed]) -> String {
    let (onset, end) = span;
    let of_it = crossings.iter().filter(|crossed| {
        crossed.at_s >= onset.seconds() && crossed.at_s <= end.seconds() + AFTER_S
    });
    let expect = if known.wrong.is_empty() {
        Vec::new()
    } else {
        of_it.map(|crossed| expected(crossed, &known.wrong, span)).collect()
    };
    let forbid = Forbid {
        action: None,
        kind: "*".to_owned(),
        entity: "*".to_owned(),
        subtype: None,
        severity: Severity::Medium,
        from: None,
        to: (!known.wrong.is_empty()).then_some(Duration { ns: onset.ns.saturating_sub(ONSET_NS) }),
        what: What::Incident,
    };
    let case = Case { name: &known.name, from, expect, forbid: vec![forbid] };
    let head = "# What was done, and when raw counters crossed a limit. Written by `ks provoke`.\n";
    let body = toml::to_string(&File { case: [case] }).expect("every field has a form in TOML");
    format!("{head}{body}")
}

fn expected(crossed: &Crossed, wrong: &[Wrong], (onset, end): (Duration, Duration)) -> Expect {
    let meant = wrong.iter().find(|one| one.kind == crossed.kind && one.entity == crossed.entity);
    Expect {
        kind: crossed.kind,
        entity: crossed.entity.clone(),
        ancestors: Vec::new(),
        subtype: None,
        severity: severities(crossed),
        fault: None,
        cross: Some(Duration { ns: ks_scenarios::grain::whole(crossed.at_s * 1e3) * 1_000_000 }),
        within: WITHIN,
        onset: Some(onset),
        end: Some(end),
        culprit: meant.and_then(|one| one.culprit.clone()),
        ambiguous: false,
        optional: meant.is_none(),
        action: None,
        target: None,
        verdict: None,
        outcome: None,
    }
}

/// From the highest severity whose limit was held for as long as it has to last to the highest
/// whose limit was reached.
fn severities(crossed: &Crossed) -> Severities {
    let reached = crossed.rises.iter().map(|rise| rise.severity).max();
    let held = crossed.rises.iter().filter(|rise| rise.held_s.is_some());
    let held = held.map(|rise| rise.severity).max();
    match (held.unwrap_or(Severity::Low), reached.unwrap_or(Severity::Low)) {
        (least, most) if least == most => Severities::One(least),
        (least, most) => Severities::Range([least, most]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::truth::Rise;
    use super::*;
    use crate::expectations::case;

    fn known(wrong: Vec<Wrong>) -> Known {
        let name = "an overload".to_owned();
        Known { name, onset: Timestamp(0), end: Timestamp(0), wrong }
    }

    #[test]
    fn what_crossed_is_expected_and_the_rest_forbidden() {
        let wrong = Wrong {
            kind: Kind::LoadMismatch,
            entity: "host".to_owned(),
            culprit: Some("ks-spin".to_owned()),
        };
        let crossed = |kind, at_s| Crossed {
            kind,
            entity: "host".to_owned(),
            at_s,
            end_s: 60.0,
            rises: Vec::new(),
        };
        let crossings = [
            crossed(Kind::LoadMismatch, 21.5),
            crossed(Kind::Scheduler, 22.0),
            crossed(Kind::PageFault, 3.0),
        ];
        let span = (Duration { ns: 20_000_000_000 }, Duration { ns: 60_000_000_000 });
        let text = written("x.parquet", &known(vec![wrong]), span, &crossings);
        let cases = case::of_text(Path::new("x.toml"), &text).unwrap();
        let [load, scheduler] = cases[0].expect.as_slice() else { panic!("{text}") };
        assert_eq!((load.optional, load.culprit.as_deref()), (false, Some("ks-spin")));
        assert_eq!(load.cross.unwrap().seconds().to_bits(), 21.5f64.to_bits());
        assert!(scheduler.optional && scheduler.culprit.is_none());
        assert_eq!(cases[0].forbid[0].to, Some(Duration { ns: 18_000_000_000 }));
    }

    #[test]
    fn a_range_is_from_what_was_held_to_what_was_reached() {
        let of = |rises: &[(Severity, Option<f64>)]| {
            let rise = |(severity, held_s): &(Severity, Option<f64>)| Rise {
                severity: *severity,
                first_s: 20.0,
                held_s: *held_s,
            };
            let rises = rises.iter().map(rise).collect();
            let (kind, entity) = (Kind::Scheduler, "host".to_owned());
            severities(&Crossed { kind, entity, at_s: 20.0, end_s: 60.0, rises })
        };
        let (medium, high) = (Severity::Medium, Severity::High);
        assert_eq!(of(&[]), Severities::One(Severity::Low));
        assert_eq!(of(&[(medium, None)]), Severities::Range([Severity::Low, medium]));
        assert_eq!(of(&[(medium, Some(21.0))]), Severities::One(medium));
        let both = [(medium, Some(21.0)), (high, None)];
        assert_eq!(of(&both), Severities::Range([medium, high]));
    }

    #[test]
    fn where_nothing_was_done_nothing_may_be_said() {
        let text = written("x.parquet", &known(Vec::new()), Default::default(), &[]);
        let cases = case::of_text(Path::new("x.toml"), &text).unwrap();
        assert!(cases[0].expect.is_empty());
        assert_eq!((cases[0].forbid[0].to, cases[0].forbid[0].kind.as_str()), (None, "*"));
    }
}
