//! What each system call does, by its number on this architecture (`signals.md`, section 10).

use ks_ebpf::layout::{SYSCALL_NUMBERS, SyscallClasses};

/// Number of `connect`.
pub(super) const CONNECT: u64 = libc::SYS_connect.cast_unsigned();

/// Classes in the order of their numbers in `syscall.h`; a descriptor's calls are of the class of
/// what it is.
pub(super) const CLASSES: [&str; 8] =
    ["other", "wait", "storage", "metadata", "memory", "process", "net_send", "descriptor"];

const WAIT: (u8, &[i64]) = (
    1,
    &[
        libc::SYS_epoll_pwait,
        libc::SYS_ppoll,
        libc::SYS_pselect6,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
        libc::SYS_futex,
        libc::SYS_wait4,
        libc::SYS_waitid,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_rt_sigtimedwait,
        libc::SYS_rt_sigsuspend,
        libc::SYS_msgrcv,
        libc::SYS_semtimedop,
        libc::SYS_io_getevents,
        libc::SYS_io_uring_enter,
        libc::SYS_flock,
        libc::SYS_restart_syscall,
        libc::SYS_connect,
    ],
);
const STORAGE: (u8, &[i64]) = (
    2,
    &[
        libc::SYS_fsync,
        libc::SYS_fdatasync,
        libc::SYS_sync,
        libc::SYS_syncfs,
        libc::SYS_sync_file_range,
        libc::SYS_msync,
        libc::SYS_fallocate,
        libc::SYS_ftruncate,
        libc::SYS_copy_file_range,
    ],
);
const METADATA: (u8, &[i64]) = (
    3,
    &[
        libc::SYS_openat,
        libc::SYS_newfstatat,
        libc::SYS_fstat,
        libc::SYS_statx,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_mkdirat,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_readlinkat,
        libc::SYS_fchmodat,
        libc::SYS_fchownat,
        libc::SYS_getdents64,
        libc::SYS_faccessat,
        libc::SYS_statfs,
        libc::SYS_fstatfs,
    ],
);
const MEMORY: (u8, &[i64]) = (
    4,
    &[
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_mprotect,
        libc::SYS_brk,
        libc::SYS_mlock,
    ],
);
const PROCESS: (u8, &[i64]) = (5, &[libc::SYS_clone, libc::SYS_clone3, libc::SYS_execve]);
const NET_SEND: (u8, &[i64]) =
    (6, &[libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_sendmmsg, libc::SYS_sendfile]);
const DESCRIPTOR: (u8, &[i64]) = (
    7,
    &[
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_readv,
        libc::SYS_writev,
        libc::SYS_pread64,
        libc::SYS_pwrite64,
        libc::SYS_preadv,
        libc::SYS_pwritev,
    ],
);

/// Calls that only older architectures have.
#[cfg(target_arch = "x86_64")]
const OLD: [(u8, &[i64]); 3] = [
    (1, &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_select, libc::SYS_pause]),
    (
        3,
        &[
            libc::SYS_open,
            libc::SYS_stat,
            libc::SYS_lstat,
            libc::SYS_unlink,
            libc::SYS_rename,
            libc::SYS_mkdir,
            libc::SYS_rmdir,
            libc::SYS_readlink,
            libc::SYS_access,
            libc::SYS_creat,
        ],
    ),
    (5, &[libc::SYS_fork, libc::SYS_vfork]),
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: [(u8, &[i64]); 0] = [];

/// The table that the tracer looks calls up in.
pub(super) fn table() -> SyscallClasses {
    let mut class = [0; SYSCALL_NUMBERS];
    let current = [WAIT, STORAGE, METADATA, MEMORY, PROCESS, NET_SEND, DESCRIPTOR];
    for (of, numbers) in current.into_iter().chain(OLD) {
        for number in numbers {
            if let Some(entry) = usize::try_from(*number).ok().and_then(|at| class.get_mut(at)) {
                *entry = of;
            }
        }
    }
    SyscallClasses { class }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_of_two_classes_and_all_are_in_the_table() {
        let table = table();
        let current = [WAIT, STORAGE, METADATA, MEMORY, PROCESS, NET_SEND, DESCRIPTOR];
        for (of, numbers) in current.into_iter().chain(OLD) {
            assert!(usize::from(of) < CLASSES.len());
            for number in numbers {
                assert_eq!(table.class[usize::try_from(*number).unwrap()], of, "call {number}");
            }
        }
    }
}
