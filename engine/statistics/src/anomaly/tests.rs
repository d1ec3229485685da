//! The whole score: on plain series, on those with known trouble, and on wild ones.

use super::*;
use alloc::vec::Vec;
use ks_vocabulary::random::Random;

const STEP_S: f64 = 300.0;
const BEGIN_S: f64 = 1_400_000_400.0;

/// Noise around a level, nearly normal, with a mean distance of 0.6.
struct Noise(Random);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(Random::stream(seed, "anomaly"))
    }

    fn next(&mut self) -> f64 {
        (0..4).map(|_| self.0.next_f64()).sum::<f64>() * 1.73 - 3.46
    }
}

fn rows(values: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
    let at = |row: u32| BEGIN_S + STEP_S * f64::from(row);
    (0..).zip(values).map(|(row, value)| (at(row), value)).collect()
}

/// Scores of all rows, and events.
fn run(values: &[(f64, f64)]) -> (Vec<f64>, Vec<Event>) {
    let mut scorer = Scorer::new();
    let mut events: Vec<Event> = Vec::new();
    let mut scores = Vec::new();
    for (time_s, value) in values {
        let scored = scorer.push(*time_s, *value);
        scores.push(scored.score);
        let known = scorer.standing().or(scorer.last());
        if let Some(event) = known {
            match events.last_mut().filter(|last| last.id == event.id) {
                Some(last) => *last = *event,
                None => events.push(*event),
            }
        }
    }
    (scores, events)
}

fn most(scores: &[f64]) -> f64 {
    scores.iter().copied().fold(0.0, f64::max)
}

/// Three weeks at 5 minutes: a daily wave and noise with a memory; a spike at row 3000, a shift
/// from 4000 to 4060, and a stuck sensor from 5000 to 5050.
fn series() -> Vec<(f64, f64)> {
    let (mut noise, mut memory) = (Noise::new(7), 0.0);
    let mut values: Vec<f64> = Vec::new();
    for row in 0..6000u32 {
        memory = 0.6 * memory + noise.next();
        let day = f64::from(row % 288) / 288.0;
        let mut value = 20.0 + 6.0 * (2.0 * day - 1.0).abs() + memory;
        if row == 3000 {
            value += 12.0;
        }
        if (4000..4060).contains(&row) {
            value += 7.0;
        }
        if (5000..5050).contains(&row) {
            value = values[4999];
        }
        values.push(value);
    }
    rows(values)
}

#[test]
fn each_trouble_is_one_event_with_its_onset_and_its_end() {
    let (scores, events) = run(&series());
    for (from, to) in [(3000usize, 3001usize), (4000, 4060), (5000, 5050)] {
        let rows = &scores[from..to + 16];
        let (from, to) = (from as u64, to as u64);
        let within = |event: &&Event| event.onset + 1 >= from && event.onset < to + 16;
        let found: Vec<&Event> = events.iter().filter(within).collect();
        assert_eq!(found.len(), 1, "{from}: {found:?}");
        assert!(found[0].onset < from + 17 && found[0].end <= to + 64, "{from}: {:?}", found[0]);
        assert!(most(rows) > 0.5, "{from}");
    }
    assert!(events.len() < 20, "one in a thousand rows: {}", events.len());
}

#[test]
fn five_repeats_of_an_outage_all_score_high_and_a_glitch_hides_none() {
    let mut noise = Noise::new(3);
    let value = |row: u32, noise: &mut Noise| match row {
        400 => -900.0,
        _ if row >= 800 && (row - 800) % 400 < 100 => 0.0,
        _ => 95.0 + 3.0 * noise.next(),
    };
    let values: Vec<f64> = (0..2800).map(|row| value(row, &mut noise)).collect();
    let (scores, events) = run(&rows(values));
    assert!(scores[400] > 0.9, "{}", scores[400]);
    for repeat in 0..5 {
        let from = 800 + repeat * 400;
        assert!(
            most(&scores[from..from + 100]) > 0.9,
            "{repeat}: {}",
            most(&scores[from..from + 100])
        );
        let within = |event: &&Event| (from as u64..from as u64 + 160).contains(&event.onset);
        let found: Vec<&Event> = events.iter().filter(within).collect();
        assert_eq!(found.len(), 1, "its end is none");
        assert_eq!(found[0].onset, from as u64, "{repeat}");
        let quiet = &scores[from + 100..from + 400];
        assert!(most(quiet) < 0.75, "{repeat}: {}", most(quiet));
    }
}

