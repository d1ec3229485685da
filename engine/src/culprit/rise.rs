//! When an entity began to consume more, or a stock to grow: step 5 of `signals.md`, section 12.
//!
//! It places a change that its excess has shown, and is no evidence that there was one.

use alloc::vec::Vec;

use crate::window::{BUCKET_NS, Ring};
use ks_statistics::change_points::{self, SEGMENT_MIN, last_change};
use ks_statistics::order::median;
use ks_vocabulary::time::{SECOND_NS, Timestamp, seconds};

use super::interval::{Began, Interval, bucket_begin};
use super::scratch::Scratch;

/// Buckets before the interval that are looked at: ten minutes.
const LEAD_BUCKETS: u64 = 60;
/// The most points that are looked at; of a longer past several buckets make one.
const POINTS: u64 = 128;

/// The bucket of the last reading, which is not closed yet.
pub(super) struct Open {
    /// The last reading.
    pub(super) at: Timestamp,
    /// What was consumed in it so far.
    pub(super) amount: f64,
    /// How long it is so far.
    pub(super) ns: u64,
}

/// When a flow rose above its usual amount in a bucket.
pub(super) fn of_flow(
    open: &Open,
    ring: &Ring,
    normal: f64,
    interval: &Interval,
    scratch: &mut Scratch,
) -> Option<Began> {
    let first = interval.first_bucket().saturating_sub(LEAD_BUCKETS).max(ring.first());
    let step = ring.end().saturating_sub(first).div_ceil(POINTS).max(1);
    let series = Series::of(open, ring, first, step);
    let inside = interval.first_bucket().saturating_sub(first) / step;
    let inside = usize::try_from(inside).ok()?;
    let (earliest, at, latest) =
        series.rise(normal, inside, &mut scratch.changes, &mut scratch.order)?;
    let begin = |index: usize| bucket_begin(first + index as u64 * step);
    let off_ns = step * BUCKET_NS;
    Some(Began {
        at: begin(at).min(open.at),
        earliest: Timestamp(begin(earliest).0.saturating_sub(off_ns)),
        latest: begin(latest).plus_ns(off_ns).min(open.at),
    })
}

/// When a stock began to grow: `points` are its levels at the end of each bucket from `base` on,
/// the last one that of the reading at `now`.
///
/// The line through the times at which a tenth and nine tenths of the growth were reached says
/// when it was nothing: a step was just there, a ramp where it starts. `None` where that is not
/// inside the interval.
pub(super) fn of_stock(points: &[(f64, f64)], base: u64, now: Timestamp) -> Option<Began> {
    let begin = points.first()?.1;
    let growth = points.last()?.1 - begin;
    if growth <= 0.0 {
        return None;
    }
    let reached = |share: f64| points.iter().position(|point| point.1 - begin >= share * growth);
    let (tenth, most) = (reached(0.1)?, reached(0.9)?);
    let ramp = most.saturating_sub(tenth);
    if 8 * tenth <= ramp + 8 {
        return None;
    }
    let at = bucket_begin(base + (tenth - ramp / 8) as u64).min(now);
    Some(Began { at, earliest: at, latest: bucket_begin(base + tenth as u64 + 1).min(now) })
}

/// Means of a flow by bucket, or by several.
struct Series(Vec<f64>);

impl Series {
    fn of(open: &Open, ring: &Ring, first: u64, step: u64) -> Self {
        let mut means = Vec::new();
        let mut count = 0u64;
        for value in ring.values(first, ring.end()) {
            if count.is_multiple_of(step) {
                means.push(0.0);
            }
            count += 1;
            if let Some(last) = means.last_mut() {
                *last += value / step as f64;
            }
        }
        if !count.is_multiple_of(step) {
            means.pop();
        }
        if step == 1 && open.ns >= SECOND_NS {
            means.push(open.amount * seconds(BUCKET_NS) / seconds(open.ns));
        }
        Self(means)
    }

