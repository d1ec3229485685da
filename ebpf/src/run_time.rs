//! How long the programs ran, which the kernel measures while somebody asks it to.

use aya::sys::{Stats, SyscallError, enable_stats};
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

/// Whether there is the system call that all of this rests on: one that is refused is there.
pub(crate) fn has_bpf() -> bool {
    let absent = |error: &SyscallError| error.io_error.raw_os_error() == Some(libc::ENOSYS);
    !enable_stats(Stats::RunTime).as_ref().is_err_and(absent)
}
