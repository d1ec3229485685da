//! Growth of counters between two readings of one table, row by row.
//!
//! Rows are told apart by the bytes of their key columns. A table may be sparse: a row that is
//! not in a reading is as it was, until it is forgotten. So the time of a rate is that between
//! the two last readings of the table, not that since the row was last written.

use std::collections::BTreeMap;

use ks_vocabulary::model::{Class, RowRef, Schema};
use ks_vocabulary::time::{Timestamp, seconds};

/// Counters of the rows of one table as last read. For each reading: [`Readings::begin`],
/// [`Readings::row`] for each row, [`Readings::end`].
#[derive(Debug, Clone, Default)]
pub struct Readings {
    at: Option<Timestamp>,
    /// Time between the last two readings, where there were two.
    elapsed_ns: Option<u64>,
    number: u64,
    rows: BTreeMap<Vec<u8>, LastRow>,
}

#[derive(Debug, Clone)]
struct LastRow {
    counters: Vec<Option<u64>>,
    /// Number of the reading that gave it.
    number: u64,
}

impl Readings {
    /// Begins a reading that was made at `at`.
    pub fn begin(&mut self, at: Timestamp) {
        self.elapsed_ns = self.at.map(|before| at.since_ns(before)).filter(|ns| *ns > 0);
        self.at = Some(at);
        self.number += 1;
    }

    /// Takes one row and fills `rates` with the growth of each counter a second. A rate is absent
    /// where there is no earlier value, or the counter went back.
    pub fn row(&mut self, key: &[u8], counters: &[Option<u64>], rates: &mut Vec<Option<f64>>) {
        let (elapsed_ns, number) = (self.elapsed_ns, self.number);
        rates.clear();
        if let Some(last) = self.rows.get_mut(key) {
            let pairs = last.counters.iter().zip(counters);
            rates.extend(pairs.map(|(before, after)| rate(*before, *after, elapsed_ns)));
            last.counters.clear();
            last.counters.extend_from_slice(counters);
            last.number = number;
        } else {
            rates.resize(counters.len(), None);
            self.rows.insert(key.to_vec(), LastRow { counters: counters.to_vec(), number });
        }
    }

    /// Ends a reading. Where it was of every row there is, the others are forgotten.
    pub fn end(&mut self, complete: bool) {
        if complete {
            let number = self.number;
            self.rows.retain(|_, last| last.number == number);
        }
    }

    /// Forgets one row: its entity is gone.
    pub fn forget(&mut self, key: &[u8]) {
        self.rows.remove(key);
    }

    /// Forgets all readings, as after a hole in the data.
    pub fn restart(&mut self) {
        self.at = None;
        self.elapsed_ns = None;
        self.rows.clear();
    }
}

fn rate(before: Option<u64>, after: Option<u64>, elapsed_ns: Option<u64>) -> Option<f64> {
    let growth = after?.checked_sub(before?)?;
    Some(growth as f64 / seconds(elapsed_ns?))
}

