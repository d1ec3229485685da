//! Whose the TCP sockets of each network namespace are, as far as that was read.
//!
//! Namespaces are listed at different times, and owners are read of those that a sample lists: a
//! row of `netns` with the states of its sockets says which those are.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ks_vocabulary::model::{Sample, SocketOwner};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::known::ProcessKey;

/// What was read longer ago says nothing of the present: a calm host is read every minute.
const AGE_MAX_NS: u64 = 90 * SECOND_NS;

/// The owners in one namespace, in the order of their processes, and when they were read.
#[derive(Debug, Default)]
struct Owners {
    at: Timestamp,
    rows: Vec<SocketOwner>,
}

impl Owners {
    /// The rows of a process.
    fn of(&self, (pid, start): ProcessKey) -> &[SocketOwner] {
        let own = (Some(pid), Some(start));
        let first = self.rows.partition_point(|row| key(row) < own);
        let rest = &self.rows[first..];
        &rest[..rest.partition_point(|row| key(row) == own)]
    }
}

fn key(row: &SocketOwner) -> (Option<u64>, Option<u64>) {
    (row.pid(), row.start_ticks())
}

/// Every namespace whose owners were read.
#[derive(Debug, Default)]
pub struct OwnerTable(BTreeMap<u64, Owners>);

impl OwnerTable {
    /// Takes a sample: what is too old is forgotten, and what is read anew replaced.
    pub(super) fn update(&mut self, sample: &Sample, mono: Timestamp) {
        self.0.retain(|_, owners| mono.since_ns(owners.at) <= AGE_MAX_NS);
        if sample.socket_owners.read().is_none() {
            return;
        }
        for row in sample.netns.iter().filter(|row| row.listen().is_some()) {
            let Some(inode) = row.netns() else { continue };
            let own = sample.socket_owners.iter().filter(|owner| owner.netns() == Some(inode));
            let mut rows: Vec<_> = own.cloned().collect();
            // They come in order, but for files that others wrote.
            rows.sort_by_key(key);
            self.0.insert(inode, Owners { at: mono, rows });
        }
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) {
        self.0.clear();
    }

    /// Who owns sockets of the namespace; nobody where that is not known.
    pub fn of(&self, netns: u64) -> impl Iterator<Item = &SocketOwner> {
        self.0.get(&netns).into_iter().flat_map(|owners| &owners.rows)
    }

    /// How many sockets a process of the namespace listens on; `None` where that was not read
    /// lately.
    pub fn listening(&self, netns: u64, key: ProcessKey) -> Option<u64> {
        Some(self.0.get(&netns)?.of(key).iter().filter_map(SocketOwner::listening).sum())
    }

    /// A process of the namespace with its sockets, and when they were read; those with few are
    /// left out where there are many.
    pub fn find(&self, netns: u64, key: ProcessKey) -> Option<(Timestamp, &SocketOwner)> {
        let owners = self.0.get(&netns)?;
        owners.of(key).first().map(|row| (owners.at, row))
    }

    /// Who owns sockets of any namespace.
    pub fn all(&self) -> impl Iterator<Item = &SocketOwner> {
        self.0.values().flat_map(|owners| &owners.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{NetnsCell, ReadTimes, SocketOwnerCell};

    /// A sample of namespaces (inode, whether listed), each with one owner where owners are read.
    fn sample(namespaces: &[(u64, bool)], pid: Option<u64>) -> Sample {
        let mut sample = Sample::default();
        for (inode, listed) in namespaces {
            let row = sample.netns.push();
            row.set(NetnsCell::netns, *inode);
            if *listed {
                row.set(NetnsCell::listen, 1u64);
            }
            if let Some(pid) = pid.filter(|_| *listed) {
                let row = sample.socket_owners.push();
                row.set(SocketOwnerCell::pid, pid);
                row.set(SocketOwnerCell::netns, *inode);
            }
        }
        if pid.is_some() {
            sample.socket_owners.set_read(ReadTimes::default());
        }
        sample
    }

    fn pids(table: &OwnerTable, netns: u64) -> Vec<u64> {
        table.of(netns).filter_map(SocketOwner::pid).collect()
    }

    #[test]
    fn owners_stay_until_their_namespace_is_read_anew_or_they_are_old() {
        let at = |second: u64| Timestamp(second * SECOND_NS);
        let mut table = OwnerTable::default();
        table.update(&sample(&[(1, true), (2, true)], Some(7)), at(0));
        table.update(&sample(&[(1, true), (2, false)], Some(8)), at(10));
        assert_eq!((pids(&table, 1), pids(&table, 2)), ([8].to_vec(), [7].to_vec()));
        table.update(&sample(&[(1, true), (2, true)], None), at(20));
        assert_eq!((pids(&table, 1), pids(&table, 2)), ([8].to_vec(), [7].to_vec()));
        assert_eq!(table.all().count(), 2);
        table.update(&sample(&[], None), at(95));
        assert_eq!((pids(&table, 1), pids(&table, 2)), ([8].to_vec(), [].to_vec()));
    }
}
