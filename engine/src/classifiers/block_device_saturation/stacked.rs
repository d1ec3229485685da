//! Stacked devices: whose work theirs is.

use crate::window::{DiskTrack, Window};
use ks_vocabulary::model::Disk;

use super::work::{busy_share, completes_nothing};
use super::{UTILISATION, WINDOWS};

/// Whether a device only repeats the work of a busy disk below it. Where nothing says what lies
/// below, as of a loop device, it may be any. A device that completes nothing while nothing below
/// it is asked holds the requests itself, as a multipath device without a path does.
pub(super) fn repeats(window: &Window, row: &Disk, track: &DiskTrack) -> bool {
    if row.stacked() != Some(true) {
        return false;
    }
    let listed = window.disks_below(row.name().unwrap_or_default());
    let is_below = |other: &Disk| {
        let is_listed = listed.iter().any(|name| other.name() == Some(name));
        is_listed || listed.is_empty() && other.stacked() != Some(true)
    };
    let below = || window.disks.entities().filter(|(_, other, _)| is_below(other));
    let window_s = WINDOWS[0].1;
    let is_idle = |other: &Disk| other.in_flight() == Some(0);
    if completes_nothing(row, track, window_s) && below().all(|(_, other, _)| is_idle(other)) {
        return false;
    }
    below().filter(|(_, other, _)| other.stacked() != Some(true)).any(|(_, other, track)| {
        busy_share(other, track, window_s).is_ok_and(|busy| busy >= UTILISATION[0])
    })
}
