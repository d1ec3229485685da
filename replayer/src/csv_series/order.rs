//! Whether times of rows follow each other, and which row is to blame where they do not.

use std::path::Path;

use super::{CsvError, CsvSeries, is_regular};

/// How far a time may lie before the latest one, in seconds.
const BACK_MAX_S: f64 = 7200.0;
/// Rows at the beginning by which a file is found to begin with its newest: fewer may go back by
/// chance.
const FIRST_ROWS: usize = 64;
const FIRST_ROWS_MIN: usize = 3;

/// The latest time so far.
#[derive(Debug)]
pub(super) struct Latest {
    line: u64,
    time: String,
    time_s: f64,
    /// The latest before it.
    before_s: Option<f64>,
}

/// How a time stands to those before it.
#[derive(Debug, PartialEq)]
pub(super) enum Order {
    /// It is the latest.
    Forward,
    /// It lies before the latest.
    Back,
    /// It lies too far before the latest.
    FarBack {
        /// How far, in seconds.
        back_s: f64,
    },
    /// It fits those before the latest, which lies far ahead of both.
    WasAhead {
        /// Line of the latest.
        line: u64,
        /// Its time, as it is written.
        time: String,
        /// How far ahead, in seconds.
        ahead_s: f64,
    },
}

impl Latest {
    /// Takes the time of the next row.
    pub(super) fn take(latest: &mut Option<Self>, line: u64, time: &str, time_s: f64) -> Order {
        let Some(known) = latest.as_ref().filter(|known| time_s < known.time_s) else {
            let before_s = latest.as_ref().map(|known| known.time_s);
            *latest = Some(Self { line, time: time.to_owned(), time_s, before_s });
            return Order::Forward;
        };
        let back_s = known.time_s - time_s;
        if back_s <= BACK_MAX_S {
            return Order::Back;
        }
        let fits =
            |before_s: f64| time_s >= before_s - BACK_MAX_S && known.time_s - before_s > BACK_MAX_S;
        // One that begins the file has nothing before it: two later rows would have to agree.
        if known.before_s.is_some_and(fits) {
            let (line, time) = (known.line, known.time.clone());
            return Order::WasAhead { line, time, ahead_s: back_s };
        }
        Order::FarBack { back_s }
    }
}

/// Refuses a file whose first rows all go back: its newest row is first.
pub(super) fn check(
    path: &Path,
    open: impl FnOnce() -> Result<CsvSeries, CsvError>,
) -> Result<(), CsvError> {
    // What can be read only once is read as it comes.
    if !is_regular(path) {
        return Ok(());
    }
    let mut series = open()?;
    let (mut rows, mut before_s) = (0, f64::INFINITY);
    while rows < FIRST_ROWS {
        // What is wrong with a row is told when it is its turn.
        let Ok(Some(row)) = series.next_row() else { break };
        if row.time_s >= before_s {
            return Ok(());
        }
        before_s = row.time_s;
        rows += 1;
    }
    if rows < FIRST_ROWS_MIN {
        return Ok(());
    }
    Err(CsvError::NewestFirst { path: path.to_owned(), rows })
}
