//! A short past of those that consume or grow most: for each account the top sixteen entities have
//! a ring of buckets of ten seconds, at most two hours of them.
//!
//! All others keep their last values only. Who falls behind the sixteen keeps its ring for five
//! minutes, so that one that comes and goes does not begin anew each time. The table of the
//! entities closes a bucket once in ten seconds; nothing here happens at other ticks.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::account::{ACCOUNTS, Account, FLOWS};
use super::series::EntityId;

/// Entities of one account that have a ring by their rank.
const TOP: usize = 16;
/// Entities of one account that have a ring, those that fell behind included.
const KEPT: usize = 48;
/// How long a ring outlives its rank: five minutes.
const OUTSIDE_BUCKETS: u64 = 30;
/// Buckets of a ring: two hours.
pub const RING_BUCKETS: usize = 720;
/// Ranks of stocks go by the growth since the mark before the last; marks are half an hour apart.
const MARK_BUCKETS: u64 = 180;

/// Levels of the stocks, in the order of [`Account::ALL`].
pub(super) type Stocks = [u64; ACCOUNTS - FLOWS];

/// The levels half an hour and an hour ago, at most, from which growth is measured.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    period: Option<u64>,
    last: Stocks,
    before: Stocks,
}

impl Marks {
    /// Marks of an entity that had these levels when it was first seen.
    pub(super) fn new(levels: Stocks) -> Self {
        Self { period: None, last: levels, before: levels }
    }

    /// Takes the levels at the end of a bucket.
    pub(super) fn roll(&mut self, bucket: u64, levels: Stocks) {
        let period = Some(bucket / MARK_BUCKETS);
        if self.period != period {
            self.period = period;
            self.before = core::mem::replace(&mut self.last, levels);
        }
    }
}

/// What one entity did in a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    id: EntityId,
    /// Of flows what was consumed, of stocks the level at the end.
    amounts: [f32; ACCOUNTS],
    /// By what the entities are ranked.
    scores: [f32; ACCOUNTS],
    /// Levels of the stocks at the beginning.
    begins: [f32; ACCOUNTS - FLOWS],
}

impl Entry {
    /// An entity that consumed `spent` while its stocks went from `begins` to `levels`.
    pub(super) fn new(
        id: EntityId,
        spent: [u64; FLOWS],
        begins: Stocks,
        levels: Stocks,
        marks: &Marks,
    ) -> Self {
        let mut entry =
            Self { id, amounts: [0.0; ACCOUNTS], scores: [0.0; ACCOUNTS], begins: [0.0; 3] };
        for (at, spent) in spent.into_iter().enumerate() {
            entry.amounts[at] = spent as f32;
            entry.scores[at] = spent as f32;
        }
        for (at, level) in levels.into_iter().enumerate() {
            entry.amounts[FLOWS + at] = level as f32;
            entry.scores[FLOWS + at] = level.saturating_sub(marks.before[at]) as f32;
            entry.begins[at] = begins[at] as f32;
        }
        entry
    }
}

/// The past of one entity in one account, by buckets: of flows what was consumed in each, of stocks
/// the level at its end.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    first: u64,
    values: VecDeque<f32>,
}

impl Ring {
    /// The first bucket, counted from boot.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The bucket after the last.
    pub fn end(&self) -> u64 {
        self.first + self.values.len() as u64
    }

    /// The values of the buckets from `first` to before `end` that are known, in order.
    pub fn values(&self, first: u64, end: u64) -> impl Iterator<Item = f64> {
        let place = |bucket: u64| {
            let place = bucket.clamp(self.first, self.end()) - self.first;
            usize::try_from(place).unwrap_or(self.values.len())
        };
        let (first, end) = (place(first), place(end));
        self.values.range(first..end.max(first)).map(|value| f64::from(*value))
    }

    /// A ring of these values.
    #[cfg(test)]
    pub(crate) fn of(first: u64, values: &[f32]) -> Self {
        Self { first, values: values.iter().copied().collect() }
    }

    /// Every bucket with its value.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (u64, f32)> {
        (self.first..).zip(self.values.iter().copied())
    }

    /// Takes the value of the buckets up to `bucket`, `span` of them.
    pub(super) fn push(&mut self, bucket: u64, span: u64, value: f32) {
        for _ in 0..span.min(RING_BUCKETS as u64) {
            if self.values.len() == RING_BUCKETS {
                self.values.pop_front();
            }
            self.values.push_back(value);
        }
        self.first = (bucket + 1).saturating_sub(self.values.len() as u64);
    }
}

