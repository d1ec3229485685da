//! Sockets in CLOSE_WAIT of each network namespace, as its listings told them.
//!
//! The peer has closed, and the program here has not: a program that forgets to leaves more and
//! more of them. Namespaces are listed now and then, so what counts is that no listing of a long
//! while shows fewer than the one before.

use alloc::collections::{BTreeMap, VecDeque};

use ks_vocabulary::model::{Netns, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// Over this time, and in so many listings at least, growth without a fall is a leak (our
/// judgement: a pool that fills up does so at once, and is emptied within minutes).
const LASTS_NS: u64 = 600 * SECOND_NS;
const LISTINGS: usize = 5;
/// Listings closer together than this are one: the last of them counts.
const APART_NS: u64 = 60 * SECOND_NS;

/// A listing: when it was, and how many there were.
type Told = (Timestamp, u64);

/// See the module.
#[derive(Debug, Default)]
pub struct CloseWaits(BTreeMap<u64, VecDeque<Told>>);

impl CloseWaits {
    /// Takes a sample: namespaces that are gone are forgotten.
    pub(super) fn update(&mut self, sample: &Sample, mono: Timestamp) {
        if sample.netns.read().is_none() {
            return;
        }
        let known = |inode: &u64| sample.netns.iter().any(|row| row.netns() == Some(*inode));
        self.0.retain(|inode, _| known(inode));
        for row in sample.netns.iter() {
            if let (Some(inode), Some(count)) = (row.netns(), row.close_wait()) {
                take(self.0.entry(inode).or_default(), (mono, count));
            }
        }
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        self.0.clear();
    }

    /// How many there were when the namespace was listed last.
    pub fn last(&self, netns: u64) -> Option<u64> {
        self.0.get(&netns)?.back().map(|(_, count)| *count)
    }

    /// By how many they grew in the last ten minutes or a little more, without a fall, and how many
    /// there are; `None` where they fell, or too little is known.
    pub fn growth(&self, row: &Netns) -> Option<(u64, u64)> {
        let told = self.0.get(&row.netns()?)?;
        let (first, last) = (told.front()?, told.back()?);
        let is_long = last.0.since_ns(first.0) >= LASTS_NS && told.len() >= LISTINGS;
        let falls = told.iter().zip(told.iter().skip(1)).any(|(one, next)| next.1 < one.1);
        (is_long && !falls).then(|| (last.1 - first.1, last.1))
    }
}

/// Takes a listing; what is not needed to look back over the time is dropped.
fn take(told: &mut VecDeque<Told>, now: Told) {
    let before = told.len().checked_sub(2).and_then(|at| told.get(at));
    if before.is_some_and(|before| now.0.since_ns(before.0) < APART_NS) {
        told.pop_back();
    }
    told.push_back(now);
    while told.get(1).is_some_and(|next| now.0.since_ns(next.0) >= LASTS_NS)
        && told.len() > LISTINGS
    {
        told.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{NetnsCell, ReadTimes};

    /// What is known after listings every `every_s` of counts.
    fn growth(every_s: u64, counts: impl IntoIterator<Item = u64>) -> Option<(u64, u64)> {
        let mut waits = CloseWaits::default();
        for (at, count) in counts.into_iter().enumerate() {
            let mut sample = Sample::default();
            let row = sample.netns.push();
            row.set(NetnsCell::netns, 7u64);
            row.set(NetnsCell::close_wait, count);
            sample.netns.set_read(ReadTimes::default());
            waits.update(&sample, Timestamp(at as u64 * every_s * SECOND_NS));
            assert!(waits.0[&7].len() <= 12, "what is kept has an end");
        }
        let mut row = Netns::default();
        row.set(NetnsCell::netns, 7u64);
        waits.growth(&row)
    }

    #[test]
    fn growth_counts_where_it_lasts_and_never_falls() {
        assert_eq!(growth(1, 0..=600), Some((600, 600)));
        assert_eq!(growth(1, 0..=590), None, "not for ten minutes");
        assert_eq!(growth(60, (0..60).map(|at| at * 10)), Some((100, 590)), "of the last ten");
        assert_eq!(growth(60, (0..60).map(|at| if at == 55 { 0 } else { at })), None, "it fell");
        assert_eq!(growth(60, [5; 60]), Some((0, 5)));
        assert_eq!(growth(300, [1, 2, 3, 4]), None, "too few listings");
        assert_eq!(growth(300, [1, 2, 3, 4, 5]), Some((4, 5)));
    }
}
