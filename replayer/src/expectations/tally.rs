//! Counts over cases, by kind.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Verdict;

/// Counts of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Count {
    /// Truths that had to be found.
    pub expected: u64,
    /// Those that were.
    pub found: u64,
    /// Those that were not.
    pub missed: u64,
    /// Episodes of medium or above that nothing explains.
    #[serde(rename = "false")]
    pub false_: u64,
    /// Episodes of low that nothing explains.
    pub false_low: u64,
    /// Episodes beyond the first of a truth.
    pub flapping: u64,
    /// Truths found whose culprit is named.
    pub culprit_asked: u64,
    /// Those whose first in rank was it.
    pub culprit_right: u64,
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
}

impl Tally {
    /// Adds a case.
    pub fn add(&mut self, verdict: &Verdict) {
        for outcome in &verdict.outcomes {
            let count = self.kinds.entry(outcome.kind.word()).or_default();
            if outcome.found || !outcome.optional {
                count.expected += 1;
                count.found += u64::from(outcome.found);
                count.missed += u64::from(!outcome.found);
            }
            count.flapping += outcome.flapping;
            count.culprit_asked += u64::from(outcome.culprit_right.is_some());
            count.culprit_right += u64::from(outcome.culprit_right == Some(true));
            count.delays_s.extend(outcome.delay_s);
        }
        for kind in &verdict.false_kinds {
            self.kinds.entry(kind.word()).or_default().false_ += 1;
        }
        for kind in &verdict.low_kinds {
            self.kinds.entry(kind.word()).or_default().false_low += 1;
        }
    }

    /// Works the delays out.
    pub fn finish(&mut self) {
        for count in self.kinds.values_mut() {
            count.delays_s.sort_by(f64::total_cmp);
            let rounded = |delay_s: f64| (delay_s * 1000.0).round() / 1000.0;
            count.delay_median_s =
                count.delays_s.get(count.delays_s.len() / 2).copied().map(rounded);
            count.delay_worst_s = count.delays_s.last().copied().map(rounded);
        }
    }
}
