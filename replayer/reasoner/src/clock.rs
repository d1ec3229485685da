//! The only place of this crate that asks for the time: deadlines of requests are kept by it, and
//! nothing that a run decides on.

use tokio::time::Instant;

/// Now, on a clock that never goes back.
pub(crate) fn now() -> Instant {
    Instant::now()
}
