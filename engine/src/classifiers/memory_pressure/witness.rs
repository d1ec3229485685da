//! Who else tells that memory is short: stall shares, and where there are none what is counted of
//! paging and of limits that were met.

use crate::classifiers::{PERSISTENCE_S, is_absent};
use crate::window::{CgroupTrack, Group, Missing, Paging, PagingTrack, PressureTrack};
use crate::window::{Stall, Window};
use ks_vocabulary::time::SECOND_NS;

use super::used::{USED, Use, Waits};

/// Shares of time stalled, over the persistence of each severity, with which a used share is as
/// bad: somebody waits at medium, and as much as is low by itself at high and critical (our
/// judgement). Without swap the latter, or direct reclaim, stands for its being used up.
const WAITS: [f64; 4] = [0.0, 0.01, 0.05, 0.05];
/// Pages a second that come back with which somebody waits, where nobody tells of stalls (pmieconf
/// `memory.exhausted`), and entries into direct reclaim (our judgement: each is of 32 pages, the
/// kernel's `SWAP_CLUSTER_MAX`).
const PAGES: f64 = 5.0;
const ENTRIES: f64 = 1.0;
/// Pages a second that were swapped and come back, with which a host is short that makes no room
/// (`swap_thrashing`, high).
const COMES_BACK: f64 = 100.0;
const TEN_S: u64 = 10 * SECOND_NS;

/// Calls `of` with each severity and its persistence.
fn each(of: impl Fn(usize, u64) -> Option<bool>) -> Waits {
    core::array::from_fn(|level| of(level, PERSISTENCE_S[level] * SECOND_NS))
}

/// A window that has yet to fill tells of nothing that lasted.
fn told(found: Result<bool, Missing>) -> Option<bool> {
    match found {
        Ok(holds) => Some(holds),
        Err(Missing::NoEarlier) => Some(false),
        Err(_) => None,
    }
}

pub(super) fn stalls(track: Option<&PressureTrack>) -> Waits {
    each(|level, ns| told(track?.share(Stall::MemorySome, ns).map(|share| share >= WAITS[level])))
}

/// Of a host: its stalls, else what its kernel counts of paging.
pub(super) fn of_host(window: &Window) -> Waits {
    let stalls = stalls(window.pressure.track().ok().filter(|_| window.pressure.is_fresh()));
    let paging = window.vm.track().ok().filter(|_| window.vm.is_fresh());
    each(|level, ns| stalls[level].or_else(|| pages(paging?, ns)))
}

/// Whether tasks reclaim for themselves, or wait for pages that were dropped or swapped out. A
/// kernel that does not count those that come back counts how many it looks at. Where it counts
/// how it makes room, and none of this grows, nobody waits.
fn pages(paging: &PagingTrack, ns: u64) -> Option<bool> {
    let reaches =
        |what, limit: f64| paging.over(what, ns).map(|growth| growth.per_second() >= limit);
    let back = [Paging::SwapIn, Paging::RefaultAnon, Paging::RefaultFile];
    let (entries, scans) = (reaches(Paging::DirectReclaim, ENTRIES), reaches(Paging::Scan, PAGES));
    let waits = entries == Ok(true)
        || back.into_iter().any(|what| reaches(what, PAGES) == Ok(true))
        || scans == Ok(true) && is_absent(&reaches(Paging::RefaultFile, PAGES));
    (waits || !is_absent(&entries) || !is_absent(&scans)).then_some(waits)
}

/// Of a group: its own stalls. Groups of version 1 have none: there somebody waits where the group
/// meets its limit, and where the host tells of stalls one of those may be for it.
pub(super) fn of_group(track: &CgroupTrack, host_stalls: Waits) -> Waits {
    if track.pressure.is_given(Stall::MemorySome) {
        return stalls(Some(&track.pressure));
    }
    each(|level, ns| match told(track.over(Group::LimitMet, ns).map(|met| met.by > 0)) {
        Some(true) => host_stalls[level].or(Some(true)),
        Some(false) => Some(false),
        None => host_stalls[level],
    })
}

/// Whether the kernel's counters tell of a shortage too: it reclaims, pages come back that were
/// dropped or swapped out, or hardly any memory is left.
pub(super) fn works(window: &Window, memory: &Use) -> Option<bool> {
    let paging = window.vm.track().ok()?;
    let counts = [
        Paging::DirectReclaim,
        Paging::RefaultAnon,
        Paging::RefaultFile,
        Paging::SwapIn,
        Paging::SwapOut,
        Paging::MajorFault,
    ];
    let counts = counts.map(|what| paging.over(what, 30 * SECOND_NS));
    let grew = counts.iter().flatten().any(|growth| growth.by > 0);
    let agrees = grew || memory.used >= USED[0];
    (agrees || !counts.iter().all(is_absent)).then_some(agrees)
}

/// Whether it is the host that is short. It is where it makes room. Where it does not, what stalls
/// its tasks is the limit of a group, and the group's to tell: one that stalls as long as the host
/// `explains` it, and where none does the host is short that has little left, or to which pages
/// come back as in thrashing. `None` where nobody counts that.
pub(super) fn is_short(window: &Window, memory: &Use, explains: bool) -> Option<bool> {
    let paging = window.vm.track().ok()?;
    let shortest_ns = PERSISTENCE_S[0] * SECOND_NS;
    let grew = |what| paging.over(what, 30 * SECOND_NS).or_else(|_| paging.over(what, shortest_ns));
    let scanned = grew(Paging::Scan).ok()?.by > 0;
    let reclaimed = grew(Paging::DirectReclaim).is_ok_and(|growth| growth.by > 0);
    let comes_back =
        |what| paging.over(what, TEN_S).is_ok_and(|growth| growth.per_second() >= COMES_BACK);
    let is_left_little =
        memory.used >= USED[0] || comes_back(Paging::SwapIn) || comes_back(Paging::RefaultAnon);
    Some(scanned || reclaimed || !explains && is_left_little)
}
