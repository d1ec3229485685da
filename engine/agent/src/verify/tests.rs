//! Whether verdicts on actions are true, over many made-up incidents.

use alloc::vec::Vec;

use ks_statistics::order::scale;
use ks_vocabulary::decision::{
    Decided, DecisionSaid, Direction, FailureMode, Phase, Predicted, Reasoner, Upshot, Verdict,
};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::random::Random;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::{Held, Measured, verdict};
use crate::desk::{Desk, Level};
use crate::facts::Untreated;

const PREDICTED: Predicted = Predicted {
    metric: Metric::CpuSome5s,
    direction: Direction::Down,
    low: 0.5,
    high: 3.0,
    within_s: 70,
};

/// A series with memory, looked at where it has just crossed its 95th percentile, as triggers do.
pub(super) struct Host {
    random: Random,
    value: f64,
}

/// What one trigger shows: the mean before, the minute before, and the window after it.
pub(super) struct Shown {
    pub(super) before: f64,
    pub(super) past: Vec<f64>,
    pub(super) after: Vec<f64>,
}

impl Shown {
    pub(super) fn difference(&self) -> f64 {
        self.after.iter().sum::<f64>() / self.after.len() as f64 - self.before
    }

    pub(super) fn moved(mut self, by: f64) -> Self {
        self.after.iter_mut().for_each(|value| *value += by);
        self
    }

    pub(super) fn measured(self, at_once: bool) -> Measured {
        Measured::of(self.before, self.past, self.after, at_once)
    }
}

impl Host {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Random::stream(seed, "placebo"), value: 0.0 }
    }

    pub(super) fn step(&mut self) -> f64 {
        // Twelve uniform numbers are nearly normal.
        let noise = (0..12).map(|_| self.random.next_f64()).sum::<f64>() - 6.0;
        self.value = 0.9 * self.value + noise;
        self.value
    }

    pub(super) fn trigger(&mut self) -> Shown {
        const P95: f64 = 1.645 * 2.294;
        let is_trigger = |last: &[f64]| last.iter().all(|value| *value > P95);
        self.shown(is_trigger)
    }

    /// What is seen at a moment that another quantity chose.
    pub(super) fn moment(&mut self) -> Shown {
        self.shown(|_| true)
    }

    fn shown(&mut self, is_it: impl Fn(&[f64]) -> bool) -> Shown {
        let mut seconds: Vec<f64> = (0..200).map(|_| self.step()).collect();
        loop {
            seconds.push(self.step());
            if is_it(&seconds[seconds.len() - 5..]) {
                break;
            }
        }
        let every_five = |seconds: &[f64]| seconds.iter().copied().step_by(5).collect::<Vec<_>>();
        let past = every_five(&seconds[seconds.len() - 60..]);
        let before = f64::midpoint(past[10], past[11]);
        let after: Vec<f64> = (0..70).map(|_| self.step()).collect();
        Shown { before, past, after: every_five(&after[10..]) }
    }

    pub(super) fn triggers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.trigger().difference()).collect()
    }
}

