//! Two calls of the kernel that no file of `/proc` stands for: how a process is scheduled, and how
//! its I/O is.
#![expect(unsafe_code, reason = "system calls that take numbers only, and write nothing")]

/// `IOPRIO_WHO_PROCESS` of `ioprio_get(2)`.
const WHO_PROCESS: libc::c_int = 1;
/// Class 0 is none: what is below it differs between kernels and says nothing.
const CLASS_SHIFT: u32 = 13;

/// Whether children of the process are scheduled as if it had not been told otherwise; `None` where
/// it is gone.
pub(crate) fn resets_on_fork(pid: u64) -> Option<bool> {
    let pid = libc::pid_t::try_from(pid).ok()?;
    // SAFETY: it takes a number and touches no memory of ours.
    let policy = unsafe { libc::syscall(libc::SYS_sched_getscheduler, pid) };
    (policy >= 0).then_some(policy & libc::c_long::from(libc::SCHED_RESET_ON_FORK) != 0)
}

/// Priority of a process's I/O: class << 13 | level, 0 where it has no class; `None` where it is
/// gone or the kernel does not say.
pub(crate) fn io_priority(pid: u64) -> Option<u64> {
    let pid = libc::c_int::try_from(pid).ok()?;
    // SAFETY: it takes numbers and touches no memory of ours.
    let found = unsafe { libc::syscall(libc::SYS_ioprio_get, WHO_PROCESS, pid) };
    u64::try_from(found).ok().map(of_class)
}

/// The priority, or 0 where it has no class.
pub(crate) fn of_class(priority: u64) -> u64 {
    if priority >> CLASS_SHIFT == 0 { 0 } else { priority }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_both_and_none_has_neither() {
        let own = u64::from(std::process::id());
        assert_eq!(resets_on_fork(own), Some(false));
        assert!(io_priority(own).is_some_and(|priority| priority >> CLASS_SHIFT <= 3));
        // Process ids end below 2^22.
        assert_eq!((resets_on_fork(1 << 30), io_priority(1 << 30)), (None, None));
        assert_eq!((resets_on_fork(u64::MAX), io_priority(u64::MAX)), (None, None));
    }

    #[test]
    fn a_level_without_a_class_says_nothing() {
        assert_eq!([of_class(4), of_class(2 << 13 | 7), of_class(0)], [0, 2 << 13 | 7, 0]);
    }
}
