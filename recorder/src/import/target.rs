//! Where foreign values go: a column of a table, in the row of one entity.

use ks_vocabulary::model::{
    CpuCell, CpuTimesCell, DiskCell, DiskName, FileHandlesCell, FilesystemCell, FilesystemName,
    LoadCell, MemoryCell, NetnsCell, NicCell, NicName, PressureCell, RowMut, Rowset, SCHEMAS,
    Sample, Schema, SoftnetCell, VmCell,
};

/// A table that other tools have something for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Cpu,
    Cpus,
    Load,
    Memory,
    Vm,
    Pressure,
    Disks,
    Filesystems,
    Nics,
    Netns,
    Softnet,
    FileHandles,
}

/// Which row of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Instance {
    /// The only one.
    Only,
    /// That of a CPU.
    Number(u64),
    /// That of a disk, an interface or a filesystem.
    Name(Vec<u8>),
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// Its table.
    pub(super) table: Table,
    /// Its index among the cells of the table.
    pub(super) cell: usize,
}

impl Target {
    /// The name of the column.
    pub(super) fn name(self) -> &'static str {
        let cells = self.table.schema().map(|schema| schema.cells);
        cells.and_then(|cells| cells.get(self.cell)).map_or("", |cell| cell.name)
    }
}

/// Names the columns of a table by its own enumeration, so that a wrong one does not compile.
macro_rules! columns_of {
    ($($name:ident: $cell:ident of $table:ident;)+) => {
        $(
            pub(super) const fn $name(cell: $cell) -> Target {
                Target { table: Table::$table, cell: cell as usize }
            }
        )+
    };
}

columns_of! {
    cpu: CpuCell of Cpu;
    cpus: CpuTimesCell of Cpus;
    load: LoadCell of Load;
    memory: MemoryCell of Memory;
    vm: VmCell of Vm;
    pressure: PressureCell of Pressure;
    disks: DiskCell of Disks;
    filesystems: FilesystemCell of Filesystems;
    nics: NicCell of Nics;
    netns: NetnsCell of Netns;
    softnet: SoftnetCell of Softnet;
    file_handles: FileHandlesCell of FileHandles;
}

impl Table {
    /// Its name in a recording.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cpus => "cpus",
            Self::Load => "load",
            Self::Memory => "memory",
            Self::Vm => "vm",
            Self::Pressure => "pressure",
            Self::Disks => "disks",
            Self::Filesystems => "filesystems",
            Self::Nics => "nics",
            Self::Netns => "netns",
            Self::Softnet => "softnet",
            Self::FileHandles => "file_handles",
        }
    }

    /// Its declaration.
    pub(super) fn schema(self) -> Option<&'static Schema> {
        SCHEMAS.iter().find(|schema| schema.table == self.name())
    }

    /// Its rows in a sample.
    pub(super) fn rows(self, sample: &mut Sample) -> &mut dyn Rowset {
        match self {
            Self::Cpu => &mut sample.cpu,
            Self::Cpus => &mut sample.cpus,
            Self::Load => &mut sample.load,
            Self::Memory => &mut sample.memory,
            Self::Vm => &mut sample.vm,
            Self::Pressure => &mut sample.pressure,
            Self::Disks => &mut sample.disks,
            Self::Filesystems => &mut sample.filesystems,
            Self::Nics => &mut sample.nics,
            Self::Netns => &mut sample.netns,
            Self::Softnet => &mut sample.softnet,
            Self::FileHandles => &mut sample.file_handles,
        }
    }

    /// The row that a tool calls `id`: `cpu0` or `0`, `sda`, or nothing for the host; `None` where
    /// the table has no such row.
    pub(super) fn instance(self, id: Option<&[u8]>) -> Option<Instance> {
        match self {
            Self::Cpus | Self::Softnet => {
                let text = std::str::from_utf8(id?).ok()?;
                let number = text.strip_prefix("cpu").unwrap_or(text).parse();
                number.ok().map(Instance::Number)
            }
            Self::Disks | Self::Filesystems | Self::Nics => {
                let name = id.filter(|name| !name.is_empty())?;
                Some(Instance::Name(name.to_vec()))
            }
            Self::Cpu
            | Self::Load
            | Self::Memory
            | Self::Vm
            | Self::Pressure
            | Self::Netns
            | Self::FileHandles => id.is_none().then_some(Instance::Only),
        }
    }
}

