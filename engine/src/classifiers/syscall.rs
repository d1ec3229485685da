//! `syscall`: system calls are slow, fail, or meet a limit.
//!
//! # What it sees
//! Subtype `resource_limit`: used shares of filesystems and their inodes, of process ids on the
//! host and in control groups, of the descriptors of a process. From `bpf/syscall`, of the host:
//! latency by class (subtype `slow`), calls refused for lack of a resource (`refused`), their rate.
//! # Why it matters
//! At the limit the next call fails: ENOSPC, EAGAIN, EMFILE.
//! # Evidence
//! The used share of each resource with its limit; free space where it is small and falls.
//! # False positives
//! Filesystems without a size and read-only ones are never full; a small share of a huge one is
//! much room, and little that is left of a small one may last for months. Waiting (epoll, futex,
//! sleep, reads of pipes and sockets) is no slowness: that class is never judged.

use crate::analysis::resources::{inodes_used, space_used, tasks_max};
use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case, WRITTEN, victim};
use crate::window::{Call, CallClass, HOST, Latency, Missing, SpaceTrack, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Filesystem, Load};
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;
use ks_vocabulary::unit::Unit;

use super::latency::{self, LatencyLimits};
use super::{Classifier, groups, is_absent};

const KIND: Kind = Kind::Syscall;

/// See the module.
#[derive(Debug)]
pub(super) struct Syscall;

/// Used share of space and of inodes (our judgement).
const SPACE: [Option<f64>; 4] = [Some(0.80), Some(0.85), Some(0.92), Some(0.97)];
/// Chunks of metadata take 1 GiB of each of two devices or places at most, and a tenth of a small
/// filesystem (`fs/btrfs/volumes.c`, `decide_stripe_size_regular`): less cannot become one.
const CHUNK_BYTES: u64 = 2 * GIB;
/// Used share of metadata from which on refused calls are its own (our judgement: promises are held
/// back as well, which are no part of it).
const METADATA_REFUSES: f64 = 0.75;
/// Used share of process ids and of descriptors (our judgement).
const COUNTS: [Option<f64>; 4] = [None, Some(0.80), Some(0.90), Some(0.95)];
/// Less than this is medium at least where it is gone within so long at the pace at hand (our
/// judgement; the time is the horizon of forecasts of space).
const LITTLE_BYTES: u64 = GIB;
const SOON_NS: u64 = 4 * 3_600 * SECOND_NS;
/// With so much room a share says nothing by itself at each severity, unless it is gone soon (our
/// judgement: what a log or a dump can fill within a day).
const ROOM_BYTES: [u64; 4] = [u64::MAX, 100 * GIB, 50 * GIB, 20 * GIB];
const GIB: u64 = 1024 * 1024 * 1024;
const LIMIT: Subtype = Subtype::ResourceLimit;
/// Latency of each class that is judged (storage and metadata: the origin's values; the others are
/// our judgement).
const LATENCIES: [(CallClass, LatencyLimits); 4] = [
    (
        CallClass::Storage,
        LatencyLimits {
            metrics: [
                Metric::StorageP99Over5s,
                Metric::StorageP99Over10s,
                Metric::StorageP99Over30s,
            ],
            limits: [10.0, 100.0, 500.0, 1000.0],
        },
    ),
    (
        CallClass::Metadata,
        LatencyLimits {
            metrics: [
                Metric::MetadataP99Over5s,
                Metric::MetadataP99Over10s,
                Metric::MetadataP99Over30s,
            ],
            limits: [10.0, 100.0, 500.0, 1000.0],
        },
    ),
    (
        CallClass::Memory,
        LatencyLimits {
            metrics: [Metric::MemoryP99Over5s, Metric::MemoryP99Over10s, Metric::MemoryP99Over30s],
            limits: [10.0, 50.0, 200.0, 1000.0],
        },
    ),
    (
        CallClass::Process,
        LatencyLimits {
            metrics: [
                Metric::ProcessP99Over5s,
                Metric::ProcessP99Over10s,
                Metric::ProcessP99Over30s,
            ],
            limits: [10.0, 50.0, 200.0, 1000.0],
        },
    ),
];
/// What callers are told by, with the unit of its amount.
const REFUSALS: (Metric, Unit) = (Metric::RefusedCalls, Unit::One);
const SLOWNESS: (Metric, Unit) = (Metric::SlowCalls, Unit::Nanoseconds);
/// Calls a second that are refused for lack of a resource: one is medium (our judgement).
const REFUSED: [Option<f64>; 4] = [None, None, Some(10.0), None];

