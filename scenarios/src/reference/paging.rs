//! What the kernel counts of the host's memory and of its stalls, for all who judge by it.

use ks_vocabulary::model::{Pressure, Vm};

use super::Pair;

/// Share of the time that a stall of the host took.
pub(super) fn stalled(pair: &Pair<'_>, get: fn(&Pressure) -> Option<u64>) -> Option<f64> {
    let (before, after) = pair.before.pressure.first().zip(pair.after.pressure.first())?;
    Some(pair.rate(get(before), get(after))? / 1e6)
}

/// Growth a second of a counter of the host's memory.
pub(super) fn grown(pair: &Pair<'_>, get: fn(&Vm) -> Option<u64>) -> f64 {
    let both = pair.before.vm.first().zip(pair.after.vm.first());
    both.and_then(|(before, after)| pair.rate(get(before), get(after))).unwrap_or(0.0)
}

/// Whether anything was killed for want of memory on the host without its reclaiming.
pub(super) fn has_killed(pair: &Pair<'_>) -> bool {
    grown(pair, Vm::oom_kill) > 0.0 && grown(pair, Vm::allocstall) <= 0.0
}

/// Whether the host does something to get free memory.
pub(super) fn makes_room(pair: &Pair<'_>) -> bool {
    let counts = [Vm::allocstall, Vm::pgscan_kswapd, Vm::pgscan_direct];
    counts.into_iter().any(|get| grown(pair, get) > 0.0)
}
