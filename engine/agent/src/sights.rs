//! What can be looked at more closely: numbers of what was read last, and of what was counted just
//! before it. Whoever hosts the agent answers; what was not recorded is absent, and a listing of
//! nothing says that nothing was there.

use alloc::vec::Vec;

use ks_vocabulary::decision::{
    Blocked, DiskUse, GroupUse, MemoryUse, NicUse, ProcessSettings, ProcessUse, Sockets, Space,
    Stalls, SwapUse, TcpUse,
};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::time::Timestamp;

/// Something with when it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<T> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub of: T,
}

/// Numbers of all things of a sort.
pub type Listing<T> = Option<Reading<Vec<(Entity, T)>>>;

/// What a host can be looked at for. Rates are those of the last ten seconds, of processes and of
/// what control groups consume of the last ten to twenty.
pub trait Sights {
    /// What each process holds and takes.
    fn process_uses(&self) -> Listing<ProcessUse>;
    /// The same of one.
    fn process_use(&self, key: (u64, u64)) -> Option<Reading<ProcessUse>>;
    /// How a process is set.
    fn process_settings(&self, key: (u64, u64)) -> Option<Reading<ProcessSettings>>;
    /// Memory of the host.
    fn memory_use(&self) -> Option<Reading<MemoryUse>>;
    /// What each disk does.
    fn disk_uses(&self) -> Listing<DiskUse>;
    /// What goes over each interface.
    fn nic_uses(&self) -> Listing<NicUse>;
    /// TCP of each network namespace.
    fn tcp_uses(&self) -> Listing<TcpUse>;
    /// Swapping over the last `ns`.
    fn swap_use(&self, ns: u64) -> Option<Reading<SwapUse>>;
    /// Processes with tasks that sleep uninterruptibly.
    fn blocked(&self) -> Listing<Blocked>;
    /// What a control group uses.
    fn group_use(&self, group: &Group) -> Option<Reading<GroupUse>>;
    /// Room of each filesystem.
    fn spaces(&self) -> Listing<Space>;
    /// Sockets of a process.
    fn sockets(&self, key: (u64, u64)) -> Option<Reading<Sockets>>;
    /// Stalls of the host.
    fn stalls(&self) -> Option<Reading<Stalls>>;
    /// Stalls of each control group.
    fn group_stalls(&self) -> Listing<Stalls>;
}
