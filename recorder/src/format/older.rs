//! Layouts of older versions of the log.
//!
//! A row's mask has a bit for each cell and after them one for each name, so a table that gained
//! cells moved the bits of its names. A log says in its `Start` which version it is of.

use ks_vocabulary::input::SchemaVersion;

/// A table that gained cells: the version it did, and how many it had before. A name that was added
/// needs no entry: its bit is above those that were there. A table that grew twice has two, the
/// older one first.
struct Grown {
    minor: u32,
    table: &'static str,
    cells: usize,
}

const GROWN: &[Grown] = &[
    Grown { minor: 2, table: "processes", cells: 27 },
    Grown { minor: 2, table: "blocked", cells: 2 },
    Grown { minor: 2, table: "bpf_syscalls", cells: 2 },
    Grown { minor: 2, table: "bpf_events", cells: 5 },
    Grown { minor: 5, table: "memory", cells: 34 },
    Grown { minor: 5, table: "vm", cells: 29 },
    Grown { minor: 5, table: "disks", cells: 21 },
    Grown { minor: 5, table: "filesystems", cells: 7 },
    Grown { minor: 5, table: "nics", cells: 14 },
    Grown { minor: 5, table: "netns", cells: 55 },
    Grown { minor: 5, table: "cgroups", cells: 39 },
    Grown { minor: 6, table: "disks", cells: 24 },
];

/// How the masks of one table were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Masks {
    cells: usize,
    added: usize,
}

impl Masks {
    /// As this version writes them.
    pub(super) fn current(cells: usize) -> Self {
        Self { cells, added: 0 }
    }

    /// As `version` wrote those of `table`, which has `cells` cells now.
    pub(super) fn of(version: SchemaVersion, table: &str, cells: usize) -> Self {
        let grown = |grown: &&Grown| grown.table == table && version.minor < grown.minor;
        GROWN.iter().find(grown).map_or(Self::current(cells), |grown| Self {
            cells: grown.cells,
            added: cells - grown.cells,
        })
    }

    /// The mask as this version would write it; `None` where a bit stands for nothing.
    pub(super) fn widen(self, mask: u64) -> Option<u64> {
        if self.added == 0 {
            return Some(mask);
        }
        let cells = mask & ((1 << self.cells) - 1);
        let names = mask >> self.cells;
        let moved = names << (self.cells + self.added);
        (moved >> (self.cells + self.added) == names).then_some(cells | moved)
    }

    /// The mask as that version wrote it, of a row that has none of the cells added since.
    pub(super) fn narrow(self, mask: u64) -> u64 {
        if self.added == 0 {
            return mask;
        }
        let cells = mask & ((1 << self.cells) - 1);
        cells | mask >> (self.cells + self.added) << self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::input::SCHEMA_VERSION;
    use ks_vocabulary::model::SCHEMAS;

    #[test]
    fn bits_of_names_move_behind_the_cells_that_were_added() {
        let old = Masks { cells: 2, added: 3 };
        assert_eq!(old.widen(0b1101), Some(0b110_0001));
        assert_eq!(Masks::current(5).widen(0b110_0001), Some(0b110_0001));
        assert_eq!(old.widen(1 << 63), None);
        assert_eq!(old.narrow(0b110_0001), 0b1101);
        assert_eq!(Masks::current(5).narrow(0b110_0001), 0b110_0001);
    }

    #[test]
    fn a_table_that_grew_twice_has_the_masks_of_each_version() {
        let disks = SCHEMAS.iter().find(|schema| schema.table == "disks").unwrap();
        let of =
            |minor| Masks::of(SchemaVersion { major: 1, minor }, "disks", disks.cells.len()).cells;
        assert_eq!([of(4), of(5), of(6)], [21, 24, 25]);
    }

    #[test]
    fn a_version_before_a_table_grew_has_its_old_masks() {
        let version = |minor| SchemaVersion { major: 1, minor };
        for schema in SCHEMAS {
            let cells = schema.cells.len();
            let grew = || GROWN.iter().filter(|grown| grown.table == schema.table);
            for minor in 1..=SCHEMA_VERSION.minor {
                let masks = Masks::of(version(minor), schema.table, cells);
                let is_old = grew().any(|grown| minor < grown.minor);
                assert_eq!(masks != Masks::current(cells), is_old, "{} {minor}", schema.table);
            }
        }
    }
}
