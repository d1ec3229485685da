//! Calls of the kernel that have no wrapper without memory of ours in it: they take and give
//! numbers alone.
#![expect(unsafe_code, reason = "system calls that take numbers, and one struct of our own")]

use std::io;

use rustix::process::Pid;

/// `IOPRIO_WHO_PROCESS` of `ioprio_get(2)`: one thread.
const WHO_THREAD: libc::c_int = 1;
/// The class is above the level and its hints.
const CLASS_SHIFT: u32 = 13;

fn number(tid: u64) -> io::Result<libc::pid_t> {
    libc::pid_t::try_from(tid).map_err(|_| io::Error::from_raw_os_error(libc::ESRCH))
}

/// A thread as other calls take it. Zero would mean the caller.
pub(crate) fn id(tid: u64) -> io::Result<Pid> {
    let number = Pid::from_raw(number(tid)?);
    number.ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
}

fn checked(found: libc::c_long) -> io::Result<u64> {
    u64::try_from(found).map_err(|_| io::Error::last_os_error())
}

/// Closes every descriptor but the standard ones: whoever started this program may have left some
/// open that lead anywhere. Called before this program has opened any.
pub fn close_all_but_standard() -> io::Result<()> {
    // SAFETY: it takes numbers; nothing of this program has a descriptor above the standard ones.
    checked(unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) }).map(|_| ())
}

/// Scheduling policy of a thread, with the flag that children do not inherit it.
pub fn policy(tid: u64) -> io::Result<u64> {
    let tid = id(tid)?.as_raw_nonzero().get();
    // SAFETY: it takes a number and touches no memory of ours.
    checked(unsafe { libc::syscall(libc::SYS_sched_getscheduler, tid) })
}

/// Sets it, for policies that have no priority. `sched_setattr` is not used: with it the time slice
/// would be frozen at what was read (`kernel.md`, section 7).
pub fn set_policy(tid: u64, policy: u64) -> io::Result<()> {
    let tid = id(tid)?.as_raw_nonzero().get();
    let policy = libc::c_int::try_from(policy).map_err(|_| io::ErrorKind::InvalidInput)?;
    let none = libc::sched_param { sched_priority: 0 };
    // SAFETY: it reads the struct, which lives until it returns.
    checked(unsafe { libc::syscall(libc::SYS_sched_setscheduler, tid, policy, &raw const none) })
        .map(|_| ())
}

/// I/O priority of a thread: class << 13 | level; 0 where it has no class, since a level below none
/// says nothing, and some kernels refuse it (`kernel.md`, section 7).
pub fn io_priority(tid: u64) -> io::Result<u64> {
    let tid = id(tid)?.as_raw_nonzero().get();
    // SAFETY: it takes numbers and touches no memory of ours.
    let found = checked(unsafe { libc::syscall(libc::SYS_ioprio_get, WHO_THREAD, tid) })?;
    Ok(if found >> CLASS_SHIFT == 0 { 0 } else { found })
}

/// Sets it.
pub fn set_io_priority(tid: u64, priority: u64) -> io::Result<()> {
    let tid = id(tid)?.as_raw_nonzero().get();
    let priority = libc::c_int::try_from(priority).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: it takes numbers and touches no memory of ours.
    checked(unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_THREAD, tid, priority) }).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_thread_is_told_so() {
        for tid in [u64::MAX, 1 << 30] {
            for error in [policy(tid).unwrap_err(), io_priority(tid).unwrap_err()] {
                assert_eq!(error.raw_os_error(), Some(libc::ESRCH), "{tid}");
            }
            assert!(set_policy(tid, 0).is_err() && set_io_priority(tid, 0).is_err());
        }
    }

    #[test]
    fn numbers_that_the_call_cannot_take_are_refused() {
        let own = u64::from(std::process::id());
        assert!(set_policy(own, u64::MAX).is_err() && set_io_priority(own, u64::MAX).is_err());
    }
}
