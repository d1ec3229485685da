//! A recording as rows of values, tick by tick: what `ks dump` prints.
//!
//! It keeps the counters of the last readings and nothing else, so it takes recordings of any
//! length. Printing is not its business.

use std::io;
use std::num::NonZeroUsize;

use ks_vocabulary::input::{Body, Gap, GapReason, Input, RunId, Start};
use ks_vocabulary::model::{Record, RowRef, Rowset, SCHEMAS, Sample, Schema};
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};

use crate::moment::Moment;
use crate::rates::{Readings, write_key};
use crate::selection::{Place, Table};
use crate::value::{Value, entity};

/// The table whose rows are written only when they changed.
const SPARSE: &str = "processes";
/// The table that names the rows of [`SPARSE`] whose entity is gone.
const GONE: &str = "processes_gone";

/// What is wanted of a recording.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Tables with their columns.
    pub tables: Vec<Table>,
    /// The first moment.
    pub from: Option<Moment>,
    /// The moment before which it ends.
    pub to: Option<Moment>,
    /// How many rows of each table and tick: those with the largest value in the first column
    /// that is a cell.
    pub top: Option<NonZeroUsize>,
}

/// One row: an entity, and a value for each column of its table, absent where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Keys of the row.
    pub entity: String,
    /// In the order of [`Table::columns`].
    pub values: Vec<Option<Value>>,
}

/// Takes the rows of one table at one tick.
pub type Each<'a> = dyn FnMut(WallTime, &Table, &[Row]) -> io::Result<()> + 'a;

/// Turns inputs into rows.
#[derive(Debug)]
pub struct Tabulation {
    tables: Vec<Followed>,
    /// The bounds as wanted, until the beginning of the recording is known.
    unresolved: Option<(Option<Moment>, Option<Moment>)>,
    from: WallTime,
    to: WallTime,
    clock: ClockAnchor,
    run: Option<RunId>,
}

impl Tabulation {
    /// Nothing was seen yet.
    pub fn new(wanted: Wanted) -> Self {
        let top = wanted.top;
        Self {
            tables: wanted.tables.into_iter().map(|table| Followed::new(table, top)).collect(),
            unresolved: Some((wanted.from, wanted.to)),
            from: WallTime(i64::MIN),
            to: WallTime(i64::MAX),
            clock: ClockAnchor::default(),
            run: None,
        }
    }

    /// Takes the next input and gives `each` the rows of every table that has some. False says
    /// that no later input can be wanted.
    pub fn input(&mut self, input: &Input, each: &mut Each<'_>) -> io::Result<bool> {
        match &input.body {
            Body::Start(start) => self.begin(start, input.mono),
            Body::Gap(gap) => self.gap(gap),
            Body::Sample(sample) => return self.sample(sample, input.mono, each),
            Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {}
        }
        Ok(true)
    }

    fn begin(&mut self, start: &Start, mono: Timestamp) {
        if !self.run.as_ref().is_some_and(|run| start.goes_on_with(run)) {
            self.restart(|_| true);
        }
        self.clock = start.clock;
        self.run = Some(start.run());
        if let Some((from, to)) = self.unresolved.take() {
            let at = self.clock.at(mono);
            self.from = from.map_or(self.from, |from| from.resolve(at));
            self.to = to.map_or(self.to, |to| to.resolve(at));
        }
    }

    fn gap(&mut self, gap: &Gap) {
        let all = gap.source == "all" || gap.reason == GapReason::Suspend;
        self.restart(|schema| all || schema.source == gap.source);
    }

    fn restart(&mut self, is_meant: impl Fn(&Schema) -> bool) {
        for followed in &mut self.tables {
            if is_meant(followed.table.schema) {
                followed.readings.restart();
            }
        }
    }

