//! Rows of a PCP archive become samples: those of one cycle are one reading of every table.

use std::collections::BTreeMap;
use std::rc::Rc;

use ks_vocabulary::model::{FilesystemName, ReadTimes, Rowset, Sample};

use super::cadence::Plan;
use super::metric::{Role, To};
use super::output::Output;
use super::pcp_layout::{Layout, Slot};
use super::pcp_metrics::METRICS;
use super::pcp_rows::Rows;
use super::target::{Table, begin_row};
use super::units::Found;
use crate::error::Error;

/// Gathers the rows of a cycle, and writes the sample that they are.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    plan: &'a Plan,
    output: &'a mut Output,
    /// The columns of what is gathered.
    layout: Rc<Layout>,
    /// The last value of each column with its time; facts are kept from sample to sample.
    values: Vec<Option<(u64, i64)>>,
    /// Where filesystems are mounted, by the column that says it.
    mounts: BTreeMap<usize, Vec<u8>>,
    first_ns: Option<i64>,
    last_ns: i64,
    read_ns: BTreeMap<Table, i64>,
    /// Samples written.
    pub(super) count: u64,
}

impl<'a> Samples<'a> {
    pub(super) fn new(plan: &'a Plan, output: &'a mut Output) -> Self {
        Self {
            plan,
            output,
            layout: Rc::default(),
            values: Vec::new(),
            mounts: BTreeMap::new(),
            first_ns: None,
            last_ns: 0,
            read_ns: BTreeMap::new(),
            count: 0,
        }
    }

    /// The columns are others from here on.
    pub(super) fn begin(&mut self, layout: &Rc<Layout>) -> Result<(), Error> {
        self.flush()?;
        self.layout = Rc::clone(layout);
        self.values = vec![None; layout.columns.len()];
        self.mounts.clear();
        Ok(())
    }

    /// Says that it is not known how much time passed before `at_ns`.
    pub(super) fn gap(&mut self, at_ns: i64) -> Result<(), Error> {
        self.flush()?;
        self.output.gap(at_ns, "all")
    }

    /// Takes a row; what stood before it is written where it was a sample of its own.
    pub(super) fn take(&mut self, rows: &Rows, at_ns: i64) -> Result<(), Error> {
        if self.first_ns.is_some_and(|first_ns| at_ns - first_ns >= self.plan.apart_ns) {
            self.flush()?;
        }
        let layout = rows.layout();
        for at in layout.slots.iter().filter_map(|slot| slot.mount) {
            let name = rows.field(at);
            if !name.is_empty() {
                self.mounts.insert(at, name.to_vec());
            }
        }
        let (plan, values) = (self.plan, &mut self.values);
        let (mut leads, mut any) = (false, false);
        rows.cells(|position, found| {
            let metric = layout.columns[position].metric;
            let Found::Bits(bits) = found else { return };
            if plan.taken.has(metric) {
                values[position] = Some((bits, at_ns));
                leads |= plan.leads.has(metric);
                any |= METRICS[metric].role != Role::Fact;
            }
        })?;
        if leads && self.first_ns.is_none() {
            self.first_ns = Some(at_ns);
        }
        if any && self.first_ns.is_some() {
            self.last_ns = at_ns;
        }
        Ok(())
    }

    /// Writes what was gathered.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let Some(first_ns) = self.first_ns.take() else { return Ok(()) };
        let layout = Rc::clone(&self.layout);
        let mut sample = Sample::default();
        let mut any = false;
        for slots in layout.slots.chunk_by(|one, other| one.table == other.table) {
            any |= self.put_table(&layout, slots, first_ns, &mut sample);
        }
        // They are keyed by where they are mounted, and stand in the order of their devices.
        sample.filesystems.sort();
        for (value, column) in self.values.iter_mut().zip(&layout.columns) {
            if METRICS[column.metric].role != Role::Fact {
                *value = None;
            }
        }
        if any {
            self.output.sample(self.last_ns, sample)?;
            self.count += 1;
        }
        Ok(())
    }

    /// Puts the rows of a table into the sample; false where this is no reading of it.
    fn put_table(
        &mut self,
        layout: &Layout,
        slots: &[Slot],
        first_ns: i64,
        sample: &mut Sample,
    ) -> bool {
        let mut read: Option<(i64, i64)> = None;
        let mut leads = false;
        for position in slots.iter().flat_map(|slot| slot.columns.clone()) {
            let Some(at_ns) = self.read_at(layout, position, first_ns) else { continue };
            let (begin_ns, end_ns) = read.unwrap_or((at_ns, at_ns));
            read = Some((begin_ns.min(at_ns), end_ns.max(at_ns)));
            leads |= self.plan.leads.has(layout.columns[position].metric);
        }
        let (Some((begin_ns, end_ns)), Some(first), true) = (read, slots.first(), leads) else {
            return false;
        };
        let table = first.table;
        let apart_ns = self.plan.apart_of_ns.get(&table).copied().unwrap_or(0);
        if self.read_ns.get(&table).is_some_and(|last_ns| begin_ns - last_ns < apart_ns) {
            return false;
        }
        self.read_ns.insert(table, begin_ns);
        let rows = table.rows(sample);
        for slot in slots {
            self.put_row(layout, slot, first_ns, rows);
        }
        let times = ReadTimes { begin_ns: begin_ns - self.last_ns, end_ns: end_ns - self.last_ns };
        rows.set_read(times);
        true
    }

    /// When a column was read in this cycle; a fact makes no reading.
    fn read_at(&self, layout: &Layout, position: usize, first_ns: i64) -> Option<i64> {
        let is_fact = METRICS[layout.columns[position].metric].role == Role::Fact;
        let (_, at_ns) = self.values[position].filter(|_| !is_fact)?;
        Some(at_ns).filter(|at_ns| *at_ns >= first_ns)
    }

    /// Puts one row into its table, unless nothing of it was read.
    fn put_row(&self, layout: &Layout, slot: &Slot, first_ns: i64, rows: &mut dyn Rowset) {
        let is_read = |position| self.read_at(layout, position, first_ns).is_some();
        if !slot.columns.clone().any(is_read) {
            return;
        }
        let mut row = rows.push_row();
        begin_row(slot.table, &slot.instance, &mut row);
        if let Some(mount) = slot.mount.and_then(|at| self.mounts.get(&at)) {
            row.set_name(FilesystemName::mount as usize, mount);
        }
        // Bits of the cells that are sums, and of those that lack a part.
        let (mut sums, mut lacking) = (0u64, 0u64);
        for position in slot.columns.clone() {
            let index = layout.columns[position].metric;
            let metric = &METRICS[index];
            let To::Cell(target) = metric.to else { continue };
            let (cell, is_part) = (target.cell, metric.role == Role::Part);
            let is_fact = metric.role == Role::Fact;
            let value = self.values[position].filter(|(_, at_ns)| is_fact || *at_ns >= first_ns);
            match value {
                Some((bits, _)) if *row.present >> cell & 1 == 0 => {
                    row.set_cell(cell, bits);
                    sums |= u64::from(is_part) << cell;
                }
                Some((bits, _)) if is_part && sums >> cell & 1 == 1 => {
                    let sum = row.cells[cell].saturating_add(bits);
                    row.set_cell(cell, sum);
                }
                None if is_part && self.plan.seen.has(index) => lacking |= 1 << cell,
                Some(_) | None => {}
            }
        }
        for cell in (0..row.cells.len()).filter(|cell| sums & lacking & (1u64 << *cell) != 0) {
            row.unset_cell(cell);
        }
    }
}