/// How many of what happens once in two rows happened in one.
fn count(random: &mut Random) -> f64 {
    let (mut product, mut count) = (random.next_f64(), 0.0);
    while product > 0.606_530_66 {
        product *= random.next_f64();
        count += 1.0;
    }
    count
}

#[test]
fn counts_and_rounded_values_are_as_quiet_as_noise() {
    let mut made = [("rounded", 0), ("counts", 0), ("plain", 0)];
    for seed in 5..9 {
        let (mut noise, mut random) = (Noise::new(seed), Random::stream(seed, "counts"));
        let rounded = (0..20_000).map(|_| libm::round(50.0 + 0.3 * noise.next())).collect();
        let counts = (0..20_000).map(|_| count(&mut random)).collect();
        let plain = (0..20_000).map(|_| noise.next()).collect();
        let all: [Vec<f64>; 3] = [rounded, counts, plain];
        for ((_, events), values) in made.iter_mut().zip(all) {
            *events += run(&rows(values)).1.len();
        }
    }
    for (name, events) in made {
        assert!((32..=160).contains(&events), "{name}: {events} in 80,000 rows");
    }
}

#[test]
fn silence_is_an_event_where_activity_is_regular() {
    let mut random = Random::stream(4, "anomaly");
    let value = |row: u32, random: &mut Random| {
        let is_active = random.next_f64() < 0.05 && row < 4000;
        if is_active { 1.0 + random.next_f64() } else { 0.0 }
    };
    let values: Vec<f64> = (0..5000).map(|row| value(row, &mut random)).collect();
    let (scores, events) = run(&rows(values));
    assert!(most(&scores[4000..]) > 0.75, "{}", most(&scores[4000..]));
    assert!(events.iter().any(|event| (4050..4400).contains(&event.onset)), "{events:?}");
}

#[test]
fn a_slow_slide_is_an_event() {
    for rows_of_slide in [60u32, 600, 3000] {
        let mut noise = Noise::new(9);
        let slide =
            |row: u32| 20.0 * f64::from(row.saturating_sub(2000)) / f64::from(rows_of_slide);
        let values: Vec<f64> =
            (0..2000 + rows_of_slide).map(|row| slide(row) + noise.next()).collect();
        let (scores, events) = run(&rows(values));
        assert!(events.iter().any(|event| event.onset >= 2000), "{rows_of_slide}: {events:?}");
        assert!(most(&scores[2000..]) > 0.5, "{rows_of_slide}");
    }
}

