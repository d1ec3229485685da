//! Whether something else than stall shares tells of waits for I/O, and whether they do harm.

use super::super::sleepers::{asleep, in_flight, reads_threads};
use crate::window::{Account, CgroupTrack, DiskTrack, DiskWork, PressureTrack, Stall, Window};
use ks_vocabulary::membership::{belongs, cgroup_entity};
use ks_vocabulary::model::{Cgroup, Disk};
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

/// Whether disks or sleeping tasks tell of harm to the host as well, over the shortest window;
/// `None` where what was not read may know of it.
pub(super) fn of_host(window: &Window, track: &PressureTrack) -> Option<bool> {
    let share = track.share(Stall::IoSome, SHORT_NS).ok()?;
    let in_flight = in_flight(window);
    let asleep = asleep(window);
    let waiting = [asleep, in_flight].into_iter().flatten().reduce(f64::max);
    weigh(window, share, [in_flight, asleep], waiting)
}

/// The same of a group. Requests in flight may be its own where it moves any bytes, and so may
/// sleepers that nobody saw.
pub(super) fn of_group(window: &Window, row: &Cgroup, track: &CgroupTrack) -> Option<bool> {
    let share = track.pressure.share(Stall::IoSome, SHORT_NS).ok()?;
    let moves = moves_bytes(row, track);
    let in_flight = in_flight(window);
    let own = in_flight.map(|requests| if moves == Some(false) { 0.0 } else { requests });
    let entity = cgroup_entity(row);
    let seen = window.sufferers.mean_asleep(|key| {
        window.processes.find(key).is_some_and(|known| belongs(&known.row, &entity))
    });
    let is_known = reads_threads(window) || moves == Some(false) || agrees(seen, share);
    let asleep = seen.filter(|_| is_known);
    weigh(window, share, [own, asleep], asleep)
}

fn agrees(waiting: Option<f64>, share: f64) -> bool {
    waiting.is_some_and(|waiting| waiting >= AGREES * share)
}

/// What requests in flight and sleepers amount to, of which so many wait at once.
fn weigh(
    window: &Window,
    share: f64,
    [in_flight, asleep]: [Option<f64>; 2],
    waiting: Option<f64>,
) -> Option<bool> {
    if !agrees(in_flight, share) && !agrees(asleep, share) {
        return (in_flight.is_some() && asleep.is_some()).then_some(false);
    }
    let is_one = waiting.is_some_and(|waiting| waiting < ONE);
    Some(!(is_one && agrees(in_flight, share) && is_served_in_time(window)))
}

/// Whether the group read or wrote anything lately; `None` where that is not told.
fn moves_bytes(row: &Cgroup, track: &CgroupTrack) -> Option<bool> {
    row.io_read_bytes().or(row.io_write_bytes())?;
    let consumed = track.consumption(row);
    Some(consumed.of(Account::IoBytes) > 0)
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
