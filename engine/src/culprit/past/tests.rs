//! The worked examples of `signals.md`, section 12, and what is no change.

use super::*;
use ks_vocabulary::time::SECOND_NS;

/// The bucket in which the interval begins; the onset is six buckets later.
const FIRST: u64 = 1000;

fn at(bucket: u64) -> Timestamp {
    bucket_begin(bucket)
}

fn interval(now: u64) -> Interval {
    Interval::new(Some(at(FIRST + 6)), at(now))
}

/// What is known at the beginning of a bucket of one that was born long ago and took nothing then.
fn past(ring: Option<&Ring>, now: u64) -> Past<'_> {
    Past {
        ring,
        opened: Some(0),
        at: at(now),
        present: 0.0,
        present_ns: 0,
        lately: 0.0,
        lately_ns: 15 * SECOND_NS,
        total: 0.0,
        born: Some(at(1)),
        is_new: false,
    }
}

fn flow(past: &Past<'_>, now: u64) -> Change {
    past.change(Account::CpuTime, &interval(now), &mut Scratch::default())
}

fn stock(past: &Past<'_>, now: u64) -> Change {
    past.change(Account::Memory, &interval(now), &mut Scratch::default())
}

/// A ring of constant buckets: so many of each value.
fn ring(first: u64, parts: &[(usize, f32)]) -> Ring {
    let values: Vec<f32> =
        parts.iter().flat_map(|(count, value)| core::iter::repeat_n(*value, *count)).collect();
    Ring::of(first, &values)
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found} for {expected}");
}

#[test]
fn a_flow_counts_by_its_excess_over_its_own_median() {
    let excess = |usual: f32, taken: f32| {
        let ring = ring(FIRST - 60, &[(60, usual), (12, taken)]);
        let excess = flow(&past(Some(&ring), FIRST + 12), FIRST + 12).excess;
        excess / 12.0
    };
    let (one, other) = (excess(10.0, 90.0), excess(55.0, 60.0));
    assert_close(one, 80.0);
    assert_close(other, 5.0);
    assert_close(one / (one + other), 0.941_176);
    assert_close(excess(90.0, 30.0), -60.0);
}

#[test]
fn a_stock_counts_by_its_growth() {
    let growth = |grown: f32| {
        let mut levels = vec![7.0; 10];
        levels.extend((1..=12u8).map(|step| 7.0 + grown * f32::from(step) / 12.0));
        let ring = Ring::of(FIRST - 10, &levels);
        let held = f64::from(7.0 + grown);
        let past = Past { present: held, ..past(Some(&ring), FIRST + 12) };
        stock(&past, FIRST + 12).excess
    };
    let (one, two, three) = (growth(600.0), growth(150.0), growth(50.0));
    let all = one + two + three;
    assert_close(one / all, 0.75);
    assert_close(two / all, 0.1875);
    assert_close(three / all, 0.0625);
}

#[test]
fn what_is_within_the_noise_of_its_past_is_no_change() {
    let noisy: Vec<f32> = (0..72u16).map(|at| 50.0 + f32::from(at * 37 % 41)).collect();
    let ring = Ring::of(FIRST - 60, &noisy);
    let change = flow(&past(Some(&ring), FIRST + 12), FIRST + 12);
    assert!(change.excess.abs() <= 0.0 && change.amount > 600.0, "{change:?}");
    let mut risen = noisy;
    risen[70..].fill(900.0);
    let ring = Ring::of(FIRST - 60, &risen);
    let change = flow(&past(Some(&ring), FIRST + 12), FIRST + 12);
    let began = change.began.unwrap();
    assert!(change.excess > 1000.0);
    assert_eq!((began.earliest, began.at), (at(FIRST + 9), at(FIRST + 10)));
}

#[test]
fn what_has_been_so_since_before_the_interval_is_no_change() {
    let ring = ring(FIRST - 300, &[(200, 10.0), (112, 90.0)]);
    let change = flow(&past(Some(&ring), FIRST + 12), FIRST + 12);
    assert!(change.excess <= 0.0, "it rose a quarter of an hour before: {change:?}");
    assert_close(change.amount, 12.0 * 90.0);
}

