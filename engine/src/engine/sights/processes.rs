//! What is seen of processes.

use alloc::collections::BTreeMap;

use ks_agent::sights::Listing;
use ks_vocabulary::action::CpuSet;
use ks_vocabulary::decision::{
    Blocked, IoClass, Policy, ProcessSettings, ProcessState, ProcessUse, Wait,
};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::model::{BlockedTask, Process, ProcessFacts};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::{listing, number};
use crate::window::{Known, Window};

/// Where the class of an I/O priority begins, and what of it the level is (ioprio.h).
const IO_CLASS_SHIFT: u64 = 13;
const IO_LEVEL_MASK: u64 = 7;

pub(super) fn uses(window: &Window) -> Listing<ProcessUse> {
    let at = window.processes.at()?;
    let each = window.processes.iter().map(|known| {
        let (pid, start) = known.key();
        (Entity::Process(pid, start), usage(window, known, at))
    });
    listing(Some(at), each)
}

/// What a process holds, and took in the ten to twenty seconds before the last reading.
pub(super) fn usage(window: &Window, known: &Known, at: Timestamp) -> ProcessUse {
    let (row, spent) = (&known.row, known.consumption(at));
    let over_s = window.processes.lately_ns(known) as f64 / SECOND_NS as f64;
    let over_s = Some(over_s).filter(|over_s| *over_s > 0.0);
    let rate = |is_given: bool, amount: u64| over_s.filter(|_| is_given).map(|s| amount as f64 / s);
    let hz = Some(window.host().user_hz).filter(|hz| *hz > 0);
    let ticks_per_s = rate(row.utime_ticks().is_some(), spent.cpu_ticks);
    let read = spent.io_bytes.saturating_sub(spent.written_bytes);
    ProcessUse {
        rss_bytes: number(row.rss_bytes()),
        swap_bytes: number(row.swap_bytes()),
        threads: number(row.threads()),
        cpus: ticks_per_s.zip(hz).map(|(ticks, hz)| ticks / hz as f64),
        read_bytes_per_s: rate(row.read_bytes().is_some(), read),
        written_bytes_per_s: rate(row.write_bytes().is_some(), spent.written_bytes),
        over_s,
    }
}

pub(super) fn settings(
    row: &Process,
    facts: Option<&ProcessFacts>,
    runs_ns: Option<u64>,
) -> ProcessSettings {
    let io_priority = facts.and_then(ProcessFacts::io_priority);
    ProcessSettings {
        nice: row.nice().map(|nice| nice as f64),
        autogroup_nice: facts.and_then(ProcessFacts::autogroup_nice).map(|nice| nice as f64),
        io_level: number(io_priority.map(|priority| priority & IO_LEVEL_MASK)),
        cpus_allowed: facts.and_then(ProcessFacts::cpus_allowed).and_then(count_of),
        oom_score_adj: row.oom_score_adj().map(|adj| adj as f64),
        open_files: number(row.open_files()),
        open_files_max: number(row.open_files_max()),
        runs_s: runs_ns.map(|ns| ns as f64 / SECOND_NS as f64),
        state: row.state().map(state),
        policy: row.policy().map(policy),
        io_class: io_priority.map(|priority| io_class(priority >> IO_CLASS_SHIFT)),
        is_kernel: facts.and_then(ProcessFacts::is_kernel),
    }
}

/// How many CPUs a list has.
fn count_of(list: &[u8]) -> Option<f64> {
    let set: CpuSet = core::str::from_utf8(list).ok()?.parse().ok()?;
    Some(set.count() as f64)
}

/// The letters of `stat`.
fn state(letter: u64) -> ProcessState {
    match u8::try_from(letter).unwrap_or_default() {
        b'R' => ProcessState::Running,
        b'S' => ProcessState::Sleeping,
        b'D' => ProcessState::Blocked,
        b'T' | b't' => ProcessState::Stopped,
        b'Z' => ProcessState::Zombie,
        b'I' => ProcessState::Idle,
        _ => ProcessState::Other,
    }
}

