//! What seldom changes: facts of processes, settings of control groups and of the host.

use std::collections::BTreeMap;

use ks_vocabulary::model::{
    CgroupSettings, CgroupSettingsCell, CgroupSettingsName, ProcessFacts, ProcessFactsCell,
    ProcessFactsName, ReadTimes, Sample, SysctlsCell,
};

use crate::grain::whole;
use crate::host::Host;
use crate::host::group::{Group, IoMax, unit};
use crate::host::process::Process;
use crate::host::storage::DIRTY;
use crate::shape::Scheduler;

/// Minor number of the part of the disk that programs lie on.
const PART: u64 = 1;
/// The first user that is nobody's daemon.
const FIRST_USER: u64 = 1000;
/// Where daemons run that stay root's; others have users of their own.
const ROOTS: [&str; 7] = [
    "/init.scope",
    "/system.slice/systemd-journald.service",
    "/system.slice/systemd-udevd.service",
    "/system.slice/systemd-logind.service",
    "/system.slice/ssh.service",
    "/system.slice/cron.service",
    "/system.slice/containerd.service",
];
/// Classes of priorities of I/O, as `ioprio_get(2)` returns them.
const BEST_EFFORT_CLASS: u64 = 2 << 13;
const IDLE_CLASS: u64 = 3 << 13;
/// Controllers of each group.
const CONTROLLERS: &[u8] = b"cpuset cpu io memory pids";

/// The last rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    facts: BTreeMap<(u64, u64), ProcessFacts>,
    settings: BTreeMap<u64, CgroupSettings>,
}

impl Rows {
    /// Writes what is news, and all in a keyframe. `acted` says that something may have been set.
    pub(super) fn fill(
        &mut self,
        host: &Host,
        is_keyframe: bool,
        acted: bool,
        sample: &mut Sample,
    ) {
        for gone in &host.recent.gone {
            self.facts.remove(gone);
        }
        for process in &host.processes {
            let key = (process.pid, process.start_ticks);
            let last = self.facts.get(&key);
            if last.is_some() && !acted && !is_keyframe {
                continue;
            }
            let row = of_process(process, host);
            if last != Some(&row) || is_keyframe {
                sample.process_facts.push_copy(&row);
                sample.process_facts.set_read(ReadTimes::default());
                self.facts.insert(key, row);
            }
        }
        sample.process_facts.sort();
        // The root has no settings of its own.
        for group in host.groups.iter().skip(1) {
            let last = self.settings.get(&group.inode);
            let frozen = group.frozen_until_s > host.now_s;
            let is_frozen_as_before = last.is_some_and(|last| last.frozen() == Some(frozen));
            if is_frozen_as_before && !acted && !is_keyframe {
                continue;
            }
            let row = of_group(group, host, frozen);
            if last != Some(&row) || is_keyframe {
                sample.cgroup_settings.push_copy(&row);
                sample.cgroup_settings.set_read(ReadTimes::default());
                self.settings.insert(group.inode, row);
            }
        }
        sample.cgroup_settings.sort();
    }
}

fn of_process(process: &Process, host: &Host) -> ProcessFacts {
    use ProcessFactsCell as Cell;
    let mut row = ProcessFacts::default();
    let path = &host.groups[process.group].path;
    let is_roots = process.is_kernel() || ROOTS.contains(&path.as_str());
    let user = if is_roots { 0 } else { FIRST_USER + process.group as u64 };
    row.set(Cell::pid, process.pid);
    row.set(Cell::start_ticks, process.start_ticks);
    row.set(Cell::session, process.session);
    row.set(Cell::uid, user);
    row.set(Cell::is_kernel, process.is_kernel());
    if !process.is_kernel() {
        row.set(Cell::exe_device, host.shape.disk.major() << 20 | PART);
        row.set(Cell::exe_inode, inode_of(&process.comm));
        // Each session has one.
        row.set(Cell::autogroup, process.session);
        row.set(Cell::autogroup_nice, process.session_nice);
    }
    row.set(Cell::reset_on_fork, false);
    let io_priority = process
        .io_level
        .map_or(0, |level| level.level().map_or(IDLE_CLASS, |level| BEST_EFFORT_CLASS | level));
    row.set(Cell::io_priority, io_priority);
    let last = host.shape.cpus.saturating_sub(1);
    let all = if last == 0 { "0".to_owned() } else { format!("0-{last}") };
    let cpus = process.affinity.as_ref().map_or(all, ToString::to_string);
    row.set_name(ProcessFactsName::cpus_allowed, cpus.as_bytes());
    row
}

