//! What processes consumed that have ended, for as long as verdicts may ask: two hours.
//!
//! A fork bomb or a pool of workers consumes by processes of which none lives long. They are kept
//! in bundles: those with the same parent, control group and name add up, bucket by bucket. What an
//! ended process held is free again: it is kept as given back, for those that take its place.
//!
//! Processes that no reading saw are told by a tracer, by name and control group but not by parent.
//! One that lived short and was seen all the same counts twice for what it did until then.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

use super::account::{ACCOUNTS, Account, BUCKET_NS};
use super::known::ProcessKey;
use super::leaders::RING_BUCKETS;

/// Bundles kept; beyond them the one that was added to least lately goes.
const BUNDLES: usize = 256;

/// Processes that ended: siblings by parent, in one control group, of one name.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Their parent; where that ended too, its parent. (0, 0) where it is not known.
    pub parent: ProcessKey,
    /// Path of their control group; empty where only its inode is known.
    pub cgroup: Vec<u8>,
    /// Inode of their control group, of those that a tracer told; 0 of others.
    pub cgroup_inode: u64,
    /// Their name.
    pub comm: Vec<u8>,
    /// One of them: the only one where `count` is 1.
    pub process: ProcessKey,
    /// How many ended.
    pub count: u64,
    /// What they consumed in each bucket in which they did, and of stocks what they gave back.
    buckets: VecDeque<(u64, [f32; ACCOUNTS])>,
}

impl Bundle {
    /// Adds what one of them consumed in a bucket, or held of a stock as it ended in it.
    pub(super) fn add(&mut self, bucket: u64, account: Account, amount: f32) {
        let index = account.index();
        if amount <= 0.0 {
            return;
        }
        let at = self.buckets.partition_point(|(other, _)| *other < bucket);
        if self.buckets.get(at).is_none_or(|(other, _)| *other != bucket) {
            self.buckets.insert(at, (bucket, [0.0; ACCOUNTS]));
        }
        if let Some((_, amounts)) = self.buckets.get_mut(at) {
            amounts[index] += amount;
        }
        while self.buckets.front().is_some_and(|(first, _)| first + RING_BUCKETS as u64 <= bucket) {
            self.buckets.pop_front();
        }
    }

    /// The first bucket in which anything was consumed that is still known.
    pub fn first(&self) -> Option<u64> {
        self.buckets.front().map(|(bucket, _)| *bucket)
    }

    /// What was consumed, or given back, in each bucket from `first` to before `end`, in order; a
    /// bucket in which nothing was is left out.
    pub fn amounts(
        &self,
        account: Account,
        first: u64,
        end: u64,
    ) -> impl Iterator<Item = (u64, f64)> {
        let begin = self.buckets.partition_point(|(bucket, _)| *bucket < first);
        let known = self.buckets.iter().skip(begin).take_while(move |(bucket, _)| *bucket < end);
        known.filter_map(move |(bucket, amounts)| {
            amounts.get(account.index()).map(|amount| (*bucket, f64::from(*amount)))
        })
    }

