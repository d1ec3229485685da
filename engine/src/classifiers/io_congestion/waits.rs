//! Whether something else than stall shares tells of waits for I/O, and whether they do harm.

use super::super::block_device_saturation::serves_others;
use super::super::served::{flows_to_one, serves_one};
use super::super::sleepers::{asleep, bytes_of_sleepers, in_flight, reads_threads, waiting};
use crate::window::{Account, CgroupTrack, Known, PressureTrack, Stall, Window};
use ks_vocabulary::membership::{belongs, cgroup_entity};
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::time::SECOND_NS;

/// Requests in flight, or tasks in uninterruptible sleep, that agree with a stall: half as many as
/// there are stalled at least (our judgement; either is a mean, and one task stalls for all of it).
const AGREES: f64 = 0.5;
const SHORT_S: u64 = 5;
const SHORT_NS: u64 = SHORT_S * SECOND_NS;

/// Who may wait, and how many of them.
struct Waits {
    in_flight: Option<f64>,
    asleep: Option<f64>,
    /// At once, in the mean; of a group no more than so many.
    waiting: Option<f64>,
}

/// Whether disks or sleeping tasks tell of harm to the host as well, over the shortest window;
/// `None` where what was not read may know of it.
pub(super) fn of_host(window: &Window, track: &PressureTrack) -> Option<bool> {
    let share = track.share(Stall::IoSome, SHORT_NS).ok()?;
    let (in_flight, asleep) = (in_flight(window), asleep(window));
    let waits = Waits { in_flight, asleep, waiting: waiting(window) };
    weigh(window, share, &waits, |_| true)
}

/// The same of a group. Requests in flight may be its own where it moves any bytes, and so may
/// sleepers that nobody saw.
pub(super) fn of_group(window: &Window, row: &Cgroup, track: &CgroupTrack) -> Option<bool> {
    let share = track.pressure.share(Stall::IoSome, SHORT_NS).ok()?;
    let moves = moves_bytes(window, row, track);
    let in_flight = in_flight(window);
    let own = in_flight.map(|requests| if moves == Some(false) { 0.0 } else { requests });
    let entity = cgroup_entity(row);
    let is_own = |known: &Known| belongs(&known.row, &entity);
    let seen = window.sufferers.mean_asleep(|key| window.processes.find(key).is_some_and(is_own));
    let is_known = reads_threads(window) || moves == Some(false) || agrees(seen, share);
    let asleep = seen.filter(|_| is_known);
    let waits = Waits { in_flight: own, asleep, waiting: asleep.or_else(|| waiting(window)) };
    weigh(window, share, &waits, is_own)
}

fn agrees(waiting: Option<f64>, share: f64) -> bool {
    waiting.is_some_and(|waiting| waiting >= AGREES * share)
}

/// What requests in flight and sleepers amount to, of the processes that are concerned.
fn weigh(
    window: &Window,
    share: f64,
    waits: &Waits,
    is_own: impl Fn(&Known) -> bool,
) -> Option<bool> {
    let Waits { in_flight, asleep, waiting } = *waits;
    if !agrees(in_flight, share) && !agrees(asleep, share) {
        return (in_flight.is_some() && asleep.is_some()).then_some(false);
    }
    let is_served = if agrees(in_flight, share) {
        serves_one(window, waiting)
    } else {
        flows_to_one(window, waiting, bytes_of_sleepers(window, is_own))
    };
    Some(!is_served)
}

/// Whether the group read or wrote anything lately; `None` where that is not told. Discards and
/// flushes move no bytes.
fn moves_bytes(window: &Window, row: &Cgroup, track: &CgroupTrack) -> Option<bool> {
    row.io_read_bytes().or(row.io_write_bytes())?;
    let consumed = track.consumption(row);
    let moves = consumed.of(Account::IoBytes) > 0;
    let discards = || window.disks.entities().any(|(.., track)| serves_others(track, SHORT_S));
    (moves || !discards()).then_some(moves)
}
