//! Counts over cases, by kind.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Verdict;
use super::calm::{Backgrounds, Calm};

/// Counts of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Count {
    /// Truths, whether they may be missing or not.
    pub expected: u64,
    /// Those that were found.
    pub found: u64,
    /// Those that had to be found and were not.
    pub missed: u64,
    /// Those that were not found and may be missing.
    pub optional_missed: u64,
    /// Incidents with an episode of medium or above that nothing explains.
    #[serde(rename = "false")]
    pub false_: u64,
    /// Episodes of low that nothing explains.
    pub false_low: u64,
    /// Episodes of medium or above while something was wrong, though nothing crossed a limit of the
    /// kind and nothing expected it; those that a file bears with too.
    pub excess: u64,
    /// Those of them that a file bears with.
    pub excess_declared: u64,
    /// Episodes beyond the first of a truth.
    pub flapping: u64,
    /// Truths found whose culprit is named.
    pub culprit_asked: u64,
    /// Those whose first in rank was it.
    pub culprit_right: u64,
    /// Severities past medium that raw counters held for as long as those have to last, or that
    /// were said.
    pub escalations: u64,
    /// Those that were said when they had to be.
    pub escalations_right: u64,
    /// Median time from crossing to raise.
    pub delay_median_s: Option<f64>,
    /// The longest.
    pub delay_worst_s: Option<f64>,
    #[serde(skip)]
    delays_s: Vec<f64>,
}

/// Counts of all kinds.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By the kind's word.
    pub kinds: BTreeMap<&'static str, Count>,
    /// Cases in which a kind was expected, by it, and by the kinds that were raised at medium or
    /// above while something was wrong.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// Time in which nothing was wrong; worked out at the end.
    pub calm: Calm,
    backgrounds: Backgrounds,
}

impl Tally {
    /// Adds a case that ran on a background.
    pub fn add(&mut self, background: &str, verdict: &Verdict) {
        for outcome in verdict.outcomes.iter().filter(|outcome| !outcome.repeats) {
            let count = self.kinds.entry(outcome.kind.word()).or_default();
            count.expected += 1;
            match (outcome.found, outcome.optional) {
                (true, _) => count.found += 1,
                (false, false) => count.missed += 1,
                (false, true) => count.optional_missed += 1,
            }
            count.flapping += outcome.flapping;
            count.culprit_asked += u64::from(outcome.culprit_right.is_some());
            count.culprit_right += u64::from(outcome.culprit_right == Some(true));
            count.escalations += outcome.escalations.len() as u64;
            let right = outcome.escalations.iter().filter(|one| one.why.is_none());
            count.escalations_right += right.count() as u64;
            count.delays_s.extend(outcome.delay_s);
        }
        let mut expected: Vec<_> = verdict.outcomes.iter().map(|one| one.kind.word()).collect();
        expected.dedup();
        for kind in expected {
            for raised in &verdict.raised {
                let row = self.confusion.entry(kind).or_default();
                *row.entry(raised.word()).or_default() += 1;
            }
        }
        self.backgrounds.add(background, verdict);
        for kind in verdict.false_alarms.iter().flat_map(|alarm| &alarm.kinds) {
            self.kinds.entry(kind.word()).or_default().false_ += 1;
        }
        for excess in &verdict.excess {
            let count = self.kinds.entry(excess.kind.word()).or_default();
            count.excess += 1;
            count.excess_declared += u64::from(excess.is_declared);
        }
        for kind in &verdict.low_kinds {
            self.kinds.entry(kind.word()).or_default().false_low += 1;
        }
    }

    /// Works the delays and the limit out.
    pub fn finish(&mut self) {
        self.calm = self.backgrounds.calm();
        for count in self.kinds.values_mut() {
            count.delays_s.sort_by(f64::total_cmp);
            let rounded = |delay_s: f64| (delay_s * 1000.0).round() / 1000.0;
            count.delay_median_s =
                count.delays_s.get(count.delays_s.len() / 2).copied().map(rounded);
            count.delay_worst_s = count.delays_s.last().copied().map(rounded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::escalation::Escalation;
    use super::super::judge::Outcome;
    use super::*;
    use ks_vocabulary::kind::{Kind, Severity};

    fn outcome(found: bool, optional: bool) -> Outcome {
        Outcome {
            kind: Kind::IoCongestion,
            repeats: false,
            found,
            optional,
            flapping: 0,
            culprit_right: Some(true),
            delay_s: Some(2.0),
            escalations: Vec::new(),
            peak: None,
            convicted: None,
        }
    }

    #[test]
    fn what_may_be_missing_is_expected_too_and_counts_when_it_is_missed() {
        let outcomes = vec![outcome(true, true), outcome(false, true), outcome(false, false)];
        let mut tally = Tally::default();
        tally.add("a", &Verdict { outcomes, ..Verdict::default() });
        let count = &tally.kinds["io_congestion"];
        let parts = (count.expected, count.found, count.missed, count.optional_missed);
        assert_eq!(parts, (3, 1, 1, 1));
    }

    #[test]
    fn an_escalation_counts_as_right_where_nothing_is_wrong_with_it() {
        let of = |severity, why: Option<&str>| Escalation {
            severity,
            why: why.map(str::to_owned),
            is_declared: true,
        };
        let escalations = vec![of(Severity::High, None), of(Severity::Critical, Some("late"))];
        let outcomes = vec![Outcome { escalations, ..outcome(true, false) }];
        let mut tally = Tally::default();
        tally.add("a", &Verdict { outcomes, ..Verdict::default() });
        let count = &tally.kinds["io_congestion"];
        assert_eq!((count.escalations_right, count.escalations), (1, 2));
    }

    #[test]
    fn a_case_counts_by_what_it_expects_and_by_what_was_raised() {
        let verdict = Verdict {
            outcomes: vec![outcome(true, false)],
            raised: vec![Kind::IoCongestion, Kind::Syscall],
            calm_s: 7200.0,
            ..Verdict::default()
        };
        let mut tally = Tally::default();
        tally.add("a", &verdict);
        tally.finish();
        assert_eq!(tally.confusion["io_congestion"]["syscall"], 1);
        assert_eq!(tally.kinds["io_congestion"].delay_worst_s, Some(2.0));
        let most = tally.calm.per_hour_at_most.unwrap();
        assert!((most - 1.4979).abs() < 1e-3, "{most}");
    }
}
