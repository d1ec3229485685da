//! The classifiers: one file for each kind, one entry for each in [`ALL`].

mod alone;
mod block_device_saturation;
mod busy;
mod io_congestion;
mod latency;
mod load_mismatch;
mod memory_pressure;
mod network_degradation;
mod niced;
mod page_cost;
mod page_fault;
mod queue;
mod recurring;
mod scheduler;
mod served;
mod sleepers;
mod soon;
mod stall;
mod swap_thrashing;
mod syscall;
mod tcp_exhaustion;

use crate::board::{Board, Cover};
use crate::culprit::{Blamed, Case};
use crate::window::{CgroupTrack, EntityId, Missing, Window};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::model::Cgroup;

/// Judges one kind on every entity it applies to.
pub(crate) trait Classifier: Sync {
    /// The kind.
    fn kind(&self) -> Kind;
    /// Reads the window and reports to the board: evaluations of entities, and coverage.
    fn evaluate(&self, window: &Window, board: &mut Board);
    /// Who is to blame, and who suffers; nobody where no counter of the host says who.
    fn blame(&self, _case: &Case<'_>) -> Blamed {
        Blamed::default()
    }
}

/// The one that judges `kind`.
pub(crate) fn of(kind: Kind) -> &'static dyn Classifier {
    ALL[kind.index()]
}

/// Every classifier, in the order of evaluation, which is that of the kinds.
pub(crate) const ALL: [&dyn Classifier; Kind::COUNT] = [
    &memory_pressure::MemoryPressure,
    &load_mismatch::LoadMismatch,
    &io_congestion::IoCongestion,
    &network_degradation::NetworkDegradation,
    &tcp_exhaustion::TcpExhaustion,
    &swap_thrashing::SwapThrashing,
    &block_device_saturation::BlockDeviceSaturation,
    &scheduler::Scheduler,
    &syscall::Syscall,
    &page_fault::PageFault,
];

/// Persistence of each severity.
const PERSISTENCE_S: [u64; 4] = [5, 5, 10, 30];

/// Says that a kind's control groups are not judged where they were never read.
fn cover_groups(window: &Window, board: &mut Board, kind: Kind) {
    if window.cgroups.at().is_none() {
        board.cover(kind, Cover::Part("control groups: not in the recording"));
    }
}

/// Whether a quantity is not given: it is no evidence then, and is not taken for zero.
fn is_absent<T>(found: &Result<T, Missing>) -> bool {
    found.as_ref().is_err_and(|missing| missing.is_not_given())
}

/// Every control group but the root, which is the host under another name.
fn groups(window: &Window) -> impl Iterator<Item = (EntityId, &Cgroup, &CgroupTrack)> {
    window.cgroups.entities().filter(|(_, row, _)| row.path() != Some(b"/"))
}

#[cfg(test)]
mod tests;
