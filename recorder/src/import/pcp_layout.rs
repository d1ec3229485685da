//! The header of what `pmrep -o csv` prints: `Time`, then a title for each metric and instance.
//!
//! With `-k` the columns `Host` and `Interval` stand before `Time`. A title is `METRIC` or
//! `METRIC-INSTANCE`, since PCP 7.1.3 `METRIC[INSTANCE]`, and `METRIC[INSTANCE](UNIT)` where units
//! are asked for. A name of a metric has none of these signs, so the first one ends it, and an
//! instance may hold more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use csv::ByteRecord;

use super::metric::{HostFact, To};
use super::pcp_metrics::METRICS;
use super::target::{Instance, Table};

/// A column of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// Its place in a row of the file.
    pub(super) at: usize,
    /// Its metric.
    pub(super) metric: usize,
}

/// One row of a table of the recording.
#[derive(Debug)]
pub(super) struct Slot {
    /// Its table.
    pub(super) table: Table,
    /// Which row of it.
    pub(super) instance: Instance,
    /// Its columns, among those of the layout.
    pub(super) columns: Range<usize>,
    /// The place of the text that says where the filesystem is mounted.
    pub(super) mount: Option<usize>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The titles of all columns.
    pub(super) titles: Vec<String>,
    /// The place of the time.
    pub(super) time: usize,
    /// Columns of cells, those of one slot side by side and in the order of the metrics.
    pub(super) columns: Vec<Column>,
    /// Rows that are filled, in the order of tables and of keys.
    pub(super) slots: Vec<Slot>,
    /// Columns of texts that say something of the host.
    pub(super) host: Vec<(usize, HostFact)>,
    /// Metrics that a recording has no column for.
    pub(super) unknown: BTreeSet<String>,
}

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// There is no column of times where it should be.
    NoTime,
    /// A metric stands there twice.
    Twice(String),
}

/// Whether a record is a header: they may come again, where files were joined or instances changed.
pub(super) fn is_header(record: &ByteRecord) -> bool {
    time_of(record).is_some()
}

fn time_of(record: &ByteRecord) -> Option<usize> {
    record.iter().take(3).position(|title| without_mark(title) == b"Time")
}

/// A title without the byte order mark that some editors put before the first.
fn without_mark(title: &[u8]) -> &[u8] {
    title.strip_prefix(b"\xef\xbb\xbf").unwrap_or(title)
}

impl Layout {
    /// Reads a header.
    pub(super) fn read(record: &ByteRecord) -> Result<Self, BadHeader> {
        let time = time_of(record).ok_or(BadHeader::NoTime)?;
        let titles = record.iter().map(|title| String::from_utf8_lossy(title).into_owned());
        let mut layout = Self { titles: titles.collect(), time, ..Self::default() };
        if time > 0 {
            layout.host.push((0, HostFact::Name));
        }
        let mut cells: BTreeMap<(Table, Instance), BTreeMap<usize, usize>> = BTreeMap::new();
        let mut mounts: BTreeMap<Instance, usize> = BTreeMap::new();
        for (at, title) in record.iter().enumerate().skip(time + 1) {
            let twice = |_: usize| Err(BadHeader::Twice(layout.titles[at].clone()));
            match meaning(title) {
                Meaning::Unknown(name) => {
                    layout.unknown.insert(name);
                }
                Meaning::Host(fact) => layout.host.push((at, fact)),
                Meaning::Mount(instance) => {
                    mounts.insert(instance, at);
                }
                Meaning::Cell(metric, table, instance) => {
                    let slot = cells.entry((table, instance)).or_default();
                    slot.insert(metric, at).map_or(Ok(()), twice)?;
                }
            }
        }
        layout.arrange(cells, &mounts);
        Ok(layout)
    }

    fn arrange(
        &mut self,
        cells: BTreeMap<(Table, Instance), BTreeMap<usize, usize>>,
        mounts: &BTreeMap<Instance, usize>,
    ) {
        for ((table, instance), slot) in cells {
            let first = self.columns.len();
            self.columns.extend(slot.into_iter().map(|(metric, at)| Column { at, metric }));
            let columns = first..self.columns.len();
            let mount = mounts.get(&instance).copied().filter(|_| table == Table::Filesystems);
            self.slots.push(Slot { table, instance, columns, mount });
        }
    }
}

enum Meaning {
    Cell(usize, Table, Instance),
    Host(HostFact),
    Mount(Instance),
    Unknown(String),
}

/// The name of the metric in a title, and the instance.
fn name_and_instance(title: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(end) = title.iter().position(|byte| b"-[(".contains(byte)) else {
        return (title, None);
    };
    let (name, rest) = (&title[..end], &title[end + 1..]);
    let instance = match title[end] {
        b'-' => Some(rest),
        b'[' => Some(rest.strip_suffix(b"]").unwrap_or_else(|| without_unit(rest))),
        _ => None,
    };
    (name.trim_ascii_end(), instance)
}

/// What stands before the last `](`, which a unit follows.
fn without_unit(rest: &[u8]) -> &[u8] {
    let end = rest.windows(2).rposition(|pair| pair == b"](");
    &rest[..end.unwrap_or(rest.len())]
}

