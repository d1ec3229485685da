//! What pages cost that are read back: each as long as a read of the disk takes that they come
//! from.
//!
//! A rate of pages says nothing of the time that tasks wait for them: six hundred a second are six
//! hundredths of it on a fast disk, and all of it, several times, on a slow one. The cost stands
//! for the stall shares where there are none, and bounds them where they may be for other reasons.

use crate::window::{CgroupTrack, DiskTrack, DiskWork, Group, Growth, Window};

/// Pages that a read brings at most: of faults one, and some of those that are counted find that
/// another has asked for their page (our judgement); of pages that come back as many as are read
/// ahead (`VM_READAHEAD_PAGES` of the kernel; of swap it is a quarter).
const BY_FAULT: f64 = 1.25;
const AHEAD: f64 = 32.0;

/// Share of time that faults can have taken which grew so in the last `ns`; above 1 it is of
/// several tasks. `None` where no disk has read as many pages.
pub(super) fn of_faults(window: &Window, faults: Growth, ns: u64) -> Option<f64> {
    of(window, faults, BY_FAULT, ns)
}

/// The same of pages that came back from a file or from swap.
pub(super) fn of_pages(window: &Window, pages: Growth, ns: u64) -> Option<f64> {
    of(window, pages, AHEAD, ns)
}

/// The same of all that a group waits for; `None` also where nobody counts it.
pub(super) fn of_group(window: &Window, track: &CgroupTrack, ns: u64) -> Option<f64> {
    let faults = track.over(Group::MajorFault, ns).ok();
    let back = track.over(Group::Refault, ns).ok();
    let costs = [
        faults.and_then(|faults| of_faults(window, faults, ns)),
        back.and_then(|back| of_pages(window, back, ns)),
    ];
    costs.into_iter().flatten().max_by(f64::total_cmp)
}

/// Of the disks that can have served them the one that takes longest counts.
fn of(window: &Window, pages: Growth, by_read: f64, ns: u64) -> Option<f64> {
    if pages.by == 0 {
        return Some(0.0);
    }
    let cost = |track: &DiskTrack| {
        let reads = track.over(DiskWork::Reads, ns).ok().filter(|reads| reads.by > 0)?;
        let taken_ms = track.over(DiskWork::ReadSpent, ns).ok()?.by as f64;
        let serves = reads.per_second() * by_read >= pages.per_second();
        let waits = reads.per_second().min(pages.per_second());
        serves.then(|| waits * taken_ms / reads.by as f64 / 1e3)
    };
    let disks = window.disks.entities().filter(|_| window.disks.is_fresh());
    disks.filter_map(|(_, _, track)| cost(track)).max_by(f64::total_cmp)
}
