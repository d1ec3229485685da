//! Control groups that use up their quota.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::classifiers::alone::Alone;
use crate::window::{CgroupTrack, Group, Stall, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

/// Share of a group's periods in which it was throttled, over 5 s at medium and over 10 s at high
/// (our judgement).
const THROTTLED: [(Metric, u64, [Option<f64>; 4]); 2] = [
    (Metric::ThrottledShare5s, 5, [None, Some(0.25), None, None]),
    (Metric::ThrottledShare10s, 10, [None, None, Some(0.50), None]),
];
/// Time that a group's CPUs lose to throttling for each second, below which the share of its
/// periods says nothing: at medium and at high (our judgement, as low and between medium and high
/// of the stall shares).
const LOST: [f64; 2] = [0.10, 0.25];
/// The kernel's own period of a quota (`default_cfs_period`).
const PERIOD_US: u64 = 100_000;

/// Whether a group has a quota.
pub(super) fn has_quota(row: &Cgroup) -> bool {
    row.nr_periods().is_some_and(|periods| periods > 0)
}

/// Those that a limit of throttling is reached for: who waits for a CPU only in them waits for the
/// next period of a quota.
pub(super) fn groups(window: &Window) -> Alone<'_> {
    Alone::of(window, |row, track| has_quota(row) && is_throttled(row, track))
}

/// Grades throttling, and names the form where it is found: it is a quota, not contention. The
/// return value says whether it is.
pub(super) fn grade(seen: &mut Evaluation, row: &Cgroup, track: &CgroupTrack) -> bool {
    let mut throttled = false;
    for (at, (metric, window_s, limits)) in THROTTLED.into_iter().enumerate() {
        seen.know(limits.map(|limit| limit.is_some()));
        let ns = window_s * SECOND_NS;
        let Some(value) = throttled_share(track, ns) else { continue };
        if lost_share(row, track, ns).is_some_and(|lost| lost < LOST[at]) {
            seen.note_with(metric, value, limits);
            continue;
        }
        let quantity = Quantity { metric, value, limits };
        let key = seen.grade(quantity, Held::Met, Relax::Scaled);
        let lowest = limits[Severity::Medium.index()];
        seen.keep_keyed(key, lowest.is_some_and(|limit| value >= Relax::Scaled.limit(limit)));
        if limits.iter().flatten().any(|limit| value >= *limit) {
            seen.subtype = Some(Subtype::Throttled);
            throttled = true;
        }
    }
    throttled
}

/// Whether a group is throttled as medium asks for, or nearly so.
fn is_throttled(row: &Cgroup, track: &CgroupTrack) -> bool {
    let (_, window_s, limits) = THROTTLED[0];
    let ns = window_s * SECOND_NS;
    let limit = limits[Severity::Medium.index()].map_or(0.0, |limit| Relax::Scaled.limit(limit));
    throttled_share(track, ns).is_some_and(|share| share >= limit)
        && lost_share(row, track, ns).is_none_or(|lost| lost >= Relax::Scaled.limit(LOST[0]))
}

/// Share of the time that a group lost to throttling; `None` where that is not told. The kernel
/// adds up what each CPU was throttled for (`tg_unthrottle_up`), so a group on many of them loses
/// more than there is: none is throttled for longer than its period, and all that while some task
/// of the group waits for a CPU.
fn lost_share(row: &Cgroup, track: &CgroupTrack, ns: u64) -> Option<f64> {
    let lost = track.over(Group::ThrottledTime, ns).ok()?.share_of_us();
    let period_us = row.cpu_period_us().unwrap_or(PERIOD_US) as f64;
    let periods = track.over(Group::Throttled, ns).ok()?.per_second();
    // A kernel without `full` counts no task that waits alone (before `NR_ONCPU`).
    let stalled =
        row.cpu_full_total_us().and_then(|_| track.pressure.share(Stall::CpuSome, ns).ok());
    Some(lost.min(periods * period_us / 1e6).min(stalled.unwrap_or(f64::INFINITY)))
}

/// Share of the periods; without a period in the window nothing was throttled.
fn throttled_share(track: &CgroupTrack, ns: u64) -> Option<f64> {
    let periods = track.over(Group::Periods, ns).ok()?.by;
    let throttled = track.over(Group::Throttled, ns).ok()?.by;
    Some(if periods == 0 { 0.0 } else { throttled as f64 / periods as f64 })
}