    /// The last rise from what is usual to at least half of the highest mean inside the interval:
    /// its earliest, likeliest and latest index. PELT tells it once there are more than five
    /// means after it; until then it is where the last run of high means begins.
    fn rise(
        &self,
        normal: f64,
        inside: usize,
        changes: &mut change_points::Scratch,
        order: &mut Vec<f64>,
    ) -> Option<(usize, usize, usize)> {
        let means = &self.0;
        let peak = means.get(inside..)?.iter().copied().fold(normal, f64::max);
        if peak <= normal {
            return None;
        }
        let half = f64::midpoint(normal, peak);
        let mut end = means.len();
        while let Some(change) = last_change(&means[..end], changes) {
            let before = &means[change.at.saturating_sub(SEGMENT_MIN)..change.at];
            let after = &means[change.at..end.min(change.at + SEGMENT_MIN)];
            let (before, after) = (middle(before, order)?, middle(after, order)?);
            if after >= half && before < f64::midpoint(normal, after) {
                // Of the shortest segment there can be, the beginning is where it has to be.
                if end - change.at == SEGMENT_MIN {
                    break;
                }
                return Some((change.earliest, change.at, change.latest));
            }
            end = change.at;
        }
        let last = means.iter().rposition(|mean| *mean >= half)?;
        let below = means[..last].iter().rposition(|mean| *mean < half);
        let first = below.map_or(0, |below| below + 1);
        Some((first, first, first))
    }
}

fn middle(values: &[f64], order: &mut Vec<f64>) -> Option<f64> {
    order.clear();
    order.extend_from_slice(values);
    median(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Index of the rise in means that are usually 10.
    fn rise(means: &[f64], inside: usize) -> Option<usize> {
        let series = Series(means.to_vec());
        let found =
            series.rise(10.0, inside, &mut change_points::Scratch::default(), &mut Vec::new());
        found.map(|(_, at, _)| at)
    }

    #[test]
    fn a_rise_is_placed_by_its_segment_and_at_once_by_its_run() {
        let calm = [9.0, 11.0, 10.0, 10.5, 9.5, 10.0, 11.0, 9.0, 10.0, 10.5];
        let with = |tail: &[f64]| [&calm[..], tail].concat();
        assert_eq!(rise(&with(&[90.0]), 4), Some(10));
        assert_eq!(rise(&with(&[90.0, 95.0, 88.0]), 4), Some(10));
        let long = [91.0, 89.0, 90.0, 92.0, 88.0, 90.0, 91.0, 89.0];
        assert_eq!(rise(&with(&long), 4), Some(10));
        assert_eq!(rise(&with(&[90.0, 10.0, 9.0]), 4), Some(10), "a burst that is over");
        assert_eq!(rise(&calm[..3], 1), Some(1), "the highest there is");
        assert_eq!(rise(&[8.0, 9.0], 0), None);
    }

    #[test]
    fn a_later_fall_or_a_small_step_does_not_hide_the_rise() {
        let level = |from: f64| [from, from + 1.0, from - 1.0, from + 0.5, from - 0.5, from];
        let means = [level(10.0), level(10.0), level(90.0), level(80.0)].concat();
        assert_eq!(rise(&means, 6), Some(12));
        let means = [level(10.0), level(10.0), level(90.0), level(10.0)].concat();
        assert_eq!(rise(&means, 6), Some(12));
    }

    fn stock(levels: &[f64]) -> Option<(u64, u64)> {
        let points: Vec<(f64, f64)> =
            levels.iter().enumerate().map(|(at, level)| (at as f64 * 10.0, *level)).collect();
        let began = of_stock(&points, 100, Timestamp(200 * BUCKET_NS))?;
        Some((began.earliest.0 / BUCKET_NS, began.latest.0 / BUCKET_NS))
    }

    #[test]
    fn a_step_is_placed_in_its_bucket_and_a_ramp_where_it_starts() {
        let step: Vec<f64> = (0..20).map(|at| if at < 12 { 5.0 } else { 600.0 }).collect();
        assert_eq!(stock(&step), Some((112, 113)));
        let late: Vec<f64> = (0..40i32).map(|at| f64::from((at - 20).max(0))).collect();
        let (earliest, latest) = stock(&late).unwrap();
        assert!((119..=121).contains(&earliest) && (121..=124).contains(&latest));
        let steady: Vec<f64> = (0..60).map(f64::from).collect();
        assert_eq!(stock(&steady), None, "it grew before");
        assert_eq!(stock(&[5.0, 4.0]), None);
    }
}
