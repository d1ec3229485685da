//! Reads one series out of a CSV file: a column of times and a column of values.
//!
//! The first line names the columns. A time is RFC 3339, or `2026-03-04 12:00:00` which is taken
//! as UTC, or seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by
//! their size. A value is a number; a blank one is absent, and `NaN` and infinities are not finite:
//! their rows stay, without a value. Anything else is an error that names the place, since a guess
//! would silently change what is measured.
//!
//! Times may go back by up to two hours, as they do where a clock is set back or summer ends; a
//! file that goes back further is in the wrong order.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use ks_statistics::anomaly::VALUE_MAX;

/// How far a time may lie before the latest one, in seconds.
const BACK_MAX_S: f64 = 7200.0;
/// Units of times since the epoch: from which size on, and how many make a second. 10^11 seconds
/// are the year 5138, and as many milliseconds the year 1973.
const EPOCH_UNITS: [(f64, f64); 3] = [(1e17, 1e9), (1e14, 1e6), (1e11, 1e3)];

/// What a cell of values is expected to be.
const A_NUMBER: &str = "a number";

/// A series could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The operating system refused.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is no CSV: cells are missing, or it is not UTF-8.
    #[error("`{}` is not a CSV file: {problem}", path.display())]
    NotCsv {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        problem: String,
    },
    /// The file has no row.
    #[error("`{}` has no row of values", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The first line does not name a column.
    #[error("`{}` has no column `{column}`: there are {present}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        column: String,
        /// Those that there are.
        present: String,
    },
    /// A cell cannot be understood.
    #[error("`{}`, line {line}, column `{column}`: `{cell}` is not {expected}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What is there.
        cell: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A time lies too far before an earlier row's.
    #[error("`{}`, line {line}: the time `{time}` goes back by {back_s:.0} s", path.display())]
    Back {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The time.
        time: String,
        /// How far before the latest time, in seconds.
        back_s: f64,
    },
}

impl CsvError {
    /// Whether the machine is to blame, and not the file.
    pub fn is_environment(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() != io::ErrorKind::NotFound)
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Back { .. } => Some("sort the file by time"),
            Self::Cell { expected, .. } if *expected == A_NUMBER => {
                Some("leave the cell empty where there is no value")
            }
            Self::NoColumn { .. } => Some("name columns of the first line with --time and --value"),
            Self::Io { .. } | Self::NotCsv { .. } | Self::Empty { .. } | Self::Cell { .. } => None,
        }
    }
}

/// What a cell of values holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// A number, at most [`VALUE_MAX`] in size.
    Number(f64),
    /// Nothing.
    Absent,
    /// `NaN`, an infinity, or a number too large to reckon with.
    NotFinite,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    /// The time as it is written.
    pub time: String,
    /// The time in seconds since the epoch.
    pub time_s: f64,
    /// The value.
    pub reading: Reading,
    /// Whether the time lies before that of an earlier row.
    pub goes_back: bool,
}

/// A series that is being read. Ask [`CsvSeries::next_row`] until there is none.
#[derive(Debug)]
pub struct CsvSeries {
    path: PathBuf,
    reader: csv::Reader<File>,
    record: csv::StringRecord,
    /// Columns of the first line.
    cells: usize,
    time: Column,
    value: Column,
    latest_s: Option<f64>,
}

#[derive(Debug)]
struct Column {
    name: String,
    at: usize,
}

impl CsvSeries {
    /// Opens a file and finds both columns by name.
    pub fn open(path: &Path, time: &str, value: &str) -> Result<Self, CsvError> {
        let io = |source| CsvError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        // With the line feed alone as the end of a line, line numbers are right in files with
        // carriage returns too: those are trimmed.
        let mut reader = csv::ReaderBuilder::new()
            .terminator(csv::Terminator::Any(b'\n'))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(file);
        let names = reader.headers().map_err(|error| unreadable(path, error))?;
        if names.is_empty() {
            return Err(CsvError::Empty { path: path.to_owned() });
        }
        let time = column(path, names, time)?;
        let value = column(path, names, value)?;
        let cells = names.len();
        let record = csv::StringRecord::new();
        Ok(Self { path: path.to_owned(), reader, record, cells, time, value, latest_s: None })
    }

