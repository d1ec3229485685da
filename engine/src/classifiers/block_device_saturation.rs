//! `block_device_saturation`: a block device is at its limit.
//!
//! # What it sees
//! From `/proc/diskstats`, of each whole disk: the share of time with a request in flight, the
//! mean time of a request, the mean number in flight. From `bpf/block_io`: requests that failed,
//! and the 99th percentile of their latency.
//! # Why it matters
//! Whoever asks a device that is never idle waits behind all the others.
//! # Evidence
//! Utilisation over 5, 10 and 30 s; mean wait; mean queue (Little's law: rate times wait).
//! # False positives
//! - Utilisation and a queue say "not idle" of devices that serve many requests at once, and of
//!   readers that nobody waits for: asynchronous ones, a check of md, reads ahead (iostat(1) warns
//!   of `%util`). Without a wait they are parallelism: low at most.
//! - Discards and flushes are in the queue (`diskstats_show` in `block/genhd.c`), and not in the
//!   wait of reads and writes: their time is taken off the queue, and where nearly all of the time
//!   is theirs it is low at most.
//! - A number in flight that the kernel lost count of looks like a hang for ever. It proves no
//!   work while requests are done, and without a second source no hang.
//! - Linux 5.0 to 5.17 counts busy time when a request is done (from commit 5b18b5a73760 on, up to
//!   86d7331299fd and where that was ported back): see `window/disk_track.rs`.
//! - Stacked devices (device mapper, md, bcache, loop, zram) repeat the work of others: while a
//!   disk below is busy they are not judged, unless they hold requests that it was not asked for.
//! - A disk that waits for its rare flushes is not slow.
//! - What is written behind the programs waits in the device's queue by design, however long (a
//!   copy to a slow disk, a restore). The one that writes is slowed down by it; others have to wait
//!   as well before it is more than low.
//! # Second source
//! High wants a queue, or waits far above the disk's own, beside utilisation; critical long waits.
//! A device that is asked and completes nothing has both.
//! Above low somebody has to be late: requests that were done waited above the limit of their
//! class, or tasks stall for I/O (PSI), or programs sleep uninterruptibly. Where PSI or sleeping
//! tasks are not recorded the disk is believed. Of one program at a time that is served in time
//! they say nothing.

use core::cell::LazyCell;
use core::ops::Deref;

