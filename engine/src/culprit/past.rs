//! What one entity did in the interval, and how far that is above what is usual for it.
//!
//! Steps 3 and 6 of `signals.md`, section 12. A flow is held against the entity's own median, a
//! stock against its own level at the beginning. A steady hog has no excess, however much it
//! takes, and what is within the noise of an entity's own past is none either.

use alloc::vec::Vec;
use libm::{fabs, sqrt};

use crate::window::{Account, BUCKET_NS, Ring};
use ks_statistics::order::{median, scale, sum};
use ks_statistics::theil_sen;
use ks_vocabulary::time::{Timestamp, seconds};

use super::interval::{Began, Interval, bucket_begin};
use super::rise::{self, Open};
use super::scratch::Scratch;

/// Buckets before the interval that a median of its own takes (`signals.md` leaves it open; J).
pub(super) const HISTORY_MIN: u64 = 6;
/// Buckets before the onset that stand in where a recording has just begun.
pub(super) const SHORT_MIN: u64 = 3;
/// A mean over less time than this says nothing.
const AGE_MIN_NS: u64 = BUCKET_NS;
/// What differs from the usual by less than so many standard deviations is noise.
const NOISE: f64 = 2.0;
/// What differs from it by less than this share of it is no change of anything (J).
pub(super) const STEADY_SHARE: f64 = 0.05;
/// Levels that a line through them takes.
const LINE_MIN: usize = 8;

/// What an entity did in the interval, in the unit of its counter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    /// Of flows what was consumed, as far as that is known; of stocks what is held.
    pub(super) amount: f64,
    /// By what those are compared that did not change: consumption a second, or what is held.
    pub(super) level: f64,
    /// Consumption above what is usual, or growth; below 0 where it fell.
    pub(super) excess: f64,
    /// When that began, where it is known.
    pub(super) began: Option<Began>,
}

impl Change {
    /// The same in another unit.
    pub(super) fn times(self, factor: f64) -> Self {
        let Self { amount, level, excess, began } = self;
        Self { amount: amount * factor, level: level * factor, excess: excess * factor, began }
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_nothing(&self) -> bool {
        self.amount <= 0.0 && self.level <= 0.0 && self.excess >= 0.0
    }
}

/// What is known of one entity in one account.
#[derive(Debug)]
pub(super) struct Past<'a> {
    /// Its buckets, where it is or was among the top.
    pub(super) ring: Option<&'a Ring>,
    /// The first bucket that was closed for any entity.
    pub(super) opened: Option<u64>,
    /// The last reading.
    pub(super) at: Timestamp,
    /// Consumption in the bucket of the last reading; of stocks the level.
    pub(super) present: f64,
    /// How long that bucket is so far.
    pub(super) present_ns: u64,
    /// Consumption or growth in the last ten to twenty seconds.
    pub(super) lately: f64,
    /// How long that is.
    pub(super) lately_ns: u64,
    /// Consumption since it was born.
    pub(super) total: f64,
    /// When it began to consume, if that is known.
    pub(super) born: Option<Timestamp>,
    /// Whether that was in the interval: all that it consumed or holds is excess then.
    pub(super) is_new: bool,
}

