//! How busy a disk is, and whether that lets somebody wait.

use ks_vocabulary::kind::Severity;
use ks_vocabulary::model::{BlockedTask, Disk, Pressure, Sample};

use super::{Pair, Quantity};

/// Utilisation; at high the queue has to be as long as this too, with and without seeks, and at
/// critical a request has to wait so long in ms (`signals.md`, section 8).
const BUSY: [f64; 4] = [0.70, 0.85, 0.95, 0.95];
const QUEUE: [f64; 2] = [2.0, 4.0];
const WAIT_MS: [f64; 2] = [500.0, 100.0];
/// Above low some task stalls for I/O for this share of the time, or a program sleeps
/// uninterruptibly, or requests wait: for as long as above, or so many reads for so many ms where
/// nothing seeks (`docs/decisions/0012-busy-by-design.md`).
const IO_SOME: f64 = 0.10;
const DEEP_READS: (f64, f64) = (64.0, 2.0);
/// Share of the time spent that has to be of reads and writes.
const OWN_SHARE: f64 = 0.10;

pub(super) fn saturation(pair: &Pair<'_>, before: &Disk, after: &Disk) -> Quantity {
    let rate = |get: fn(&Disk) -> Option<u64>| pair.rate(get(before), get(after));
    let Some(told) = rate(Disk::io_ms).map(|ms| ms / 1e3) else { return Quantity::default() };
    let sum = |gets: [fn(&Disk) -> Option<u64>; 2]| gets.into_iter().filter_map(rate).sum::<f64>();
    let done = sum([Disk::reads, Disk::writes]);
    let spent_ms = sum([Disk::read_ms, Disk::write_ms]);
    let others_ms = sum([Disk::discard_ms, Disk::flush_ms]);
    let wait_ms = spent_ms / done.max(f64::MIN_POSITIVE);
    let without_seeks = usize::from(after.rotational() != Some(true));
    // What is asked of a device that completes nothing waits for all of the time.
    let is_still = after.in_flight() > Some(0)
        && done + sum([Disk::discards, Disk::flushes]) <= 0.0
        && rate(Disk::reads).is_some();
    let busy = if is_still && before.in_flight() > Some(0) { 1.0 } else { told.min(1.0) };
    // A device is busy for no more of the time than its mean number in flight (Little's law); one
    // that stays while requests are done is a count that was lost.
    let is_lost = before.in_flight() == after.in_flight() && !is_still;
    let in_flight = after.in_flight().filter(|_| !is_lost).unwrap_or(0) as f64;
    let busy = rate(Disk::queue_ms).map_or(busy, |ms| busy.min((ms / 1e3).max(in_flight)));
    let [low, medium, high, critical] = BUSY.map(|limit| busy >= limit);
    let waits = wait_ms >= WAIT_MS[without_seeks];
    let read_ms = rate(Disk::read_ms).unwrap_or(0.0);
    let is_deep = without_seeks > 0
        && read_ms / 1e3 >= DEEP_READS.0
        && read_ms >= DEEP_READS.1 * rate(Disk::reads).unwrap_or(0.0);
    let stalled = is_stalled(pair);
    let stands = is_still && stalled != Some(false);
    let own = rate(Disk::queue_ms).map(|ms| (ms - others_ms).max(0.0) / 1e3);
    let queues = own.is_some_and(|queue| queue >= QUEUE[without_seeks]) || stands;
    let serves_others = others_ms > 0.0 && spent_ms < OWN_SHARE * (spent_ms + others_ms);
    if serves_others || !(waits || is_deep || stalled != Some(false)) {
        return Quantity::graded([low, false, false, false]);
    }
    Quantity {
        // A wait of several times the usual one stands for the queue, and for the long wait.
        possible: critical.then_some(Severity::Critical),
        ..Quantity::graded([low, medium, high && queues, critical && (waits || stands)])
    }
}

/// Fewer that wait at once are one; waits in ms of a disk with and without seeks from which on it
/// does not serve in time, and requests a second that make it work
/// (`docs/decisions/0012-busy-by-design.md`).
const ONE: f64 = 1.5;
const SLOW_MS: [f64; 2] = [50.0, 20.0];
const AT_WORK: f64 = 1.0;

/// Whether each disk at work answers in time.
pub(super) fn serve_in_time(pair: &Pair<'_>) -> bool {
    let (mut any, mut all) = (false, true);
    for after in pair.after.disks.iter() {
        let Some(before) = pair.before.disks.find(after) else { continue };
        let rate = |get: fn(&Disk) -> Option<u64>| pair.rate(get(before), get(after));
        let sum = |one: Option<f64>, other: Option<f64>| Some(one? + other?);
        let done = sum(rate(Disk::reads), rate(Disk::writes));
        let spent_ms = sum(rate(Disk::read_ms), rate(Disk::write_ms));
        let Some((done, spent_ms)) = done.zip(spent_ms) else { continue };
        if done >= AT_WORK {
            any = true;
            all &= spent_ms / done < SLOW_MS[usize::from(after.rotational() != Some(true))];
        }
    }
    any && all
}

/// Whether one program at a time waits, and for disks that answer in time.
pub(super) fn serve_one(pair: &Pair<'_>) -> bool {
    let mut asleep: Vec<_> = pair.after.blocked.iter().map(BlockedTask::pid).collect();
    asleep.sort_unstable();
    asleep.dedup();
    let in_flight = pair.after.disks.iter().filter_map(|after| {
        let before = pair.before.disks.find(after)?;
        let by_time = pair.rate(before.queue_ms(), after.queue_ms()).map(|ms| ms / 1e3);
        by_time.into_iter().chain(after.in_flight().map(|count| count as f64)).reduce(f64::max)
    });
    asleep.len() < 2 && in_flight.sum::<f64>() < ONE && serve_in_time(pair)
}

/// Whether anything tells that tasks wait for I/O; `None` where nothing does and stall shares or
/// sleeping tasks were not read.
fn is_stalled(pair: &Pair<'_>) -> Option<bool> {
    let total = |sample: &Sample| sample.pressure.first().and_then(Pressure::io_some_total_us);
    let some = pair.rate(total(pair.before), total(pair.after)).map(|us| us / 1e6 >= IO_SOME);
    let is_kernels = |pid: Option<u64>| {
        let mut processes = pair.after.processes.iter();
        processes.any(|row| row.pid() == pid && row.ppid() == Some(2))
    };
    let asleep = pair.after.blocked.read().is_some().then(|| {
        let mut blocked = pair.after.blocked.iter();
        blocked.any(|row| !is_kernels(row.pid()))
    });
    let tells = (some == Some(true) || asleep == Some(true)) && !serve_one(pair);
    (tells || some.is_some() && asleep.is_some()).then_some(tells)
}
