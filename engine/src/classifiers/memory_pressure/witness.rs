//! Who else tells that memory is short: stall shares, and where there are none what is counted of
//! paging and of limits that were met.

use crate::classifiers::soon::is_soon;
use crate::classifiers::{PERSISTENCE_S, is_absent, page_cost};
use crate::culprit::makes_room;
use crate::window::{CgroupTrack, Group, Missing, Paging, PagingTrack, PressureTrack};
use crate::window::{Stall, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::model::Memory;
use ks_vocabulary::time::SECOND_NS;

use super::used::{USED, Use, Waits};

/// Shares of time stalled, over the persistence of each severity, with which a used share is as
/// bad: somebody waits at medium, and as much as is low by itself at high and critical (our
/// judgement). Without swap the latter, or direct reclaim, stands for its being used up.
const WAITS: [f64; 4] = [0.0, 0.01, 0.05, 0.05];
/// Share of time stalled fully, with which a used share is critical (that with which a stall is
/// high by itself).
const LOST: f64 = 0.15;
/// Pages a second that come back with which somebody waits, where nobody tells of stalls or of what
/// they cost (pmieconf `memory.exhausted`), and entries into direct reclaim, or into compaction
/// (our judgement: each is of 32 pages, the kernel's `SWAP_CLUSTER_MAX`).
const PAGES: f64 = 5.0;
const ENTRIES: f64 = 1.0;
/// Pages a second that were swapped and come back, with which a host is short that makes no room
/// (`swap_thrashing`, high).
const COMES_BACK: f64 = 100.0;
const TEN_S: u64 = 10 * SECOND_NS;
const CRITICAL: usize = Severity::Critical as usize;

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

/// What is known beside stalls, of a host.
#[derive(Debug, Clone, Copy, Default)]
struct Host<'a> {
    paging: Option<&'a PagingTrack>,
    /// What it holds grows, and will be all there is within the horizon of forecasts.
    ends_soon: bool,
}

/// Stalls, and at critical how much is lost to them, or whether it goes on to the end.
fn stalls(track: Option<&PressureTrack>, host: Host<'_>) -> Waits {
    each(|level, ns| {
        let waits = track?.share(Stall::MemorySome, ns).map(|share| share >= WAITS[level]);
        let is_enough = level < CRITICAL || host.ends_soon || is_lost(track?, host.paging, ns);
        told(waits).map(|waits| waits && is_enough)
    })
}

/// Whether enough is lost to a memory in use for it to be critical: all tasks stall, or tasks of
/// the host reclaim for themselves.
fn is_lost(track: &PressureTrack, host: Option<&PagingTrack>, ns: u64) -> bool {
    let entries = host.map(|paging| paging.over(Paging::DirectReclaim, ns));
    track.share(Stall::MemoryFull, ns).is_ok_and(|share| share >= LOST)
        || entries.is_some_and(|found| found.is_ok_and(|growth| growth.per_second() >= ENTRIES))
}

/// Of a host: its stalls.
pub(super) fn stalls_of_host(window: &Window) -> Waits {
    let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    let total = window.memory.one().ok().and_then(Memory::total_bytes);
    let ends_ns = total.and_then(|bytes| window.host_past.held.full_in_ns(bytes));
    let ends_soon = is_soon(ends_ns);
    let paging = window.vm.track().ok().filter(|_| window.vm.is_fresh());
    stalls(track, Host { paging, ends_soon })
}

/// Of a host: its stalls, else what its kernel counts of paging.
pub(super) fn of_host(window: &Window) -> Waits {
    let stalls = stalls_of_host(window);
    let paging = window.vm.track().ok().filter(|_| window.vm.is_fresh());
    each(|level, ns| stalls[level].or_else(|| pages(window, paging?, (WAITS[level], ns))))
}

