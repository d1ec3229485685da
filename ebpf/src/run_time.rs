//! How long the programs ran, which the kernel measures while somebody asks it to.

use aya::sys::{Stats, enable_stats};
use std::os::fd::OwnedFd;

/// The kernel measures as long as this lives. Asking takes CAP_SYS_ADMIN, reading takes nothing.
#[derive(Debug)]
pub struct RunTime {
    _asked: OwnedFd,
}

impl RunTime {
    /// Asks the kernel to measure; `None` where it does not.
    pub fn measure() -> Option<Self> {
        enable_stats(Stats::RunTime).ok().map(|asked| Self { _asked: asked })
    }
}
