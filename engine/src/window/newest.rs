//! How much a level grew in the newest readings.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::history::Growth;

/// Growth is told of at least so long, and of little more (our judgement: well below the shortest
/// persistence, so that what ended is not told of for as long as that).
const NEWEST_NS: u64 = 2 * SECOND_NS;

/// A level at the last reading, and at two before it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Newest {
    begins: [Option<(Timestamp, u64)>; 2],
    last: Option<(Timestamp, u64)>,
}

impl Newest {
    /// Takes a reading.
    pub fn push(&mut self, at: Timestamp, level: u64) {
        let [older, newer] = self.begins;
        if newer.is_none_or(|(begin, _)| at.since_ns(begin) >= NEWEST_NS) {
            self.begins = [newer.or(older), Some((at, level))];
        }
        self.last = Some((at, level));
    }

    /// Growth since the second last reading of those that are so long apart; nothing where the
    /// level fell, or where there is no such reading.
    pub fn growth(&self) -> Growth {
        let growth = || {
            let ((begin, first), (end, last)) = (self.begins[0]?, self.last?);
            Some(Growth { by: last.saturating_sub(first), ns: end.since_ns(begin) })
        };
        growth().unwrap_or(Growth { by: 0, ns: 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn what_ended_is_told_of_for_less_than_the_shortest_persistence() {
        let mut newest = Newest::default();
        let grew = (0..20u64).map(|second| {
            newest.push(Timestamp((100 + second) * SECOND_NS), second.min(10));
            newest.growth().by
        });
        let grew: Vec<u64> = grew.collect();
        assert_eq!(grew[..6], [0, 0, 2, 3, 2, 3], "from the second reading that is so far off");
        assert_eq!(grew[10..], [2, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn readings_that_are_rare_tell_of_the_last_interval_and_what_falls_does_not_grow() {
        let mut newest = Newest::default();
        for (second, level, by, ns) in
            [(0, 5, 0, 1), (10, 7, 2, 10), (20, 8, 1, 10), (30, 1, 0, 10)]
        {
            newest.push(Timestamp((100 + second) * SECOND_NS), level);
            let ns = if ns > 1 { ns * SECOND_NS } else { 1 };
            assert_eq!(newest.growth(), Growth { by, ns }, "after {second} s");
        }
    }
}
