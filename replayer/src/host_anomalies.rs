//! A recorded host as one: its own readings and those of its disks, filesystems, swaps and network
//! interfaces, scored together.
//!
//! Processes, sockets and control groups come and go, and are left out. Values are means over slots
//! of equal length, so that a day is not more rows than can be scored in some seconds.

use std::collections::BTreeMap;
use std::io;

use ks_vocabulary::input::Input;
use ks_vocabulary::model::Class;
use ks_vocabulary::time::{SECOND_NS, WallTime};

use crate::moment::Moment;
use crate::report::{Report, rfc3339};
use crate::rows_analysis::{RowsAnalysis, RowsReport};
use crate::selection::{Glob, Place, Table, select};
use crate::tabulation::{Row, Tabulation, Wanted};
use crate::value::Value;

/// Tables of the host and of devices that stay.
const TABLES: [&str; 17] = [
    "cpu.*",
    "memory.*",
    "vm.*",
    "pressure.*",
    "disks.*",
    "filesystems.*",
    "swaps.*",
    "nics.*",
    "netns.*",
    "file_handles.*",
    "limits.*",
    "bpf_block_io.*",
    "bpf_syscall.*",
    "bpf_page_fault.*",
    "bpf_memory.*",
    "bpf_tcp.*",
    "bpf_lifetime.*",
];
/// The entity of tables that are about the host.
const HOST: &str = "host";
/// Part of the names of the kernel's running means.
const RUNNING_MEAN: &str = "_avg";
/// Columns that are followed: of a host with very many devices the first.
const COLUMNS_MAX: usize = 600;
/// Rows that a recording makes at most, and lengths that a slot may have in seconds.
const ROWS_MAX: i64 = 4000;
const SLOTS_S: [i64; 10] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/// Follows a recording: [`HostAnomalies::input`] for each, then [`HostAnomalies::finish`].
#[derive(Debug)]
pub struct HostAnomalies {
    tabulation: Tabulation,
    rows: Rows,
}

/// Rows in the making.
#[derive(Debug)]
struct Rows {
    analysis: RowsAnalysis,
    /// Numbers of the columns of each table, by entity; `None` for what is left out.
    numbers: BTreeMap<usize, BTreeMap<String, Vec<Option<usize>>>>,
    /// Sum and count of the values in the slot at hand.
    sums: Vec<(f64, u32)>,
    slot_ns: i64,
    /// The slot at hand.
    slot: Option<i64>,
    left_out: u64,
}

/// A host, summed up.
#[derive(Debug, Clone, serde::Serialize)]
pub struct HostReport {
    /// Length of a row in seconds.
    pub slot_s: f64,
    /// Columns that were too many to follow.
    pub columns_left_out: u64,
    /// Its rows, and what was unusual.
    #[serde(flatten)]
    pub rows: RowsReport,
}

impl HostAnomalies {
    /// Of a recording that lasts so long.
    pub fn new(from: Option<Moment>, to: Option<Moment>, lasts_ns: i64) -> Self {
        let globs: Vec<Glob> = TABLES.iter().filter_map(|glob| glob.parse().ok()).collect();
        let mut tables = select(&globs, false);
        tables.iter_mut().for_each(keep_numbers);
        let wanted = Wanted { tables, from, to, top: None };
        let enough = |slot_s: &&i64| lasts_ns <= **slot_s * ROWS_MAX * SECOND_NS.cast_signed();
        let slot_s = SLOTS_S.iter().find(enough).or(SLOTS_S.last()).copied().unwrap_or(1);
        let rows = Rows {
            analysis: RowsAnalysis::new(Vec::new()),
            numbers: BTreeMap::new(),
            sums: Vec::new(),
            slot_ns: slot_s * SECOND_NS.cast_signed(),
            slot: None,
            left_out: 0,
        };
        Self { tabulation: Tabulation::new(wanted), rows }
    }

    /// Takes the next input; false says that no later one is wanted.
    pub fn input(&mut self, input: &Input) -> io::Result<bool> {
        let rows = &mut self.rows;
        self.tabulation.input(input, &mut |at, table, read| {
            rows.take(at, table, read);
            Ok(())
        })
    }

    /// Sums up, with the incidents of `report` beside what was unusual.
    ///
    /// The slot at hand is not complete, and has no score.
    pub fn finish(self, report: &Report) -> HostReport {
        let mut rows = self.rows.analysis.finish();
        for event in &mut rows.events.listed {
            let meanwhile = report.incidents.iter().filter(|incident| {
                incident.start <= event.end
                    && incident.end.as_ref().is_none_or(|end| *end >= event.onset)
            });
            event.more.incidents = meanwhile.map(|incident| incident.id).collect();
        }
        let slot_s = self.rows.slot_ns as f64 / 1e9;
        HostReport { slot_s, columns_left_out: self.rows.left_out, rows }
    }
}

/// Leaves out what is no number, or says only what an entity is, and the kernel's running means of
/// what is there as a counter too.
fn keep_numbers(table: &mut Table) {
    let schema = table.schema;
    table.columns.retain(|column| match column.place {
        Place::Cell(at) => {
            let is_value = matches!(schema.cells[at].class, Class::Counter | Class::Gauge);
            is_value && !column.name.contains(RUNNING_MEAN)
        }
        Place::Name(_) => false,
    });
}

impl Rows {
    fn take(&mut self, at: WallTime, table: &Table, read: &[Row]) {
        let slot = at.0.div_euclid(self.slot_ns);
        if self.slot.is_some_and(|known| known != slot) {
            self.close();
        }
        self.slot = Some(slot);
        for row in read {
            if !self.numbers.get(&table.index).is_some_and(|known| known.contains_key(&row.entity))
            {
                self.add(table, &row.entity);
            }
            let numbers = self.numbers.get(&table.index).and_then(|known| known.get(&row.entity));
            for (number, value) in numbers.into_iter().flatten().zip(&row.values) {
                let value = value.as_ref().and_then(Value::number);
                if let Some((number, value)) = number.zip(value) {
                    let (sum, count) = &mut self.sums[number];
                    *sum += value;
                    *count += 1;
                }
            }
        }
    }

    /// Numbers the columns of an entity.
    fn add(&mut self, table: &Table, entity: &str) {
        let mut numbers = Vec::new();
        for column in &table.columns {
            if self.sums.len() == COLUMNS_MAX {
                self.left_out += 1;
                numbers.push(None);
                continue;
            }
            numbers.push(Some(self.sums.len()));
            let is_host = entity.is_empty() || entity == HOST;
            let of = if is_host { String::new() } else { format!(" of {entity}") };
            self.analysis.add_column(format!("{}{of}", column.name));
            self.sums.push((0.0, 0));
        }
        self.numbers.entry(table.index).or_default().insert(entity.to_owned(), numbers);
    }

    /// Scores the slot at hand.
    fn close(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        let at = WallTime(slot * self.slot_ns);
        let values = self.sums.iter().map(|(sum, count)| {
            let mean = sum / f64::from(*count);
            (*count > 0 && mean.is_finite()).then_some(mean)
        });
        self.analysis.push_values(at.0 as f64 / 1e9, &rfc3339(at), values);
        self.sums.fill((0.0, 0));
    }
}
