//! Detection over hosts and intensities: cases of the grid, and how often what was wrong was found.
//!
//! On another host, or at another strength, what a file expects need not come about. So a truth
//! counts only where the raw counters crossed its limit, at any severity; what is forbidden counts
//! at the file's own host and strength only, which `ks test` without a grid runs. False is what no
//! crossing explains.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ks_scenarios::expectation::Severities;
use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::kind::Severity;
use serde::Serialize;

use super::case::{Case, CaseError, Place, Source};
use super::judge::Verdict;
use super::truth::{AFTER_S, Crossed, Truth, Window};
use crate::scenario;

/// The cases of the grid over scenarios of the library, or over those of the arguments.
pub fn cases(arguments: &[PathBuf], seeds: u32, key: &str) -> Result<Vec<Case>, CaseError> {
    let names: Vec<PathBuf> = match arguments {
        [] => library::names().map(PathBuf::from).collect(),
        some => some.to_vec(),
    };
    let mut cases = Vec::new();
    for name in names {
        cases.extend(cells_of(&scenario::load(&name)?, seeds, key));
    }
    Ok(cases)
}

/// The cases of a scenario: each seed at each intensity.
fn cells_of(scenario: &Scenario, seeds: u32, key: &str) -> Vec<Case> {
    let cells = scenario.grid.cells(&scenario.name, scenario.seeds.first, seeds, key);
    cells
        .into_iter()
        // What nobody strengthens is the same at every intensity.
        .filter(|cell| !scenario.faults.is_empty() || (cell.intensity - 1.0).abs() < 1e-9)
        .map(|cell| Case {
            name: format!("{} seed {} times {}", scenario.name, cell.seed, cell.intensity),
            expect: scenario.expect.clone(),
            forbid: Vec::new(),
            weakened: scenario.weakened.clone(),
            place: Place::Elsewhere,
            intensity: Some(cell.intensity),
            source: Source::Scenario {
                scenario: Box::new(scenario.within(&cell)),
                seed: cell.seed,
            },
        })
        .collect()
}

/// Truths as they count on the grid: none whose limit is not crossed, and none whose limit was held
/// before, since what stands already is not raised again.
pub(super) fn loosened(truths: &mut Vec<Truth>, crossings: &[Crossed]) {
    let stood_before = |truth: &Truth| {
        crossings.iter().any(|crossed| {
            truth.is_crossed_by(crossed)
                && crossed.at_s < truth.onset_s
                && truth.cross_s.is_some_and(|cross_s| crossed.end_s + AFTER_S > cross_s)
        })
    };
    truths.retain(|truth| truth.cross_s.is_some() && !stood_before(truth));
    for truth in truths {
        truth.expect.severity = Severities::Range([Severity::Low, Severity::Critical]);
        truth.expect.optional = false;
    }
}

/// Windows in which a limit was crossed.
pub(super) fn windows(crossings: &[Crossed]) -> impl Iterator<Item = Window> {
    crossings.iter().map(|one| Window { onset_s: one.at_s, end_s: one.end_s + AFTER_S })
}

/// How many of what crossed a limit were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Truths whose limit was crossed.
    pub crossed: u64,
    /// Those that were found.
    pub found: u64,
}

impl Found {
    /// The share that was found, with its exact 95 % limits (Clopper and Pearson, 1934).
    pub fn share(self) -> Option<(f64, f64, f64)> {
        if self.crossed == 0 {
            return None;
        }
        let (n, k) = (self.crossed, self.found);
        let low = if k == 0 { 0.0 } else { solve(|p| 1.0 - at_most(k - 1, n, p) - 0.025) };
        let high = if k == n { 1.0 } else { solve(|p| 0.025 - at_most(k, n, p)) };
        Some((k as f64 / n as f64, low, high))
    }
}

/// Where a growing function of a share passes 0.
fn solve(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if f(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Chance of `k` or fewer of `n`, each with chance `p`.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    let (p, q) = (p.clamp(1e-12, 1.0 - 1e-12), (1.0 - p).clamp(1e-12, 1.0));
    let mut log = n as f64 * q.ln();
    let mut sum = log.exp();
    for i in 1..=k {
        log += ((n - i + 1) as f64 / i as f64 * p / q).ln();
        sum += log.exp();
    }
    sum.min(1.0)
}

/// What was found, by kind and intensity.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Detection {
    /// By the kind's word, then by the intensity in thousandths.
    pub kinds: BTreeMap<&'static str, BTreeMap<u64, Found>>,
}

impl Detection {
    /// Adds a case.
    pub fn add(&mut self, intensity: f64, verdict: &Verdict) {
        let thousandths = ks_scenarios::grain::whole((intensity * 1000.0).round());
        for outcome in &verdict.outcomes {
            let of_kind = self.kinds.entry(outcome.kind.word()).or_default();
            let found = of_kind.entry(thousandths).or_default();
            found.crossed += 1;
            found.found += u64::from(outcome.found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_share_are_those_of_the_tables() {
        let share = |found, crossed| Found { crossed, found }.share().unwrap();
        let close = |one: f64, other: f64| assert!((one - other).abs() < 1e-4, "{one} {other}");
        let (middle, low, high) = share(19, 20);
        close(middle, 0.95);
        close(low, 0.75127);
        close(high, 0.99873);
        let (_, low, high) = share(20, 20);
        close(low, 0.83157);
        close(high, 1.0);
        let (_, low, high) = share(0, 20);
        close(low, 0.0);
        close(high, 0.16843);
        assert_eq!(Found::default().share(), None);
    }

    /// What is calm at one strength of the faults is calm at the others too, and no second hour.
    #[test]
    fn intensities_of_one_seed_share_their_background_and_seeds_do_not() {
        let cases = cases(&[PathBuf::from("slight_loss")], 2, "key").unwrap();
        let mut backgrounds: Vec<String> = cases.iter().map(Case::background).collect();
        assert!(backgrounds.len() > 2, "{backgrounds:?}");
        backgrounds.sort_unstable();
        backgrounds.dedup();
        assert_eq!(backgrounds.len(), 2, "{backgrounds:?}");
    }
}
