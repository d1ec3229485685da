//! The worked example, steps in a fixed noise, and the pruned search against the full one.

use super::super::assert_close;
use super::*;
use proptest::prelude::*;

/// Balanced deviations without a pattern that the series below could take for a level.
const NOISE: [f64; 15] =
    [0.3, -0.5, 0.1, 0.6, -0.2, -0.7, 0.4, 0.0, 0.5, -0.4, -0.1, 0.7, -0.6, 0.2, -0.3];

/// Sixty values around zero, raised by each step from its index on.
fn stepped(steps: &[(usize, f64)]) -> Vec<f64> {
    let value = |at: usize| {
        let raised = steps.iter().filter(|(from, _)| at >= *from).map(|(_, by)| by);
        raised.fold(NOISE[(at * 7 + at / 15) % 15], |sum, by| sum + by)
    };
    (0..60).map(value).collect()
}

fn check_last(steps: &[(usize, f64)], expected: Option<(usize, usize, usize)>) {
    let found = last_change(&stepped(steps), &mut Scratch::default());
    assert_eq!(found.map(|change| (change.earliest, change.at, change.latest)), expected);
}

#[test]
fn the_worked_example() {
    let values = [1.0, 2.0, 1.0, 2.0, 9.0, 10.0, 9.0, 10.0, 4.0, 5.0, 4.0, 5.0];
    let mut scratch = Scratch::default();
    assert_eq!(pelt(&values, 5.0, 2, &mut scratch), [4, 8]);
    assert_close(scratch.best[12], 13.0);
    assert_eq!(pelt(&values, 1e9, 2, &mut scratch), [0; 0]);
    assert_close(scratch.best[12], 133.666_667);
    assert_eq!(pelt(&[], 5.0, 2, &mut scratch), [0; 0]);
    assert_eq!(pelt(&values[..3], 0.0, 2, &mut scratch), [0; 0]);
}

#[test]
fn the_last_of_several_steps_is_found() {
    check_last(&[], None);
    check_last(&[(30, 5.0)], Some((30, 30, 30)));
    check_last(&[(12, 8.0), (40, 3.0)], Some((40, 40, 40)));
    check_last(&[(5, 5.0)], Some((5, 5, 5)));
    check_last(&[(55, 5.0)], Some((55, 55, 55)));
}

#[test]
fn a_small_step_is_placed_within_a_range() {
    check_last(&[(30, 1.0)], Some((30, 30, 33)));
    check_last(&[(30, 0.5)], Some((23, 33, 42)));
    check_last(&[(57, 5.0)], Some((55, 55, 58)));
}

#[test]
fn one_change_is_before_another_only_where_their_ranges_do_not_meet() {
    let change =
        |steps: &[(usize, f64)]| last_change(&stepped(steps), &mut Scratch::default()).unwrap();
    let (sharp, vague) = (change(&[(25, 5.0)]), change(&[(30, 0.5)]));
    assert!(sharp.is_before(&change(&[(26, 5.0)])));
    assert!(!sharp.is_before(&sharp));
    assert!(!sharp.is_before(&vague) && !vague.is_before(&sharp));
}

#[test]
fn series_without_noise_are_cut_at_their_step_and_nowhere_else() {
    let mut scratch = Scratch::default();
    assert_eq!(last_change(&[7.5; 60], &mut scratch), None);
    let mut values = [0.0; 60];
    for blip in [7, 22, 31, 50] {
        values[blip] = 1.0;
    }
    assert_eq!(last_change(&values, &mut scratch), None, "single values are no level");
    let mut values = [5.0; 30];
    values[..20].fill(0.0);
    let change = Change { at: 20, earliest: 20, latest: 20 };
    assert_eq!(last_change(&values, &mut scratch), Some(change));
    assert_eq!(last_change(&[0.0, 0.0, 0.0, 0.0, 9.0, 9.0, 9.0, 9.0, 9.0], &mut scratch), None);
}

#[test]
fn a_high_level_does_not_swallow_a_step() {
    let values: Vec<f64> = stepped(&[(30, 5.0)]).iter().map(|value| value + 1e12).collect();
    let found = last_change(&values, &mut Scratch::default()).unwrap();
    assert_eq!(found.at, 30);
}

/// The least cost by trying every place for every change.
fn least_cost(values: &[f64], penalty: f64, segment_min: usize) -> f64 {
    let cost = |segment: &[f64]| {
        let mean = segment.iter().sum::<f64>() / segment.len() as f64;
        segment.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
    };
    let mut best = vec![f64::INFINITY; values.len() + 1];
    best[0] = -penalty;
    for end in segment_min..=values.len() {
        for begin in 0..=end - segment_min {
            best[end] = best[end].min(best[begin] + cost(&values[begin..end]) + penalty);
        }
    }
    best[values.len()]
}

proptest! {
    #[test]
    fn pruning_loses_nothing(
        values in prop_oneof![
            prop::collection::vec(-50.0f64..50.0, 6..70),
            prop::collection::vec((0i8..4).prop_map(f64::from), 6..70),
        ],
        penalty in prop_oneof![Just(0.0), 0.0f64..20.0, 0.0f64..2000.0],
        segment_min in 1usize..7,
    ) {
        let mut scratch = Scratch::default();
        let changes = pelt(&values, penalty, segment_min, &mut scratch).to_vec();
        let borders: Vec<usize> =
            [0].into_iter().chain(changes).chain([values.len()]).collect();
        prop_assert!(borders.windows(2).all(|pair| pair[1] - pair[0] >= segment_min));
        let expected = least_cost(&values, penalty, segment_min);
        prop_assert!((scratch.best[values.len()] - expected).abs() <= 1e-6);
    }

    #[test]
    fn the_range_holds_the_change(values in prop::collection::vec(-9.0f64..9.0, 0..80)) {
        if let Some(found) = last_change(&values, &mut Scratch::default()) {
            prop_assert!(SEGMENT_MIN <= found.at && found.at <= values.len() - SEGMENT_MIN);
            prop_assert!(0 < found.earliest && found.earliest <= found.at);
            prop_assert!(found.at <= found.latest && found.latest < values.len());
        }
    }
}