/// Whether tasks reclaim for themselves, or wait such a share of time for pages that were dropped
/// or swapped out. A kernel that does not count those that come back counts how many it looks at.
/// Where it counts how it makes room, and none of this grows, nobody waits.
fn pages(window: &Window, paging: &PagingTrack, (share, ns): (f64, u64)) -> Option<bool> {
    let reaches =
        |what, limit: f64| paging.over(what, ns).map(|growth| growth.per_second() >= limit);
    let costs = |what| {
        let cost = page_cost::of_pages(window, paging.over(what, ns).ok()?, ns);
        cost.map(|cost| cost >= share)
    };
    let back = [Paging::SwapIn, Paging::RefaultAnon, Paging::RefaultFile];
    let (entries, scans) = (reaches(Paging::DirectReclaim, ENTRIES), reaches(Paging::Scan, PAGES));
    let waits = entries == Ok(true)
        || back
            .into_iter()
            .any(|what| reaches(what, PAGES) == Ok(true) && costs(what) != Some(false))
        || scans == Ok(true)
            && is_absent(&reaches(Paging::RefaultFile, PAGES))
            && makes_room(paging, ns) == Ok(true);
    (waits || !is_absent(&entries) || !is_absent(&scans)).then_some(waits)
}

/// Of a group: its own stalls. Groups of version 1 have none. Those of the host are the one's that
/// is short (`lent`); in others somebody waits where the limit is met and what is read back costs
/// time. That the limit is met is no wait: page cache fills it all day.
pub(super) fn of_group(
    window: &Window,
    track: &CgroupTrack,
    (is_lent, host_stalls): (bool, Waits),
) -> Waits {
    if track.pressure.is_given(Stall::MemorySome) {
        return stalls(Some(&track.pressure), Host::default());
    }
    let mut waits = each(|level, ns| {
        let lent = host_stalls[level].filter(|_| is_lent);
        lent.or_else(|| match told(track.over(Group::LimitMet, ns).map(|met| met.by > 0)) {
            Some(true) => Some(reads_back(window, track, (WAITS[level], ns))),
            Some(false) => Some(false),
            None => host_stalls[level],
        })
    });
    if !is_lent {
        // Nobody tells whether all of its tasks stall.
        waits[CRITICAL] = Some(false);
    }
    waits
}

/// Whether what a group reads back costs such a share of time; where no disk tells of the cost a
/// rate does.
fn reads_back(window: &Window, track: &CgroupTrack, (share, ns): (f64, u64)) -> bool {
    let reaches = |what| track.over(what, ns).is_ok_and(|growth| growth.per_second() >= PAGES);
    let reads = || reaches(Group::MajorFault) || reaches(Group::Refault);
    page_cost::of_group(window, track, ns).map_or_else(reads, |cost| cost >= share)
}

/// Whether the kernel's counters tell of a shortage too: it reclaims or compacts, pages come
/// back that were dropped or swapped out, or hardly any memory is left.
pub(super) fn works(window: &Window, memory: &Use) -> Option<bool> {
    let paging = window.vm.track().ok()?;
    let counts = [
        Paging::DirectReclaim,
        Paging::RefaultAnon,
        Paging::RefaultFile,
        Paging::SwapIn,
        Paging::SwapOut,
        Paging::MajorFault,
        Paging::Compaction,
    ];
    let counts = counts.map(|what| paging.over(what, 30 * SECOND_NS));
    let grew = counts.iter().flatten().any(|growth| growth.by > 0);
    let agrees = grew || memory.used >= USED[0];
    (agrees || !counts.iter().all(is_absent)).then_some(agrees)
}

/// Whether it is the host that is short. It is where it makes room, by more than trimming its page
/// cache. Where it does not, what stalls its tasks is the limit of a group, and the group's to
/// tell: one that stalls as long as the host `explains` it, and where none does the host is short
/// that has little left, whose tasks compact it, or to which pages come back as in thrashing.
/// `None` where nobody counts that.
pub(super) fn is_short(window: &Window, memory: &Use, explains: bool) -> Option<bool> {
    let paging = window.vm.track().ok()?;
    let shortest_ns = PERSISTENCE_S[0] * SECOND_NS;
    let makes_room =
        makes_room(paging, 30 * SECOND_NS).or_else(|_| makes_room(paging, shortest_ns)).ok()?;
    let reaches =
        |what, limit: f64| paging.over(what, TEN_S).is_ok_and(|grew| grew.per_second() >= limit);
    let comes_back = |what| reaches(what, COMES_BACK);
    let is_left_little = memory.used >= USED[0] && !memory.has_room()
        || comes_back(Paging::SwapIn)
        || comes_back(Paging::RefaultAnon)
        || reaches(Paging::Compaction, ENTRIES);
    Some(makes_room || !explains && is_left_little)
}
