//! `syscall`: system calls are slow, fail, or meet a limit.
//!
//! # What it sees
//! Subtype `resource_limit`: used shares of filesystems and their inodes, of process ids on the
//! host and in control groups, of the descriptors of a process. From `bpf/syscall`, of the host:
//! latency by class (subtype `slow`), calls refused for lack of a resource (`refused`), their rate.
//! # Why it matters
//! At the limit the next call fails: ENOSPC, EAGAIN, EMFILE.
//! # Evidence
//! The used share of each resource with its limit; free space where it is small and falls; forks
//! that a group was refused. Of calls that are refused how many by which error, and of ENOSPC the
//! filesystems that are full.
//! # False positives
//! Filesystems without a size and read-only ones are never full; a small share of a huge one is
//! much room, and little that is left of a small one may last for months. Those of boot loaders and
//! those in memory are sized for what they hold, and full by design. So are the limits of tasks of
//! services (`TasksMax=1`): below twenty a share says nothing, and where no fork is refused it is
//! low. Waiting (epoll, futex, sleep, reads of pipes and sockets) is no slowness: that class is
//! never judged. Calls to storage may take longer where a disk that seeks does work, and what one
//! stall made late is low.
//! # Second source
//! A share of space wants little room, or a pace that ends it, and of what is small or in memory
//! refused calls; a share of process ids wants tasks that use up what is left within hours, or
//! forks that are refused; a slow percentile wants time lost; a call that was refused is harm
//! itself, counted where it failed and not where the limit stands.

use crate::analysis::resources::space_used;
use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case, NAMED, WRITTEN, victim};
use crate::window::Window;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::unit::Unit;

use super::Classifier;

mod calls;
mod space;
mod tasks;

const KIND: Kind = Kind::Syscall;

/// See the module.
#[derive(Debug)]
pub(super) struct Syscall;

/// Used share of process ids that are used up soon, and of descriptors (our judgement).
const COUNTS: [Option<f64>; 4] = [None, Some(0.80), Some(0.90), Some(0.95)];
const LIMIT: Subtype = Subtype::ResourceLimit;
/// What callers are told by, with the unit of its amount.
const REFUSALS: (Metric, Unit) = (Metric::RefusedCalls, Unit::One);
const SLOWNESS: (Metric, Unit) = (Metric::SlowCalls, Unit::Nanoseconds);

impl Classifier for Syscall {
    fn kind(&self) -> Kind {
        KIND
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        judge_filesystems(window, board);
        tasks::judge_host(window, board);
        tasks::judge_groups(window, board);
        judge_descriptors(window, board);
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        if let Entity::Filesystem(mount) = case.entity {
            if space::is_in_memory(case.window, mount) {
                return Blamed::default();
            }
            let mut culprits = case.of_all().by(WRITTEN);
            // Who writes is known of the host, and not of the filesystem.
            if !space::is_written_full(case.window, mount) {
                for culprit in &mut culprits {
                    culprit.convicted = false;
                }
            }
            return Blamed { culprits, ..Blamed::default() };
        }
        let window = case.window;
        let own = calls::meets_own_limit(window);
        let mut victims = space::full(window);
        if calls::are_slow(window) {
            victims.extend(victim::callers(window, SLOWNESS, false, |calls| calls.slow_ns));
            victims.truncate(NAMED);
        }
        let of_tasks = tasks::blame(case);
        let culprits = of_tasks
            .unwrap_or_else(|| victim::callers(window, REFUSALS, own, |calls| calls.refused));
        Blamed { culprits, victims }
    }
}

fn judge_filesystems(window: &Window, board: &mut Board) {
    let Some(at) = window.filesystems.at() else {
        return board.cover(KIND, Cover::Part("space of filesystems: not in the recording"));
    };
    if !window.filesystems.is_fresh() {
        return;
    }
    let has_no_space = space::was_refused(window);
    for (id, row, track) in window.filesystems.entities() {
        if row.limited().is_none() {
            let part = "space of filesystems that are not asked (fuse, nfs and the like)";
            board.cover(KIND, Cover::Part(part));
        }
        if row.read_only() == Some(true) || row.limited() != Some(true) {
            continue;
        }
        if space_used(row).is_none() {
            board.cover(KIND, Cover::Part("space of a filesystem: not in the recording"));
        }
        let mut seen = space::look_at(row, track, has_no_space);
        let entity = || Entity::Filesystem(row.mount().unwrap_or_default().to_vec());
        board.judge(KIND, id, at, &mut seen, entity);
    }
}

fn grade(seen: &mut Evaluation, metric: Metric, value: Option<f64>, limits: [Option<f64>; 4]) {
    if let Some(value) = value {
        let quantity = Quantity { metric, value, limits };
        seen.grade(quantity, Held::Counts, Relax::Share);
    }
}

/// Descriptors are counted for few processes, and only while some signal stands.
fn judge_descriptors(window: &Window, board: &mut Board) {
    let Some(at) = window.processes.at() else { return };
    for known in window.processes.iter() {
        let row = &known.row;
        if let (Some(open), Some(max @ 1..)) = (row.open_files(), row.open_files_max()) {
            let mut seen = Evaluation::of(LIMIT);
            grade(&mut seen, Metric::OpenFilesShare, Some(open as f64 / max as f64), COUNTS);
            let pid = row.pid().unwrap_or(0);
            let start = row.start_ticks().unwrap_or(0);
            board.judge(KIND, known.id, at, &mut seen, || Entity::Process(pid, start));
        }
    }
}

#[cfg(test)]
mod tests;
