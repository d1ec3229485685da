//! Reads series out of a CSV file: a column of times and columns of values.
//!
//! The first line names the columns; they are separated by what it shows them to be: commas,
//! semicolons, tabs or bars. A time is RFC 3339, or `2026-03-04 12:00:00` which is taken as UTC, or
//! a date such as `20260304`, or seconds, milliseconds, microseconds or nanoseconds since the
//! epoch, told apart by their size. A value is a number; a blank one is absent, and `NaN` and
//! infinities are not finite: their rows stay, without a value. Anything else is an error that
//! names the place, since a guess would silently change what is measured.
//!
//! Times may go back by up to two hours, as they do where a clock is set back or summer ends; a
//! file that goes back further is in the wrong order, and so is one whose first rows all go back.

mod form;
mod numeric;
mod order;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use form::{parse_time, parse_value};
use order::{Latest, Order};

/// Separators that are looked for, in this order.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Names of columns that an error lists.
const LISTED: usize = 20;
/// Characters of a cell that an error shows.
const SHOWN: usize = 200;

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
    /// The first line names a column more than once.
    #[error("`{}` has {count} columns `{column}`", path.display())]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        column: String,
        /// How many have that name.
        count: usize,
    },
    /// The first rows go from the newest to older ones.
    #[error("`{}` begins with its newest row: the first {rows} go back one by one", path.display())]
    NewestFirst {
        /// The file.
        path: PathBuf,
        /// How many were looked at.
        rows: usize,
    },
    /// No column holds numbers.
    #[error("`{}` has no column of numbers besides `{time}`", path.display())]
    NoNumbers {
        /// The file.
        path: PathBuf,
        /// The column of times.
        time: String,
    },
    /// A time lies far ahead of those around it.
    #[error("`{}`, line {line}: the time `{time}` lies {ahead_s:.0} s ahead of the rows around it",
        path.display())]
    Ahead {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The time.
        time: String,
        /// How far ahead, in seconds.
        ahead_s: f64,
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
        let is_of_path = |kind| {
            matches!(
                kind,
                io::ErrorKind::NotFound
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::InvalidInput
            )
        };
        matches!(self, Self::Io { source, .. } if !is_of_path(source.kind()))
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Back { .. } | Self::NewestFirst { .. } => Some("sort the file by time"),
            Self::Ambiguous { .. } => Some("give the columns names of their own"),
            Self::Ahead { .. } => Some("correct the time, or leave the row out"),
            Self::Cell { expected, .. } if *expected == A_NUMBER => Some(
                "write numbers with a point, such as 41.95, and leave a cell empty where there is \
                 no value",
            ),
            Self::Cell { .. } => Some(
                "write times as 2026-03-04T12:00:00Z, 2026-03-04 12:00:00, 20260304, or as \
                 seconds, milli-, micro- or nanoseconds since 1970",
            ),
            Self::NoColumn { .. } => Some(
                "name columns of the first line with --time and --value, and with --separator what \
                 is between them",
            ),
            Self::NoNumbers { .. } => Some("name a column of values with --value"),
            Self::Io { .. } | Self::NotCsv { .. } | Self::Empty { .. } => None,
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    /// The time as it is written.
    pub time: String,
    /// The time in seconds since the epoch.
    pub time_s: f64,
    /// The values, one for each column that was asked for.
    pub readings: Vec<Reading>,
    /// Whether the time lies before that of an earlier row.
    pub goes_back: bool,
}

/// Which columns hold values.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Those of these names; a name that no column has may be several, with commas between.
    Named(&'a [String]),
    /// All that hold numbers in the first rows.
    All,
}

/// Series that are being read. Ask [`CsvSeries::next_row`] until there is none.
#[derive(Debug)]
pub struct CsvSeries {
    path: PathBuf,
    reader: csv::Reader<File>,
    record: csv::StringRecord,
    /// Columns of the first line.
    cells: usize,
    time: Column,
    values: Vec<Column>,
    left_out: Vec<String>,
    latest: Option<Latest>,
    row: Row,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    at: usize,
}

impl CsvSeries {
    /// Opens a file and finds the columns by name. `separator` stands between cells; without it the
    /// first line shows which does.
    pub fn open(
        path: &Path,
        time: &str,
        values: Values<'_>,
        separator: Option<u8>,
    ) -> Result<Self, CsvError> {
        let tried = separator.map_or(SEPARATORS.to_vec(), |one| vec![one]);
        let mut first = None;
        for separator in tried {
            match Self::separated(path, time, values, separator) {
                Err(error @ CsvError::NoColumn { .. }) => {
                    first.get_or_insert(error);
                }
                other => {
                    order::check(path, || Self::separated(path, time, values, separator))?;
                    return other;
                }
            }
        }
        Err(first.unwrap_or_else(|| CsvError::Empty { path: path.to_owned() }))
    }