#[derive(Debug, Clone)]
struct Leader {
    id: EntityId,
    /// Where it was in the table when the last bucket was closed.
    place: usize,
    ring: Ring,
    /// The last bucket in which it was among the top.
    led: u64,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Leaders {
    opened: Option<u64>,
    closed: Option<u64>,
    lists: [Vec<Leader>; ACCOUNTS],
}

impl Leaders {
    /// Closes all buckets up to `bucket`. What was consumed since the last time is spread over them
    /// evenly: a late tick is an ordinary rate over its true time. Entities that have no entry are
    /// gone, and so is what was kept of them.
    pub(super) fn close(&mut self, bucket: u64, entries: &[Entry]) {
        let span = self.closed.map_or(1, |closed| bucket.saturating_sub(closed));
        if span == 0 {
            return;
        }
        self.closed = Some(bucket);
        self.opened.get_or_insert(bucket);
        for (account, list) in Account::ALL.into_iter().zip(&mut self.lists) {
            let close = Close { account, bucket, span, entries };
            close.lengthen(list);
            close.promote(list);
        }
    }

    /// The first bucket that was closed: a ring that begins there does not begin with a rise.
    pub fn opened(&self) -> Option<u64> {
        self.opened
    }

    /// The past of an entity, if it has one.
    pub fn ring(&self, account: Account, id: EntityId) -> Option<&Ring> {
        let list = &self.lists[account.index()];
        list.iter().find(|leader| leader.id == id).map(|leader| &leader.ring)
    }

    /// Takes the past of an entity that is gone.
    pub(super) fn take(&mut self, account: Account, id: EntityId) -> Option<Ring> {
        let list = &mut self.lists[account.index()];
        let at = list.iter().position(|leader| leader.id == id)?;
        Some(list.remove(at).ring)
    }

    /// Where those that have a past were in the table when the last bucket was closed.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.lists.iter().flatten().map(|leader| leader.place)
    }
}

/// The closing of one account's buckets.
struct Close<'a> {
    account: Account,
    bucket: u64,
    span: u64,
    entries: &'a [Entry],
}

impl Close<'_> {
    fn lengthen(&self, list: &mut Vec<Leader>) {
        list.retain_mut(|leader| {
            let Some(place) = find(self.entries, leader.id, leader.place) else { return false };
            leader.place = place;
            leader.ring.push(self.bucket, self.span, self.each(place));
            true
        });
    }

    fn promote(&self, list: &mut Vec<Leader>) {
        for place in Top::of(self.entries, self.account).places() {
            let id = self.entries[*place].id;
            if let Some(leader) = list.iter_mut().find(|leader| leader.id == id) {
                leader.led = self.bucket;
                continue;
            }
            let mut ring = Ring::default();
            if let Some(stock) = self.account.index().checked_sub(FLOWS)
                && let Some(before) = self.bucket.checked_sub(self.span)
            {
                ring.push(before, 1, self.entries[*place].begins[stock]);
            }
            ring.push(self.bucket, self.span, self.each(*place));
            list.push(Leader { id, place: *place, ring, led: self.bucket });
        }
        list.retain(|leader| self.bucket - leader.led < OUTSIDE_BUCKETS);
        while list.len() > KEPT
            && let Some(at) = (0..list.len()).min_by_key(|at| list[*at].led)
        {
            list.remove(at);
        }
    }

    /// The value of each of the buckets that are closed.
    fn each(&self, place: usize) -> f32 {
        let amount = self.entries[place].amounts[self.account.index()];
        if self.account.is_flow() { amount / self.span as f32 } else { amount }
    }
}

/// Where the entry of an entity is. Few entities come and go between two buckets, so it is near to
/// where it was.
fn find(entries: &[Entry], id: EntityId, hint: usize) -> Option<usize> {
    let is = |at: &usize| entries.get(*at).is_some_and(|entry| entry.id == id);
    if is(&hint) {
        return Some(hint);
    }
    let hint = hint.min(entries.len());
    let around = (1..=entries.len()).flat_map(|off| [hint.checked_sub(off), hint.checked_add(off)]);
    around.flatten().find(is)
}

/// The entries of the highest scores, found in one pass; of equal ones the first.
struct Top {
    scores: [f32; TOP],
    places: [usize; TOP],
    len: usize,
}

impl Top {
    fn of(entries: &[Entry], account: Account) -> Self {
        let mut top = Self { scores: [0.0; TOP], places: [0; TOP], len: 0 };
        for (place, entry) in entries.iter().enumerate() {
            top.take(place, entry.scores[account.index()]);
        }
        top
    }

    fn take(&mut self, place: usize, score: f32) {
        if score <= 0.0 || self.len == TOP && score <= self.scores[TOP - 1] {
            return;
        }
        let mut at = self.len.min(TOP - 1);
        while at > 0 && self.scores[at - 1] < score {
            self.scores[at] = self.scores[at - 1];
            self.places[at] = self.places[at - 1];
            at -= 1;
        }
        self.scores[at] = score;
        self.places[at] = place;
        self.len = (self.len + 1).min(TOP);
    }

    fn places(&self) -> &[usize] {
        &self.places[..self.len]
    }
}

#[cfg(test)]
mod tests;
