//! The whole score: against an independent implementation, and on series with plain trouble.

use super::*;
use alloc::vec::Vec;
use ks_vocabulary::random::Random;

const STEP_S: f64 = 300.0;
const BEGIN_S: f64 = 1_400_000_400.0;

/// Three weeks at 5 minutes: a daily wave and noise with a memory; a spike at row 3000, a shift
/// from 4000 to 4060, and a stuck sensor from 5000 to 5050.
fn series() -> Vec<(f64, f64)> {
    let mut random = Random::stream(7, "anomaly");
    let mut memory = 0.0;
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for row in 0..6000u32 {
        let noise = random.next_f64() + random.next_f64() + random.next_f64() - 1.5;
        memory = 0.6 * memory + 2.0 * noise;
        let day = f64::from(row % 288) / 288.0;
        let mut value = 20.0 + 6.0 * (2.0 * day - 1.0).abs() + memory;
        if row == 3000 {
            value += 12.0;
        }
        if (4000..4060).contains(&row) {
            value += 5.0;
        }
        if (5000..5050).contains(&row) {
            value = rows[4999].1;
        }
        rows.push((BEGIN_S + STEP_S * f64::from(row), value));
    }
    rows
}

fn scores(rows: &[(f64, f64)]) -> Vec<f64> {
    let mut scorer = Scorer::new();
    rows.iter().map(|(time_s, value)| scorer.push(*time_s, *value).score).collect()
}

#[test]
fn scores_are_those_of_an_independent_implementation() {
    // A prototype in C, which used the platform's logarithms: a value on the border of two bins
    // may fall into the other one.
    let found = scores(&series());
    let expected = [
        (0, 0.0),
        (63, 0.0),
        (64, 0.301_693_920),
        (65, 0.268_064_137),
        (100, 0.425_322_037),
        (1000, 0.203_480_279),
        (2000, 0.168_984_738),
        (2999, 0.092_829_317),
        (3000, 0.877_254_356),
        (3001, 0.461_366_882),
        (3999, 0.228_165_601),
        (4000, 0.586_859_473),
        (4004, 0.543_632_897),
        (4030, 0.496_855_800),
        (4060, 0.614_049_074),
        (4500, 0.247_347_960),
        (5000, 0.163_671_181),
        (5016, 0.939_509_842),
        (5040, 0.534_226_262),
        (5400, 0.136_493_079),
        (5999, 0.168_511_117),
    ];
    for (row, expected) in expected {
        assert!(
            (found[row] - expected).abs() < 2e-3,
            "row {row}: {} is not {expected}",
            found[row]
        );
    }
    let sum: f64 = found.iter().sum();
    assert!((sum - 1_127.992_829).abs() < 0.5, "{sum}");
}

#[test]
fn trouble_scores_higher_than_what_is_usual() {
    let found = scores(&series());
    let most = |from: usize, to: usize| found[from..to].iter().copied().fold(0.0, f64::max);
    let mut quiet: Vec<f64> = found[1000..2900].to_vec();
    quiet.sort_by(f64::total_cmp);
    let usual = quiet[quiet.len() * 99 / 100];
    for (from, to) in [(3000, 3002), (4000, 4030), (5000, 5050)] {
        assert!(most(from, to) > usual + 0.05, "{from}: {} against {usual}", most(from, to));
    }
}

#[test]
fn scores_are_from_0_to_1_and_a_prefix_has_the_same() {
    let rows = series();
    let all = scores(&rows);
    assert!(all.iter().all(|score| (0.0..=1.0).contains(score)));
    let half = scores(&rows[..3500]);
    assert!(half.iter().zip(&all).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn the_unit_does_not_matter() {
    let rows = series();
    let scaled: Vec<(f64, f64)> =
        rows.iter().map(|(time_s, value)| (*time_s, value * 1024.0)).collect();
    for (a, b) in scores(&rows).iter().zip(scores(&scaled)) {
        // Rounding moves a value on the border of two bins.
        assert!((a - b).abs() < 0.02, "{a}, {b}");
    }
}

#[test]
fn the_season_is_learnt_and_its_absence_is_seen() {
    // Two weeks of ten hours of work a day, then a day of rest.
    let mut random = Random::stream(9, "season");
    let mut scorer = Scorer::new();
    let mut quiet = 0.0f64;
    let mut missed = 0.0f64;
    for row in 0..288 * 15u32 {
        let hour = row / 12 % 24;
        let works = (8..18).contains(&hour) && row < 288 * 14;
        let value = random.next_f64() + if works { 20.0 } else { 0.0 };
        let score = scorer.push(f64::from(row) * STEP_S, value).score;
        if (288 * 10..288 * 14).contains(&row) {
            quiet = quiet.max(score);
        }
        if row >= 288 * 14 + 12 * 8 {
            missed = missed.max(score);
        }
    }
    assert!(missed > quiet, "{missed} against {quiet}");
}

#[test]
fn a_constant_series_scores_nothing_and_its_first_change_much() {
    let mut scorer = Scorer::new();
    for row in 0..2000 {
        let scored = scorer.push(f64::from(row), 5.0);
        assert!(scored.score <= 0.0, "row {row}: {}", scored.score);
    }
    assert!(scorer.push(2000.0, 6.0).score > 0.5);
}

#[test]
fn wild_values_and_times_give_scores() {
    let mut scorer = Scorer::new();
    let wild = [0.0, f64::MAX, f64::MIN, 1e-300, -1.0, 1e150];
    for row in 0..3000u32 {
        let value = wild[(row as usize * 7) % wild.len()];
        let time_s = if row % 5 == 0 { -1e12 } else { f64::from(row) * 1e6 };
        let scored = scorer.push(time_s, value);
        assert!((0.0..=1.0).contains(&scored.score), "row {row}: {scored:?}");
    }
}

#[test]
fn the_baseline_is_what_was_known_before_the_row() {
    let mut scorer = Scorer::new();
    for row in 0..300 {
        assert_eq!(scorer.push(f64::from(row) * 60.0, 4.0).baseline_p50, None);
    }
    let scored = scorer.push(300.0 * 60.0, 1e9);
    assert!((scored.baseline_p50.unwrap() - 4.0).abs() < 0.05, "{scored:?}");
    assert!((scored.baseline_p95.unwrap() - 4.0).abs() < 0.05, "{scored:?}");
}

#[test]
fn a_series_of_one_value_a_day_has_a_normal() {
    let mut scorer = Scorer::new();
    let rows = (0..400).map(|day| scorer.push(f64::from(day) * 86_400.0, f64::from(day % 7)));
    let last = rows.last().unwrap();
    assert!(last.baseline_p50.is_some(), "{last:?}");
}
