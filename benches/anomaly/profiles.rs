//! The score of the Numenta Anomaly Benchmark, from its public definition: how early detections are
//! within the windows of true anomalies, less what false ones cost, under three profiles.
//!
//! All series share one threshold, the best for the profile. Of the detections in a window the
//! earliest counts, by a sigmoid over its place: nearly 1 at the beginning, 0 at the end. Each row
//! at or above the threshold outside of windows costs, the more the farther it lies behind the
//! last window, and all of it before the first. A window without a detection costs as well. 0 is
//! what no detection at all gets, 100 what one at the beginning of each window gets. The first 15 %
//! of a series, at most 750 rows, are for learning only.

use crate::dice::whole;
use crate::series::Series;

/// A profile.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// What a false detection costs.
    false_alarm: f64,
    /// What a window without a detection costs.
    missed: f64,
}

/// The three of the benchmark.
pub(crate) const PROFILES: [Profile; 3] = [
    Profile { name: "standard", false_alarm: 0.11, missed: 1.0 },
    Profile { name: "few false alarms", false_alarm: 0.22, missed: 1.0 },
    Profile { name: "few misses", false_alarm: 0.11, missed: 2.0 },
];

/// The part of a series that is for learning only, and its most rows.
const LEARNING: f64 = 0.15;
const LEARNING_ROWS: f64 = 750.0;
/// Beyond so many lengths of a window a false detection costs all of it.
const FAR: f64 = 3.0;
const STEEPNESS: f64 = 5.0;

/// What a row above the threshold does.
#[derive(Clone, Copy)]
enum Effect {
    /// It finds a window, so well.
    Finds(usize, f64),
    /// It is a false alarm, of such a weight.
    Costs(f64),
}

/// The score of a detector in each profile.
pub(crate) fn score(all: &[Series], scores: &[Vec<f64>]) -> [f64; 3] {
    let mut rows = effects(all, scores);
    rows.sort_by(|one, other| other.0.total_cmp(&one.0));
    let count: usize = all.iter().map(|series| series.windows.len()).sum();
    let mut found = vec![None; count];
    let mut cost = 0.0;
    let mut best = PROFILES.map(|profile| -profile.missed * count as f64);
    for same in rows.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        if same[0].0 <= 0.0 {
            break;
        }
        for (_, effect) in same {
            match *effect {
                Effect::Finds(window, worth) => {
                    let known: &mut Option<f64> = &mut found[window];
                    *known = Some(known.map_or(worth, |known| known.max(worth)));
                }
                Effect::Costs(weight) => cost += weight,
            }
        }
        for (best, profile) in best.iter_mut().zip(&PROFILES) {
            let windows = found.iter().map(|found| found.unwrap_or(-profile.missed)).sum::<f64>();
            *best = best.max(windows - profile.false_alarm * cost);
        }
    }
    let windows = count as f64;
    let mut normal = [0.0; 3];
    for ((normal, best), profile) in normal.iter_mut().zip(best).zip(&PROFILES) {
        let none = -profile.missed * windows;
        *normal = 100.0 * (best - none) / (windows - none);
    }
    normal
}

/// The score of each row that counts, and what it does at a threshold up to it.
fn effects(all: &[Series], scores: &[Vec<f64>]) -> Vec<(f64, Effect)> {
    let mut rows = Vec::new();
    let mut first_window = 0;
    for (series, scores) in all.iter().zip(scores) {
        let length = scores.len() as f64;
        let learning = whole((LEARNING * length).min(LEARNING_ROWS));
        for (row, score) in scores.iter().enumerate().skip(learning) {
            rows.push((*score, effect(series, row, first_window)));
        }
        first_window += series.windows.len();
    }
    rows
}

fn effect(series: &Series, row: usize, first_window: usize) -> Effect {
    let windows = || series.windows.iter().enumerate();
    let within = windows().find(|(_, (first, last))| (*first..=*last).contains(&row));
    if let Some((at, (first, last))) = within {
        let place = (last - row + 1) as f64 / (last - first + 1) as f64;
        return Effect::Finds(first_window + at, sigmoid(-place) / sigmoid(-1.0));
    }
    let before = windows().rfind(|(_, (_, last))| *last < row);
    let Some((_, (first, last))) = before else { return Effect::Costs(1.0) };
    let behind = (row - last) as f64 / (last - first).max(1) as f64;
    Effect::Costs(if behind > FAR { 1.0 } else { -sigmoid(behind) })
}

/// 1 far before, 0 at, and -1 far behind the end of a window.
fn sigmoid(place: f64) -> f64 {
    2.0 / (1.0 + (STEEPNESS * place).exp()) - 1.0
}
