//! How much of a memory is used, that of a host or of a control group, and what that amounts to.

use crate::board::{Evaluation, Relax};
use crate::window::{Account, BUCKET_NS, Window};
use ks_vocabulary::held;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Memory;
use ks_vocabulary::time::seconds;

/// Used share at low with direct reclaim and at medium (our judgement), at high and at critical
/// with little swap left (earlyoom's levels for SIGTERM and SIGKILL, systemd-oomd).
pub(super) const USED: [f64; 4] = [0.80, 0.90, 0.90, 0.95];
/// Free share of swap at high and critical (earlyoom).
const SWAP_FREE: [f64; 2] = [0.10, 0.05];
/// What is held grows to the end where what is left is gone in so long at the rate of the last ten
/// to twenty seconds, and at that of the newest readings (our judgement).
const END_S: f64 = 300.0;
/// So much is room whatever share it is, while nobody has to reclaim for it (our judgement: the
/// whole memory of an ordinary host).
const ROOM_BYTES: u64 = 32 << 30;

/// Whether tasks wait for memory as much as each severity wants, over its persistence; `None` where
/// nobody tells.
pub(super) type Waits = [Option<bool>; 4];

/// How much of a memory is in use, and whether allocations meet its end.
pub(super) struct Use {
    pub(super) used: f64,
    pub(super) swap: Swap,
    /// Nearly all that is in use is known to be such that only swap could make it free.
    pub(super) is_held: bool,
    /// It is too small for what it has to hold: swap takes the rest, or reclaim found nothing.
    pub(super) overflows: bool,
    /// What is left will soon be gone, at the rate at which what is held grows.
    pub(super) grows: bool,
    /// Whether allocations reclaimed directly: in the last interval for low, so that it persists
    /// like any rate, and over the window of each severity above, where it stands for swap.
    pub(super) reclaims: [bool; 4],
    pub(super) waits: Waits,
    pub(super) left_bytes: Option<u64>,
}

impl Use {
    /// What is left is much, however small a share it is.
    pub(super) fn has_room(&self) -> bool {
        self.left_bytes.is_some_and(|bytes| bytes >= ROOM_BYTES)
    }
}

/// What is left of swap.
#[derive(Debug, Clone, Copy)]
pub(super) enum Swap {
    /// There is none.
    None,
    /// Nobody tells: it is neither used up nor known to be free.
    Untold,
    /// Its free share.
    Free(f64),
}

impl Swap {
    pub(super) fn of(row: &Memory) -> Self {
        match (row.swap_total_bytes(), row.swap_free_bytes()) {
            (Some(0), _) => Self::None,
            (Some(total), Some(free)) => Self::Free(free as f64 / total as f64),
            (None, _) | (_, None) => Self::Untold,
        }
    }
}

/// Whether so much growth in `ns` uses up soon what is left.
pub(super) fn ends_soon(growth_bytes: f64, ns: u64, left_bytes: u64) -> bool {
    let bytes_a_second = growth_bytes / seconds(ns.max(1));
    growth_bytes > 0.0 && bytes_a_second * END_S >= left_bytes as f64
}

/// Whether what the host holds grows to its end.
pub(super) fn host_grows(window: &Window, row: &Memory) -> bool {
    let grows = || {
        let account = window.host_past.of(Account::Memory)?;
        let end = account.ring.end();
        let before = account.ring.values(end.checked_sub(2)?, end.checked_sub(1)?).next()?;
        let ns = account.present_ns.saturating_add(BUCKET_NS);
        let left = row.available_bytes()?;
        let newest = window.host_past.memory.growth();
        let goes_on = ends_soon(newest.by as f64, newest.ns, left);
        Some(goes_on && ends_soon(account.present as f64 - before, ns, left))
    };
    held::used_share(row).is_some_and(|used| used >= USED[3]) && grows() == Some(true)
}

/// The predicates of the used share. Without stall shares critical is out of reach but for kills.
pub(super) fn grade(seen: &mut Evaluation, memory: &Use, has_stalls: bool) {
    let Use { used, swap, is_held, overflows, grows, reclaims, waits, .. } = memory;
    seen.note_with(Metric::UsedShare, *used, USED.map(Some));
    if let Swap::Free(free) = swap {
        let limits = [None, None, Some(SWAP_FREE[0]), Some(SWAP_FREE[1])];
        seen.note_with(Metric::SwapFreeShare, *free, limits);
    }
    let may_wait =
        |level: usize| waits[level] != Some(false) && (!memory.has_room() || reclaims[level]);
    let gives = !is_held
        || match swap {
            Swap::None => false,
            Swap::Untold => true,
            Swap::Free(free) => *free > SWAP_FREE[0],
        };
    let ends = *overflows || !gives && *used >= USED[3] && *grows;
    let exhausted = |level: usize, free_limit: f64| match swap {
        Swap::Untold => false,
        Swap::Free(free) => *free <= free_limit,
        Swap::None => waits[level] == Some(true) || reclaims[level],
    };
    seen.counts(Severity::Low, *used >= USED[0] && reclaims[0] || *used >= USED[1]);
    seen.counts(Severity::Medium, *used >= USED[1] && (may_wait(1) || ends));
    seen.counts(Severity::High, *used >= USED[2] && exhausted(2, SWAP_FREE[0]) && may_wait(2));
    let critical = *used >= USED[3] && exhausted(3, SWAP_FREE[1]) && may_wait(3);
    seen.counts(Severity::Critical, has_stalls && critical);
    let relaxed = |limit: f64| *used >= Relax::Share.limit(limit);
    seen.keep(relaxed(USED[0]) && reclaims[0] || relaxed(USED[1]));
}
