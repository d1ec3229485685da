//! Rows of series, counted: how many there are, when, and what is wrong with their times and cells.

use serde::Serialize;

use crate::csv_series::{Reading, Row};
use crate::series_gaps::{Gaps, Watch};

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rows {
    /// Rows.
    pub rows: u64,
    /// Values that are blank.
    pub absent: u64,
    /// Values that are not finite.
    pub not_finite: u64,
    /// Rows whose time lies before that of an earlier row.
    pub steps_back: u64,
    /// The first such line.
    pub steps_back_line: Option<u64>,
    /// Rows that have the time of the row before them.
    pub equal_times: u64,
    /// Time of the first row, as it is written.
    pub start: Option<String>,
    /// Time of the last row.
    pub end: Option<String>,
    /// Where there are no values for longer than usual.
    pub gaps: Gaps,
}

/// Counts rows as they come.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    rows: Rows,
    gaps: Watch,
    last_s: Option<f64>,
}

impl Counter {
    /// Rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.rows
    }

    /// Takes a row of a file.
    pub(crate) fn push(&mut self, row: &Row) {
        let rows = &mut self.rows;
        let is_equal = self.last_s.replace(row.time_s).is_some_and(|last_s| last_s >= row.time_s);
        rows.equal_times += u64::from(is_equal && !row.goes_back);
        if row.goes_back {
            rows.steps_back += 1;
            rows.steps_back_line.get_or_insert(row.line);
        }
        let mut has_value = false;
        for reading in &row.readings {
            match reading {
                Reading::Number(_) => has_value = true,
                Reading::Absent => rows.absent += 1,
                Reading::NotFinite => rows.not_finite += 1,
            }
        }
        self.take(row.time_s, &row.time, has_value);
    }

    /// Takes a row by its time.
    pub(crate) fn take(&mut self, time_s: f64, time: &str, has_value: bool) {
        self.rows.rows += 1;
        self.rows.start.get_or_insert_with(|| time.to_owned());
        time.clone_into(self.rows.end.get_or_insert_default());
        if has_value {
            self.gaps.push(time_s, time);
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> Rows {
        Rows { gaps: self.gaps.finish(), ..self.rows }
    }
}
