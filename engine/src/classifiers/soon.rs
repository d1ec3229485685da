//! Whether what is left of a resource is gone soon.

use ks_vocabulary::time::SECOND_NS;

/// Within the horizon of forecasts of space.
const SOON_NS: u64 = 4 * 3_600 * SECOND_NS;

/// Whether a resource ends within hours at its pace; `None` is none that does.
pub(super) fn is_soon(ends_in_ns: Option<u64>) -> bool {
    ends_in_ns.is_some_and(|ns| ns <= SOON_NS)
}
