//! Whose sockets or tasks use up what a network namespace, a control group or the host is short of.
//!
//! What an owner holds counts, and not its growth: a full queue is not healthy by being usual, and
//! owners are read now and then. A socket that several processes share is divided among them, so
//! that a pool of workers is found as a set.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::window::accept_room;
use ks_vocabulary::membership::belongs;
use ks_vocabulary::model::SocketOwner;
use ks_vocabulary::output::Culprit;

use super::counter::{
    ACCEPT_QUEUE, ACCEPT_QUEUE_WAITING, CLOSE_WAIT, Counter, LOCAL_PORTS, LOCAL_PORTS_NEW, THREADS,
};
use super::naming;
use super::parties::{Case, Party};

/// From this part of the ports in use on, those that have an owner tell who uses them (our
/// judgement). Below it most are in TIME_WAIT, and whoever opens new ones left those behind: a pool
/// of connections that stay is not to blame.
const OWNED_PART: f64 = 0.5;

impl Case<'_> {
    /// Who listens where connections wait for accept in the namespace.
    pub(crate) fn by_accept_queues(&self, netns: u64) -> Vec<Culprit> {
        let owners = || self.window.owners.of(netns).filter(|owner| owner.queue() > Some(0));
        let mut sharers: BTreeMap<u64, f64> = BTreeMap::new();
        for inode in owners().filter_map(SocketOwner::inode) {
            *sharers.entry(inode).or_default() += 1.0;
        }
        let shared = |owner: &SocketOwner| {
            owner.inode().and_then(|inode| sharers.get(&inode)).copied().unwrap_or(1.0)
        };
        let part = |owner: &SocketOwner, room: u64| {
            owner.queue().map_or(0.0, |queue| queue as f64 / room as f64 / shared(owner))
        };
        if owners().any(|owner| owner.backlog().is_some()) {
            let room = |owner: &SocketOwner| owner.backlog().map(accept_room);
            let fill = |owner: &SocketOwner| room(owner).map_or(0.0, |of| part(owner, of));
            return self.holders(ACCEPT_QUEUE, owners(), fill, 0.0);
        }
        self.holders(ACCEPT_QUEUE_WAITING, owners(), |owner| part(owner, 1), 0.0)
    }

    /// Who uses the local ports towards the largest destination of the namespace, of which so many
    /// are in use.
    pub(crate) fn by_local_ports(&self, netns: u64, used: u64) -> Vec<Culprit> {
        let owners = || self.window.owners.of(netns);
        let owned: u64 = owners().filter_map(SocketOwner::local_ports).sum();
        let ports = |owner: &SocketOwner| owner.local_ports().unwrap_or(0) as f64;
        if owned as f64 >= OWNED_PART * used as f64 {
            return self.holders(LOCAL_PORTS, owners(), ports, used as f64);
        }
        let new = |owner: &SocketOwner| owner.local_ports_new().unwrap_or(0) as f64;
        self.holders(LOCAL_PORTS_NEW, owners(), new, 0.0)
    }

    /// Who leaves sockets in CLOSE_WAIT, as parts of so many open files of the host.
    pub(crate) fn by_close_wait(&self, open_files: u64) -> Vec<Culprit> {
        let left = |owner: &SocketOwner| owner.close_wait().unwrap_or(0) as f64;
        self.holders(CLOSE_WAIT, self.window.owners.all(), left, open_files as f64)
    }

    /// Who leaves sockets in CLOSE_WAIT in the namespace, where there are so many.
    pub(crate) fn by_close_wait_in(&self, netns: u64, count: u64) -> Vec<Culprit> {
        let left = |owner: &SocketOwner| owner.close_wait().unwrap_or(0) as f64;
        self.holders(CLOSE_WAIT, self.window.owners.of(netns), left, count as f64)
    }

    /// Who has the tasks of the entity, of which there are so many.
    pub(crate) fn by_threads(&self, tasks: u64) -> Vec<Culprit> {
        let known = self.window.processes.iter().filter(|known| belongs(&known.row, self.entity));
        let parties: Vec<Party<'_>> = known
            .filter_map(|known| {
                let threads = known.row.threads().filter(|threads| *threads > 0)?;
                Some(Party::holder(self, known, threads as f64))
            })
            .collect();
        naming::holders(self, THREADS, &parties, tasks as f64)
    }

    /// Names those of `owners` who hold something. One who ended since is not known by its sets.
    fn holders<'o>(
        &self,
        counter: Counter,
        owners: impl Iterator<Item = &'o SocketOwner>,
        held: impl Fn(&SocketOwner) -> f64,
        whole: f64,
    ) -> Vec<Culprit> {
        let parties: Vec<Party<'_>> = owners
            .filter(|owner| held(owner) > 0.0)
            .filter_map(|owner| {
                let known = self.window.processes.find((owner.pid()?, owner.start_ticks()?))?;
                Some(Party::holder(self, known, held(owner)))
            })
            .collect();
        naming::holders(self, counter, &parties, whole)
    }
}
