//! What the sources of an imported recording give, and what the other tool did not record.

use std::collections::{BTreeMap, BTreeSet};

use ks_vocabulary::input::{Delivery, SourceState};
use ks_vocabulary::model::{
    CpuCell, DiskCell, FileHandlesCell, FilesystemCell, LoadCell, MemoryCell, NetnsCell, NicCell,
    PressureCell, SCHEMAS, SoftnetCell, VmCell,
};
use ks_vocabulary::needs::is_needed;

use super::target::{
    Target, cpu, disks, file_handles, filesystems, load, memory, netns, nics, pressure, softnet, vm,
};

/// The sources that other tools have something of, and the columns of each without which nothing
/// can be told from it (`signals.md`, under "required").
const REQUIRED: &[(&str, &[Target])] = &[
    ("stat", &[cpu(CpuCell::cpus_online), cpu(CpuCell::procs_blocked)]),
    ("loadavg", &[load(LoadCell::load1)]),
    ("meminfo", &[memory(MemoryCell::total_bytes), memory(MemoryCell::available_bytes)]),
    ("vmstat", &[vm(VmCell::pswpin), vm(VmCell::pswpout), vm(VmCell::pgmajfault)]),
    ("pressure/cpu", &[pressure(PressureCell::cpu_some_total_us)]),
    (
        "pressure/memory",
        &[
            pressure(PressureCell::memory_some_total_us),
            pressure(PressureCell::memory_full_total_us),
        ],
    ),
    (
        "pressure/io",
        &[pressure(PressureCell::io_some_total_us), pressure(PressureCell::io_full_total_us)],
    ),
    ("diskstats", &[disks(DiskCell::io_ms)]),
    ("filesystems", &[filesystems(FilesystemCell::total_bytes)]),
    ("net/dev", &[nics(NicCell::rx_bytes), nics(NicCell::tx_bytes)]),
    ("net/snmp", &[netns(NetnsCell::tcp_out_segs), netns(NetnsCell::tcp_retrans_segs)]),
    ("net/netstat", &[netns(NetnsCell::listen_overflows), netns(NetnsCell::listen_drops)]),
    ("net/sockstat", &[netns(NetnsCell::tcp_tw)]),
    ("net/softnet_stat", &[softnet(SoftnetCell::processed), softnet(SoftnetCell::dropped)]),
    (
        "sys/fs/file-nr",
        &[file_handles(FileHandlesCell::allocated), file_handles(FileHandlesCell::max)],
    ),
];

/// What a file gives of the columns that its tool could.
#[derive(Debug)]
pub(super) struct Given<'a> {
    /// What holds the values, such as `the PCP archive`.
    pub(super) archive: &'static str,
    /// Every column that the tool can give, with the tool's name of it.
    pub(super) known: Vec<(Target, &'a str)>,
    /// The columns that this file gives.
    pub(super) present: BTreeSet<Target>,
    /// Columns that it has and that are not taken, with the reason.
    pub(super) left_out: BTreeMap<Target, String>,
}