use crate::board::{Board, Cover, Evaluation, Held, Key, Relax, Rule};
use crate::culprit::{Blamed, Case, IO};
use crate::window::{DiskTrack, DiskWork, Latency, Missing, Span, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Disk;
use ks_vocabulary::time::SECOND_NS;

use super::{Classifier, is_absent};
use stacked::repeats;
use stalled::Stalled;
use work::{Work, is_written_behind};

pub(super) use work::serves_others;

mod stacked;
mod stalled;
mod work;

/// See the module.
#[derive(Debug)]
pub(super) struct BlockDeviceSaturation;

/// Utilisation at low (USE method) and medium (our judgement); at high and critical something else
/// has to hold as well.
const UTILISATION: [f64; 4] = [0.70, 0.85, 0.95, 0.95];
/// Mean number in flight at high, of a device with and without seeks (pmieconf names the metric;
/// the numbers are our judgement).
const QUEUE: [f64; 2] = [2.0, 4.0];
/// Mean wait in ms at critical, of a device with and without seeks (our judgement).
const WAIT_MS: [f64; 2] = [500.0, 100.0];
/// Times its own median that a request waits at high and critical, where there is a baseline (our
/// judgement, `signals.md`).
const WAIT_TIMES: [u8; 2] = [3, 10];
/// How long a failed request stands (`signals.md`, section 1).
const EVENT_CLEAR_S: u64 = 120;
/// Names of the utilisation over each window, with the severities that have to last so long.
const WINDOWS: [(Metric, u64, [bool; 4]); 3] = [
    (Metric::Utilisation5s, 5, [true, true, false, false]),
    (Metric::Utilisation10s, 10, [false, false, true, false]),
    (Metric::Utilisation30s, 30, [false, false, false, true]),
];

impl Classifier for BlockDeviceSaturation {
    fn kind(&self) -> Kind {
        Kind::BlockDeviceSaturation
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        let kind = self.kind();
        let Some(at) = window.disks.at().filter(|_| window.disks.is_fresh()) else {
            let missing = Missing::Source(window.disks.source());
            return board.cover(kind, Cover::Missing(missing));
        };
        let mut any = false;
        let stalled = LazyCell::new(|| Stalled::of(window));
        for (id, row, track) in window.disks.entities() {
            if repeats(window, row, track) {
                continue;
            }
            any = true;
            match look_at(row, track, &stalled) {
                Ok(mut seen) => {
                    cover_parts(board, track);
                    if grade_completions(&mut seen, window, row).is_none() {
                        let part = "errors and latency at completion: need bpf/block_io";
                        board.cover(kind, Cover::Part(part));
                    }
                    let entity = || Entity::Disk(row.name().unwrap_or_default().to_vec());
                    board.judge(kind, id, at, &mut seen, entity);
                }
                Err(missing) => board.cover(kind, Cover::Missing(missing)),
            }
        }
        if !any {
            board.cover(kind, Cover::NotApplicable("no whole disk"));
        }
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        Blamed { culprits: case.by(IO), ..Blamed::default() }
    }
}

/// Says which quantities of a disk are not given.
fn cover_parts(board: &mut Board, track: &DiskTrack) {
    let kind = Kind::BlockDeviceSaturation;
    let is_absent = |what| is_absent(&track.over(what, 1));
    if is_absent(DiskWork::Queued) {
        board.cover(kind, Cover::Part("queue of a disk: not in diskstats"));
    }
    if is_absent(DiskWork::Done) || is_absent(DiskWork::Spent) {
        let part = "wait of requests: not in diskstats, severity ends at high";
        board.cover(kind, Cover::Part(part));
    }
}

fn look_at(
    row: &Disk,
    track: &DiskTrack,
    stalled: &impl Deref<Target = Stalled>,
) -> Result<Evaluation, Missing> {
    let mut seen = Evaluation::default();
    seen.know([true; 4]);
    let mut is_late = false;
    for (metric, window_s, levels) in WINDOWS {
        let work = match Work::over(row, track, window_s, || stalled.by_any) {
            Ok(work) => work,
            Err(Missing::NoEarlier) => continue,
            Err(missing) => return Err(missing),
        };
        is_late |= work.is_late;
        let limits = core::array::from_fn(|level| levels[level].then_some(UTILISATION[level]));
        let key = seen.note_with(metric, work.used, limits);
        match window_s {
            10 => grade_high(&mut seen, key, &work),
            30 => grade_critical(&mut seen, &work),
            _ => grade_medium(&mut seen, key, &work),
        }
    }
    // Most disks are at rest, and nobody asks who waits.
    if seen.mask() == 0 {
        return Ok(seen);
    }
    let agrees = if serves_others(track, WINDOWS[0].1) {
        Some(false)
    } else if is_late {
        Some(true)
    } else if is_written_behind(track, WINDOWS[0].1 * SECOND_NS) {
        stalled.by_writes
    } else {
        stalled.by_any
    };
    seen.second(agrees, Severity::Low);
    Ok(seen)
}

fn grade_medium(seen: &mut Evaluation, key: Key, work: &Work) {
    seen.keyed(key, Severity::Low, Held::Met, work.used >= UTILISATION[0]);
    seen.keep_keyed(key, work.used >= Relax::Scaled.limit(UTILISATION[0]));
    let slow = work.wait_ms.map(|wait| Rule::Level(seen.note(Metric::Wait5s, wait)));
    // A queue at a disk that is never idle is none that waits of old excuse.
    let slow = slow.filter(|_| !work.queues);
    let held = met(work.used >= UTILISATION[1]);
    seen.ruled(Severity::Medium, held, [Some(Rule::Level(key)), slow]);
}

fn grade_high(seen: &mut Evaluation, key: Key, work: &Work) {
    let limit = [None, None, Some(work.queue_limit), None];
    work.queue.map(|queue| seen.note_with(Metric::Queue10s, queue, limit));
    let wait = work.wait_ms.map(|wait| seen.note(Metric::Wait10s, wait));
    let slow = wait.map(|key| Rule::Median(key, WAIT_TIMES[0], false));
    let held = work.used >= UTILISATION[2] && (slow.is_some() || work.queues);
    let slow = slow.filter(|_| !work.queues);
    seen.ruled(Severity::High, met(held), [Some(Rule::Level(key)), slow]);
}

fn grade_critical(seen: &mut Evaluation, work: &Work) {
    let Some(wait) = work.wait_ms else { return };
    let limit = [None, None, None, Some(work.wait_limit_ms)];
    let key = seen.note_with(Metric::Wait30s, wait, limit);
    let busy = work.used >= UTILISATION[3];
    seen.met(Severity::Critical, busy && wait >= work.wait_limit_ms);
    let slow = Rule::Median(key, WAIT_TIMES[1], false);
    seen.ruled(Severity::Critical, met(busy), [Some(slow), None]);
}

fn met(holds: bool) -> Held {
    if holds { Held::Met } else { Held::No }
}

/// What the tracer saw of the device's requests; `None` where it did not look.
fn grade_completions(seen: &mut Evaluation, window: &Window, row: &Disk) -> Option<()> {
    if !window.bpf_block_io.is_fresh() {
        return None;
    }
    let device = row.name()?;
    let own = window.bpf_block_io.entities().filter(|(_, trace, _)| trace.disk() == Some(device));
    let failed: u64 = own
        .filter_map(|(.., track)| Some(track.errors_over(1).ok()?.by))
        .fold(0, u64::saturating_add);
    if failed > 0 {
        seen.note_with(Metric::FailedRequests, failed as f64, [None, None, None, Some(1.0)]);
    }
    seen.event(Severity::Critical, failed > 0, EVENT_CLEAR_S);
    if let Ok(counted) = window.latencies.over(&Latency::Block(device.into()), Span::Five)
        && let Some(p99) = counted.quantile(0.99)
    {
        seen.note(Metric::LatencyP99Over5s, p99.value / 1e6);
    }
    Some(())
}

#[cfg(test)]
mod tests;
