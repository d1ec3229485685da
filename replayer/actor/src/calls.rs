//! The system calls that a sandboxed process may make, with what their arguments may be. Any other
//! kills it.
//!
//! The list is what the work needs, and what the Rust library and glibc do beside it: at the end of
//! a process, in a panic, after a stop (`kernel.md`, section 1). A call that is forgotten shows
//! late, so each stands with why it is there.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use thiserror::Error;

/// The filter cannot be made.
#[derive(Debug, Error)]
pub enum FilterError {
    /// Its rules are not what the library takes.
    #[error("the filter of system calls cannot be built: {0}")]
    Rules(#[from] seccompiler::BackendError),
    /// The kernel does not take it.
    #[error("the kernel takes no filter of system calls: {0}")]
    Apply(#[from] seccompiler::Error),
}

/// Memory that is run is mapped before the sandbox, and never in it.
const EXECUTABLE: u64 = 4;
/// `MAP_SHARED`.
const SHARED: u64 = 1;
/// What is done to descriptors: they are doubled, and looked at.
const FILE_COMMANDS: [u64; 4] = [
    libc::F_DUPFD_CLOEXEC.cast_unsigned() as u64,
    libc::F_GETFD.cast_unsigned() as u64,
    libc::F_SETFD.cast_unsigned() as u64,
    libc::F_GETFL.cast_unsigned() as u64,
];
/// Nice levels. Below zero there is only what is put back: what may be asked for, the bounds say.
const NICE_MAX: u64 = 19;
const NICE_LEAST: u64 = (-20i32).cast_unsigned() as u64;
/// Other, batch, idle, each with the flag that children do not inherit it.
const POLICIES: [u64; 6] = [0, 3, 5, 0x4000_0000, 0x4000_0003, 0x4000_0005];
/// None, and best-effort and idle with their levels: never realtime.
const IO_PRIORITIES: [u64; 17] = [
    0,
    2 << 13,
    2 << 13 | 1,
    2 << 13 | 2,
    2 << 13 | 3,
    2 << 13 | 4,
    2 << 13 | 5,
    2 << 13 | 6,
    2 << 13 | 7,
    3 << 13,
    3 << 13 | 1,
    3 << 13 | 2,
    3 << 13 | 3,
    3 << 13 | 4,
    3 << 13 | 5,
    3 << 13 | 6,
    3 << 13 | 7,
];
/// Whether it is there, stop, continue, end.
const SIGNALS: [u64; 4] = [
    0,
    libc::SIGSTOP.cast_unsigned() as u64,
    libc::SIGCONT.cast_unsigned() as u64,
    libc::SIGTERM.cast_unsigned() as u64,
];

/// What a process in a sandbox is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It acts, and keeps notes.
    Act,
    /// It opens files and hands them on, and writes none.
    Open,
    /// It writes kernel parameters.
    Set,
    /// It speaks to systemd, on a connection that it has.
    Manage,
}

impl Work {
    /// What it calls beside [`PLAIN`].
    fn calls(self) -> &'static [c_long] {
        match self {
            Self::Act => ACT,
            Self::Open => &[libc::SYS_sendmsg, libc::SYS_pidfd_open],
            Self::Set => &[libc::SYS_sendmsg, libc::SYS_pwrite64],
            Self::Manage => &[libc::SYS_sendmsg],
        }
    }

    /// Whether it opens files.
    fn opens(self) -> bool {
        self != Self::Manage
    }
}

/// Whatever their arguments are, in every process.
const PLAIN: &[c_long] = &[
    // Messages, files, and directories.
    libc::SYS_read,
    libc::SYS_close,
    libc::SYS_statx,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_readlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    libc::SYS_lseek,
    libc::SYS_ppoll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Time, random seeds of maps, locks.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_futex,
    // A signal that is handled, a stop that is over, a panic, the end.
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// The same of who opens files.
const OPENS: &[c_long] = &[libc::SYS_openat, libc::SYS_openat2];

/// The same of who acts.
const ACT: &[c_long] = &[
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvmsg,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_getdents64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_syncfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    // What is set of threads: what may be set is below.
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_ioprio_get,
    libc::SYS_getpriority,
    libc::SYS_pidfd_open,
];

/// One argument is one of these.
fn one_of(call: c_long, argument: u8, values: &[u64]) -> Result<Rules, FilterError> {
    let rules = values.iter().map(|value| rule(argument, SeccompCmpOp::Eq, *value));
    Ok((call, rules.collect::<Result<_, _>>()?))
}

type Rules = (c_long, Vec<SeccompRule>);

fn rule(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, FilterError> {
    Ok(SeccompRule::new(vec![condition(argument, is, value)?])?)
}

fn condition(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompCondition, FilterError> {
    Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)?)
}

/// The filter for a work, on this processor.
pub(crate) fn filter(work: Work) -> Result<BpfProgram, FilterError> {
    let opens = if work.opens() { OPENS } else { &[] };
    let calls = PLAIN.iter().chain(opens).chain(work.calls());
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> =
        calls.map(|call| (*call, Vec::new())).collect();
    let not_run = || condition(2, SeccompCmpOp::MaskedEq(EXECUTABLE), 0);
    // What is mapped is its own: a file that is written through memory is written all the same.
    let own = condition(3, SeccompCmpOp::MaskedEq(SHARED), 0)?;
    // How a panic that aborts ends: with nothing but its own end.
    let itself = condition(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?;
    let abort = condition(2, SeccompCmpOp::Eq, libc::SIGABRT.cast_unsigned().into())?;
    rules.extend([
        (libc::SYS_mmap, vec![SeccompRule::new(vec![not_run()?, own])?]),
        (libc::SYS_mprotect, vec![SeccompRule::new(vec![not_run()?])?]),
        (libc::SYS_tgkill, vec![SeccompRule::new(vec![itself, abort])?]),
        // Who gets a signal when something comes, is none of these.
        one_of(libc::SYS_fcntl, 1, &FILE_COMMANDS)?,
    ]);
    if work == Work::Act {
        rules.extend(acts()?);
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let (kill, allow) = (SeccompAction::KillProcess, SeccompAction::Allow);
    Ok(SeccompFilter::new(rules, kill, allow, arch)?.try_into()?)
}

/// What may be set of threads, and sent to processes.
fn acts() -> Result<[Rules; 4], FilterError> {
    let levels = vec![rule(2, SeccompCmpOp::Le, NICE_MAX)?, rule(2, SeccompCmpOp::Ge, NICE_LEAST)?];
    Ok([
        one_of(libc::SYS_sched_setscheduler, 1, &POLICIES)?,
        one_of(libc::SYS_ioprio_set, 2, &IO_PRIORITIES)?,
        one_of(libc::SYS_pidfd_send_signal, 1, &SIGNALS)?,
        (libc::SYS_setpriority, levels),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_built_and_short_enough_for_the_kernel() {
        for work in [Work::Act, Work::Open, Work::Set, Work::Manage] {
            let filter = filter(work).unwrap();
            assert!(filter.len() > PLAIN.len() && filter.len() <= 4096, "{}", filter.len());
        }
        assert!(!Work::Open.calls().contains(&libc::SYS_write), "it writes nothing");
    }
}