impl Past<'_> {
    /// What it did in the interval.
    pub(super) fn change(
        &self,
        account: Account,
        interval: &Interval,
        scratch: &mut Scratch,
    ) -> Change {
        if self.is_new {
            return self.newcomer(account);
        }
        match (self.ring, account.is_flow()) {
            (Some(ring), true) => self.flow(ring, interval, scratch),
            (None, true) => self.flow_lately(interval),
            (Some(ring), false) => self.growth(ring, interval, scratch),
            (None, false) => self.growth_lately(),
        }
    }

    fn newcomer(&self, account: Account) -> Change {
        let born = self.born.map(|born| born.min(self.at));
        let amount = if account.is_flow() { self.total } else { self.present };
        let age_ns = born.map_or(0, |born| self.at.since_ns(born)).max(AGE_MIN_NS);
        let level = if account.is_flow() { amount / seconds(age_ns) } else { amount };
        Change { amount, level, excess: amount, began: born.map(Began::exactly) }
    }

    fn flow(&self, ring: &Ring, interval: &Interval, scratch: &mut Scratch) -> Change {
        let first = interval.first_bucket().max(ring.first());
        let amount = sum(ring.values(first, ring.end())) + self.present;
        let closed_ns = ring.end().saturating_sub(first).saturating_mul(BUCKET_NS);
        let ns = closed_ns.saturating_add(self.present_ns).max(1);
        let mut change = Change { amount, level: amount / seconds(ns), excess: 0.0, began: None };
        if interval.counts_all() {
            change.excess = amount;
            return change;
        }
        let Some(normal) = self.normal(ring, interval, scratch) else { return change };
        change.excess = normal.excess(amount, ns as f64 / BUCKET_NS as f64);
        if change.excess > 0.0 {
            let open = Open { at: self.at, amount: self.present, ns: self.present_ns };
            change.began = rise::of_flow(&open, ring, normal.per_bucket, interval, scratch);
            // What has been so since before the interval did not change in it.
            if change.began.is_some_and(|began| began.latest < interval.begin) {
                change.excess = 0.0;
            }
        }
        change
    }

    /// What is usual: the median of the buckets before the interval. Where there are too few it is
    /// that of those before the onset, if the ring begins with the recording; a ring that begins
    /// later does so because the entity rose, so the mean since its birth stands in there.
    fn normal(&self, ring: &Ring, interval: &Interval, scratch: &mut Scratch) -> Option<Normal> {
        let (first, onset) = (interval.first_bucket(), interval.onset_bucket());
        let before = |bucket: u64| bucket.saturating_sub(ring.first());
        let mut of = |end: u64| {
            scratch.values.clear();
            scratch.values.extend(ring.values(ring.first(), end));
            Normal::of(&mut scratch.values, &mut scratch.order)
        };
        if before(first) >= HISTORY_MIN {
            return of(first);
        }
        let is_short = before(onset) >= SHORT_MIN;
        if is_short && self.opened.is_some_and(|opened| ring.first() <= opened) {
            return of(onset);
        }
        let seen = sum(ring.values(ring.first(), ring.end())) + self.present;
        let mean = self.mean_before(seen, bucket_begin(ring.first()));
        let mean = mean.map(|mean| Normal { per_bucket: mean * seconds(BUCKET_NS), noise: 0.0 });
        mean.or_else(|| if is_short { of(onset) } else { None })
    }

    /// Without a ring its mean since birth is what is usual, and the last seconds are the interval:
    /// before them it was not among the top.
    fn flow_lately(&self, interval: &Interval) -> Change {
        let from = Timestamp(self.at.0.saturating_sub(self.lately_ns));
        let lately_s = seconds(self.lately_ns.max(1));
        let mean = self.mean_before(self.lately, from);
        let usual = |mean: f64| Normal { per_bucket: mean * seconds(BUCKET_NS), noise: 0.0 };
        let buckets = lately_s / seconds(BUCKET_NS);
        let above = mean.map_or(0.0, |mean| usual(mean).excess(self.lately, buckets));
        let excess = if interval.counts_all() { self.lately } else { above };
        let is_sudden = excess > self.lately / 2.0;
        let began = Began { at: from, earliest: from, latest: self.at };
        Change {
            amount: self.lately,
            level: self.lately / lately_s,
            excess,
            began: is_sudden.then_some(began),
        }
    }

    /// Its mean consumption a second from its birth to `from`, after which `since` was consumed.
    fn mean_before(&self, since: f64, from: Timestamp) -> Option<f64> {
        let ns = from.since_ns(self.born?);
        (ns >= AGE_MIN_NS).then(|| (self.total - since).max(0.0) / seconds(ns))
    }

    /// Growth of a stock: its level over that at the beginning of the interval, or what a robust
    /// line (Theil and Sen) says where it surely rises and says more. Where none does, growth
    /// counts if it is more than the level moved about in as long a time before.
    fn growth(&self, ring: &Ring, interval: &Interval, scratch: &mut Scratch) -> Change {
        let held = self.present;
        let none = Change { amount: held, level: held, excess: 0.0, began: None };
        let base = interval.first_bucket().saturating_sub(1).max(ring.first());
        let points = &mut scratch.points;
        points.clear();
        let levels = (0..).zip(ring.values(base, ring.end()));
        points.extend(levels.map(|(at, level): (u64, f64)| (seconds(at * BUCKET_NS), level)));
        let span_s = seconds(self.at.since_ns(bucket_begin(base + 1)));
        points.push((span_s.max(points.last().map_or(0.0, |(time, _)| *time)), held));
        let grown = held - points.first().map_or(held, |(_, level)| *level);
        let began = rise::of_stock(points, base, self.at);
        let span = points.len() as u64;
        thin(points);
        let line = (points.len() >= LINE_MIN).then(|| theil_sen::fit(points, &mut scratch.order));
        let line = line.flatten().filter(|fit| fit.slope_low.is_some_and(|low| low > 0.0));
        let excess = match line {
            Some(fit) => grown.max(fit.line.slope * span_s),
            None if fabs(grown) <= NOISE * moved(ring, base, span, scratch) => return none,
            None => grown,
        };
        Change { excess, began: began.filter(|_| excess > 0.0), ..none }
    }

    fn growth_lately(&self) -> Change {
        let from = Timestamp(self.at.0.saturating_sub(self.lately_ns));
        let began = Began { at: from, earliest: from, latest: self.at };
        let began = (self.lately > 0.0).then_some(began);
        Change { amount: self.present, level: self.present, excess: self.lately, began }
    }
}

