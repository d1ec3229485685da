//! Whether verdicts on actions are true, over many made-up incidents.

use alloc::vec::Vec;

use ks_statistics::order::scale;
use ks_vocabulary::decision::{Direction, Predicted, Upshot};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::random::Random;

use super::{Measured, verdict};
use crate::facts::Untreated;

const PREDICTED: Predicted = Predicted {
    metric: Metric::CpuSome5s,
    direction: Direction::Down,
    low: 0.5,
    high: 3.0,
    within_s: 70,
};

/// A series with memory, looked at where it has just crossed its 95th percentile, as triggers do.
struct Host {
    random: Random,
    value: f64,
}

/// What one trigger shows: the mean before, the minute before, and the window after it.
struct Shown {
    before: f64,
    past: Vec<f64>,
    after: Vec<f64>,
}

impl Shown {
    fn difference(&self) -> f64 {
        self.after.iter().sum::<f64>() / self.after.len() as f64 - self.before
    }

    fn moved(mut self, by: f64) -> Self {
        self.after.iter_mut().for_each(|value| *value += by);
        self
    }

    fn measured(self, at_once: bool) -> Measured {
        Measured::of(self.before, self.past, self.after, at_once)
    }
}

impl Host {
    fn new(seed: u64) -> Self {
        Self { random: Random::stream(seed, "placebo"), value: 0.0 }
    }

    fn step(&mut self) -> f64 {
        // Twelve uniform numbers are nearly normal.
        let noise = (0..12).map(|_| self.random.next_f64()).sum::<f64>() - 6.0;
        self.value = 0.9 * self.value + noise;
        self.value
    }

    fn trigger(&mut self) -> Shown {
        const P95: f64 = 1.645 * 2.294;
        let mut seconds: Vec<f64> = (0..200).map(|_| self.step()).collect();
        loop {
            seconds.push(self.step());
            let last = &seconds[seconds.len() - 5..];
            if last.iter().all(|value| *value > P95) {
                break;
            }
        }
        let every_five = |seconds: &[f64]| seconds.iter().copied().step_by(5).collect::<Vec<_>>();
        let past = every_five(&seconds[seconds.len() - 60..]);
        let before = f64::midpoint(past[10], past[11]);
        let after: Vec<f64> = (0..70).map(|_| self.step()).collect();
        Shown { before, past, after: every_five(&after[10..]) }
    }

    fn triggers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.trigger().difference()).collect()
    }
}

fn judged(seed: u64, placebos: usize, by_sd: f64, cleared: bool) -> Upshot {
    let mut host = Host::new(seed);
    let null = host.triggers(placebos);
    // Of the quantity, as it is when nothing happens: of the differences no test at 5 % finds more
    // than 64 % that are two deviations off.
    let calm: Vec<f64> = (0..600).map(|_| host.step()).collect();
    let sd = scale(&calm, &mut Vec::new(), 1.0).unwrap();
    let shown = host.trigger().moved(-by_sd * sd);
    let untreated = [Untreated { source: "this test", differences: &null }];
    verdict(&shown.measured(true), &PREDICTED, &untreated, cleared).upshot
}

fn count(placebos: usize, by_sd: f64, is_counted: impl Fn(Upshot) -> bool) -> usize {
    (0..500).filter(|seed| is_counted(judged(*seed, placebos, by_sd, seed % 2 == 0))).count()
}

fn helped(upshot: Upshot) -> bool {
    matches!(upshot, Upshot::Resolved | Upshot::Improved)
}

#[test]
fn what_does_nothing_is_hardly_ever_called_a_help() {
    // The exact binomial limit of 1 % for 500 at 5 % (`statistics.md`, section 6).
    for placebos in [0, 10, 19, 39, 100] {
        let found = count(placebos, 0.0, helped);
        assert!(found <= 37, "{found} of 500 with {placebos} untreated triggers");
        let worse = count(placebos, 0.0, |upshot| upshot == Upshot::Worse);
        assert!(worse <= 37, "{worse} of 500 with {placebos} untreated triggers");
    }
}

#[test]
fn an_effect_of_two_deviations_is_found() {
    for placebos in [39, 100] {
        let found = count(placebos, 2.0, helped);
        assert!(found >= 350, "{found} of 500 with {placebos} untreated triggers");
        let resolved = count(placebos, 3.0, |upshot| upshot == Upshot::Resolved);
        assert!(resolved >= 200, "{resolved} of the 250 whose condition is over");
    }
    let unclear = count(39, 0.0, |upshot| upshot == Upshot::Inconclusive);
    assert!(unclear > 100, "{unclear}: what cannot be told is said so");
}

#[test]
fn with_fewer_than_nineteen_nothing_is_called_resolved() {
    for placebos in [0, 18] {
        assert_eq!(count(placebos, 4.0, |upshot| upshot == Upshot::Resolved), 0);
        assert!(count(placebos, 4.0, |upshot| upshot == Upshot::Improved) > 250);
    }
    let mut host = Host::new(7);
    let null = host.triggers(39);
    let untreated = [Untreated { source: "this test", differences: &null }];
    let late = host.trigger().moved(-9.0).measured(false);
    let held = verdict(&late, &PREDICTED, &untreated, true);
    assert_eq!(held.actual.unwrap().method, "fallback", "its windows are not those of triggers");
    assert_ne!(held.upshot, Upshot::Resolved);
}

#[test]
fn a_window_with_a_hole_measures_nothing() {
    let mut host = Host::new(7);
    let null = host.triggers(39);
    let untreated = [Untreated { source: "this test", differences: &null }];
    let mut shown = host.trigger().moved(-9.0);
    shown.after.truncate(9);
    let held = verdict(&shown.measured(true), &PREDICTED, &untreated, true);
    assert_eq!((held.upshot, held.actual), (Upshot::Inconclusive, None));
}
