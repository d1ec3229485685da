//! Which columns of a file hold numbers.

use std::path::Path;

use super::form::parse_value;
use super::{Column, CsvError, column, is_regular, plain, reader, unreadable};

/// Rows that are looked at.
const ROWS: usize = 100;

/// The columns whose cells in the first rows are all numbers or blank, and some are numbers; and
/// the names of the others but the times.
pub(super) fn columns(
    path: &Path,
    separator: u8,
    names: &csv::StringRecord,
    time: &Column,
) -> Result<(Vec<Column>, Vec<String>), CsvError> {
    // What can be read only once cannot be looked at before.
    if !is_regular(path) {
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
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for (at, (name, numbers)) in plain(names).zip(numbers).enumerate() {
        if numbers.is_some_and(|count| count > 0) {
            found.push(column(path, names, name)?);
        } else if at != time.at {
            left_out.push(name.to_owned());
        }
    }
    if found.is_empty() {
        return Err(CsvError::NoNumbers { path: path.to_owned(), time: time.name.clone() });
    }
    Ok((found, left_out))
}