#[test]
fn scores_are_from_0_to_1_and_a_prefix_has_the_same() {
    let rows = series();
    let all = run(&rows).0;
    assert!(all.iter().all(|score| (0.0..=1.0).contains(score)));
    let half = run(&rows[..3500]).0;
    assert!(half.iter().zip(&all).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn the_unit_does_not_matter() {
    let rows = series();
    let scores = run(&rows).0;
    for (factor, within) in [(1024.0, 0.0), (0.25, 0.0), (0.001, 1e-9), (3.3, 1e-9), (1000.0, 1e-9)]
    {
        let scaled: Vec<(f64, f64)> =
            rows.iter().map(|(time_s, value)| (*time_s, value * factor)).collect();
        for (row, (a, b)) in scores.iter().zip(run(&scaled).0).enumerate() {
            assert!((a - b).abs() <= within, "row {row} times {factor}: {a}, {b}");
        }
    }
}

#[test]
fn the_season_is_learnt_and_its_absence_is_seen() {
    // Two weeks of ten hours of work a day, then a day of rest.
    let mut random = Random::stream(9, "season");
    let mut scorer = Scorer::new();
    let (mut quiet, mut missed) = (0.0f64, 0.0f64);
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
        assert!(scored.score < 0.5, "row {row}: {}", scored.score);
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

#[test]
fn a_weak_event_just_before_it_hides_no_fault() {
    // A hump of two deviations, and then the level slides away.
    let mut hidden = 0;
    for seed in 0..20 {
        let mut noise = Noise::new(seed);
        let value = |row: u32, noise: &mut Noise| {
            let hump = if (1940..1950).contains(&row) { 2.5 } else { 0.0 };
            let slide = f64::from(row.saturating_sub(2000)) * 0.05;
            noise.next() + hump + slide
        };
        let values: Vec<f64> = (0..2400).map(|row| value(row, &mut noise)).collect();
        let events = run(&rows(values)).1;
        hidden += u32::from(!events.iter().any(|event| event.onset >= 1990));
    }
    assert_eq!(hidden, 0);
}

#[test]
fn rests_are_as_usual_whatever_steps_come_later() {
    // Activity in every other hundred rows, by ever smaller steps.
    let mut random = Random::stream(2, "rest");
    let value = |row: u32, random: &mut Random| {
        let is_busy = (row / 100).is_multiple_of(2);
        let size = if row < 4000 { 5.0 } else { 0.01 };
        if is_busy && random.next_f64() < 0.3 { 10.0 + size * random.next_f64() } else { 0.0 }
    };
    let values: Vec<f64> = (0..6000).map(|row| value(row, &mut random)).collect();
    let events = run(&rows(values)).1;
    let resting = events.iter().filter(|it| it.onset >= 4000 && it.reason == Reason::Unrest);
    assert_eq!(resting.count(), 0);
}

#[test]
fn what_is_weakly_unusual_again_and_again_tells_once() {
    let mut noise = Noise::new(12);
    let value = |row: u32, noise: &mut Noise| {
        noise.next() + if row >= 3000 && row.is_multiple_of(7) && row < 3060 { 2.2 } else { 0.0 }
    };
    let values: Vec<f64> = (0..3200).map(|row| value(row, &mut noise)).collect();
    let scores = run(&rows(values)).0;
    let high = scores[3000..3064].iter().filter(|score| **score > 0.33).count();
    assert!(high <= 3, "{high}");
}

#[test]
fn the_unit_does_not_matter_for_counts_and_steps_either() {
    let mut random = Random::stream(11, "units");
    let mut noise = Noise::new(11);
    let rounded: Vec<f64> =
        (0..3000).map(|_| libm::round(5.0 + 0.5 * noise.next()) * 2.0).collect();
    let counts: Vec<f64> = (0..3000).map(|_| f64::floor(random.next_f64() * 4.0)).collect();
    let blips: Vec<f64> = (0..3000).map(|row| if row % 331 == 0 { 9.0 } else { 7.0 }).collect();
    let saw: Vec<f64> = (0..3000u32).map(|row| f64::from(row % 97)).collect();
    for values in [rounded, counts, blips, saw] {
        let scores = run(&rows(values.iter().copied())).0;
        for factor in [0.001, 3.3, 1000.0, 1e-6] {
            let scaled = run(&rows(values.iter().map(|value| value * factor))).0;
            for (row, (one, other)) in scores.iter().zip(scaled).enumerate() {
                assert!((one - other).abs() <= 1e-9, "row {row} times {factor}: {one}, {other}");
            }
        }
    }
}

#[test]
fn what_is_far_off_is_found_among_the_first_rows_too() {
    let mut found = 0;
    for seed in 0..40 {
        let mut noise = Noise::new(seed);
        let values: Vec<f64> =
            (0..200).map(|row| noise.next() + if row == 80 { 12.0 } else { 0.0 }).collect();
        found += u32::from(run(&rows(values)).1.iter().any(|event| event.onset == 80));
    }
    assert!(found >= 32, "{found} of 40");
}

#[test]
fn a_large_offset_hides_nothing() {
    let mut noise = Noise::new(21);
    let value = |row: u32, noise: &mut Noise| {
        noise.next() + if (2000..2030).contains(&row) { 8.0 } else { 0.0 }
    };
    let values: Vec<f64> = (0..2500).map(|row| 1e11 + value(row, &mut noise)).collect();
    let events = run(&rows(values)).1;
    let found = events.iter().find(|event| event.onset == 2000).unwrap();
    assert!((2028..2033).contains(&found.end), "{found:?}");
}