/// Begins the row of `instance`: its key, and what follows from it.
pub(super) fn begin_row(table: Table, instance: &Instance, row: &mut RowMut<'_>) {
    match (table, instance) {
        (Table::Cpus, Instance::Number(cpu)) => row.set_cell(CpuTimesCell::cpu as usize, *cpu),
        (Table::Softnet, Instance::Number(cpu)) => row.set_cell(SoftnetCell::cpu as usize, *cpu),
        (Table::Disks, Instance::Name(name)) => {
            row.set_name(DiskName::name as usize, name);
            if is_stacked(name) {
                row.set_cell(DiskCell::stacked as usize, 1);
            }
        }
        (Table::Filesystems, Instance::Name(device)) => {
            // Where it is mounted is set by who knows it; the tools list none without a size.
            row.set_name(FilesystemName::mount as usize, device);
            row.set_name(FilesystemName::device as usize, device);
            row.set_cell(FilesystemCell::limited as usize, 1);
        }
        (Table::Nics, Instance::Name(name)) => row.set_name(NicName::name as usize, name),
        // The namespace that the tool ran in; its inode is not known.
        (Table::Netns, _) => row.set_cell(NetnsCell::own as usize, 1),
        (_, _) => {}
    }
}

/// Whether the kernel calls a device so whose I/O is another's too, or CPU time.
fn is_stacked(name: &[u8]) -> bool {
    let prefixes: [&[u8]; 5] = [b"dm-", b"md", b"loop", b"zram", b"ram"];
    prefixes.into_iter().any(|prefix| {
        let number = name.strip_prefix(prefix);
        number.is_some_and(|number| number.first().is_some_and(u8::is_ascii_digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_one_of_a_recording() {
        for table in [
            Table::Cpu,
            Table::Cpus,
            Table::Load,
            Table::Memory,
            Table::Vm,
            Table::Pressure,
            Table::Disks,
            Table::Filesystems,
            Table::Nics,
            Table::Netns,
            Table::Softnet,
            Table::FileHandles,
        ] {
            assert!(table.schema().is_some(), "{table:?}");
        }
        assert_eq!(vm(VmCell::pswpin).name(), "pswpin");
        assert_eq!(disks(DiskCell::io_ms).name(), "io_ms");
    }

    #[test]
    fn a_table_has_rows_of_its_kind_only() {
        let check = |table: Table, id: Option<&str>, expected: Option<Instance>| {
            assert_eq!(table.instance(id.map(str::as_bytes)), expected, "{table:?} {id:?}");
        };
        check(Table::Cpus, Some("cpu12"), Some(Instance::Number(12)));
        check(Table::Cpus, Some("3"), Some(Instance::Number(3)));
        check(Table::Cpus, Some("all"), None);
        check(Table::Cpu, None, Some(Instance::Only));
        check(Table::Cpu, Some("cpu0"), None);
        check(Table::Disks, Some("sda"), Some(Instance::Name(b"sda".to_vec())));
        check(Table::Disks, Some(""), None);
        check(Table::Disks, None, None);
    }

    #[test]
    fn devices_upon_devices_are_known_by_their_names() {
        for name in ["dm-0", "md127", "loop3", "zram0", "ram1"] {
            assert!(is_stacked(name.as_bytes()), "{name}");
        }
        for name in ["sda", "nvme0n1", "mdx", "ramdisk", "dm-", "vda"] {
            assert!(!is_stacked(name.as_bytes()), "{name}");
        }
    }
}
