//! What is undone when, by CLOCK_BOOTTIME, and tried again where that fails.

use std::collections::BTreeMap;

use crate::clock::SECOND_NS;

/// What fails is tried again after so long, then after twice as long, up to the most.
const PAUSE_S: u64 = 1;
const PAUSE_S_MAX: u64 = 60;

/// A request that is undone by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    /// Which.
    pub(crate) request: u64,
    /// How often that failed.
    failures: u32,
}

impl Item {
    /// It was not tried yet.
    pub(crate) fn is_new(self) -> bool {
        self.failures == 0
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Due(BTreeMap<u64, Vec<Item>>);

impl Due {
    /// One is undone then.
    pub(crate) fn add(&mut self, at_ns: u64, request: u64) {
        self.put(at_ns, Item { request, failures: 0 });
    }

    /// One failed.
    pub(crate) fn again(&mut self, item: Item, now_ns: u64) {
        let doubled = PAUSE_S.checked_shl(item.failures).unwrap_or(PAUSE_S_MAX);
        let pause_ns = doubled.min(PAUSE_S_MAX) * SECOND_NS;
        let failures = item.failures.saturating_add(1);
        self.put(now_ns.saturating_add(pause_ns), Item { failures, ..item });
    }

    /// One comes then.
    pub(crate) fn put(&mut self, at_ns: u64, item: Item) {
        self.0.entry(at_ns).or_default().push(item);
    }

    /// Those whose time is over.
    pub(crate) fn take(&mut self, now_ns: u64) -> Vec<Item> {
        let later = self.0.split_off(&now_ns.saturating_add(1));
        let over = std::mem::replace(&mut self.0, later);
        over.into_values().flatten().collect()
    }

    /// One is undone already, or stays.
    pub(crate) fn forget(&mut self, request: u64) {
        self.0.retain(|_, items| {
            items.retain(|one| one.request != request);
            !items.is_empty()
        });
    }

    /// When the next one is.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.0.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_when_their_time_is_over_and_not_when_they_are_forgotten() {
        let mut due = Due::default();
        for (at_ns, request) in [(10, 1), (10, 2), (11, 3)] {
            due.add(at_ns, request);
        }
        assert!(due.take(9).is_empty());
        due.forget(2);
        let requests = |items: Vec<Item>| items.iter().map(|one| one.request).collect::<Vec<_>>();
        assert_eq!(requests(due.take(10)), [1]);
        assert_eq!(due.next_ns(), Some(11));
        assert_eq!(requests(due.take(u64::MAX)), [3]);
        assert_eq!(due.next_ns(), None);
    }

    #[test]
    fn what_fails_comes_again_later_and_later_for_ever() {
        let mut due = Due::default();
        due.add(0, 1);
        let mut pauses = Vec::new();
        for _ in 0..100 {
            let now_ns = due.next_ns().unwrap();
            let item = due.take(now_ns)[0];
            assert_eq!(item.is_new(), pauses.is_empty());
            due.again(item, now_ns);
            pauses.push((due.next_ns().unwrap() - now_ns) / SECOND_NS);
        }
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses.last(), Some(&60));
    }
}
