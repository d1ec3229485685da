//! Whether tasks wait for I/O: what the counters of a disk cannot tell.

use crate::window::{Known, Stall, Window};
use ks_vocabulary::time::SECOND_NS;

use super::super::served::serves_one;
use super::super::sleepers::in_flight;

/// Share of the time in which some task stalls for I/O, as at low of `io_congestion`. Reads ahead,
/// checks of md and asynchronous readers leave it below a twentieth.
const IO_SOME: f64 = 0.10;
/// Tasks in uninterruptible sleep, in the mean over readings: one at half of them (our judgement).
const ASLEEP: f64 = 0.5;
const WINDOW_NS: u64 = 5 * SECOND_NS;

/// Whether stall shares or sleeping tasks tell of a wait; `None` where neither does and one of them
/// is not recorded. Threads of the kernel wait by design, such as that which checks an array, and
/// so does one program that is served in time.
pub(super) fn is_stalled(window: &Window) -> Option<bool> {
    let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    let some = track.and_then(|track| track.share(Stall::IoSome, WINDOW_NS).ok());
    let asleep = window.sufferers.mean_asleep(|key| {
        let known = window.processes.find(key);
        !known.is_some_and(Known::is_kernels)
    });
    let known = [some.map(|share| share >= IO_SOME), asleep.map(|tasks| tasks >= ASLEEP)];
    let waiting = [asleep, in_flight(window)].into_iter().flatten().reduce(f64::max);
    let tells = known.contains(&Some(true)) && !serves_one(window, waiting);
    (tells || known.iter().all(Option::is_some)).then_some(tells)
}
