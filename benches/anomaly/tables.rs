//! What is found of known faults, and what is told where nothing is wrong, by us, by another build
//! and by the windowed Gaussian.
//!
//! The others score rows: their events are clumps of rows at or above a threshold. For each kind
//! of fault it is as low as it can be with no more false events than ours, so that what they find
//! can be compared.

use std::path::Path;

use ks_statistics::anomaly::{Event, Scorer};

use crate::before;
use crate::clean;
use crate::dice::{Dice, whole};
use crate::events::{Count, Events, of_scores};
use crate::gaussian::WindowedGaussian;
use crate::single::{self, Made};

/// Thresholds that are tried, at ranks of all scores in even steps of their logarithm.
const THRESHOLDS: usize = 200;
/// Rows of a series in which nothing is wrong.
const CLEAN_ROWS: usize = 5000;
/// Rows that nothing is judged by.
const FIRST_ROWS: usize = 64;
/// Events in a thousand rows, as the score promises, and by how much kinds may differ from it.
const PROMISED: f64 = 1.0;
const WITHIN: f64 = 2.0;

/// Prints how many events there are in series in which nothing is wrong.
pub(crate) fn clean(seeds: u64) -> bool {
    println!(
        "events in 1000 rows of {seeds} series in which nothing is wrong (promised: {PROMISED})"
    );
    let mut met = true;
    for (name, kind) in clean::KINDS {
        let made = (0..seeds).map(|seed| clean::make(kind, CLEAN_ROWS, &mut Dice::new(seed)));
        let count: usize = made.map(|values| ours(&values).len()).sum();
        let rate = count as f64 / (seeds as f64 * CLEAN_ROWS as f64 / 1000.0);
        let is_met = (PROMISED / WITHIN..=PROMISED * WITHIN).contains(&rate);
        met &= is_met;
        println!("  {name:14} {rate:5.2}{}", if is_met { "" } else { "  MISSED" });
    }
    met
}

/// Prints what is found of each kind of fault.
pub(crate) fn faults(seeds: u64) -> bool {
    let other = before::binary();
    println!("faults found, of {seeds} series each, and false events in 1000 rows");
    let title = if other.is_some() { "another build" } else { "" };
    println!("  {:10} {:>14} {:>18} {title:>14}", "", "kernelsight", "windowed gaussian");
    let mut met = true;
    for (name, fault) in single::FAULTS {
        let made = (0..seeds).map(|seed| single::make(fault, &mut Dice::new(seed)));
        let made: Vec<Made> = made.collect();
        let mut found = Count::default();
        for (values, faults) in &made {
            found.add(&ours(values), faults);
        }
        let mut others = vec![made.iter().map(|(values, _)| gaussian(values)).collect()];
        if let Some(binary) = &other {
            others.push(scores_of(binary, &made));
        }
        let others = others.iter().map(|scores| matched(scores, &made, found.false_events));
        let others: Vec<Count> = others.collect();
        let is_met = others.iter().all(|other| found.found > other.found || found.is_all());
        met &= is_met;
        print!("  {name:10} {:>14}", told(&found, seeds));
        for other in &others {
            print!("     {:>14}", told(other, seeds));
        }
        println!("{}", if is_met { "" } else { "  MISSED" });
    }
    met
}

fn told(count: &Count, seeds: u64) -> String {
    let rows = seeds as f64 * single::ROWS as f64;
    let share = count.found as f64 / count.faults as f64;
    format!("{share:.3} {:5.2}", 1000.0 * count.false_events as f64 / rows)
}

fn ours(values: &[f64]) -> Events {
    let mut scorer = Scorer::new();
    let mut events: Vec<Event> = Vec::new();
    for (row, value) in values.iter().enumerate() {
        scorer.push(before::time_s(row), *value);
        let Some(event) = scorer.standing().or(scorer.last()) else { continue };
        match events.last_mut().filter(|last| last.id == event.id) {
            Some(last) => *last = *event,
            None => events.push(*event),
        }
    }
    let row = |number: u64| usize::try_from(number).unwrap();
    events.iter().map(|event| (row(event.onset), row(event.end))).collect()
}

fn gaussian(values: &[f64]) -> Vec<f64> {
    let mut detector = WindowedGaussian::new();
    let scored = values.iter().enumerate().map(|(row, value)| {
        let score = detector.push(*value);
        if row < FIRST_ROWS { 0.0 } else { score }
    });
    scored.collect()
}

fn scores_of(binary: &Path, made: &[Made]) -> Vec<Vec<f64>> {
    let folder = tempfile::tempdir().unwrap();
    let times_s = before::times_s(single::ROWS);
    let scores = |(values, _): &Made| before::scores(binary, &times_s, values, folder.path());
    made.iter().map(scores).collect()
}

/// What a detector finds with at most so many false events.
fn matched(scores: &[Vec<f64>], made: &[Made], false_events: usize) -> Count {
    let mut all: Vec<f64> = scores.iter().flatten().copied().collect();
    all.sort_unstable_by(|one, other| other.total_cmp(one));
    let mut best = Count::default();
    for step in 0..THRESHOLDS {
        let rank = (all.len() as f64).powf(step as f64 / THRESHOLDS as f64);
        let threshold = all[whole(rank) - 1];
        let mut count = Count::default();
        for (scores, (_, faults)) in scores.iter().zip(made) {
            count.add(&of_scores(scores, threshold), faults);
        }
        if count.false_events > false_events {
            break;
        }
        best = count;
    }
    Count { faults: made.iter().map(|(_, faults)| faults.len()).sum(), ..best }
}