fn meaning(title: &[u8]) -> Meaning {
    let (name, id) = name_and_instance(title);
    let name = String::from_utf8_lossy(name).into_owned();
    let mut of_name = METRICS.iter().enumerate().filter(|(_, metric)| metric.name == name);
    let found = of_name.find_map(|(index, metric)| match (metric.to, metric.instance) {
        (To::Host(fact), _) => id.is_none().then_some(Meaning::Host(fact)),
        (To::Mount, _) => Table::Filesystems.instance(id).map(Meaning::Mount),
        (To::Cell(target), Some(instance)) => {
            let is_meant = id == Some(instance.as_bytes());
            is_meant.then_some(Meaning::Cell(index, target.table, Instance::Only))
        }
        (To::Cell(target), None) => {
            let instance = target.table.instance(id)?;
            Some(Meaning::Cell(index, target.table, instance))
        }
    });
    found.unwrap_or(Meaning::Unknown(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(titles: &[&str]) -> Result<Layout, BadHeader> {
        Layout::read(&ByteRecord::from(titles.to_vec()))
    }

    /// Table, instance, and the names of the metrics of each row.
    fn rows(layout: &Layout) -> Vec<(&'static str, Instance, Vec<&'static str>)> {
        let names = |slot: &Slot| {
            let columns = layout.columns[slot.columns.clone()].iter();
            columns.map(|column| METRICS[column.metric].name).collect()
        };
        let row = |slot: &Slot| (slot.table.name(), slot.instance.clone(), names(slot));
        layout.slots.iter().map(row).collect()
    }

    #[test]
    fn columns_are_gathered_by_the_rows_that_they_fill() {
        let layout = read(&[
            "Time",
            "disk.dev.write-sdb",
            "disk.dev.read-sdb",
            "kernel.all.load-1 minute",
            "disk.dev.read-nvme0n1",
            "network.interface.in.bytes-virbr0-nic",
            "hinv.ncpu",
        ])
        .unwrap();
        let name = |name: &str| Instance::Name(name.as_bytes().to_vec());
        let expected = [
            ("cpu", Instance::Only, vec!["hinv.ncpu"]),
            ("load", Instance::Only, vec!["kernel.all.load"]),
            ("disks", name("nvme0n1"), vec!["disk.dev.read"]),
            ("disks", name("sdb"), vec!["disk.dev.read", "disk.dev.write"]),
            ("nics", name("virbr0-nic"), vec!["network.interface.in.bytes"]),
        ];
        assert_eq!(rows(&layout), expected);
        assert!(layout.unknown.is_empty() && layout.time == 0);
        assert_eq!(layout.columns[3].at, 2);
    }

    #[test]
    fn instances_in_brackets_and_units_are_those_that_a_dash_introduces() {
        let old = [
            "Time",
            "disk.dev.read_bytes-dm-0",
            "disk.dev.read-sda",
            "kernel.all.load-1 minute",
            "filesys.free-/dev/mapper/a(b)[c]",
            "network.interface.in.bytes-virbr0-nic",
            "kernel.all.intr",
        ];
        let brackets = [
            "Time",
            "disk.dev.read_bytes[dm-0]",
            "disk.dev.read[sda]",
            "kernel.all.load[1 minute]",
            "filesys.free[/dev/mapper/a(b)[c]]",
            "network.interface.in.bytes[virbr0-nic]",
            "kernel.all.intr",
        ];
        let units = [
            "Time",
            "disk.dev.read_bytes[dm-0](Kbyte)",
            "disk.dev.read[sda](count)",
            "kernel.all.load[1 minute](none)",
            "filesys.free[/dev/mapper/a(b)[c]](Kbyte)",
            "network.interface.in.bytes[virbr0-nic](byte)",
            "kernel.all.intr(count)",
        ];
        let expected = rows(&read(&old).unwrap());
        assert_eq!(expected.len(), 6);
        for titles in [&brackets, &units] {
            let layout = read(titles).unwrap();
            assert_eq!(rows(&layout), expected);
            assert!(layout.unknown.is_empty(), "{:?}", layout.unknown);
        }
    }

    #[test]
    fn what_is_not_known_is_named_without_its_instances() {
        let titles =
            ["Time", "proc.nprocs", "disk.md.read-md0", "disk.md.read[md1]", "hinv.ncpu-x"];
        let layout = read(&titles).unwrap();
        let unknown: Vec<&str> = layout.unknown.iter().map(String::as_str).collect();
        assert_eq!(unknown, ["disk.md.read", "hinv.ncpu", "proc.nprocs"]);
        assert!(layout.slots.is_empty());
    }

    #[test]
    fn the_extended_form_names_the_host() {
        let layout = read(&["Host", "Interval", "Time", "kernel.all.intr"]).unwrap();
        assert_eq!((layout.time, layout.host), (2, vec![(0, HostFact::Name)]));
        let titles = [
            "Time",
            "kernel.uname.release",
            "filesys.mountdir-/dev/sda1",
            "filesys.free-/dev/sda1",
        ];
        let layout = read(&titles).unwrap();
        assert_eq!(layout.host, [(1, HostFact::Kernel)]);
        assert_eq!(layout.slots[0].mount, Some(2));
    }

    #[test]
    fn a_header_without_time_or_with_a_metric_twice_is_refused() {
        assert_eq!(read(&["a", "b", "c", "Time"]).unwrap_err(), BadHeader::NoTime);
        assert_eq!(read(&[]).unwrap_err(), BadHeader::NoTime);
        let twice = read(&["Time", "disk.dev.read-sda", "disk.dev.read-sda"]).unwrap_err();
        assert_eq!(twice, BadHeader::Twice("disk.dev.read-sda".to_owned()));
        assert!(read(&["Time", "x", "x"]).is_ok(), "what is not known may");
        assert!(read(&["\u{feff}Time"]).is_ok());
    }
}
