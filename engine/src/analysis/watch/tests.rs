//! Tests of forecasts over time: made, renewed, taken back, held against the truth.

use super::*;
use crate::analysis::calibration::Source;
use crate::analysis::class::Class;
use crate::analysis::forecast::NoForecast;
use crate::analysis::trend::Refusal;
use crate::window::HOST;
use alloc::vec;
use ks_vocabulary::kind::Kind;
use ks_vocabulary::time::SECOND_NS;

/// One resource at one reading a second.
#[derive(Default)]
struct Lab {
    watch: Watch,
    second: u64,
    /// Something was done, and is felt.
    is_influenced: bool,
}

/// Nothing stands; something is felt where it says so.
struct Felt(bool);

impl Around for Felt {
    fn stands(&self, _: Kind, _: EntityId) -> bool {
        false
    }

    fn is_influenced(&self, _: &Entity, _: Timestamp) -> bool {
        self.0
    }
}

impl Lab {
    fn run(&mut self, seconds: u64, used: impl Fn(u64) -> f64) -> Vec<Turn> {
        for step in 0..seconds {
            self.second += 1;
            let at = Timestamp(self.second * SECOND_NS);
            let level = Level { resource: Resource::Memory, id: HOST, at, used: used(step) };
            self.watch.take(level, &|| Entity::Host, &Felt(self.is_influenced));
        }
        self.watch.take_turns().into_iter().map(|(_, turn)| turn).collect()
    }

    fn calm(&mut self, seconds: u64) -> Vec<Turn> {
        self.run(seconds, |at| 0.3 + wave(at))
    }

    fn outcome(&self) -> &Result<Forecast, NoForecast> {
        &self.watch.series()[0].outcome
    }
}

fn wave(at: u64) -> f64 {
    0.000_01 * (at * 7_919 % 101) as f64
}

#[test]
fn a_leak_is_forecast_and_what_came_true_is_learned() {
    let mut lab = Lab::default();
    assert_eq!(lab.calm(1_800), [], "a calm series is not forecast");
    let leak = |at: u64| 0.3 + 0.000_5 * at as f64 + wave(at);
    let turns = lab.run(400, leak);
    assert_eq!(turns.first(), Some(&Turn::Made));
    assert!(turns[1..].iter().all(|turn| *turn == Turn::Renewed) && turns.len() < 8, "{turns:?}");
    let made = lab.outcome().as_ref().unwrap();
    let left_s = (0.98 - made.level) / 0.000_5;
    assert!(made.low_s <= left_s && left_s <= made.high_s, "{made:?} {left_s}");
    assert!(made.calibration.starts_with("synthetic ("));
    lab.run(970, |at| leak(at + 400));
    let learned: Vec<_> = lab.watch.calibration.own().map(|(_, values)| values.to_vec()).collect();
    assert_eq!(learned.len(), 1);
    assert_eq!(learned[0].len(), 1, "one residual for one end");
    assert!(learned[0][0].abs() < 0.1, "{learned:?}");
    assert_eq!(*lab.outcome(), Err(NoForecast::AtItsEnd));
}

#[test]
fn a_leak_that_stops_is_taken_back_and_teaches_nothing() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    lab.run(400, |at| 0.3 + 0.000_5 * at as f64 + wave(at));
    let turns = lab.run(300, |at| 0.5 + wave(at));
    assert!(turns.contains(&Turn::Withdrawn), "{turns:?}");
    assert!(lab.outcome().is_err());
    assert_eq!(lab.watch.calibration.own().count(), 0);
}

#[test]
fn a_fall_takes_a_forecast_back_at_once_and_the_slope_before_it_makes_none() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    let leak = |at: u64| 0.3 + 0.000_5 * at as f64 + wave(at);
    lab.run(400, leak);
    assert!(lab.outcome().is_ok());
    let fell = |at: u64| leak(at + 400) - 0.1;
    assert_eq!(lab.run(1, fell), [Turn::Withdrawn]);
    assert_eq!(*lab.outcome(), Err(NoForecast::Trend(Refusal::JustFell)));
    assert_eq!(lab.run(60, |at| fell(at + 1)), [], "a window has to rise anew");
    let turns = lab.run(180, |at| fell(at + 61));
    assert_eq!(turns.first(), Some(&Turn::Made), "{:?}", lab.outcome());
}

#[test]
fn what_ends_after_something_was_done_teaches_nothing() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    let leak = |at: u64| 0.3 + 0.000_5 * at as f64 + wave(at);
    lab.run(400, leak);
    lab.is_influenced = true;
    lab.run(10, |at| leak(at + 400));
    lab.is_influenced = false;
    lab.run(960, |at| leak(at + 410));
    assert_eq!(*lab.outcome(), Err(NoForecast::AtItsEnd), "it did end");
    assert_eq!(lab.watch.calibration.own().count(), 0);
}