#[test]
fn a_newcomer_has_a_past_of_nothing() {
    let new = Past {
        is_new: true,
        born: Some(at(FIRST + 5)),
        total: 70.0,
        present: 30.0,
        ..past(None, FIRST + 12)
    };
    let change = flow(&new, FIRST + 12);
    assert_close(change.excess, 70.0);
    assert_eq!(change.began, Some(Began::exactly(at(FIRST + 5))));
    assert_close(stock(&new, FIRST + 12).excess, 30.0);
}

#[test]
fn where_a_recording_has_just_begun_the_buckets_before_the_onset_stand_in() {
    let ring = ring(FIRST + 2, &[(4, 10.0), (3, 90.0)]);
    let begun = Past { opened: Some(FIRST + 2), ..past(Some(&ring), FIRST + 9) };
    assert_close(flow(&begun, FIRST + 9).excess, 3.0 * 80.0);
    let steady = self::ring(FIRST + 2, &[(7, 90.0)]);
    let begun = Past { opened: Some(FIRST + 2), ..past(Some(&steady), FIRST + 9) };
    assert_close(flow(&begun, FIRST + 9).excess, 0.0);
}

#[test]
fn a_ring_that_begins_with_its_rise_is_held_against_the_mean_since_birth() {
    let ring = ring(FIRST + 2, &[(7, 90.0)]);
    let total = 7.0 * 90.0 + (FIRST + 1) as f64 * 2.0;
    let risen = Past { total, ..past(Some(&ring), FIRST + 9) };
    assert_close(flow(&risen, FIRST + 9).excess, 7.0 * 88.0);
    let ring = self::ring(FIRST + 2, &[(3, 90.0)]);
    let unborn = Past { born: None, ..past(Some(&ring), FIRST + 5) };
    let short = Interval::new(Some(at(FIRST + 4)), at(FIRST + 5));
    let change = unborn.change(Account::CpuTime, &short, &mut Scratch::default());
    assert_close(change.excess, 0.0);
    assert_close(change.level, 9.0);
}

#[test]
fn without_a_ring_the_last_seconds_are_held_against_the_mean_since_birth() {
    let now = FIRST + 9;
    let total = 450.0 + (seconds(at(now).since_ns(at(1))) - 15.0) * 2.0;
    let sudden = Past { lately: 450.0, total, ..past(None, now) };
    let change = flow(&sudden, now);
    assert_close(change.excess, 420.0);
    assert_eq!(change.began.map(|began| began.latest), Some(at(now)));
    let steady = Past { lately: 30.0, total: total - 420.0, ..past(None, now) };
    assert_close(flow(&steady, now).excess, 0.0);
    let unknown = Past { lately: 30.0, born: None, ..past(None, now) };
    assert_close(flow(&unknown, now).excess, 0.0);
}

#[test]
fn a_sawtooth_does_not_grow_and_a_leak_with_one_does() {
    let sawtooth = |slope: f32| {
        let levels: Vec<f32> = (0..300u16)
            .map(|at| 500.0 + f32::from(at % 8) * 20.0 + slope * f32::from(at))
            .collect();
        let held = f64::from(levels[299]);
        let ring = Ring::of(FIRST - 200, &levels);
        let past = Past { present: held, ..past(Some(&ring), FIRST + 100) };
        stock(&past, FIRST + 100)
    };
    let still = sawtooth(0.0);
    assert!(still.excess <= 0.0, "{still:?}");
    let leak = sawtooth(15.0);
    assert!((1400.0..1600.0).contains(&leak.excess), "{leak:?}");
}

#[test]
fn a_sudden_step_counts_in_full_and_is_placed() {
    let mut levels = vec![100.0; 210];
    levels.extend([700.0; 2]);
    let ring = Ring::of(FIRST - 200, &levels);
    let past = Past { present: 700.0, ..past(Some(&ring), FIRST + 12) };
    let change = stock(&past, FIRST + 12);
    assert_close(change.excess, 600.0);
    assert_eq!(change.began.map(|began| began.at), Some(at(FIRST + 10)));
}
