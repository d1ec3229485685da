//! The rows of one table in one sample, with buffers that are used again tick after tick.
//!
//! [`Rows`] is typed, for samplers and the engine; [`Rowset`] is the same without the type, for
//! encoders, `ks dump` and `ks schema`. A table is either absent (not due, or missing) or read at
//! a known time; "read and empty" is not "absent".

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::record::{Record, RowMut, RowRef};

/// When a table was read, in ns relative to the sample's `mono`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadTimes {
    /// Before the first byte was read.
    pub begin_ns: i64,
    /// After the last byte was read.
    pub end_ns: i64,
}

impl ReadTimes {
    /// The middle of the reading: the instant that rates use.
    pub fn middle_ns(self) -> i64 {
        self.begin_ns.saturating_add(self.end_ns.saturating_sub(self.begin_ns) / 2)
    }
}

/// The rows of one table.
#[derive(Debug, Clone)]
pub struct Rows<R> {
    read: Option<ReadTimes>,
    rows: Vec<R>,
    len: usize,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { read: None, rows: Vec::new(), len: 0 }
    }
}

impl<R: Record> PartialEq for Rows<R> {
    fn eq(&self, other: &Self) -> bool {
        self.read == other.read && self.as_slice() == other.as_slice()
    }
}

impl<R: Record> Rows<R> {
    /// The rows, in key order.
    pub fn as_slice(&self) -> &[R] {
        &self.rows[..self.len]
    }

    /// The rows for changing cells that are not part of the key.
    pub fn as_mut_slice(&mut self) -> &mut [R] {
        &mut self.rows[..self.len]
    }

    /// Iterates over the rows.
    pub fn iter(&self) -> core::slice::Iter<'_, R> {
        self.as_slice().iter()
    }

    /// The only row of a table of shape [`super::record::Shape::One`].
    pub fn first(&self) -> Option<&R> {
        self.as_slice().first()
    }

    /// When the table was read; `None` says that it was not.
    pub fn read(&self) -> Option<ReadTimes> {
        self.read
    }

    /// Marks the table as read at `times`.
    pub fn set_read(&mut self, times: ReadTimes) {
        self.read = Some(times);
    }

    /// Makes the table absent, keeping its buffers.
    pub fn clear(&mut self) {
        self.read = None;
        self.len = 0;
    }

    /// Appends an empty row and returns it for filling.
    pub fn push(&mut self) -> &mut R {
        if self.len == self.rows.len() {
            self.rows.push(R::default());
        } else {
            self.rows[self.len].row_mut().clear();
        }
        self.len += 1;
        &mut self.rows[self.len - 1]
    }

    /// Appends a copy of `row`.
    pub fn push_copy(&mut self, row: &R) {
        if self.len == self.rows.len() {
            self.rows.push(R::default());
        }
        self.rows[self.len].row_mut().copy_from(row.row());
        self.len += 1;
    }

    /// Removes the last row, for a sampler whose entity vanished while it was read.
    pub fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    /// Removes the rows that `is_kept` refuses, leaving the order of the others.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&R) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            if is_kept(&self.rows[at]) {
                self.rows.swap(kept, at);
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Sorts by key, as readers and the engine expect.
    pub fn sort(&mut self) {
        if !self.as_slice().is_sorted_by(|a, b| a.cmp_key(b) != Ordering::Greater) {
            self.rows[..self.len].sort_by(Record::cmp_key);
        }
    }

    /// The row with the same key as `like`.
    pub fn find(&self, like: &R) -> Option<&R> {
        let rows = self.as_slice();
        rows.binary_search_by(|row| row.cmp_key(like)).ok().map(|at| &rows[at])
    }

    /// Copies another table's content into this one's buffers.
    pub fn copy_from(&mut self, other: &Self) {
        self.clear();
        for row in other.iter() {
            self.push_copy(row);
        }
        self.read = other.read;
    }
}

/// [`Rows`] without the row type.
pub trait Rowset {
    /// When the table was read; `None` says that it was not.
    fn read(&self) -> Option<ReadTimes>;
    /// Marks the table as read.
    fn set_read(&mut self, times: ReadTimes);
    /// Number of rows.
    fn len(&self) -> usize;
    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// One row.
    fn row(&self, index: usize) -> RowRef<'_>;
    /// One row, for changing cells that are not part of the key.
    fn row_mut(&mut self, index: usize) -> RowMut<'_>;
    /// Appends an empty row.
    fn push_row(&mut self) -> RowMut<'_>;
    /// Makes the table absent.
    fn clear(&mut self);
}

impl<R: Record> Rowset for Rows<R> {
    fn read(&self) -> Option<ReadTimes> {
        self.read
    }
    fn set_read(&mut self, times: ReadTimes) {
        self.read = Some(times);
    }
    fn len(&self) -> usize {
        self.len
    }
    fn row(&self, index: usize) -> RowRef<'_> {
        self.as_slice()[index].row()
    }
    fn row_mut(&mut self, index: usize) -> RowMut<'_> {
        self.as_mut_slice()[index].row_mut()
    }
    fn push_row(&mut self) -> RowMut<'_> {
        self.push().row_mut()
    }
    fn clear(&mut self) {
        Rows::clear(self);
    }
}