/// A verdict, with draws of its own.
fn told(measured: &Measured, untreated: &[Untreated<'_>], cleared: bool) -> Held {
    let mut random = Random::stream(1, "verdict");
    verdict(measured, &PREDICTED, untreated, cleared, &mut || random.next_f64())
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
    told(&shown.measured(true), &untreated, cleared).upshot
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
    let held = told(&late, &untreated, true);
    assert_eq!(
        held.actual.unwrap().method,
        "fallback (series)",
        "its windows are not those of triggers"
    );
    assert_ne!(held.upshot, Upshot::Resolved);
}

#[test]
fn a_window_with_a_hole_measures_nothing() {
    let mut host = Host::new(7);
    let null = host.triggers(39);
    let untreated = [Untreated { source: "this test", differences: &null }];
    let mut shown = host.trigger().moved(-9.0);
    shown.after.truncate(9);
    let held = told(&shown.measured(true), &untreated, true);
    assert_eq!((held.upshot, held.actual), (Upshot::Inconclusive, None));
}

/// Verdicts without untreated triggers, where only so many readings before are known.
fn of_short_past(kept: usize, by_sd: f64) -> Vec<Held> {
    let each = (0..500).map(|seed| {
        let mut host = Host::new(seed);
        let calm: Vec<f64> = (0..600).map(|_| host.step()).collect();
        let sd = scale(&calm, &mut Vec::new(), 1.0).unwrap();
        let mut shown = host.trigger().moved(-by_sd * sd);
        shown.past.drain(..shown.past.len() - kept);
        let mut random = Random::stream(seed, "short");
        let mut next = || random.next_f64();
        verdict(&shown.measured(false), &PREDICTED, &[], true, &mut next)
    });
    each.collect()
}

#[test]
fn where_no_line_can_be_fitted_blocks_are_drawn_and_said_so() {
    for kept in [3, 5, 7] {
        let all = of_short_past(kept, 0.0);
        let wrong = all.iter().filter(|held| helped(held.upshot)).count();
        assert!(wrong <= 37, "{wrong} of 500 with {kept} readings before");
        let worse = all.iter().filter(|held| held.upshot == Upshot::Worse).count();
        assert!(worse <= 37, "{worse} of 500 with {kept} readings before");
        let all = of_short_past(kept, 4.0);
        let found = all.iter().filter(|held| held.upshot == Upshot::Improved).count();
        assert!(found > 250, "{found} of 500 with {kept} readings before");
        for held in &all {
            assert_ne!(held.upshot, Upshot::Resolved, "a fallback resolves nothing");
            assert_eq!(held.better_sd, None, "and counts for nothing in learning");
            let actual = held.actual.as_ref().unwrap();
            assert_eq!(actual.method, "fallback (bootstrap)");
            assert!(actual.p.is_some_and(|p| p > 0.0 && p <= 1.0));
        }
    }
    let too_few = of_short_past(2, 9.0);
    assert!(too_few.iter().all(|held| held.upshot == Upshot::Inconclusive));
}

#[test]
fn a_level_without_any_noise_is_told_too() {
    let still = |after: f64| Measured::of(0.9, [0.9; 12].to_vec(), [after; 12].to_vec(), false);
    let better = told(&still(0.4), &[], true);
    assert_eq!(better.upshot, Upshot::Improved);
    assert!(better.actual.unwrap().method.starts_with("fallback"));
    assert_eq!(told(&still(0.95), &[], true).upshot, Upshot::Worse);
    assert_eq!(told(&still(0.9), &[], true).upshot, Upshot::Inconclusive);
}

#[test]
fn worse_is_told_by_the_other_tail() {
    let null: Vec<f64> = (0..39).map(|at| f64::from(at) / 39.0 - 0.5).collect();
    let untreated = [Untreated { source: "this test", differences: &null }];
    let of = |after: f64| Measured::of(10.0, [10.0; 12].to_vec(), [after; 12].to_vec(), true);
    let worse = told(&of(13.0), &untreated, false);
    assert_eq!(worse.upshot, Upshot::Worse);
    let p = worse.actual.unwrap().p.unwrap();
    assert!((p - 1.0 / 40.0).abs() < 1e-12, "{p}");
    let up = Predicted { direction: Direction::Up, ..PREDICTED };
    let other = verdict(&of(13.0), &up, &untreated, false, &mut || 0.0);
    assert_eq!(other.upshot, Upshot::Improved);
    assert!((other.actual.unwrap().p.unwrap() - 1.0 / 40.0).abs() < 1e-12);
    let other = verdict(&of(7.0), &up, &untreated, false, &mut || 0.0);
    assert_eq!(other.upshot, Upshot::Worse);
    assert!((other.actual.unwrap().p.unwrap() - 1.0 / 40.0).abs() < 1e-12);
    let usual = told(&of(10.0), &untreated, false).actual.unwrap().p.unwrap();
    assert!(usual > 0.4, "{usual}: else it is the tail of the prediction");
}

/// A decision whose quantity should fall.
pub(crate) fn decision() -> DecisionSaid {
    DecisionSaid {
        id: 1,
        change: Decided::Verified,
        incident: 1,
        phase: Phase::Reflect,
        reasoner: Reasoner::Rules,
        failure_mode: FailureMode::Unknown,
        hypothesis: String::new(),
        evidence: Vec::new(),
        action: None,
        target: None,
        comm: None,
        on: None,
        predicted: Some(Predicted {
            metric: Metric::CpuSome5s,
            direction: Direction::Down,
            low: 0.5,
            high: 30.0,
            within_s: 70,
        }),
        confidence_raw: None,
        confidence: None,
        verdict: Verdict::Allowed,
        rule: "test",
        reason: String::new(),
        request: None,
        plan: None,
        outcome: None,
        actual: None,
        lesson: None,
    }
}

const PLACE: (Kind, Entity, Metric) = (Kind::Scheduler, Entity::Host, Metric::CpuSome5s);

/// A measurement of an action that is done at 1,000 s, by readings of every second; what was
/// touched before it, and what is done to the desk as it goes on.
fn taken(touched: Option<u64>, each: impl Fn(u64, &mut Desk, &mut Measured)) -> Measured {
    let untreated: Vec<f64> = (0..39).map(|at| f64::from(at) / 39.0).collect();
    let level =
        Level { present: Some(8.0), before: Some(8.0), past: [8.0; 12].to_vec(), untreated };
    let mut desk = Desk { now: Timestamp(1_000 * SECOND_NS), ..Desk::default() };
    desk.levels.insert(PLACE, level);
    let touched = touched.map(|second| Timestamp(second * SECOND_NS));
    let (kind, entity, metric) = PLACE;
    let mut measured = Measured::begin(
        kind,
        entity,
        metric,
        (desk.now, touched),
        ks_vocabulary::decision::Windows::USUAL,
        &desk,
    );
    for second in 1_001..=1_071 {
        desk.now = Timestamp(second * SECOND_NS);
        desk.levels.get_mut(&PLACE).unwrap().present = Some(2.0);
        each(second, &mut desk, &mut measured);
        measured.take(&desk);
    }
    measured
}

fn upshot(measured: &Measured) -> (Upshot, Option<&'static str>) {
    let null: Vec<f64> = (0..39).map(|at| f64::from(at) / 39.0).collect();
    let held = told(measured, &[Untreated { source: "this test", differences: &null }], true);
    (held.upshot, held.why)
}

#[test]
fn a_gap_another_action_or_something_gone_in_the_window_leaves_it_inconclusive() {
    let whole = taken(None, |_, _, _| {});
    assert_eq!(upshot(&whole), (Upshot::Resolved, None));
    let holed = taken(None, |second, _, measured| {
        if second == 1_070 {
            measured.spoil(super::GAP);
        }
    });
    assert_eq!(upshot(&holed), (Upshot::Inconclusive, Some(super::GAP)));
    let gone = taken(None, |second, desk, _| {
        if second >= 1_066 {
            desk.levels.insert(PLACE, Level::default());
        }
    });
    assert_eq!(gone.readings().len(), 12, "nearly all of it was read");
    let (found, why) = upshot(&gone);
    assert_eq!(found, Upshot::Inconclusive);
    assert!(why.unwrap().contains("not there any more"), "{why:?}");
    for (second, is_other) in [(995, true), (985, true), (980, false), (900, false)] {
        let other = taken(Some(second), |_, _, _| {});
        let (found, why) = upshot(&other);
        assert_eq!(found == Upshot::Inconclusive, is_other, "{second}");
        assert_eq!(why.is_some_and(|why| why.contains("another action")), is_other, "{second}");
    }
}

#[test]
fn what_was_read_before_another_action_had_settled_is_left_out() {
    for (second, kept) in [(1_000, 0), (975, 3), (940, 10), (900, 12)] {
        assert_eq!(taken(Some(second), |_, _, _| {}).past.len(), kept, "{second}");
    }
}