#[test]
fn windows_in_which_something_was_done_are_no_past() {
    let slopes = |is_influenced: bool| {
        let mut lab = Lab { is_influenced, ..Lab::default() };
        lab.calm(30);
        lab.is_influenced = false;
        lab.calm(570);
        let series = &lab.watch.series()[0];
        series.trends.windows.each_ref().map(|trend| trend.history().len())
    };
    let (with, without) = (slopes(true), slopes(false));
    assert!(with[0] > 0 && with[0] < without[0], "{with:?} {without:?}");
    // A window of a minute moves by its eighth, and the last reading of the change is in eight.
    assert!(without[0] - with[0] <= 12, "{with:?} {without:?}");
}

#[test]
fn nothing_that_was_read_while_something_was_done_gets_into_the_past() {
    let slopes = |done_s: u64, used: f64| {
        let mut lab = Lab { is_influenced: true, ..Lab::default() };
        lab.run(done_s, |at| used + wave(at));
        lab.is_influenced = false;
        lab.calm(5_500);
        let series = &lab.watch.series()[0];
        series.trends.windows.each_ref().map(|trend| trend.history().to_vec())
    };
    for done_s in (60..400).step_by(7) {
        let calm = slopes(done_s, 0.3);
        assert!(calm.iter().all(|slopes| !slopes.is_empty()));
        assert_eq!(slopes(done_s, 0.9), calm, "{done_s} s");
    }
}

#[test]
fn what_is_known_of_a_host_is_used_by_its_next_run() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    let mut knowledge = Knowledge::empty("made");
    lab.watch.store(&mut knowledge);
    assert!(knowledge.slopes[0].values.len() >= 199);
    let mut next = Lab::default();
    next.watch.load(&knowledge, "made");
    next.calm(60);
    next.run(200, |at| 0.3 + 0.000_5 * at as f64 + wave(at));
    assert!(next.outcome().is_ok(), "{:?}", next.outcome());
    let mut without = Lab::default();
    without.calm(60);
    without.run(200, |at| 0.3 + 0.000_5 * at as f64 + wave(at));
    assert!(without.outcome().is_err());
}

#[test]
fn residuals_of_this_host_come_before_those_of_another_and_the_shipped_ones() {
    let mut calibration = Calibration::default();
    let class = Class(0);
    let known = |value: f64| vec![(class, vec![value; 19])];
    assert!(matches!(calibration.interval(class).unwrap().source, Source::Synthetic));
    calibration.load(Some("other"), &known(0.5));
    assert!(matches!(calibration.interval(class).unwrap().source, Source::Other("other")));
    calibration.load(None, &known(0.1));
    let found = calibration.interval(class).unwrap();
    assert!(matches!(found.source, Source::Host) && found.count == 19);
    assert!((found.band.median - libm::exp(0.1)).abs() < 1e-9);
    calibration.load(None, &[(class, vec![0.1; 18])]);
    assert!(!matches!(calibration.interval(class).unwrap().source, Source::Host), "19 needed");
}

#[test]
fn what_is_not_read_is_not_forecast() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    lab.run(400, |at| 0.3 + 0.000_5 * at as f64 + wave(at));
    let now = |seconds: u64| Timestamp((2_200 + seconds) * SECOND_NS);
    lab.watch.expire(now(15), 15 * SECOND_NS);
    assert!(lab.outcome().is_ok());
    lab.watch.expire(now(16), 15 * SECOND_NS);
    assert!(lab.outcome().is_err() && lab.watch.near().count() == 0);
    assert_eq!(lab.watch.take_turns(), [(0, Turn::Withdrawn)]);
}

#[test]
fn what_is_gone_is_forgotten_and_a_gap_restarts() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    lab.watch.restart();
    assert_eq!(*lab.outcome(), Err(NoForecast::Trend(Refusal::FewPoints)));
    lab.watch.forget(&[HOST]);
    assert!(lab.watch.series().is_empty());
}

#[test]
fn what_comes_back_is_forecast_by_the_slopes_that_it_had() {
    let mut lab = Lab::default();
    lab.calm(1_800);
    lab.watch.forget(&[HOST]);
    lab.calm(60);
    lab.run(200, |at| 0.3 + 0.000_5 * at as f64 + wave(at));
    assert!(lab.outcome().is_ok(), "{:?}", lab.outcome());
}

#[test]
fn slopes_of_what_is_gone_are_kept_of_so_many_only() {
    let mut lab = Lab::default();
    let last = u32::try_from(LEFT).unwrap() + 2;
    for number in 1..=last {
        let (id, disk) = (EntityId(number), Entity::Disk(number.to_le_bytes().to_vec()));
        for second in (0..600).step_by(5) {
            let at = Timestamp((u64::from(number) * 1000 + second) * SECOND_NS);
            let level = Level { resource: Resource::Memory, id, at, used: 0.3 + wave(second) };
            lab.watch.take(level, &|| disk.clone(), &Felt(false));
        }
        lab.watch.forget(&[id]);
    }
    let is_kept = |number: u32| {
        let lasting = Lasting::of(&Entity::Disk(number.to_le_bytes().to_vec())).unwrap();
        lab.watch.known.iter().any(|known| known.is_of(Resource::Memory, &lasting))
    };
    assert_eq!([1, 2, 3, last].map(is_kept), [false, false, true, true]);
}
