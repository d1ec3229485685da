//! The only place of this crate that asks for the time: deadlines of requests are kept by it, and
//! nothing that a run decides on.

use std::time::Duration;

use tokio::time::Instant;

/// Now, on a clock that never goes back.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A time as people are told it: what is begun of a second counts.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
