//! Tests of one resource read every minute: what is foreseen from a short history, how often its
//! interval holds, and what is not foreseen after a fall.

use super::*;
use crate::window::HOST;
use ks_vocabulary::output::Basis;
use ks_vocabulary::random::Random;

const MINUTE_NS: u64 = 60 * SECOND_NS;
const END: f64 = 0.98;

/// Nothing stands, and nothing was done.
struct Calm;

impl Around for Calm {
    fn stands(&self, _: Kind, _: EntityId) -> bool {
        false
    }

    fn is_influenced(&self, _: &Entity, _: Timestamp) -> bool {
        false
    }
}

struct Lab {
    watched: Watched,
    scratch: Scratch,
    calibration: Calibration,
    minute: u64,
}

fn level(minute: u64, used: f64) -> Level {
    let at = Timestamp((minute + 1) * MINUTE_NS);
    Level { resource: Resource::Memory, id: HOST, at, used }
}

impl Lab {
    fn new() -> Self {
        let watched = Watched::new(&level(0, 0.0), Entity::Host);
        let (scratch, calibration) = Default::default();
        Self { watched, scratch, calibration, minute: 0 }
    }

    fn read(&mut self, used: f64) -> Option<Forecast> {
        let level = level(self.minute, used);
        self.minute += 1;
        self.watched.read(&level, &Calm, &mut self.scratch, &mut self.calibration);
        self.watched.outcome.clone().ok()
    }
}

/// Small changes without a direction.
fn unrest(minute: u64) -> f64 {
    0.000_05 * (minute * 7_919 % 101) as f64
}

#[test]
fn steady_growth_over_a_day_is_foreseen_and_raises_nothing() {
    for (minutes, basis) in [(300, Basis::ShortHistory), (1_440, Basis::SteadyGrowth)] {
        let mut lab = Lab::new();
        let used = |minute: u64| 0.1 + 0.88 * minute as f64 / minutes as f64 + unrest(minute);
        let made = (0..minutes - 15).filter_map(|minute| lab.read(used(minute))).last();
        let made = made.expect("a forecast");
        let left_s = (minutes * 60) as f64 - seconds(made.at.0) + 60.0;
        assert_eq!(made.basis, Some(basis), "{minutes}");
        assert!(made.low_s < left_s && left_s < made.high_s, "{made:?} {left_s}");
        assert!(lab.watched.made.is_empty(), "it is no forecast that is learned from");
    }
}

#[test]
fn what_has_no_direction_is_not_foreseen_by_little() {
    let mut lab = Lab::new();
    assert!((0..1_440).all(|minute| lab.read(0.5 + 10.0 * unrest(minute)).is_none()));
}

/// Stationary noise of unit variance, and the next value.
fn noise(random: &mut Random, phi: f64, before: f64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - random.next_f64()));
    let normal = radius * libm::cos(core::f64::consts::TAU * random.next_f64());
    phi * before + libm::sqrt(1.0 - phi * phi) * normal
}

/// Whether the first forecast of a leak held, where there was one.
fn first_holds(random: &mut Random, phi: f64) -> Option<bool> {
    let mut lab = Lab::new();
    let end = 60.0 + 240.0 * random.next_f64();
    let size = 0.02 * random.next_f64();
    let (mut wave, mut first) = (noise(random, 0.0, 0.0), None);
    for minute in 0..1_440u64 {
        wave = noise(random, phi, wave);
        let used = 0.2 + (END - 0.2) * minute as f64 / end + size * wave;
        if used >= END {
            let (at, low_s, high_s) = first?;
            let actual_s = seconds(level(minute, used).at.since_ns(at));
            return Some(low_s <= actual_s && actual_s <= high_s);
        }
        let made = lab.read(used).filter(|made| made.basis.is_some());
        first = first.or(made.map(|made| (made.at, made.low_s, made.high_s)));
    }
    None
}

#[test]
fn intervals_from_a_short_history_hold_nine_in_ten() {
    for phi in [0.0, 0.5, 0.9, 0.95] {
        let mut random = Random::stream(17, "short history");
        let scored = (0..400).filter_map(|_| first_holds(&mut random, phi));
        let (mut held, mut all) = (0, 0);
        for holds in scored {
            all += 1;
            held += u32::from(holds);
        }
        assert!(all >= 100, "phi {phi}: {all} forecasts");
        assert!(f64::from(held) >= 0.9 * f64::from(all), "phi {phi}: {held} of {all}");
    }
}

#[test]
fn after_a_fall_there_is_no_forecast_by_the_slope_before_it() {
    let mut lab = Lab::new();
    let rise = |minute: u64| 0.1 + 0.003 * minute as f64 + unrest(minute);
    let before = (0..285).filter_map(|minute| lab.read(rise(minute))).last();
    assert!(before.is_some_and(|made| made.basis.is_some()), "it was foreseen");
    // It falls by half, and grows on as before.
    let after = |minute: u64| 0.5 + 0.003 * minute as f64 + unrest(minute);
    for minute in 0..15 {
        assert_eq!(lab.read(after(minute)), None, "{minute} minutes after the fall");
    }
    let again = (15..150).find_map(|minute| lab.read(after(minute)));
    let again = again.expect("a forecast by the slope anew");
    assert!((again.slope * 60.0 - 0.003).abs() < 0.000_5, "{again:?}");
}

#[test]
fn a_reading_that_falls_takes_the_forecast_back_at_once() {
    let mut lab = Lab::new();
    let rise = |minute: u64| 0.1 + 0.003 * minute as f64 + unrest(minute);
    let mut minute = 0;
    while lab.read(rise(minute)).is_none() {
        minute += 1;
    }
    assert_eq!(lab.read(rise(minute) - 0.04).map(|made| made.basis.is_some()), Some(true));
    assert_eq!(lab.read(rise(minute) - 0.06), None);
    let fell = NoForecast::Trend(Refusal::JustFell);
    assert_eq!(lab.watched.outcome, Err(fell));
}