/// The numbers of `sched.h`.
fn policy(number: u64) -> Policy {
    match number {
        3 => Policy::Batch,
        5 => Policy::Idle,
        1 | 2 | 6 => Policy::RealTime,
        _ => Policy::Other,
    }
}

/// The numbers of `ioprio.h`.
fn io_class(number: u64) -> IoClass {
    match number {
        1 => IoClass::RealTime,
        2 => IoClass::BestEffort,
        3 => IoClass::Idle,
        _ => IoClass::None,
    }
}

/// Tasks by their process.
pub(super) fn blocked(rows: &[BlockedTask]) -> impl Iterator<Item = (Entity, Blocked)> {
    let mut all: BTreeMap<(u64, u64), Blocked> = BTreeMap::new();
    for row in rows {
        let key = (row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0));
        let known = all.entry(key).or_default();
        known.tasks = Some(known.tasks.unwrap_or(0.0) + 1.0);
        known.waits_for = known.waits_for.or(row.wchan().map(wait));
    }
    all.into_iter().map(|((pid, start), of)| (Entity::Process(pid, start), of))
}

/// Parts of the names of kernel functions by what whoever sleeps in them waits for. The first that
/// is found counts: a journal waits for a disk as well, and a remote filesystem holds pages.
const WAITS: &[(Wait, &[&str])] = &[
    (
        Wait::RemoteFilesystem,
        &["nfs", "rpc_", "cifs", "smb", "ceph", "fuse", "request_wait_answer"],
    ),
    (Wait::Filesystem, &["jbd2", "ext4", "xfs", "xlog", "btrfs", "f2fs", "journal"]),
    (Wait::Memory, &["reclaim", "mem_cgroup", "congestion_wait", "shrink_", "compact"]),
    (
        Wait::Disk,
        &[
            "io_schedule",
            "wait_on_page",
            "folio_wait",
            "wait_on_buffer",
            "blk_",
            "bio_",
            "submit_",
            "rq_qos",
            "wbt_",
            "balance_dirty",
            "get_request",
            "dm_",
            "md_",
            "raid",
            "nvme",
            "scsi",
        ],
    ),
    (Wait::Lock, &["rwsem", "mutex", "down_", "__down", "_lock"]),
];

fn wait(function: &[u8]) -> Wait {
    let text = core::str::from_utf8(function).unwrap_or_default();
    let is_in = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    WAITS.iter().find(|(_, parts)| is_in(parts)).map_or(Wait::Other, |(wait, _)| *wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told_by_the_function() {
        for (function, expected) in [
            ("io_schedule", Wait::Disk),
            ("folio_wait_bit_common", Wait::Disk),
            ("balance_dirty_pages", Wait::Disk),
            ("jbd2_log_wait_commit", Wait::Filesystem),
            ("rpc_wait_bit_killable", Wait::RemoteFilesystem),
            ("reclaim_throttle", Wait::Memory),
            ("mem_cgroup_handle_over_high", Wait::Memory),
            ("rwsem_down_read_slowpath", Wait::Lock),
            ("io_cqring_wait", Wait::Other),
            ("\u{fffd}", Wait::Other),
        ] {
            assert_eq!(wait(function.as_bytes()), expected, "{function}");
        }
    }

    #[test]
    fn words_of_a_process_are_those_of_the_kernel() {
        assert_eq!(state(u64::from(b'D')), ProcessState::Blocked);
        assert_eq!(state(u64::MAX), ProcessState::Other);
        assert_eq!(
            [policy(0), policy(3), policy(2)],
            [Policy::Other, Policy::Batch, Policy::RealTime]
        );
        assert_eq!([io_class(0), io_class(2)], [IoClass::None, IoClass::BestEffort]);
        assert_eq!([count_of(b"0-3,6"), count_of(b"ff")], [Some(5.0), None]);
    }
}
