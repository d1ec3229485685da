//! The rows that encoder and decoder both remember, so that only what changed is written.
//!
//! One predictor stands for one table. A row is coded against the row of the same key written
//! last; both sides update their predictor in the same way, so they never disagree. Key order is
//! that of [`ks_vocabulary::model::Record::cmp_key`]: the columns of class `Key`, names first.

use std::cmp::Ordering;

use ks_vocabulary::model::record::same_bytes;
use ks_vocabulary::model::{Class, RowMut, RowRef, Schema};

use super::older::Masks;
use super::varint::{Bytes, put, put_signed};

/// Rows of one table, in key order, in flat arrays.
#[derive(Debug)]
pub(super) struct Predictor {
    cell_count: usize,
    name_count: usize,
    masks: Masks,
    key_cells: Vec<usize>,
    key_names: Vec<usize>,
    present: Vec<u64>,
    cells: Vec<u64>,
    names: Vec<Vec<u8>>,
    touched: Vec<bool>,
    cursor: usize,
}

impl Predictor {
    pub(super) fn new(schema: &Schema) -> Self {
        let keys = |classes: &mut dyn Iterator<Item = Class>| {
            classes
                .enumerate()
                .filter(|(_, class)| *class == Class::Key)
                .map(|(at, _)| at)
                .collect()
        };
        Self {
            cell_count: schema.cells.len(),
            name_count: schema.names.len(),
            masks: Masks::current(schema.cells.len()),
            key_cells: keys(&mut schema.cells.iter().map(|column| column.class)),
            key_names: keys(&mut schema.names.iter().map(|column| column.class)),
            present: Vec::new(),
            cells: Vec::new(),
            names: Vec::new(),
            touched: Vec::new(),
            cursor: 0,
        }
    }

    /// Forgets all rows.
    pub(super) fn reset(&mut self) {
        self.present.clear();
        self.cells.clear();
        self.names.clear();
        self.touched.clear();
    }

    /// Takes and gives rows whose masks are written so.
    pub(super) fn set_masks(&mut self, masks: Masks) {
        self.masks = masks;
    }

    /// Begins a sample's table.
    pub(super) fn begin(&mut self) {
        self.cursor = 0;
        self.touched.fill(false);
    }

    /// Ends a sample's table; rows it did not have are forgotten unless `keep`.
    pub(super) fn end(&mut self, keep: bool) {
        if keep || self.touched.iter().all(|touched| *touched) {
            return;
        }
        for at in (0..self.touched.len()).rev() {
            if !self.touched[at] {
                self.remove(at);
            }
        }
    }

    fn remove(&mut self, at: usize) {
        self.present.remove(at);
        self.touched.remove(at);
        self.cells.drain(at * self.cell_count..(at + 1) * self.cell_count);
        self.names.drain(at * self.name_count..(at + 1) * self.name_count);
    }