    fn separated(
        path: &Path,
        time: &str,
        values: Values<'_>,
        separator: u8,
    ) -> Result<Self, CsvError> {
        let mut reader = reader(path, separator)?;
        let names = reader.headers().map_err(|error| unreadable(path, error))?;
        if names.is_empty() {
            return Err(CsvError::Empty { path: path.to_owned() });
        }
        if names.iter().any(|name| name.trim().contains('\r')) {
            let problem = "its lines end with a carriage return alone".to_owned();
            return Err(CsvError::NotCsv { path: path.to_owned(), problem });
        }
        let time = column(path, names, time)?;
        let (values, left_out) = match values {
            Values::Named(wanted) => (named(path, names, wanted)?, Vec::new()),
            Values::All => numeric::columns(path, separator, names, &time)?,
        };
        let cells = names.len();
        let (path, record) = (path.to_owned(), csv::StringRecord::new());
        let row = Row { readings: vec![Reading::Absent; values.len()], ..Row::default() };
        Ok(Self { path, reader, record, cells, time, values, left_out, latest: None, row })
    }

    /// The names of the columns of values, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.values.iter().map(|column| column.name.as_str())
    }

    /// The columns that hold no numbers, where all were asked for.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The next row, `None` at the end of the file.
    pub fn next_row(&mut self) -> Result<Option<&Row>, CsvError> {
        let Some(line) = self.read_line()? else {
            let empty = self.latest.is_none();
            return if empty { Err(CsvError::Empty { path: self.path.clone() }) } else { Ok(None) };
        };
        let time = self.record.get(self.time.at).unwrap_or_default().trim();
        let bad_time = || bad_cell(&self.path, line, &self.time, time, "a time");
        let time_s = parse_time(time).ok_or_else(bad_time)?;
        for (reading, column) in self.row.readings.iter_mut().zip(&self.values) {
            let value = self.record.get(column.at).unwrap_or_default().trim();
            let bad_value = || bad_cell(&self.path, line, column, value, A_NUMBER);
            *reading = parse_value(value).ok_or_else(bad_value)?;
        }
        let goes_back = match Latest::take(&mut self.latest, line, time, time_s) {
            Order::Forward => false,
            Order::Back => true,
            Order::FarBack { back_s } => {
                let (path, time) = (self.path.clone(), shown(time));
                return Err(CsvError::Back { path, line, time, back_s });
            }
            Order::WasAhead { line, time, ahead_s } => {
                let (path, time) = (self.path.clone(), shown(&time));
                return Err(CsvError::Ahead { path, line, time, ahead_s });
            }
        };
        self.row.time.clear();
        self.row.time.push_str(time);
        (self.row.line, self.row.time_s, self.row.goes_back) = (line, time_s, goes_back);
        Ok(Some(&self.row))
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
}

/// What is no regular file can be read only once.
fn is_regular(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// With the line feed alone as the end of a line, line numbers are right in files with carriage
/// returns too: those are trimmed.
fn reader(path: &Path, separator: u8) -> Result<csv::Reader<File>, CsvError> {
    let file = File::open(path).map_err(|source| CsvError::Io { path: path.to_owned(), source })?;
    Ok(csv::ReaderBuilder::new()
        .delimiter(separator)
        .terminator(csv::Terminator::Any(b'\n'))
        .flexible(true)
        .trim(if separator == b'\t' { csv::Trim::None } else { csv::Trim::All })
        .from_reader(file))
}

fn bad_cell(path: &Path, line: u64, at: &Column, cell: &str, expected: &'static str) -> CsvError {
    let (path, column) = (path.to_owned(), at.name.clone());
    let cell = shown(cell);
    CsvError::Cell { path, line, column, cell, expected }
}

/// Text of a file as it may stand in an error: not without end.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Columns of these names. One that is no column's name is taken for several.
fn named(
    path: &Path,
    names: &csv::StringRecord,
    wanted: &[String],
) -> Result<Vec<Column>, CsvError> {
    let mut found: Vec<Column> = Vec::new();
    for wanted in wanted {
        let is_one = plain(names).any(|name| name == wanted);
        let parts = if is_one { vec![wanted.as_str()] } else { wanted.split(',').collect() };
        for part in parts {
            let column = column(path, names, part.trim())?;
            if found.iter().all(|known| known.at != column.at) {
                found.push(column);
            }
        }
    }
    Ok(found)
}

/// Names without what may be around them.
fn plain(names: &csv::StringRecord) -> impl Iterator<Item = &str> {
    names.iter().map(|name| name.trim().trim_start_matches('\u{feff}'))
}

fn column(path: &Path, names: &csv::StringRecord, wanted: &str) -> Result<Column, CsvError> {
    let names = || plain(names);
    let count = names().filter(|name| *name == wanted).count();
    if count > 1 {
        let (path, column) = (path.to_owned(), wanted.to_owned());
        return Err(CsvError::Ambiguous { path, column, count });
    }
    let Some(at) = names().position(|name| name == wanted) else {
        let listed = names().take(LISTED).map(|name| format!("`{}`", shown(name)));
        let mut present = listed.collect::<Vec<_>>().join(", ");
        let more = names().count().saturating_sub(LISTED);
        if more > 0 {
            present += &format!(" and {more} more");
        }
        return Err(CsvError::NoColumn {
            path: path.to_owned(),
            column: wanted.to_owned(),
            present,
        });
    };
    Ok(Column { name: wanted.to_owned(), at })
}

fn unreadable(path: &Path, error: csv::Error) -> CsvError {
    let path = path.to_owned();
    let problem = shown(&error.to_string());
    if let csv::ErrorKind::Io(source) = error.into_kind() {
        return CsvError::Io { path, source };
    }
    CsvError::NotCsv { path, problem }
}

#[cfg(test)]
mod tests;
