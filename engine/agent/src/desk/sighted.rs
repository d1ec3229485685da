//! What can be seen of the host for tests; nothing is, unless a test says so.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ks_vocabulary::decision::{
    Blocked, DiskUse, GroupUse, MemoryUse, NicUse, ProcessSettings, ProcessUse, Sockets, Space,
    Stalls, SwapUse, TcpUse,
};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::time::SECOND_NS;

use super::Desk;
use crate::facts::ProcessKey;
use crate::sights::{Listing, Reading, Sights};

/// Rows of a listing; `None` where it is not recorded.
type Rows<T> = Option<Vec<(Entity, T)>>;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sighted {
    pub(crate) processes: Rows<ProcessUse>,
    pub(crate) settings: BTreeMap<ProcessKey, ProcessSettings>,
    pub(crate) memory: Option<MemoryUse>,
    pub(crate) disks: Rows<DiskUse>,
    pub(crate) nics: Rows<NicUse>,
    pub(crate) namespaces: Rows<TcpUse>,
    /// Pages that went out a second, over the last second, the last two, and so on.
    pub(crate) swapped: Vec<f64>,
    pub(crate) blocked: Rows<Blocked>,
    pub(crate) groups: BTreeMap<Vec<u8>, GroupUse>,
    pub(crate) spaces: Rows<Space>,
    pub(crate) sockets: BTreeMap<ProcessKey, Sockets>,
    pub(crate) stalls: Option<Stalls>,
    pub(crate) group_stalls: Rows<Stalls>,
}

impl Desk {
    /// What was read at the last sample.
    fn read<T>(&self, of: T) -> Option<Reading<T>> {
        self.sampled.map(|at| Reading { at, of })
    }

    fn list<T: Copy>(&self, rows: Option<&Vec<(Entity, T)>>) -> Listing<T> {
        self.read(rows?.clone())
    }
}

impl Sights for Desk {
    fn process_uses(&self) -> Listing<ProcessUse> {
        self.list(self.sighted.processes.as_ref())
    }

    fn process_use(&self, (pid, start): ProcessKey) -> Option<Reading<ProcessUse>> {
        let rows = self.sighted.processes.as_ref()?;
        let own = rows.iter().find(|(entity, _)| *entity == Entity::Process(pid, start))?;
        self.read(own.1)
    }

    fn process_settings(&self, key: ProcessKey) -> Option<Reading<ProcessSettings>> {
        self.read(*self.sighted.settings.get(&key)?)
    }

    fn memory_use(&self) -> Option<Reading<MemoryUse>> {
        self.read(self.sighted.memory?)
    }

    fn disk_uses(&self) -> Listing<DiskUse> {
        self.list(self.sighted.disks.as_ref())
    }

    fn nic_uses(&self) -> Listing<NicUse> {
        self.list(self.sighted.nics.as_ref())
    }

    fn tcp_uses(&self) -> Listing<TcpUse> {
        self.list(self.sighted.namespaces.as_ref())
    }

    fn swap_use(&self, ns: u64) -> Option<Reading<SwapUse>> {
        let seconds = ns / SECOND_NS;
        let out = self.sighted.swapped.get(usize::try_from(seconds).ok()?.checked_sub(1)?)?;
        let over_s = Some(seconds as f64);
        self.read(SwapUse { out_pages_per_s: Some(*out), over_s, ..SwapUse::default() })
    }

    fn blocked(&self) -> Listing<Blocked> {
        self.list(self.sighted.blocked.as_ref())
    }

    fn group_use(&self, group: &Group) -> Option<Reading<GroupUse>> {
        self.read(*self.sighted.groups.get(&group.path)?)
    }

    fn spaces(&self) -> Listing<Space> {
        self.list(self.sighted.spaces.as_ref())
    }

    fn sockets(&self, key: ProcessKey) -> Option<Reading<Sockets>> {
        self.read(*self.sighted.sockets.get(&key)?)
    }

    fn stalls(&self) -> Option<Reading<Stalls>> {
        self.read(self.sighted.stalls?)
    }

    fn group_stalls(&self) -> Listing<Stalls> {
        self.list(self.sighted.group_stalls.as_ref())
    }
}