/// The inode of a program: equal for equal names, and above those that a filesystem has for itself
/// (the hash of Fowler, Noll and Vo).
fn inode_of(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    1024 + (hash >> 40)
}

fn of_group(group: &Group, host: &Host, frozen: bool) -> CgroupSettings {
    use CgroupSettingsCell as Cell;
    use CgroupSettingsName as Name;
    let mut row = CgroupSettings::default();
    row.set_name(Name::hierarchy, b"v2");
    row.set_name(Name::path, group.path.as_bytes());
    row.set_name(Name::controllers, CONTROLLERS);
    row.set_name(Name::io_max, io_max(&group.io_max, host.shape.disk.major()).as_bytes());
    row.set(Cell::inode, group.inode);
    row.set(Cell::frozen, frozen);
    row.set(Cell::io_weight, group.io_weight);
    if host.shape.scheduler() == Scheduler::Bfq {
        row.set(Cell::io_bfq_weight, group.bfq_weight);
    }
    if unit(&group.path).is_some_and(|unit| unit.ends_with(".service")) {
        let restart: &[u8] = if group.restarts { b"always" } else { b"no" };
        row.set_name(Name::restart, restart);
        row.set(Cell::watchdog_us, 0u64);
    }
    row
}

/// The line of the only disk, if it has a limit.
fn io_max(limits: &IoMax, major: u64) -> String {
    let all = [limits.rbps, limits.wbps, limits.riops, limits.wiops];
    if all.iter().all(|limit| limit.is_infinite()) {
        return String::new();
    }
    let [rbps, wbps, riops, wiops] = all.map(|limit| match limit {
        none if none.is_infinite() => "max".to_owned(),
        limit => whole(limit).to_string(),
    });
    format!("{major}:0 rbps={rbps} wbps={wbps} riops={riops} wiops={wiops}")
}

/// Settings of the host, as a kernel has them where nothing else is said.
pub(super) fn fill_sysctls(host: &Host, sample: &mut Sample) {
    use SysctlsCell as Cell;
    let percent = |share: f64| whole(share * 100.0 + 0.5);
    let row = sample.sysctls.push();
    row.set(Cell::swappiness, whole(host.memory.swappiness));
    row.set(Cell::dirty_ratio, percent(DIRTY));
    row.set(Cell::dirty_background_ratio, percent(host.memory.dirty_background));
    row.set(Cell::dirty_background_bytes, 0u64);
    row.set(Cell::tcp_fin_timeout, 60u64);
    // By itself a kernel reuses such ports for connections to itself only.
    row.set(Cell::tcp_tw_reuse, if host.network.reuses { 1u64 } else { 2 });
    row.set(Cell::tcp_syncookies, u64::from(host.shape.tcp_syncookies));
    row.set(Cell::netdev_max_backlog, 1000u64);
    row.set(Cell::sched_autogroup_enabled, u64::from(host.shape.autogroup));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_io_are_written_as_the_kernel_does() {
        let none = IoMax::default();
        assert_eq!(io_max(&none, 8), "");
        let some = IoMax { wbps: 1_048_576.0, riops: 50.0, ..none };
        assert_eq!(io_max(&some, 8), "8:0 rbps=max wbps=1048576 riops=50 wiops=max");
    }

    #[test]
    fn equal_programs_have_equal_inodes_and_others_do_not() {
        assert_eq!(inode_of("nginx"), inode_of("nginx"));
        let names = ["nginx", "postgres", "sshd", "cron", "systemd", "stress", "java"];
        let all: std::collections::BTreeSet<u64> = names.into_iter().map(inode_of).collect();
        assert_eq!(all.len(), names.len());
    }
}
