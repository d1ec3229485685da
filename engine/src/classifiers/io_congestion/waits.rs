//! Whether something else than stall shares tells of waits for I/O, and whether they do harm.

use crate::window::{DiskTrack, DiskWork, PressureTrack, Stall, Window};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::belongs;
use ks_vocabulary::model::Disk;
use ks_vocabulary::time::SECOND_NS;

/// Requests in flight, or tasks in uninterruptible sleep, that agree with a stall: half as many as
/// there are stalled at least (our judgement; either is a mean, and one task stalls for all of it).
const AGREES: f64 = 0.5;
/// Fewer that wait at once, in the mean, are one (our judgement: two that are stalled as much as
/// the limit of high asks for make more).
const ONE: f64 = 1.5;
/// Mean wait in ms of a disk with and without seeks from which on requests are not served in time
/// (our judgement: several seeks, or two hundred times what flash takes).
const SLOW_MS: [f64; 2] = [50.0, 20.0];
/// Requests a second from which on a disk has work whose wait counts (our judgement).
const AT_WORK: f64 = 1.0;
const SHORT_NS: u64 = 5 * SECOND_NS;

/// Whether disks or sleeping tasks tell of harm as well, over the shortest window; `None` where
/// what was not read may know of it.
pub(super) fn second(window: &Window, track: &PressureTrack, entity: &Entity) -> Option<bool> {
    let share = track.share(Stall::IoSome, SHORT_NS).ok()?;
    let in_flight = in_flight(window);
    let is_host = *entity == Entity::Host;
    let is_own = |key| {
        is_host || window.processes.find(key).is_some_and(|known| belongs(&known.row, entity))
    };
    let asleep = window.sufferers.mean_asleep(is_own);
    let agree = |waiting: Option<f64>| waiting.is_some_and(|waiting| waiting >= AGREES * share);
    if !agree(in_flight) && !agree(asleep) {
        return (in_flight.is_some() && asleep.is_some()).then_some(false);
    }
    // Requests of others are in flight beside those of a group.
    let own_requests = in_flight.filter(|_| is_host);
    let waiting = asleep.into_iter().chain(own_requests).reduce(f64::max);
    let is_one = waiting.is_some_and(|waiting| waiting < ONE);
    Some(!(is_one && agree(in_flight) && is_served_in_time(window)))
}

/// Requests in flight over all disks: by their time over the last five seconds, and at the last
/// reading, since the time of a request counts when it is done. `None` where no disk tells.
fn in_flight(window: &Window) -> Option<f64> {
    window.disks.at().filter(|_| window.disks.is_fresh())?;
    let each = window.disks.entities().filter_map(|(_, row, track)| {
        let by_time = track.over(DiskWork::Queued, SHORT_NS).ok();
        let by_time = by_time.map(|time| time.per_second() / 1000.0);
        let known = [by_time, row.in_flight().map(|requests| requests as f64)];
        known.into_iter().flatten().reduce(f64::max)
    });
    each.reduce(|all, one| all + one)
}

/// Whether each disk that has work answers before its limit.
fn is_served_in_time(window: &Window) -> bool {
    let waits = window.disks.entities().filter_map(|(_, row, track)| wait(row, track));
    let (mut any, mut all) = (false, true);
    for (wait_ms, limit_ms) in waits {
        any = true;
        all &= wait_ms < limit_ms;
    }
    any && all
}

/// The mean wait of a disk at work in ms, and its limit. A disk that does not say whether it seeks
/// has the stricter one.
fn wait(row: &Disk, track: &DiskTrack) -> Option<(f64, f64)> {
    let done = track.over(DiskWork::Done, SHORT_NS).ok()?;
    let spent = track.over(DiskWork::Spent, SHORT_NS).ok()?;
    let limit_ms = SLOW_MS[usize::from(row.rotational() != Some(true))];
    (done.per_second() >= AT_WORK).then(|| (spent.by as f64 / done.by as f64, limit_ms))
}
