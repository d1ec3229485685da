//! What was done on this host before, by the audit log. A person's own action where no daemon acts
//! is a run of its own, and budgets count over runs.

use std::path::Path;

use ks_actor::audit;
use ks_actor::message::Noted;
use ks_actor::perform::Done;
use ks_actor::process::Setup;
use ks_vocabulary::decision::{Decided, Upshot};
use ks_vocabulary::input::{CarriedAction, Outcome};
use ks_vocabulary::time::WallTime;
use serde::Deserialize;

use crate::acting::FOLDER;

/// So many count at most; the engine keeps no more.
const KEPT: usize = 256;

/// A line of the log, as far as it tells what was done.
#[derive(Clone, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Line {
    Decided(Box<Noted>),
    Undone {
        request: u64,
        done: Done,
    },
    #[serde(other)]
    Other,
}

/// Something that was asked for; what is done for a time ends by itself, and is not put back.
struct Act {
    carried: CarriedAction,
    is_for_a_time: bool,
}

/// What was asked for, the oldest first, with what came of it. Where nobody acted yet there is no
/// log, and nothing was done.
pub(super) fn of(folder: &Path) -> anyhow::Result<Vec<CarriedAction>> {
    let paths = Setup::audit_in(&folder.join(FOLDER));
    let mut acts = Vec::new();
    if paths.log.exists() {
        audit::read_so_far(&paths, &mut |told| {
            if let Ok(line) = serde_json::from_str(told.entry) {
                take(&mut acts, &line, WallTime(told.at_ns));
            }
        })?;
    }
    Ok(acts.into_iter().map(|act| act.carried).collect())
}

fn take(acts: &mut Vec<Act>, line: &Line, at_ns: WallTime) {
    let number = match line {
        Line::Decided(noted) => noted.decision,
        Line::Undone { request, .. } => *request,
        Line::Other => return,
    };
    let known = acts.iter_mut().rfind(|act| act.carried.decision == number);
    match (known, line) {
        (Some(act), Line::Decided(noted)) => {
            if let Some(outcome) = noted.outcome {
                act.carried.upshot = Some(outcome);
                act.carried.undone = outcome == Upshot::RolledBack;
            }
        }
        (Some(act), Line::Undone { done, .. }) => {
            act.carried.undone |= done.outcome == Outcome::Applied && !act.is_for_a_time;
        }
        (None, Line::Decided(noted)) if noted.change == Decided::Asked => {
            acts.extend(asked(noted, at_ns));
            acts.drain(..acts.len().saturating_sub(KEPT));
        }
        (_, Line::Decided(_) | Line::Undone { .. } | Line::Other) => {}
    }
}

fn asked(noted: &Noted, at_ns: WallTime) -> Option<Act> {
    let carried = CarriedAction {
        decision: noted.decision,
        incident: noted.incident,
        at_ns,
        action: noted.form?,
        target: noted.target.clone(),
        upshot: noted.outcome,
        undone: false,
    };
    let is_for_a_time = noted.plan.as_ref().is_some_and(|plan| plan.lasts_s.is_some());
    Some(Act { carried, is_for_a_time })
}

#[cfg(test)]
mod tests {
    use ks_vocabulary::action::ActionKind;
    use ks_vocabulary::decision::{Reasoner, Verdict};

    use super::*;

    fn noted(decision: u64, change: Decided, outcome: Option<Upshot>) -> Noted {
        Noted {
            decision,
            incident: 0,
            reasoner: Reasoner::Person,
            change,
            action: "renice -n 10 -p 7".to_owned(),
            form: Some(ActionKind::LowerProcessPriority),
            target: "process:7:1".to_owned(),
            verdict: Verdict::Allowed,
            rule: "person".to_owned(),
            reason: "a person asks for it".to_owned(),
            plan: None,
            outcome,
            lesson: None,
        }
    }

    #[test]
    fn what_was_asked_for_counts_once_with_what_came_of_it() {
        let mut acts = Vec::new();
        let decided = |noted| Line::Decided(Box::new(noted));
        let mut lines = [
            noted(1, Decided::Judged, None),
            noted(2, Decided::Asked, None),
            noted(2, Decided::Done, Some(Upshot::Inconclusive)),
            noted(3, Decided::Judged, Some(Upshot::DryRun)),
            noted(4, Decided::Asked, None),
            noted(4, Decided::Undone, Some(Upshot::RolledBack)),
            noted(5, Decided::Asked, None),
        ]
        .map(decided)
        .to_vec();
        let done = Done { outcome: Outcome::Applied, reason: None };
        lines.extend([5, 6].map(|request| Line::Undone { request, done: done.clone() }));
        for (line, at_ns) in lines.iter().zip(1..) {
            take(&mut acts, line, WallTime(at_ns));
        }
        let found = acts.iter().map(|act| {
            let CarriedAction { decision, at_ns, upshot, undone, .. } = &act.carried;
            (*decision, at_ns.0, *upshot, *undone)
        });
        let found: Vec<_> = found.collect();
        let (unclear, back) = (Some(Upshot::Inconclusive), Some(Upshot::RolledBack));
        assert_eq!(found, [(2, 2, unclear, false), (4, 5, back, true), (5, 7, None, true)]);
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        let noted = noted(2, Decided::Asked, None);
        let entry = ks_actor::entry::Entry::Decided { noted: &noted };
        let text = serde_json::to_string(&entry).unwrap();
        let Line::Decided(read) = serde_json::from_str(&text).unwrap() else {
            unreachable!("it is a decision: {text}")
        };
        assert_eq!(*read, noted);
        let other = serde_json::from_str(r#"{"what":"kept","request":2}"#).unwrap();
        assert!(matches!(other, Line::Other));
    }
}