    fn row(&self, at: usize) -> RowRef<'_> {
        RowRef {
            present: self.present[at],
            cells: &self.cells[at * self.cell_count..(at + 1) * self.cell_count],
            names: &self.names[at * self.name_count..(at + 1) * self.name_count],
        }
    }

    fn compare(&self, left: RowRef<'_>, right: RowRef<'_>) -> Ordering {
        let names = self.key_names.iter().map(|at| left.name(*at).cmp(&right.name(*at)));
        let cells = self.key_cells.iter().map(|at| left.cell(*at).cmp(&right.cell(*at)));
        names.chain(cells).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn position(&self, row: RowRef<'_>) -> Result<usize, usize> {
        if self.cursor < self.present.len() && self.compare(self.row(self.cursor), row).is_eq() {
            return Ok(self.cursor);
        }
        let (mut low, mut high) = (0, self.present.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.compare(self.row(middle), row) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    fn insert_empty(&mut self, at: usize) {
        self.present.insert(at, 0);
        self.touched.insert(at, true);
        let (cells, names) = (at * self.cell_count, at * self.name_count);
        self.cells.splice(cells..cells, std::iter::repeat_n(0, self.cell_count));
        self.names.splice(names..names, std::iter::repeat_n(Vec::new(), self.name_count));
    }

    fn store(&mut self, at: usize, row: RowRef<'_>) {
        self.present[at] = row.present;
        self.touched[at] = true;
        self.cells[at * self.cell_count..(at + 1) * self.cell_count].copy_from_slice(row.cells);
        let names = &mut self.names[at * self.name_count..(at + 1) * self.name_count];
        for (to, from) in names.iter_mut().zip(row.names) {
            if !same_bytes(to, from) {
                to.clear();
                to.extend_from_slice(from);
            }
        }
        self.cursor = at + 1;
    }

    /// Appends `row`: 0 for a new row, or 1 + the zigzagged distance to the row predicted from;
    /// then the presence bits and the cells that differ, and each differing value.
    pub(super) fn encode(&mut self, row: RowRef<'_>, out: &mut Vec<u8>) {
        let at = match self.position(row) {
            Ok(at) => {
                put(out, 1 + zigzag(at, self.cursor));
                at
            }
            Err(at) => {
                put(out, 0);
                self.insert_empty(at);
                at
            }
        };
        encode_difference(self.masks, self.row(at), row, out);
        self.store(at, row);
    }

    /// Reads one row into `into`; `None` where the bytes make no sense.
    pub(super) fn decode(&mut self, bytes: &mut Bytes<'_>, into: &mut RowMut<'_>) -> Option<()> {
        match bytes.number()? {
            0 => {
                into.clear();
                decode_difference(self.masks, bytes, into)?;
                let Err(at) = self.position(as_ref(into)) else { return None };
                self.insert_empty(at);
                self.store(at, as_ref(into));
            }
            token => {
                let at = unzigzag(token - 1, self.cursor)?;
                if at >= self.present.len() {
                    return None;
                }
                copy(self.row(at), into);
                decode_difference(self.masks, bytes, into)?;
                self.store(at, as_ref(into));
            }
        }
        Some(())
    }
}

fn zigzag(at: usize, cursor: usize) -> u64 {
    let (at, cursor) = (at as u64, cursor as u64);
    if at >= cursor { (at - cursor) * 2 } else { (cursor - at) * 2 - 1 }
}

fn unzigzag(code: u64, cursor: usize) -> Option<usize> {
    let distance = usize::try_from(code.div_ceil(2)).ok()?;
    if code.is_multiple_of(2) { cursor.checked_add(distance) } else { cursor.checked_sub(distance) }
}

fn as_ref<'a>(row: &'a RowMut<'_>) -> RowRef<'a> {
    RowRef { present: *row.present, cells: row.cells, names: row.names }
}

fn copy(from: RowRef<'_>, into: &mut RowMut<'_>) {
    *into.present = from.present;
    into.cells.copy_from_slice(from.cells);
    for (to, from) in into.names.iter_mut().zip(from.names) {
        to.clear();
        to.extend_from_slice(from);
    }
}

fn encode_difference(masks: Masks, before: RowRef<'_>, row: RowRef<'_>, out: &mut Vec<u8>) {
    put(out, masks.narrow(before.present ^ row.present));
    let mut changed = 0u64;
    for (at, (old, new)) in before.cells.iter().zip(row.cells).enumerate() {
        changed |= u64::from(old != new) << at;
    }
    for (at, (old, new)) in before.names.iter().zip(row.names).enumerate() {
        changed |= u64::from(!same_bytes(old, new)) << (row.cells.len() + at);
    }
    put(out, masks.narrow(changed));
    for (at, (old, new)) in before.cells.iter().zip(row.cells).enumerate() {
        if changed >> at & 1 == 1 {
            put_signed(out, new.wrapping_sub(*old).cast_signed());
        }
    }
    for (at, name) in row.names.iter().enumerate() {
        if changed >> (row.cells.len() + at) & 1 == 1 {
            put(out, name.len() as u64);
            out.extend_from_slice(name);
        }
    }
}

fn decode_difference(masks: Masks, bytes: &mut Bytes<'_>, row: &mut RowMut<'_>) -> Option<()> {
    let columns = row.cells.len() + row.names.len();
    let used = if columns == 64 { u64::MAX } else { (1 << columns) - 1 };
    *row.present ^= masks.widen(bytes.number()?)?;
    let changed = masks.widen(bytes.number()?)?;
    if (*row.present | changed) & !used != 0 {
        return None;
    }
    for (at, cell) in row.cells.iter_mut().enumerate() {
        if changed >> at & 1 == 1 {
            *cell = cell.wrapping_add(bytes.signed()?.cast_unsigned());
        }
    }
    for (at, name) in row.names.iter_mut().enumerate() {
        if changed >> (row.cells.len() + at) & 1 == 1 {
            let length = bytes.length()?;
            name.clear();
            name.extend_from_slice(bytes.take(length)?);
        }
    }
    Some(())
}