/// What an entity usually consumes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Normal {
    /// Median of its buckets.
    pub(super) per_bucket: f64,
    /// Their robust deviation; 0 where too few tell it.
    noise: f64,
}

impl Normal {
    /// By the buckets in `values`, which are put out of order; `None` without any.
    pub(super) fn of(values: &mut [f64], order: &mut Vec<f64>) -> Option<Self> {
        let is_long = values.len() as u64 >= HISTORY_MIN;
        let noise = if is_long { scale(values, order, 0.0)? } else { 0.0 };
        Some(Self { per_bucket: median(values)?, noise })
    }

    /// What `amount`, consumed in so many buckets, is above the usual or below it; 0 where that is
    /// no change.
    fn excess(&self, amount: f64, buckets: f64) -> f64 {
        let usual = self.per_bucket * buckets;
        let excess = amount - usual;
        let is_steady = fabs(excess) <= self.slack(buckets).max(STEADY_SHARE * usual);
        if is_steady { 0.0 } else { excess }
    }

    /// By how much consumption in so many buckets differs from the usual without being a change: a
    /// sum of n varies by the root of n times as much as one.
    pub(super) fn slack(&self, buckets: f64) -> f64 {
        NOISE * self.noise * sqrt(buckets)
    }
}

/// Thins the points to as many as a line takes; the last one stays.
fn thin(points: &mut Vec<(f64, f64)>) {
    let step = points.len().div_ceil(theil_sen::POINTS_MAX).max(1);
    let last = points.len() - 1;
    let mut at = 0;
    points.retain(|_| {
        at += 1;
        (last - (at - 1)).is_multiple_of(step)
    });
}

/// How far a level moved about before the bucket `end`: the robust deviation of its changes over
/// `span` buckets; 0 where its past is too short to tell.
fn moved(ring: &Ring, end: u64, span: u64, scratch: &mut Scratch) -> f64 {
    let values = &mut scratch.values;
    values.clear();
    values.extend(ring.values(ring.first(), end));
    let Ok(span) = usize::try_from(span) else { return 0.0 };
    let Some(count) = values.len().checked_sub(span) else { return 0.0 };
    if (count as u64) < HISTORY_MIN {
        return 0.0;
    }
    for at in 0..count {
        values[at] = values[at + span] - values[at];
    }
    values.truncate(count);
    scale(values, &mut scratch.order, 0.0).unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