/// Writes what tells a row from the others of its table: the bytes of its key columns.
pub fn write_key(schema: &Schema, row: RowRef<'_>, key: &mut Vec<u8>) {
    key.clear();
    for (at, column) in schema.names.iter().enumerate() {
        if column.class == Class::Key {
            let name = row.name(at).unwrap_or_default();
            key.extend_from_slice(&name.len().to_le_bytes());
            key.extend_from_slice(name);
        }
    }
    for (at, column) in schema.cells.iter().enumerate() {
        if column.class == Class::Key {
            let bits = row.cell(at);
            key.push(u8::from(bits.is_some()));
            key.extend_from_slice(&bits.unwrap_or(0).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{CellType, Disk, DiskName, Nic, NicCell, NicName, Record, SCHEMAS};
    use ks_vocabulary::time::SECOND_NS;

    /// One reading of rows with one counter each; the return value is their rates.
    fn read(
        readings: &mut Readings,
        second: u64,
        complete: bool,
        rows: &[(&str, Option<u64>)],
    ) -> Vec<Option<f64>> {
        let (mut all, mut rates) = (Vec::new(), Vec::new());
        readings.begin(Timestamp(second * SECOND_NS));
        for (key, counter) in rows {
            readings.row(key.as_bytes(), &[*counter], &mut rates);
            all.append(&mut rates);
        }
        readings.end(complete);
        all
    }

    #[test]
    fn a_rate_is_growth_over_the_true_time_between_two_readings() {
        let mut readings = Readings::default();
        assert_eq!(read(&mut readings, 10, true, &[("a", Some(100))]), [None]);
        assert_eq!(read(&mut readings, 14, true, &[("a", Some(300))]), [Some(50.0)]);
        assert_eq!(read(&mut readings, 15, true, &[("a", Some(300))]), [Some(0.0)]);
    }

    #[test]
    fn a_counter_that_goes_back_or_is_absent_has_no_rate() {
        let mut readings = Readings::default();
        read(&mut readings, 1, true, &[("a", Some(100))]);
        assert_eq!(read(&mut readings, 2, true, &[("a", Some(99))]), [None]);
        assert_eq!(read(&mut readings, 3, true, &[("a", None)]), [None]);
        assert_eq!(read(&mut readings, 4, true, &[("a", Some(200))]), [None]);
        assert_eq!(read(&mut readings, 5, true, &[("a", Some(201))]), [Some(1.0)]);
        assert_eq!(read(&mut readings, 5, true, &[("a", Some(900))]), [None], "no time passed");
    }

    #[test]
    fn a_counter_that_was_reset_leaves_the_rates_of_the_others_in_its_row() {
        let (mut readings, mut rates) = (Readings::default(), Vec::new());
        let steps: [(u64, [u64; 2], [Option<f64>; 2]); 3] = [
            (1, [100, 10], [None, None]),
            (2, [3, 15], [None, Some(5.0)]),
            (3, [4, 16], [Some(1.0), Some(1.0)]),
        ];
        for (second, counters, expected) in steps {
            readings.begin(Timestamp(second * SECOND_NS));
            readings.row(b"a", &counters.map(Some), &mut rates);
            readings.end(true);
            assert_eq!(rates, expected, "second {second}");
        }
    }

    #[test]
    fn a_row_that_comes_back_is_another() {
        let mut readings = Readings::default();
        read(&mut readings, 1, true, &[("a", Some(1)), ("b", Some(10))]);
        assert_eq!(read(&mut readings, 2, true, &[("b", Some(11))]), [Some(1.0)]);
        let both = read(&mut readings, 3, true, &[("a", Some(5)), ("b", Some(12))]);
        assert_eq!(both, [None, Some(1.0)]);
    }

    #[test]
    fn a_row_that_a_sparse_reading_leaves_out_is_as_it_was() {
        let mut readings = Readings::default();
        read(&mut readings, 0, true, &[("a", Some(10)), ("b", Some(10))]);
        read(&mut readings, 1, false, &[("b", Some(11))]);
        read(&mut readings, 2, false, &[("b", Some(12))]);
        // It stood at 10 in second 2 too, or it would have been written then.
        let both = read(&mut readings, 3, false, &[("a", Some(14)), ("b", Some(13))]);
        assert_eq!(both, [Some(4.0), Some(1.0)]);
    }

    #[test]
    fn rows_are_forgotten_when_named_when_a_keyframe_lacks_them_and_after_a_hole() {
        let mut readings = Readings::default();
        let rows = [("a", Some(1)), ("b", Some(1)), ("c", Some(1))];
        read(&mut readings, 0, true, &rows);
        readings.forget(b"a");
        read(&mut readings, 1, false, &[]);
        assert_eq!(readings.rows.len(), 2);
        read(&mut readings, 2, true, &[("b", Some(2))]);
        assert_eq!(readings.rows.len(), 1);
        readings.restart();
        assert_eq!(read(&mut readings, 3, true, &[("b", Some(3))]), [None]);
    }

    #[test]
    fn keys_are_the_key_columns_and_nothing_else() {
        let key = |table: &str, row: RowRef<'_>| {
            let schema = SCHEMAS.iter().find(|schema| schema.table == table).unwrap();
            let mut key = Vec::new();
            write_key(schema, row, &mut key);
            key
        };
        let nic = |name: &[u8], netns: u64, bytes: u64| {
            let mut row = Nic::default();
            row.set_name(NicName::name, name);
            row.set(NicCell::netns, netns);
            row.set(NicCell::rx_bytes, bytes);
            key("nics", row.row())
        };
        assert_eq!(nic(b"eth0", 1, 5), nic(b"eth0", 1, 6));
        assert_ne!(nic(b"eth0", 1, 5), nic(b"eth0", 2, 5));
        assert_ne!(nic(b"eth0", 1, 5), nic(b"eth", 1, 5));
        let mut disk = Disk::default();
        disk.set_name(DiskName::name, b"sda");
        let before = key("disks", disk.row());
        disk.set_name(DiskName::scheduler, b"none");
        assert_eq!(before, key("disks", disk.row()));
    }

    #[test]
    fn every_counter_is_an_unsigned_number() {
        for schema in SCHEMAS {
            for column in schema.cells.iter().filter(|column| column.class == Class::Counter) {
                assert_eq!(column.cell_type, CellType::U64, "{}.{}", schema.table, column.name);
            }
        }
    }
}