    /// The next row, `None` at the end of the file.
    pub fn next_row(&mut self) -> Result<Option<Row>, CsvError> {
        let Some(line) = self.read_line()? else {
            let empty = self.latest_s.is_none();
            return if empty { Err(CsvError::Empty { path: self.path.clone() }) } else { Ok(None) };
        };
        let time = self.record.get(self.time.at).unwrap_or_default();
        let bad_time = || self.bad_cell(line, &self.time, time, "a time");
        let time_s = parse_time(time).ok_or_else(bad_time)?;
        let value = self.record.get(self.value.at).unwrap_or_default();
        let bad_value = || self.bad_cell(line, &self.value, value, A_NUMBER);
        let reading = parse_value(value).ok_or_else(bad_value)?;
        let latest_s = self.latest_s.unwrap_or(time_s);
        let time = time.to_owned();
        if latest_s - time_s > BACK_MAX_S {
            let path = self.path.clone();
            return Err(CsvError::Back { path, line, time, back_s: latest_s - time_s });
        }
        self.latest_s = Some(latest_s.max(time_s));
        Ok(Some(Row { line, time, time_s, reading, goes_back: time_s < latest_s }))
    }

    /// Reads the next line that is not blank, and gives its number; `None` at the end of the file.
    fn read_line(&mut self) -> Result<Option<u64>, CsvError> {
        loop {
            let read = self.reader.read_record(&mut self.record);
            if !read.map_err(|error| unreadable(&self.path, error))? {
                return Ok(None);
            }
            // The reader stands after the line break, which the last line may lack; where it began
            // there may have been blank lines.
            let (begin, end) = (self.record.position(), self.reader.position().line());
            let began = begin.map_or(1, csv::Position::line);
            let line = if end > began { end - 1 } else { began };
            let cells = self.record.len();
            if cells == self.cells {
                return Ok(Some(line));
            }
            if self.record.iter().any(|cell| !cell.is_empty()) {
                let problem = format!("line {line} has {cells} cells, the first {}", self.cells);
                return Err(CsvError::NotCsv { path: self.path.clone(), problem });
            }
        }
    }

    fn bad_cell(&self, line: u64, at: &Column, cell: &str, expected: &'static str) -> CsvError {
        let (path, column) = (self.path.clone(), at.name.clone());
        let cell = shown(cell);
        CsvError::Cell { path, line, column, cell, expected }
    }
}

/// Text of a file as it may stand in an error: not without end.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

fn column(path: &Path, names: &csv::StringRecord, wanted: &str) -> Result<Column, CsvError> {
    let names = || names.iter().map(|name| name.trim_start_matches('\u{feff}'));
    let Some(at) = names().position(|name| name == wanted) else {
        let present: Vec<String> = names().map(|name| format!("`{}`", shown(name))).collect();
        return Err(CsvError::NoColumn {
            path: path.to_owned(),
            column: wanted.to_owned(),
            present: present.join(", "),
        });
    };
    Ok(Column { name: wanted.to_owned(), at })
}

fn unreadable(path: &Path, error: csv::Error) -> CsvError {
    let path = path.to_owned();
    let problem = error.to_string();
    if let csv::ErrorKind::Io(source) = error.into_kind() {
        return CsvError::Io { path, source };
    }
    CsvError::NotCsv { path, problem }
}

/// Seconds since the epoch.
fn parse_time(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        let number = Some(number).filter(|number| number.is_finite())?;
        let unit = EPOCH_UNITS.iter().find(|(from, _)| number.abs() >= *from);
        return Some(number / unit.map_or(1.0, |(_, per_second)| *per_second));
    }
    let zoned = text.parse::<Timestamp>();
    let civil = || Offset::UTC.to_timestamp(text.parse::<DateTime>()?);
    let time = zoned.or_else(|_| civil()).ok()?;
    Some(time.as_nanosecond() as f64 / 1e9)
}

fn parse_value(text: &str) -> Option<Reading> {
    if text.is_empty() {
        return Some(Reading::Absent);
    }
    let number: f64 = text.parse().ok()?;
    // A comparison with NaN is false.
    let reckoned = number.abs() <= VALUE_MAX;
    Some(if reckoned { Reading::Number(number) } else { Reading::NotFinite })
}

#[cfg(test)]
mod tests;