impl Given<'_> {
    /// The state of every source of a recording.
    pub(super) fn states(&self) -> Vec<SourceState> {
        let mut names: BTreeSet<&str> = SCHEMAS.iter().map(|schema| schema.source).collect();
        names.extend(REQUIRED.iter().map(|(source, _)| *source));
        names.into_iter().map(|source| self.state(source)).collect()
    }

    fn state(&self, source: &str) -> SourceState {
        let absent = |reason: String| (Delivery::Absent, Some(reason));
        let (state, reason) = match REQUIRED.iter().find(|(name, _)| *name == source) {
            None => absent(format!("not in {}", self.archive)),
            Some((_, required)) => match self.told(&self.missing(required)) {
                Some(reason) => absent(reason),
                None => (Delivery::On, self.told(&self.missing(&self.needed(source)))),
            },
        };
        SourceState { source: source.to_owned(), state, reason }
    }

    /// Those of `columns` that the file does not give.
    fn missing(&self, columns: &[Target]) -> Vec<Target> {
        columns.iter().copied().filter(|column| !self.present.contains(column)).collect()
    }

    /// The columns that the engine reads of a source's table, as far as the tool could give them.
    /// Tables of several sources are told where the source has the table's own name.
    fn needed(&self, source: &str) -> Vec<Target> {
        let of_source = |target: &Target| {
            let schema = target.table.schema();
            schema.is_some_and(|schema| schema.source == source)
                && is_needed(target.table.name(), target.name())
        };
        let known: BTreeSet<Target> = self.known.iter().map(|(target, _)| *target).collect();
        known.into_iter().filter(of_source).collect()
    }

    /// What is said of columns that are missing; `None` where none is.
    fn told(&self, missing: &[Target]) -> Option<String> {
        let name = |target: &Target| {
            let known = self.known.iter().find(|(known, _)| known == target);
            known.map_or(target.name(), |(_, name)| *name)
        };
        let (left_out, absent): (Vec<&Target>, Vec<&Target>) =
            missing.iter().partition(|target| self.left_out.contains_key(*target));
        let mut parts = Vec::new();
        if !absent.is_empty() {
            let names: Vec<&str> = absent.into_iter().map(name).collect();
            parts.push(format!("not in {}: {}", self.archive, names.join(", ")));
        }
        for target in left_out {
            let why = self.left_out.get(target).map_or("", String::as_str);
            parts.push(format!("{} is {why}", name(target)));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(present: &[Target], left_out: &[(Target, &str)]) -> BTreeMap<String, SourceState> {
        let known = vec![
            (cpu(CpuCell::cpus_online), "hinv.ncpu"),
            (cpu(CpuCell::procs_blocked), "kernel.all.blocked"),
            (cpu(CpuCell::procs_running), "kernel.all.running"),
            (cpu(CpuCell::interrupts), "kernel.all.intr"),
            (memory(MemoryCell::available_bytes), "mem.util.available"),
            (memory(MemoryCell::total_bytes), "mem.physmem"),
        ];
        let given = Given {
            archive: "the PCP archive",
            known,
            present: present.iter().copied().collect(),
            left_out: left_out.iter().map(|(target, why)| (*target, (*why).to_owned())).collect(),
        };
        given.states().into_iter().map(|state| (state.source.clone(), state)).collect()
    }

    fn check(found: &BTreeMap<String, SourceState>, source: &str, state: Delivery, reason: &str) {
        let told = &found[source];
        assert_eq!((told.state, told.reason.as_deref().unwrap_or("")), (state, reason), "{source}");
    }

    #[test]
    fn what_a_verdict_requires_makes_its_source_absent() {
        let found = given(&[memory(MemoryCell::total_bytes)], &[]);
        let reason = "not in the PCP archive: mem.util.available";
        check(&found, "meminfo", Delivery::Absent, reason);
        let reason = "not in the PCP archive: hinv.ncpu, kernel.all.blocked";
        check(&found, "stat", Delivery::Absent, reason);
        check(&found, "processes", Delivery::Absent, "not in the PCP archive");
        check(&found, "bpf/scheduler", Delivery::Absent, "not in the PCP archive");
    }

    #[test]
    fn what_is_missing_beside_it_is_told_of_a_source_that_is_on() {
        let stat = [cpu(CpuCell::cpus_online), cpu(CpuCell::procs_blocked)];
        let why = "counted at one instant, read every 60.0 s";
        let found = given(&stat, &[(cpu(CpuCell::procs_running), why)]);
        let reason = format!("kernel.all.running is {why}");
        check(&found, "stat", Delivery::On, &reason);
        let found = given(&stat, &[]);
        check(&found, "stat", Delivery::On, "not in the PCP archive: kernel.all.running");
        let whole = [stat[0], stat[1], cpu(CpuCell::procs_running)];
        check(&given(&whole, &[]), "stat", Delivery::On, "");
    }

    #[test]
    fn every_source_of_a_recording_has_a_state() {
        let found = given(&[], &[]);
        assert!(SCHEMAS.iter().all(|schema| found.contains_key(schema.source)));
        assert!(found.contains_key("pressure/cpu") && found.contains_key("pressure/io"));
        assert!(found.values().all(|state| state.state == Delivery::Absent));
    }
}
