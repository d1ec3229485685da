//! What a disk did over a span, and how that compares with the limits of its class.

use crate::window::{DiskTrack, DiskWork, Missing};
use ks_vocabulary::model::Disk;
use ks_vocabulary::time::SECOND_NS;

use super::{QUEUE, UTILISATION, WAIT_MS};

/// Used share of the time from which on the wait of requests is one at work (our judgement).
const AT_WORK: f64 = 0.10;
/// Mean number of reads in flight, and their mean wait in ms, that are late by themselves at a
/// device without seeks. Reads that nobody waits for are few at a time: a check of md has 32
/// requests in flight (`RESYNC_DEPTH` of `drivers/md/raid1.c`), readahead fewer. The wait is many
/// times what flash takes (our judgement).
const DEEP_READS: f64 = 64.0;
const DEEP_WAIT_MS: f64 = 2.0;
/// Share of the time spent from which on a device mostly writes, and mean number of flushes in
/// flight from which on programs sync (our judgement: an ext4 that nobody syncs commits each 5 s).
const WRITTEN: f64 = 0.5;
const SYNCED: f64 = 0.10;
/// Reads a second whose wait counts (our judgement).
const READS: f64 = 1.0;
/// Share of the time spent that is of reads and writes: with less a device serves discards and
/// flushes (our judgement).
const OWN_SHARE: f64 = 0.10;

/// See the module.
#[derive(Debug)]
pub(super) struct Work {
    /// Used share of the time.
    pub(super) used: f64,
    /// Mean number of reads and writes in flight, where it is told.
    pub(super) queue: Option<f64>,
    /// Mean wait of those that were done, or of those that hang.
    pub(super) wait_ms: Option<f64>,
    /// The queue is long for a device of this class, or nothing of it is done.
    pub(super) queues: bool,
    /// Requests that were done waited for long by themselves.
    pub(super) is_late: bool,
    /// Limit of the queue in its class.
    pub(super) queue_limit: f64,
    /// Limit of the wait in its class, in ms.
    pub(super) wait_limit_ms: f64,
}

impl Work {
    /// Over the last so many seconds; `stalled` says whether tasks wait for I/O.
    pub(super) fn over(
        row: &Disk,
        track: &DiskTrack,
        window_s: u64,
        stalled: impl FnOnce() -> Option<bool>,
    ) -> Result<Self, Missing> {
        let ns = window_s * SECOND_NS;
        let used = busy_share(row, track, window_s)?;
        // Unknown counts as without seeks: its limits are the stricter ones for the wait.
        let without_seeks = usize::from(row.rotational() != Some(true));
        let (queue_limit, wait_limit_ms) = (QUEUE[without_seeks], WAIT_MS[without_seeks]);
        let queue = queue(track, ns);
        // What rare flushes of an idle disk wait says nothing of what is normal at work.
        let wait_ms = track.mean_wait_ms(ns).filter(|_| used >= AT_WORK);
        let waits_long = |wait: Option<f64>| wait.is_some_and(|wait| wait >= wait_limit_ms);
        let is_late = waits_long(wait_ms) && !is_written_behind(track, ns)
            || waits_long(reads_wait_ms(track, ns))
            || without_seeks > 0 && has_deep_reads(track, ns);
        // A count of requests that was never taken back looks the same, and nobody waits for it.
        let stands = used >= UTILISATION[2]
            && completes_nothing(row, track, window_s)
            && stalled() != Some(false);
        Ok(Self {
            used,
            queue,
            wait_ms: if stands { Some(used * ns as f64 / 1e6) } else { wait_ms },
            queues: queue.is_some_and(|queue| queue >= queue_limit) || stands,
            is_late,
            queue_limit,
            wait_limit_ms,
        })
    }
}

/// Share of the last so many seconds in which a request was in flight. By Little's law it is no
/// more than the mean number in flight: kernels that count busy time in whole ticks of the clock
/// tell of much more. A request that is under way counts, since its own time is told when it is
/// done; a number in flight that stays while requests are done is one that the kernel lost count
/// of.
pub(super) fn busy_share(row: &Disk, track: &DiskTrack, window_s: u64) -> Result<f64, Missing> {
    let ns = window_s * SECOND_NS;
    let of = |what| track.over(what, ns).map(|ms| ms.per_second() / 1000.0);
    let busy = of(DiskWork::Busy)?.min(1.0);
    let Ok(queued) = of(DiskWork::Queued) else { return Ok(busy) };
    let is_lost = track.varies(ns) == Some(false) && !completes_nothing(row, track, window_s);
    let under_way = row.in_flight().filter(|_| !is_lost).unwrap_or(0);
    Ok(busy.min(queued.max(under_way as f64)))
}

/// Whether requests are in flight and none was done: whatever was asked for waits for as long as
/// the device was busy, and the time of none of it is told yet.
pub(super) fn completes_nothing(row: &Disk, track: &DiskTrack, window_s: u64) -> bool {
    let is_asked = row.in_flight().is_some_and(|requests| requests > 0);
    let done = track.over(DiskWork::Completed, window_s * SECOND_NS);
    is_asked && done.is_ok_and(|done| done.by == 0)
}

/// Whether almost all of the time went into discards and flushes.
pub(in super::super) fn serves_others(track: &DiskTrack, window_s: u64) -> bool {
    let of = |what| track.over(what, window_s * SECOND_NS).ok().map(|ms| ms.by as f64);
    let (Some(own), Some(others)) = (of(DiskWork::Spent), of(DiskWork::Others)) else {
        return false;
    };
    others > 0.0 && own < OWN_SHARE * (own + others)
}

/// Whether most of the time spent is of writes that nobody syncs: the kernel writes them behind the
/// programs, as many at once as the device takes, and their wait is nobody's. Who syncs asks for
/// flushes.
pub(super) fn is_written_behind(track: &DiskTrack, ns: u64) -> bool {
    let of = |what| track.over(what, ns).ok().map(|ms| ms.per_second() / 1000.0);
    let (Some(all), Some(reads)) = (of(DiskWork::Spent), of(DiskWork::ReadSpent)) else {
        return false;
    };
    let syncs = of(DiskWork::Others).unwrap_or(0.0) >= SYNCED;
    all > 0.0 && all - reads >= WRITTEN * all && !syncs
}

/// Mean wait of reads in ms, where they are more than stray ones.
fn reads_wait_ms(track: &DiskTrack, ns: u64) -> Option<f64> {
    let reads = track.over(DiskWork::Reads, ns).ok()?;
    let spent = track.over(DiskWork::ReadSpent, ns).ok()?;
    (reads.per_second() >= READS).then(|| spent.by as f64 / reads.by as f64)
}

/// Mean number of reads and writes in flight.
fn queue(track: &DiskTrack, ns: u64) -> Option<f64> {
    let of = |what| track.over(what, ns).ok().map(|ms| ms.per_second() / 1000.0);
    Some((of(DiskWork::Queued)? - of(DiskWork::Others).unwrap_or(0.0)).max(0.0))
}

fn has_deep_reads(track: &DiskTrack, ns: u64) -> bool {
    let of = |what| track.over(what, ns).ok();
    let (Some(reads), Some(spent)) = (of(DiskWork::Reads), of(DiskWork::ReadSpent)) else {
        return false;
    };
    spent.per_second() / 1000.0 >= DEEP_READS && spent.by as f64 >= DEEP_WAIT_MS * reads.by as f64
}
