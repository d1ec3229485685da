//! Which columns of a file hold numbers.

use std::path::Path;

use super::form::parse_value;
use super::{Column, CsvError, column, plain, reader, unreadable};

/// Rows that are looked at.
const ROWS: usize = 100;

/// The columns whose cells in the first rows are all numbers or blank, and some are numbers; but
/// not the times.
pub(super) fn columns(
    path: &Path,
    separator: u8,
    names: &csv::StringRecord,
    time: &Column,
) -> Result<Vec<Column>, CsvError> {
    // What can be read only once cannot be looked at before.
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        let problem = "it is no regular file, whose columns could be looked at first".to_owned();
        return Err(CsvError::NotCsv { path: path.to_owned(), problem });
    }
    let mut reader = reader(path, separator)?;
    let mut numbers = vec![Some(0u32); names.len()];
    let mut record = csv::StringRecord::new();
    for _ in 0..ROWS {
        if !reader.read_record(&mut record).map_err(|error| unreadable(path, error))? {
            break;
        }
        for (numbers, cell) in numbers.iter_mut().zip(&record) {
            let is_blank = cell.trim().is_empty();
            *numbers = parse_value(cell.trim())
                .and_then(|_| numbers.map(|count| count + u32::from(!is_blank)));
        }
    }
    numbers[time.at] = None;
    let kept = plain(names).zip(numbers).filter(|(_, numbers)| numbers.is_some_and(|it| it > 0));
    let found: Result<Vec<Column>, CsvError> =
        kept.map(|(name, _)| column(path, names, name)).collect();
    let found = found?;
    if found.is_empty() {
        return Err(CsvError::NoNumbers { path: path.to_owned(), time: time.name.clone() });
    }
    Ok(found)
}
