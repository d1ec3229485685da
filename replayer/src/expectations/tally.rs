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
    /// Cases in which a kind had to be found, by it, and by the kinds that were raised at medium or
    /// above while something was wrong.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// Time in which nothing was wrong.
    pub calm: Calm,
}

/// False episodes over the time in which nothing was wrong.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Calm {
    /// Hours replayed.
    pub hours: f64,
    /// Episodes of medium or above.
    #[serde(rename = "false")]
    pub false_: u64,
    /// Exact upper 95 % limit of their number an hour (Poisson); `None` without an hour.
    pub per_hour_at_most: Option<f64>,
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
        let mut expected: Vec<_> = verdict.outcomes.iter().map(|one| one.kind.word()).collect();
        expected.dedup();
        for kind in expected {
            for raised in &verdict.raised {
                let row = self.confusion.entry(kind).or_default();
                *row.entry(raised.word()).or_default() += 1;
            }
        }
        self.calm.hours += verdict.calm_s / 3600.0;
        self.calm.false_ += verdict.false_kinds.len() as u64;
        for kind in &verdict.false_kinds {
            self.kinds.entry(kind.word()).or_default().false_ += 1;
        }
        for kind in &verdict.low_kinds {
            self.kinds.entry(kind.word()).or_default().false_low += 1;
        }
    }

    /// Works the delays and the limit out.
    pub fn finish(&mut self) {
        let Calm { hours, false_, .. } = self.calm;
        let most = poisson_upper(false_) / hours;
        self.calm.per_hour_at_most = (hours > 0.0).then(|| (most * 1e4).round() / 1e4);
        self.calm.hours = (hours * 100.0).round() / 100.0;
        for count in self.kinds.values_mut() {
            count.delays_s.sort_by(f64::total_cmp);
            let rounded = |delay_s: f64| (delay_s * 1000.0).round() / 1000.0;
            count.delay_median_s =
                count.delays_s.get(count.delays_s.len() / 2).copied().map(rounded);
            count.delay_worst_s = count.delays_s.last().copied().map(rounded);
        }
    }
}

/// The largest mean of a Poisson distribution that gives `count` or fewer with a chance of at least
/// 5 %: its exact upper 95 % limit, found by bisection.
fn poisson_upper(count: u64) -> f64 {
    let at_most = |mean: f64| {
        let mut term = (-mean).exp();
        let mut sum = term;
        for k in 1..=count {
            term *= mean / k as f64;
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 10.0 + 3.0 * count as f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if at_most(middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half the 95 % quantile of chi-square with 2 (n + 1) degrees of freedom.
    #[test]
    fn the_limit_is_that_of_the_tables() {
        for (count, expected) in [(0, 2.9957), (1, 4.7439), (2, 6.2958), (10, 16.9622)] {
            let found = poisson_upper(count);
            assert!((found - expected).abs() < 1e-3, "{count}: {found}");
        }
    }

    #[test]
    fn a_case_counts_by_what_it_expects_and_by_what_was_raised() {
        use super::super::judge::Outcome;
        use ks_engine::kind::Kind;
        let outcome = Outcome {
            kind: Kind::IoCongestion,
            found: true,
            optional: false,
            flapping: 0,
            culprit_right: Some(true),
            delay_s: Some(2.0),
            peak: None,
            convicted: None,
        };
        let verdict = Verdict {
            outcomes: vec![outcome],
            raised: vec![Kind::IoCongestion, Kind::Syscall],
            calm_s: 7200.0,
            ..Verdict::default()
        };
        let mut tally = Tally::default();
        tally.add(&verdict);
        tally.finish();
        assert_eq!(tally.confusion["io_congestion"]["syscall"], 1);
        assert_eq!(tally.kinds["io_congestion"].delay_worst_s, Some(2.0));
        let most = tally.calm.per_hour_at_most.unwrap();
        assert!((most - 1.4979).abs() < 1e-3, "{most}");
    }
}