    fn sample(
        &mut self,
        sample: &Sample,
        mono: Timestamp,
        each: &mut Each<'_>,
    ) -> io::Result<bool> {
        let at = self.clock.at(mono);
        if at >= self.to {
            // Time only grows within a run, and runs are read in their order.
            return Ok(false);
        }
        let tables = sample.tables();
        for followed in &mut self.tables {
            let rows = tables[followed.table.index];
            let Some(read) = rows.read() else { continue };
            let is_sparse = followed.table.schema.table == SPARSE;
            if is_sparse {
                followed.forget_gone(sample);
            }
            let complete = !is_sparse || sample.processes_complete;
            followed.read(rows, mono.offset_ns(read.middle_ns()), complete);
            if at >= self.from && !followed.rows.is_empty() {
                each(at, &followed.table, &followed.rows)?;
            }
        }
        Ok(true)
    }
}

/// A table with its last reading, and space for the rows of the current tick.
#[derive(Debug)]
struct Followed {
    table: Table,
    top: Option<NonZeroUsize>,
    /// The column to compare rows by.
    by: Option<usize>,
    /// Cells of the columns that are rates.
    counter_cells: Vec<usize>,
    readings: Readings,
    rows: Vec<Row>,
    key: Vec<u8>,
    counters: Vec<Option<u64>>,
    rates: Vec<Option<f64>>,
}

impl Followed {
    fn new(table: Table, top: Option<NonZeroUsize>) -> Self {
        let is_cell = |place: Place| matches!(place, Place::Cell(_));
        let by = table.columns.iter().position(|column| is_cell(column.place));
        let rates = table.columns.iter().filter(|column| column.is_rate);
        let counter_cells = rates.filter_map(|column| match column.place {
            Place::Cell(at) => Some(at),
            Place::Name(_) => None,
        });
        Self {
            counter_cells: counter_cells.collect(),
            table,
            top,
            by,
            readings: Readings::default(),
            rows: Vec::new(),
            key: Vec::new(),
            counters: Vec::new(),
            rates: Vec::new(),
        }
    }

    fn forget_gone(&mut self, sample: &Sample) {
        let Some(schema) = SCHEMAS.iter().find(|schema| schema.table == GONE) else { return };
        for gone in sample.processes_gone.iter() {
            write_key(schema, gone.row(), &mut self.key);
            self.readings.forget(&self.key);
        }
    }

    /// Takes a reading. Rows of which no column is known are left out.
    fn read(&mut self, rows: &dyn Rowset, at: Timestamp, complete: bool) {
        self.rows.clear();
        self.readings.begin(at);
        for index in 0..rows.len() {
            let row = rows.row(index);
            self.rate(row);
            if let Some(row) = self.row(row) {
                self.rows.push(row);
            }
        }
        self.readings.end(complete);
        if let Some(top) = self.top {
            keep_top(&mut self.rows, self.by, top.get());
        }
    }

    fn rate(&mut self, row: RowRef<'_>) {
        if self.counter_cells.is_empty() {
            return;
        }
        self.counters.clear();
        self.counters.extend(self.counter_cells.iter().map(|at| row.cell(*at)));
        write_key(self.table.schema, row, &mut self.key);
        self.readings.row(&self.key, &self.counters, &mut self.rates);
    }

    fn row(&self, row: RowRef<'_>) -> Option<Row> {
        let schema = self.table.schema;
        let mut rates = self.rates.iter().copied();
        let values = self.table.columns.iter().map(|column| {
            if column.is_rate {
                rates.next().flatten().map(Value::Rate)
            } else {
                Value::of(schema, column.place, row)
            }
        });
        let values: Vec<Option<Value>> = values.collect();
        let any = values.iter().any(Option::is_some);
        any.then(|| Row { entity: entity(schema, row), values })
    }
}

/// Keeps the rows with the largest values; where none can be compared, the first ones.
fn keep_top(rows: &mut Vec<Row>, by: Option<usize>, top: usize) {
    if let Some(by) = by {
        let number = |row: &Row| {
            row.values[by].as_ref().and_then(Value::number).unwrap_or(f64::NEG_INFINITY)
        };
        rows.sort_by(|one, other| number(other).total_cmp(&number(one)));
    }
    rows.truncate(top);
}

#[cfg(test)]
mod tests;
