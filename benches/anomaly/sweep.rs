//! Windows found at given rates of false alarms, and how sure a difference between detectors is.
//!
//! All series share one threshold, since somebody who watches many has no other choice. From the
//! highest score on it is lowered for as long as the false alarms keep to the rate. A row outside
//! of windows and probation is a false alarm when it reaches the threshold; those within 1 % of the
//! series' length of the first one count once. A window is found when any of its rows reaches it.

use ks_vocabulary::random::Random;

use crate::dice::whole;
use crate::series::Series;

/// False alarms in a thousand rows.
pub(crate) const RATES: [f64; 4] = [0.5, 1.0, 2.0, 5.0];
/// The part of a series' length within which false alarms are one.
const MERGED: f64 = 0.01;
/// Thresholds that are tried: at ranks of all quiet scores, in even steps of their logarithm.
const THRESHOLDS: usize = 300;

/// What one detector does on all series, by threshold from the highest on.
pub(crate) struct Sweep {
    cases: Vec<Case>,
}

/// What it does on one series.
struct Case {
    /// Rows that count towards false alarms.
    quiet_rows: usize,
    windows: usize,
    false_alarms: Vec<usize>,
    found: Vec<usize>,
}

impl Sweep {
    /// Of a detector's scores for each series.
    pub(crate) fn new(all: &[Series], scores: &[Vec<f64>]) -> Self {
        let quiet: Vec<Vec<usize>> = all
            .iter()
            .map(|series| (0..series.values.len()).filter(|row| series.is_quiet(*row)).collect())
            .collect();
        let pooled = quiet.iter().zip(scores);
        let pooled = pooled.flat_map(|(rows, scores)| rows.iter().map(move |row| scores[*row]));
        let thresholds = thresholds(pooled.collect());
        let cases = all.iter().zip(scores).zip(&quiet);
        let cases =
            cases.map(|((series, scores), quiet)| Case::new(series, scores, quiet, &thresholds));
        Self { cases: cases.collect() }
    }

    /// Windows in all series, each counted so many times.
    pub(crate) fn windows(&self, times: &[usize]) -> usize {
        self.cases.iter().zip(times).map(|(case, times)| case.windows * times).sum()
    }

    /// Windows found at each rate, with each series counted so many times.
    pub(crate) fn found(&self, times: &[usize]) -> [usize; 4] {
        let at = self.at_rates(times);
        let total = |at: usize| {
            self.cases.iter().zip(times).map(|(case, n)| case.found[at] * n).sum::<usize>()
        };
        at.map(total)
    }

    /// Windows found in each series at each rate.
    pub(crate) fn found_by_series(&self) -> Vec<[usize; 4]> {
        let at = self.at_rates(&vec![1; self.cases.len()]);
        self.cases.iter().map(|case| at.map(|at| case.found[at])).collect()
    }

    /// The number of the lowest threshold that keeps to each rate.
    fn at_rates(&self, times: &[usize]) -> [usize; 4] {
        let counted = || self.cases.iter().zip(times);
        let rows: usize = counted().map(|(case, times)| case.quiet_rows * times).sum();
        let count = self.cases.first().map_or(0, |case| case.false_alarms.len());
        let alarms: Vec<usize> = (0..count)
            .map(|at| counted().map(|(case, times)| case.false_alarms[at] * times).sum::<usize>())
            .collect();
        RATES.map(|rate| {
            let most = rate * rows as f64 / 1000.0;
            let kept = alarms.iter().take_while(|alarms| **alarms as f64 <= most).count();
            kept.saturating_sub(1)
        })
    }
}

impl Case {
    fn new(series: &Series, scores: &[f64], quiet: &[usize], thresholds: &[f64]) -> Self {
        let from = series.probation();
        let counted = series.windows.iter().filter(|(_, last)| *last >= from);
        let peaks: Vec<f64> = counted
            .map(|(first, last)| {
                scores[from.max(*first)..=*last].iter().copied().fold(0.0, f64::max)
            })
            .collect();
        let reach = scores.len() as f64 * MERGED;
        Self {
            quiet_rows: quiet.len(),
            windows: peaks.len(),
            false_alarms: thresholds
                .iter()
                .map(|threshold| false_alarms(scores, quiet, *threshold, reach))
                .collect(),
            found: thresholds
                .iter()
                .map(|threshold| peaks.iter().filter(|peak| *peak >= threshold).count())
                .collect(),
        }
    }
}

fn false_alarms(scores: &[f64], quiet: &[usize], threshold: f64, reach: f64) -> usize {
    let mut count = 0;
    let mut first: Option<usize> = None;
    for row in quiet.iter().filter(|row| scores[**row] >= threshold) {
        if first.is_none_or(|first| (row - first) as f64 > reach) {
            count += 1;
            first = Some(*row);
        }
    }
    count
}

/// Thresholds from above all scores downward.
fn thresholds(mut pooled: Vec<f64>) -> Vec<f64> {
    pooled.sort_unstable_by(|a, b| b.total_cmp(a));
    let step = (pooled.len() as f64).ln() / THRESHOLDS as f64;
    let ranks = (0..=THRESHOLDS).map(|at| whole((at as f64 * step).exp()).min(pooled.len()));
    let mut found = vec![f64::INFINITY];
    found.extend(ranks.filter(|rank| *rank > 0).map(|rank| pooled[rank - 1]));
    found.dedup_by(|lower, higher| *lower >= *higher);
    found
}

/// By how much the share of windows that the first detector finds is above that of the second: the
/// 95 % interval at each rate, and last that of the mean over the rates. Series are drawn with
/// replacement, the same for both, and thresholds are set anew in each draw.
pub(crate) fn advantage(ours: &Sweep, theirs: &Sweep, draws: usize) -> [(f64, f64); 5] {
    let mut random = Random::stream(1, "bootstrap");
    let count = ours.cases.len();
    let mut differences: [Vec<f64>; 5] = Default::default();
    for _ in 0..draws {
        let mut times = vec![0; count];
        for _ in 0..count {
            let drawn = whole(random.next_f64() * count as f64);
            times[drawn.min(count - 1)] += 1;
        }
        let windows = ours.windows(&times).max(1) as f64;
        let pairs = ours.found(&times).into_iter().zip(theirs.found(&times));
        let shares: Vec<f64> = pairs.map(|(a, b)| (a as f64 - b as f64) / windows).collect();
        for (all, share) in differences.iter_mut().zip(&shares) {
            all.push(*share);
        }
        differences[4].push(shares.iter().sum::<f64>() / shares.len() as f64);
    }
    differences.map(|mut all| {
        all.sort_by(f64::total_cmp);
        let at = |part: f64| all[whole(part * (all.len() - 1) as f64)];
        (at(0.025), at(0.975))
    })
}