impl Classifier for Syscall {
    fn kind(&self) -> Kind {
        KIND
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        judge_filesystems(window, board);
        judge_host(window, board);
        judge_groups(window, board);
        judge_descriptors(window, board);
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        if matches!(case.entity, Entity::Filesystem(_)) {
            let culprits = case.of_all().by(WRITTEN);
            return Blamed { culprits, ..Blamed::default() };
        }
        let window = case.window;
        let own = meets_own_limit(window);
        Blamed {
            culprits: victim::callers(window, REFUSALS, own, |calls| calls.refused),
            victims: victim::callers(window, SLOWNESS, false, |calls| calls.slow_ns),
        }
    }
}

/// Whether calls were refused for the descriptors of their own processes, which nobody else uses
/// up: nine in ten of the last ten seconds (our judgement).
fn meets_own_limit(window: &Window) -> bool {
    let grown = |what| {
        let track = window.bpf_syscall.track().ok()?;
        track.over(what, 10 * SECOND_NS).ok().map(|growth| growth.by)
    };
    let both = grown(Call::NoDescriptor).zip(grown(Call::Refused));
    both.is_some_and(|(own, all)| own > 0 && own as f64 >= 0.9 * all as f64)
}

fn judge_filesystems(window: &Window, board: &mut Board) {
    let Some(at) = window.filesystems.at() else {
        return board.cover(KIND, Cover::Part("space of filesystems: not in the recording"));
    };
    if !window.filesystems.is_fresh() {
        return;
    }
    let refused = window.bpf_syscall.track().ok();
    let refused = refused.and_then(|track| track.over(Call::NoSpace, 10 * SECOND_NS).ok());
    let has_no_space = refused.is_some_and(|growth| growth.by > 0);
    for (id, row, track) in window.filesystems.entities() {
        if row.limited().is_none() {
            let part = "space of filesystems that were not asked (FUSE, network)";
            board.cover(KIND, Cover::Part(part));
        }
        if row.read_only() == Some(true) || row.limited() != Some(true) {
            continue;
        }
        if space_used(row).is_none() {
            board.cover(KIND, Cover::Part("space of a filesystem: not in the recording"));
        }
        let mut seen = look_at(row, track);
        grade_metadata(&mut seen, row, has_no_space);
        let entity = || Entity::Filesystem(row.mount().unwrap_or_default().to_vec());
        board.judge(KIND, id, at, &mut seen, entity);
    }
}

fn look_at(row: &Filesystem, track: &SpaceTrack) -> Evaluation {
    let mut seen = Evaluation::of(LIMIT);
    seen.know([true; 4]);
    let ends_soon = track.full_in_ns().is_some_and(|ns| ns <= SOON_NS);
    let available = row.available_bytes();
    let has_room = |level: usize| available.is_some_and(|bytes| bytes >= ROOM_BYTES[level]);
    let limits = core::array::from_fn(|level| {
        SPACE[level].filter(|_| ends_soon || level == 0 || !has_room(level))
    });
    grade(&mut seen, Metric::SpaceUsedShare, space_used(row), limits);
    grade(&mut seen, Metric::InodesUsedShare, inodes_used(row), SPACE);
    if let Some(available) = available {
        let is_little = available < LITTLE_BYTES && ends_soon;
        let limit = is_little.then_some(LITTLE_BYTES as f64);
        seen.note_with(Metric::AvailableBytes, available as f64, [None, limit, None, None]);
        seen.counts(Severity::Medium, is_little);
    }
    seen
}

