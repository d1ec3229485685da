//! Whether tasks wait for I/O: what the counters of a disk cannot tell.

use crate::window::{Stall, Window};
use ks_vocabulary::time::SECOND_NS;

use super::super::served::serves_one;
use super::super::sleepers::{programs_asleep, waiting};

/// Share of the time in which some task stalls for I/O, as at low of `io_congestion`. Reads ahead,
/// checks of md and asynchronous readers leave it below a twentieth.
const IO_SOME: f64 = 0.10;
/// Share of the time in which all of them stall, as at medium of `io_congestion`.
const IO_FULL: f64 = 0.05;
/// Tasks in uninterruptible sleep, in the mean over readings: one at half of them, and more than
/// one (our judgement).
const ASLEEP: f64 = 0.5;
const ASLEEP_SEVERAL: f64 = 1.5;
const WINDOW_NS: u64 = 5 * SECOND_NS;

/// Whether somebody waits; `None` where nobody tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stalled {
    /// For anything.
    pub(super) by_any: Option<bool>,
    /// For what is written behind: the one that writes waits for its own, and that is how it is
    /// slowed down.
    pub(super) by_writes: Option<bool>,
}

impl Stalled {
    /// By stall shares or sleeping tasks. One program that is served in time does not count.
    pub(super) fn of(window: &Window) -> Self {
        let (waiting, asleep) = (waiting(window), programs_asleep(window));
        let is_served = asleep.is_some() && serves_one(window, waiting);
        let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
        let stalls = |of, limit| Some(track?.share(of, WINDOW_NS).ok()? >= limit);
        let sleeps = |least| asleep.map(|tasks| tasks >= least);
        let several = waiting.map(|tasks| tasks >= ASLEEP_SEVERAL);
        Self {
            by_any: if is_served {
                Some(false)
            } else {
                either(stalls(Stall::IoSome, IO_SOME), sleeps(ASLEEP))
            },
            by_writes: either(stalls(Stall::IoFull, IO_FULL), several),
        }
    }
}

/// Whether one of two that are known says so; no only where both do.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