    fn last(&self) -> u64 {
        self.buckets.back().map_or(0, |(bucket, _)| *bucket)
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        for (bucket, amounts) in &other.buckets {
            for (account, amount) in Account::ALL.into_iter().zip(amounts) {
                self.add(*bucket, account, *amount);
            }
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// In the order of their keys.
    bundles: Vec<Bundle>,
}

/// Parent, inode and path of the control group, and name.
type Key<'a> = (ProcessKey, u64, &'a [u8], &'a [u8]);

fn key(bundle: &Bundle) -> Key<'_> {
    (bundle.parent, bundle.cgroup_inode, &bundle.cgroup, &bundle.comm)
}

impl Ended {
    /// Counts processes that lived between two readings.
    pub(super) fn update(&mut self, sample: &Sample, mono: Timestamp, host: &HostFacts) {
        let Some(read) = sample.bpf_short_lived.read() else { return };
        let bucket = mono.offset_ns(read.middle_ns()).0 / BUCKET_NS;
        for row in sample.bpf_short_lived.iter() {
            let cpu_ticks = row.cpu_ns().unwrap_or(0) as f32 / 1e9 * host.user_hz as f32;
            let bytes =
                row.read_bytes().unwrap_or(0).saturating_add(row.write_bytes().unwrap_or(0));
            let (inode, comm) = (row.cgroup_inode().unwrap_or(0), row.comm().unwrap_or_default());
            let bundle = self.bundle((ProcessKey::default(), inode, &[], comm));
            bundle.count = bundle.count.saturating_add(row.count().unwrap_or(0));
            bundle.add(bucket, Account::CpuTime, cpu_ticks);
            bundle.add(bucket, Account::IoBytes, bytes as f32);
            bundle.add(bucket, Account::Written, row.write_bytes().unwrap_or(0) as f32);
        }
    }

    /// The bundle that a process which ended belongs to, with it counted.
    pub(super) fn count(
        &mut self,
        process: ProcessKey,
        parent: ProcessKey,
        cgroup: &[u8],
        comm: &[u8],
    ) -> &mut Bundle {
        let bundle = self.bundle((parent, 0, cgroup, comm));
        bundle.count = bundle.count.saturating_add(1);
        bundle.process = process;
        bundle
    }

    fn bundle(&mut self, wanted: Key<'_>) -> &mut Bundle {
        let at = self.find(wanted).unwrap_or_else(|at| {
            let at = self.make_room(at);
            let (parent, cgroup_inode, cgroup, comm) = wanted;
            self.bundles.insert(
                at,
                Bundle {
                    parent,
                    cgroup: cgroup.to_vec(),
                    cgroup_inode,
                    comm: comm.to_vec(),
                    process: ProcessKey::default(),
                    count: 0,
                    buckets: VecDeque::new(),
                },
            );
            at
        });
        &mut self.bundles[at]
    }

    /// Hands the bundles of a parent that ended to its own parent, so that its tree stays one.
    pub(super) fn hand_over(&mut self, from: ProcessKey, to: ProcessKey) {
        let orphans = self.children(from);
        if orphans.is_empty() || from == to {
            return;
        }
        let moved: Vec<Bundle> = self.bundles.drain(orphans).collect();
        for bundle in moved {
            match self.find((to, bundle.cgroup_inode, &bundle.cgroup, &bundle.comm)) {
                Ok(at) => self.bundles[at].merge(&bundle),
                Err(at) => self.bundles.insert(at, Bundle { parent: to, ..bundle }),
            }
        }
    }

    /// Whether a process had children that ended.
    pub(super) fn has_children(&self, parent: ProcessKey) -> bool {
        !self.children(parent).is_empty()
    }

    /// Every bundle, in the order of parent, control group and name.
    pub fn iter(&self) -> core::slice::Iter<'_, Bundle> {
        self.bundles.iter()
    }

    fn children(&self, parent: ProcessKey) -> core::ops::Range<usize> {
        let begin = self.bundles.partition_point(|bundle| bundle.parent < parent);
        let end = self.bundles.partition_point(|bundle| bundle.parent <= parent);
        begin..end
    }

    fn find(&self, wanted: Key<'_>) -> Result<usize, usize> {
        self.bundles.binary_search_by(|bundle| key(bundle).cmp(&wanted))
    }

    /// Makes room for one more bundle, which is to stand at `at`; returns where that is then.
    fn make_room(&mut self, at: usize) -> usize {
        if self.bundles.len() < BUNDLES {
            return at;
        }
        let oldest = (0..self.bundles.len()).min_by_key(|at| self.bundles[*at].last());
        let Some(oldest) = oldest else { return at };
        self.bundles.remove(oldest);
        if oldest < at { at - 1 } else { at }
    }
}

#[cfg(test)]
mod tests;