/// Metadata of Btrfs, whose chunks are full while no more can be taken. Calls that are refused for
/// space are the second source that makes it high.
fn grade_metadata(seen: &mut Evaluation, row: &Filesystem, has_no_space: bool) {
    let (Some(used), Some(all @ 1..)) = (row.metadata_used_bytes(), row.metadata_bytes()) else {
        return;
    };
    let chunk = row.total_bytes().unwrap_or(0) / 10;
    if row.unallocated_bytes().is_none_or(|left| left >= chunk.min(CHUNK_BYTES)) {
        return;
    }
    let share = (used as f64 / all as f64).min(1.0);
    let refuses = has_no_space && share >= METADATA_REFUSES;
    let limits = [SPACE[0], SPACE[1], refuses.then_some(METADATA_REFUSES), None];
    grade(seen, Metric::MetadataUsedShare, Some(share), limits);
}

fn grade(seen: &mut Evaluation, metric: Metric, value: Option<f64>, limits: [Option<f64>; 4]) {
    if let Some(value) = value {
        let quantity = Quantity { metric, value, limits };
        seen.grade(quantity, Held::Counts, Relax::Share);
    }
}

/// Process ids: threads have one each, and the smaller of the two limits counts.
fn judge_host(window: &Window, board: &mut Board) {
    let tasks = window.load.one().map(Load::tasks).unwrap_or_default();
    let Some(tasks) = tasks.filter(|_| window.load.is_fresh()) else {
        return board.cover(KIND, Cover::Missing(Missing::Source(window.load.source())));
    };
    let limits = window.limits.one().ok();
    let limit = limits.and_then(tasks_max);
    let Some(limit) = limit.filter(|limit| *limit > 0) else {
        return board.cover(KIND, Cover::Part("process ids: no limits"));
    };
    let mut seen = Evaluation::of(LIMIT);
    grade(&mut seen, Metric::PidsUsedShare, Some(tasks as f64 / limit as f64), COUNTS);
    judge_calls(&mut seen, window, board);
    let at = window.load.at().unwrap_or(window.mono());
    board.judge(KIND, HOST, at, &mut seen, || Entity::Host);
}

/// What the tracer saw of calls. The worst of all names the form.
fn judge_calls(seen: &mut Evaluation, window: &Window, board: &mut Board) {
    let track = window.bpf_syscall.track().ok().filter(|_| window.bpf_syscall.is_fresh());
    let Some(track) = track else {
        let part = "latency, errors and rate of calls: need bpf/syscall";
        return board.cover(KIND, Cover::Part(part));
    };
    let worst = seen.mask();
    let refused = track.over(Call::Refused, 1);
    if is_absent(&refused) {
        board.cover(KIND, Cover::Part("refused calls: bpf/syscall does not count them"));
    }
    if let Ok(refused) = refused {
        let rate = refused.per_second();
        let quantity = Quantity { metric: Metric::RefusedCalls, value: rate, limits: REFUSED };
        seen.grade(quantity, Held::Counts, Relax::Event);
        seen.counts(Severity::Medium, refused.by > 0).keep(refused.by > 0);
    }
    if seen.mask() > worst {
        seen.subtype = Some(Subtype::Refused);
    }
    if let Ok(calls) = track.over(Call::Any, 5 * SECOND_NS) {
        seen.note(Metric::Calls5s, calls.per_second());
    }
    let worst = seen.mask();
    let graded = LATENCIES
        .iter()
        .map(|(class, limits)| latency::grade(seen, window, &Latency::Syscall(*class), limits));
    let untold = graded.filter(Result::is_err).count();
    if seen.mask() > worst {
        seen.subtype = Some(Subtype::Slow);
    }
    if untold > 0 {
        board.cover(KIND, Cover::Part("latency of calls: bpf/syscall does not time them"));
    }
}

fn judge_groups(window: &Window, board: &mut Board) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    for (id, row, _) in groups(window) {
        if let (Some(pids), Some(max @ 1..)) = (row.pids(), row.pids_max()) {
            let mut seen = Evaluation::of(LIMIT);
            grade(&mut seen, Metric::PidsUsedShare, Some(pids as f64 / max as f64), COUNTS);
            board.judge(KIND, id, at, &mut seen, || cgroup_entity(row));
        }
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
