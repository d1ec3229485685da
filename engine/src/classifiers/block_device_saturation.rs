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
//! For devices that serve many requests at once, utilisation says only "not idle": without a
//! baseline medium rests on it alone. Stacked devices (device mapper, md, bcache, loop, zram)
//! repeat the work of others: while a disk is busy they are not judged. A disk that waits for its
//! rare flushes is not slow.
//! # Second source
//! High wants a queue, or waits far above the disk's own, beside utilisation; critical long waits.
//! A device that is asked and completes nothing has both.

use crate::board::{Board, Cover, Evaluation, Held, Relax, Rule};
use crate::culprit::{Blamed, Case, IO};
use crate::window::{DiskTrack, DiskWork, Latency, Missing, Span, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Disk;
use ks_vocabulary::time::SECOND_NS;

use super::{Classifier, is_absent};

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
/// Used share of the time from which on the wait of requests is one at work (our judgement).
const AT_WORK: f64 = 0.10;
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
        let is_below_busy = window.disks.entities().any(|(_, row, track)| {
            row.stacked() != Some(true)
                && busy_share(row, track, WINDOWS[0].1).is_ok_and(|busy| busy >= UTILISATION[0])
        });
        for (id, row, track) in window.disks.entities() {
            if row.stacked() == Some(true) && is_below_busy {
                continue;
            }
            any = true;
            match look_at(row, track) {
                Ok(mut seen) => {
                    if grade_completions(&mut seen, window, row).is_none() {
                        let part = "errors and latency at completion: need bpf/block_io";
                        board.cover(kind, Cover::Part(part));
                    }
                    if is_absent(&track.over(DiskWork::Queued, 1)) {
                        board.cover(kind, Cover::Part("queue of a disk: not in diskstats"));
                    }
                    let spent = track.over(DiskWork::Spent, 1);
                    if is_absent(&track.over(DiskWork::Done, 1)) || is_absent(&spent) {
                        let part = "wait of requests: not in diskstats, severity ends at high";
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

fn look_at(row: &Disk, track: &DiskTrack) -> Result<Evaluation, Missing> {
    // Unknown counts as without seeks: its limits are the stricter ones for the wait.
    let without_seeks = usize::from(row.rotational() != Some(true));
    let (queue_limit, wait_limit) = (QUEUE[without_seeks], WAIT_MS[without_seeks]);
    let mut seen = Evaluation::default();
    seen.know([true; 4]);
    for (metric, window_s, levels) in WINDOWS {
        let ns = window_s * SECOND_NS;
        let used = match busy_share(row, track, window_s) {
            Ok(busy) => busy,
            Err(Missing::NoEarlier) => continue,
            Err(missing) => return Err(missing),
        };
        let limits = core::array::from_fn(|level| levels[level].then_some(UTILISATION[level]));
        let queue = track.over(DiskWork::Queued, ns).ok().map(|time| time.per_second() / 1000.0);
        // What rare flushes of an idle disk wait says nothing of what is normal at work.
        let wait = mean_wait_ms(track, ns).filter(|_| used >= AT_WORK);
        let stands = used >= UTILISATION[2] && completes_nothing(row, track, ns);
        let wait = if stands { Some(used * ns as f64 / 1e6) } else { wait };
        let queues = queue.is_some_and(|queue| queue >= queue_limit) || stands;
        match window_s {
            10 => {
                let key = seen.note_with(metric, used, limits);
                let limit = [None, None, Some(queue_limit), None];
                queue.map(|queue| seen.note_with(Metric::Queue10s, queue, limit));
                let wait = wait.map(|wait| seen.note(Metric::Wait10s, wait));
                let slow = wait.map(|key| Rule::Median(key, WAIT_TIMES[0], false));
                let held = used >= UTILISATION[2] && (slow.is_some() || queues);
                let slow = slow.filter(|_| !queues);
                seen.ruled(Severity::High, met(held), [Some(Rule::Level(key)), slow]);
            }
            30 => {
                seen.note_with(metric, used, limits);
                let Some(wait) = wait else { continue };
                let limit = [None, None, None, Some(wait_limit)];
                let key = seen.note_with(Metric::Wait30s, wait, limit);
                let busy = used >= UTILISATION[3];
                seen.met(Severity::Critical, busy && wait >= wait_limit);
                let slow = Rule::Median(key, WAIT_TIMES[1], false);
                seen.ruled(Severity::Critical, met(busy), [Some(slow), None]);
            }
            _ => {
                let key = seen.note_with(metric, used, limits);
                seen.keyed(key, Severity::Low, Held::Met, used >= UTILISATION[0]);
                seen.keep_keyed(key, used >= Relax::Scaled.limit(UTILISATION[0]));
                let slow = wait.map(|wait| Rule::Level(seen.note(Metric::Wait5s, wait)));
                // A queue at a disk that is never idle is none that waits of old excuse.
                let slow = slow.filter(|_| !queues);
                let held = met(used >= UTILISATION[1]);
                seen.ruled(Severity::Medium, held, [Some(Rule::Level(key)), slow]);
            }
        }
    }
    Ok(seen)
}

/// Share of the last so many seconds in which a request was in flight. By Little's law it is no
/// more than the mean number in flight: kernels that count busy time in whole ticks of the clock
/// tell of much more. A request that is under way counts, since its own time is told when it is
/// done.
fn busy_share(row: &Disk, track: &DiskTrack, seconds: u64) -> Result<f64, Missing> {
    let of = |what| track.over(what, seconds * SECOND_NS).map(|ms| ms.per_second() / 1000.0);
    let busy = of(DiskWork::Busy)?;
    let Ok(queued) = of(DiskWork::Queued) else { return Ok(busy) };
    Ok(busy.min(queued.max(row.in_flight().unwrap_or(0) as f64)))
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

/// Whether requests are in flight and none was done: whatever was asked for waits for as long as
/// the device was busy, and the time of none of it is told yet.
fn completes_nothing(row: &Disk, track: &DiskTrack, ns: u64) -> bool {
    let is_asked = row.in_flight().is_some_and(|requests| requests > 0);
    is_asked && track.over(DiskWork::Completed, ns).is_ok_and(|done| done.by == 0)
}

/// Without a request in the window there is no mean.
fn mean_wait_ms(track: &DiskTrack, ns: u64) -> Option<f64> {
    let done = track.over(DiskWork::Done, ns).ok()?.by;
    let spent_ms = track.over(DiskWork::Spent, ns).ok()?.by;
    (done > 0).then(|| spent_ms as f64 / done as f64)
}

#[cfg(test)]
mod tests;
