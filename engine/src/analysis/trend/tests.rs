//! Tests of trends: what is refused, what is unusual, and what a rise does to the past.

use super::super::slots::{Filling, SLOTS, WINDOWS_NS};
use super::*;
use ks_vocabulary::time::SECOND_NS;

/// A series at one reading a second, over windows of a minute.
struct Lab {
    filling: Filling,
    trend: Trend,
    scratch: Scratch,
    second: u64,
}

impl Lab {
    fn new() -> Self {
        let (filling, trend, scratch) = Default::default();
        Self { filling, trend, scratch, second: 0 }
    }

    fn run(&mut self, seconds: u64, value: impl Fn(u64) -> f64) -> &mut Self {
        for step in 0..seconds {
            self.second += 1;
            let at = Timestamp(self.second * SECOND_NS);
            let slot = self.filling.push(WINDOWS_NS[0] / SLOTS as u64, at, value(step));
            if let Some(point) = slot {
                self.trend.push(point, WINDOWS_NS[0], false, &mut self.scratch);
            }
        }
        self
    }

    fn gate(&self) -> Result<f64, Refusal> {
        self.trend.gate().map(|seen| seen.fit.line.slope)
    }

    /// Small changes without a direction.
    fn calm(&mut self, seconds: u64) -> &mut Self {
        self.run(seconds, |at| (at * 7_919 % 101) as f64)
    }
}

#[test]
fn without_a_past_nothing_is_unusual() {
    let mut lab = Lab::new();
    assert_eq!(lab.gate(), Err(Refusal::FewPoints));
    lab.calm(600);
    assert!(matches!(lab.gate(), Err(Refusal::FewWindows(1..=198))));
    let seen = lab.trend.seen().unwrap().unwrap();
    assert_eq!(seen.direction(), Direction::Unproven);
}

#[test]
fn a_lasting_rise_passes_and_does_not_become_its_own_past() {
    let mut lab = Lab::new();
    lab.calm(2_400);
    assert_eq!(lab.gate(), Err(Refusal::NotUnusual));
    lab.run(70, |at| 50.0 + 10.0 * at as f64);
    assert_eq!(lab.gate(), Err(Refusal::NotLasting), "one window is not enough");
    lab.run(80, |at| 750.0 + 10.0 * at as f64);
    let slope = lab.gate().unwrap();
    assert!((slope - 10.0).abs() < 0.1, "{slope}");
    assert!(lab.trend.wobble().unwrap() < 0.5);
    let past = lab.trend.history().len();
    lab.run(1_800, |at| 1_550.0 + 10.0 * at as f64);
    assert!(lab.gate().is_ok(), "half an hour later it is still unusual");
    assert!(lab.trend.history().len() < past + 10, "a rise is no calm past");
}

#[test]
fn a_constant_series_that_begins_to_grow_is_unusual() {
    let mut lab = Lab::new();
    lab.run(2_400, |_| 5.0);
    assert_eq!(lab.gate(), Err(Refusal::FewValues));
    assert!(lab.trend.history().len() >= FORECAST.windows, "calm windows are its past");
    lab.run(200, |at| 5.0 + at as f64);
    assert!(lab.gate().is_ok());
}

#[test]
fn a_step_and_one_wild_value_are_no_trend() {
    let mut lab = Lab::new();
    lab.calm(2_400).run(200, |at| 5_000.0 + (at * 7_919 % 101) as f64);
    assert!(lab.gate().is_err());
    lab.run(200, |at| if at == 100 { 1e9 } else { (at * 7_919 % 101) as f64 });
    assert!(lab.gate().is_err());
}

#[test]
fn a_fall_is_decreasing_and_never_forecasts() {
    let mut lab = Lab::new();
    lab.calm(2_400).run(200, |at| -10.0 * at as f64);
    let seen = lab.trend.seen().unwrap().unwrap();
    assert_eq!(seen.direction(), Direction::Decreasing);
    assert_eq!(lab.gate(), Err(Refusal::NotUnusual));
}

#[test]
fn a_hole_shortens_the_window_or_refuses_it() {
    let mut lab = Lab::new();
    lab.calm(2_400);
    lab.second += 30;
    lab.calm(12);
    assert_eq!(lab.gate(), Err(Refusal::FewPoints), "only what is after the hole counts");
    lab.calm(60);
    assert_ne!(lab.gate(), Err(Refusal::FewPoints));
}

#[test]
fn late_readings_keep_their_true_times() {
    let mut lab = Lab::new();
    lab.calm(2_400);
    for _ in 0..40 {
        lab.second += 4;
        let second = lab.second;
        lab.run(1, |_| second as f64);
    }
    let seen = lab.trend.seen().unwrap().unwrap();
    assert!((seen.fit.line.slope - 1.0).abs() < 1e-6, "{:?}", seen.fit.line);
}
