//! Whether disks serve in time what they are asked for, and one program at a time asks.

use crate::window::{DiskTrack, DiskWork, Window};
use ks_vocabulary::model::Disk;
use ks_vocabulary::time::SECOND_NS;

use super::sleepers::is_lone;

/// Fewer that wait at once, in the mean, are one (our judgement: two that are stalled as much as
/// the limit of high asks for make more).
const ONE: f64 = 1.5;
/// Share of the sleeps that one process makes up where it is alone (our judgement: of two in turn
/// either has half).
const ALL: f64 = 0.8;
/// Mean wait in ms of a disk with and without seeks from which on requests are not served in time
/// (our judgement: several seeks, or two hundred times what flash takes).
const SLOW_MS: [f64; 2] = [50.0, 20.0];
/// Requests a second from which on a disk has work whose wait counts (our judgement).
const AT_WORK: f64 = 1.0;
const SHORT_NS: u64 = 5 * SECOND_NS;

/// Bytes a second from which on one program that waits for something else than disks is served in
/// time: as much as it reads ahead by default in each time that is slow (`read_ahead_kb`, 128).
const FLOWS: f64 = 128.0 * 1024.0 * 1000.0 / SLOW_MS[1];

/// Whether so many that wait are one at a time, and each disk at work answers in time: that is how
/// a single program reads or syncs, and nobody else is kept from anything.
pub(super) fn serves_one(window: &Window, waiting: Option<f64>) -> bool {
    is_one(window, waiting) && is_served_in_time(window)
}

/// Whether so many that wait are one at a time, and move so many bytes a second: a server far away
/// answers in time as well, and no disk tells of it.
pub(super) fn flows_to_one(window: &Window, waiting: Option<f64>, bytes_per_s: f64) -> bool {
    is_one(window, waiting) && bytes_per_s >= FLOWS
}

fn is_one(window: &Window, waiting: Option<f64>) -> bool {
    waiting.is_some_and(|waiting| waiting < ONE) && is_lone(window, ALL, ONE)
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
    let limit_ms = SLOW_MS[usize::from(row.rotational() != Some(true))];
    let wait_ms = track.mean_wait_ms(SHORT_NS).filter(|_| done.per_second() >= AT_WORK)?;
    Some((wait_ms, limit_ms))
}
