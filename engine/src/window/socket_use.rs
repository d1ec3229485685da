//! How full the accept queues and ports of each network namespace were when its sockets were last
//! listed.
//!
//! Namespaces are listed at different times, and a sample holds only those that were: a row of
//! `netns` with the states of its sockets says that the namespace was listed with it.

use alloc::collections::{BTreeMap, BTreeSet};

use ks_vocabulary::model::{Listener, Netns, PortUse, Sample};

/// What the last listing of a namespace showed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SocketUse {
    /// Local ports in use towards the destination that has most of them.
    pub local_ports: Option<u64>,
    /// Queue and room of the accept queue that is fullest for its room.
    pub accept_queue: Option<(u64, u64)>,
}

impl SocketUse {
    fn of(sample: &Sample, netns: Option<u64>) -> Self {
        let ports = sample.ports.iter().filter(|port| port.netns() == netns);
        let listeners = sample.listeners.iter().filter(|listener| listener.netns() == netns);
        let queues = listeners.filter_map(|listener: &Listener| {
            Some((listener.queue()?, accept_room(listener.backlog()?)))
        });
        Self {
            local_ports: ports.filter_map(PortUse::local_ports).max(),
            accept_queue: queues.reduce(fuller),
        }
    }
}

/// How many connections an accept queue takes: one more than its backlog, since the kernel compares
/// with greater than (`sk_acceptq_is_full`).
pub fn accept_room(backlog: u64) -> u64 {
    backlog.saturating_add(1)
}

/// The queue that is fuller for its room; of equals the first.
fn fuller(one: (u64, u64), other: (u64, u64)) -> (u64, u64) {
    let part = |used: u64, room: u64| u128::from(used) * u128::from(room);
    if part(other.0, one.1) > part(one.0, other.1) { other } else { one }
}

/// Every namespace whose sockets were listed.
#[derive(Debug, Default)]
pub struct SocketTable {
    uses: BTreeMap<u64, SocketUse>,
    /// Namespace and local port of each socket that listens.
    listened: BTreeSet<(u64, u64)>,
}

impl SocketTable {
    /// Takes a sample: namespaces that are gone are forgotten, those not listed keep what they had.
    pub(super) fn update(&mut self, sample: &Sample) {
        if sample.netns.read().is_none() {
            return;
        }
        let known = |inode: &u64| sample.netns.iter().any(|row| row.netns() == Some(*inode));
        self.uses.retain(|inode, _| known(inode));
        self.listened.retain(|(inode, _)| known(inode));
        for row in sample.netns.iter().filter(|row| row.listen().is_some()) {
            let Some(inode) = row.netns() else { continue };
            self.uses.insert(inode, SocketUse::of(sample, row.netns()));
            let own = sample.listeners.iter().filter(|one| one.netns() == Some(inode));
            let ports = own.filter_map(Listener::port);
            self.listened.retain(|(other, _)| *other != inode);
            self.listened.extend(ports.map(|port| (inode, port)));
        }
    }

    /// Whether someone listens on a local port from `low` to `high`, in any namespace; `None` where
    /// no namespace was listed.
    pub fn listens_within(&self, low: u64, high: u64) -> Option<bool> {
        let is_within = |(_, port): &(u64, u64)| (low..=high).contains(port);
        (!self.uses.is_empty()).then(|| self.listened.iter().any(is_within))
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        self.uses.clear();
        self.listened.clear();
    }

    /// What the last listing of the namespace showed; `None` where there was none.
    pub fn of(&self, row: &Netns) -> Option<SocketUse> {
        self.uses.get(&row.netns()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{ListenerCell, NetnsCell, PortUseCell, ReadTimes};

    /// A sample of the namespaces (inode, whether listed, ports, queue of 10).
    fn sample(namespaces: &[(u64, bool, u64, u64)]) -> Sample {
        let mut sample = Sample::default();
        for (inode, listed, ports, queue) in namespaces {
            let row = sample.netns.push();
            row.set(NetnsCell::netns, *inode);
            if *listed {
                row.set(NetnsCell::listen, 1u64);
                let row = sample.ports.push();
                row.set(PortUseCell::netns, *inode);
                row.set(PortUseCell::local_ports, *ports);
                for (queue, backlog) in [(1, 100u64), (*queue, 10), (0, 0)] {
                    let row = sample.listeners.push();
                    row.set(ListenerCell::netns, *inode);
                    row.set(ListenerCell::queue, queue);
                    row.set(ListenerCell::backlog, backlog);
                }
            }
        }
        sample.netns.set_read(ReadTimes::default());
        sample
    }

    fn seen(table: &SocketTable, inode: u64) -> Option<(u64, u64)> {
        let mut row = Netns::default();
        row.set(NetnsCell::netns, inode);
        let seen = table.of(&row)?;
        Some((seen.local_ports?, seen.accept_queue?.0))
    }

    #[test]
    fn a_namespace_keeps_what_it_showed_until_it_is_listed_again_or_gone() {
        let mut table = SocketTable::default();
        table.update(&sample(&[(1, true, 5, 3), (2, true, 7, 4)]));
        table.update(&sample(&[(1, true, 6, 2), (2, false, 0, 0)]));
        assert_eq!((seen(&table, 1), seen(&table, 2)), (Some((6, 2)), Some((7, 4))));
        table.update(&Sample::default());
        assert_eq!(seen(&table, 2), Some((7, 4)), "not read is not gone");
        table.update(&sample(&[(1, false, 0, 0)]));
        assert_eq!((seen(&table, 1), seen(&table, 2)), (Some((6, 2)), None));
    }

    #[test]
    fn a_queue_takes_one_more_than_its_backlog() {
        let mut sample = sample(&[(1, true, 5, 3)]);
        sample.listeners.as_mut_slice()[2].set(ListenerCell::queue, 1u64);
        let mut table = SocketTable::default();
        table.update(&sample);
        let mut row = Netns::default();
        row.set(NetnsCell::netns, 1u64);
        assert_eq!(table.of(&row).and_then(|seen| seen.accept_queue), Some((1, 1)));
    }

    #[test]
    fn the_fullest_queue_counts_by_its_room() {
        let mut table = SocketTable::default();
        table.update(&sample(&[(1, true, 5, 0)]));
        assert_eq!(seen(&table, 1), Some((5, 1)), "1 of 100 is more than 0 of 10");
        table.update(&sample(&[(1, true, 5, 1)]));
        assert_eq!(seen(&table, 1), Some((5, 1)));
    }
}
