//! The mounted hierarchies, and the files that a group of each has.

use ks_vocabulary::model::{Cgroup, CgroupCell as Cell};

use super::disks::Disks;
use super::parse;
use crate::text::{lines, unescape};

/// One file of a group.
#[derive(Clone, Copy)]
pub(super) struct FileOf {
    /// Its name.
    pub(super) name: &'static str,
    /// Sets the cells that come from it.
    pub(super) parse: Parse,
    /// It seldom changes: read with the list of groups, not at every tick.
    pub(super) seldom: bool,
}

/// How a file is parsed.
#[derive(Clone, Copy)]
pub(super) enum Parse {
    /// By its text.
    Text(fn(&[u8], &mut Cgroup)),
    /// By its lines of the devices that count.
    Devices(fn(&[u8], &Disks, &mut Cgroup)),
}

impl FileOf {
    /// Sets the cells of `row` that come from `text`.
    pub(super) fn parse(&self, text: &[u8], disks: &Disks, row: &mut Cgroup) {
        match self.parse {
            Parse::Text(parse) => parse(text, row),
            Parse::Devices(parse) => parse(text, disks, row),
        }
    }
}

impl std::fmt::Debug for FileOf {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

const fn often(name: &'static str, parse: fn(&[u8], &mut Cgroup)) -> FileOf {
    FileOf { name, parse: Parse::Text(parse), seldom: false }
}

const fn seldom(name: &'static str, parse: fn(&[u8], &mut Cgroup)) -> FileOf {
    FileOf { name, parse: Parse::Text(parse), seldom: true }
}

const fn devices(name: &'static str, parse: fn(&[u8], &Disks, &mut Cgroup)) -> FileOf {
    FileOf { name, parse: Parse::Devices(parse), seldom: false }
}

const VERSION_2: &[FileOf] = &[
    often("cpu.stat", parse::cpu_stat),
    often("cpu.stat.local", parse::cpu_stat_local),
    often("memory.current", |text, row| parse::number(text, Cell::memory_bytes, row)),
    often("memory.swap.current", |text, row| parse::number(text, Cell::swap_bytes, row)),
    often("memory.stat", parse::memory_stat),
    often("memory.events", parse::memory_events),
    devices("io.stat", parse::io_stat),
    often("pids.current", |text, row| parse::number(text, Cell::pids, row)),
    often("pids.events", parse::pids_events),
    often("cpu.pressure", |text, row| {
        parse::pressure(text, Cell::cpu_some_total_us, Cell::cpu_full_total_us, row);
    }),
    often("memory.pressure", |text, row| {
        parse::pressure(text, Cell::memory_some_total_us, Cell::memory_full_total_us, row);
    }),
    often("io.pressure", |text, row| {
        parse::pressure(text, Cell::io_some_total_us, Cell::io_full_total_us, row);
    }),
    often("cgroup.events", parse::events),
    seldom("cpu.max", parse::cpu_max),
    seldom("cpu.weight", |text, row| parse::number(text, Cell::cpu_weight, row)),
    seldom("memory.max", |text, row| parse::limit(text, Cell::memory_max_bytes, row)),
    seldom("memory.high", |text, row| parse::limit(text, Cell::memory_high_bytes, row)),
    seldom("memory.swap.max", |text, row| parse::limit(text, Cell::swap_max_bytes, row)),
    seldom("pids.max", |text, row| parse::limit(text, Cell::pids_max, row)),
];

/// Controllers of version 1 that are read, each with its files.
const VERSION_1: [(&str, &[FileOf]); 6] = [
    (
        "cpu",
        &[
            often("cpu.stat", parse::cpu_stat_v1),
            seldom("cpu.cfs_quota_us", parse::quota_v1),
            seldom("cpu.cfs_period_us", |text, row| parse::number(text, Cell::cpu_period_us, row)),
            seldom("cpu.shares", |text, row| parse::number(text, Cell::cpu_weight, row)),
        ],
    ),
    (
        "cpuacct",
        &[often("cpuacct.usage", |text, row| parse::nanoseconds(text, Cell::cpu_usage_us, row))],
    ),
    (
        "memory",
        &[
            often("memory.usage_in_bytes", |text, row| {
                parse::number(text, Cell::memory_bytes, row);
            }),
            often("memory.stat", parse::memory_stat_v1),
            often("memory.failcnt", |text, row| parse::number(text, Cell::memory_fail, row)),
            often("memory.oom_control", parse::oom_control),
            seldom("memory.limit_in_bytes", |text, row| {
                parse::limit(text, Cell::memory_max_bytes, row);
            }),
        ],
    ),
    (
        "blkio",
        &[
            devices("blkio.throttle.io_service_bytes_recursive", |text, disks, row| {
                parse::blkio(text, disks, [Cell::io_read_bytes, Cell::io_write_bytes], row);
            }),
            devices("blkio.throttle.io_serviced_recursive", |text, disks, row| {
                parse::blkio(text, disks, [Cell::io_reads, Cell::io_writes], row);
            }),
        ],
    ),
    (
        "pids",
        &[
            often("pids.current", |text, row| parse::number(text, Cell::pids, row)),
            often("pids.events", parse::pids_events),
            seldom("pids.max", |text, row| parse::limit(text, Cell::pids_max, row)),
        ],
    ),
    // Nothing is counted in it: that the file is there says that the group is.
    ("freezer", &[often("freezer.state", |_, _| {})]),
];

/// One mounted hierarchy.
#[derive(Debug, Clone)]
pub(super) struct Hierarchy {
    /// `v2`, or the controllers of version 1 joined by commas.
    pub(super) name: String,
    /// Where it is mounted, without the leading slash.
    pub(super) mount: Vec<u8>,
    /// The files of its groups.
    pub(super) files: Vec<FileOf>,
    /// The mount shows a part of the hierarchy only, as a bind mount does.
    partial: bool,
}

/// The hierarchies of `/proc/self/mountinfo`, each once: where all of it is mounted, if anywhere.
pub(super) fn parse_mounts(text: &[u8]) -> Vec<Hierarchy> {
    let mut found: Vec<Hierarchy> = Vec::new();
    for line in lines(text) {
        let Some(hierarchy) = parse_mount(line) else { continue };
        match found.iter_mut().find(|known| known.name == hierarchy.name) {
            Some(known) if known.partial && !hierarchy.partial => *known = hierarchy,
            Some(_) => {}
            None => found.push(hierarchy),
        }
    }
    found
}

fn parse_mount(line: &[u8]) -> Option<Hierarchy> {
    // Single blanks separate the parts, and a source may be empty.
    let mut parts = line.split(|byte| *byte == b' ');
    let partial = parts.nth(3)? != b"/";
    let mount = unescape(parts.next()?).strip_prefix(b"/")?.to_vec();
    let mut after = parts.skip_while(|part| *part != b"-").skip(1);
    let fstype = after.next()?;
    if fstype == b"cgroup2" {
        let files = VERSION_2.to_vec();
        return Some(Hierarchy { name: "v2".to_owned(), mount, files, partial });
    }
    let options = after.nth(1).filter(|_| fstype == b"cgroup")?;
    let has = |controller: &str| {
        options.split(|byte| *byte == b',').any(|option| option == controller.as_bytes())
    };
    let read = || VERSION_1.iter().filter(|(controller, _)| has(controller));
    let names: Vec<&str> = read().map(|(controller, _)| *controller).collect();
    let files: Vec<FileOf> = read().flat_map(|(_, files)| files.iter().copied()).collect();
    (!names.is_empty()).then(|| Hierarchy { name: names.join(","), mount, files, partial })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_versions_are_found_and_others_are_not() {
        let found = parse_mounts(
            b"30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup2 rw\n\
              31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
              32 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
              33 24 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
              34 24 0:28 / /elsewhere rw - cgroup cgroup rw,memory\n\
              35 24 8:1 / / rw - ext4 /dev/sda1 rw\ngarbage\n",
        );
        let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["v2", "cpu,cpuacct", "memory"]);
        assert_eq!(found[2].mount, b"sys/fs/cgroup/memory");
        assert_eq!(found[1].files.len(), 5);
    }

    #[test]
    fn the_whole_hierarchy_is_taken_before_a_part_and_a_source_may_be_empty() {
        let found = parse_mounts(
            b"30 24 0:26 /docker/1 /part rw - cgroup  rw,memory\n\
              31 24 0:26 / /whole rw - cgroup  rw,memory\n\
              32 24 0:26 /docker/2 /other rw - cgroup  rw,memory\n",
        );
        let mounts: Vec<_> = found.iter().map(|one| one.mount.as_slice()).collect();
        assert_eq!(mounts, [b"whole"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_mounts(&bytes);
        }
    }
}
