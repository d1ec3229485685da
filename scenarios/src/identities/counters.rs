//! Counters only grow.

use ks_vocabulary::model::{Class, Rowset, SCHEMAS, Schema};

use super::Pair;

pub(super) fn only_grow(pair: &Pair<'_>) -> Option<String> {
    let tables = pair.before.tables().into_iter().zip(pair.after.tables());
    SCHEMAS.iter().zip(tables).find_map(|(schema, (before, after))| {
        (0..after.len()).find_map(|row| went_back(schema, before, after, row))
    })
}

/// The first counter of a row that is smaller than in the row with the same key before. `iowait`
/// may go back by the kernel's own word.
fn went_back(
    schema: &Schema,
    before: &dyn Rowset,
    after: &dyn Rowset,
    row: usize,
) -> Option<String> {
    let place = (0..before.len()).find(|place| has_key(schema, before, *place, after, row))?;
    let (before, after) = (before.row(place), after.row(row));
    schema.cells.iter().enumerate().find_map(|(cell, column)| {
        if column.class != Class::Counter || column.name == "iowait_ticks" {
            return None;
        }
        let (was, is) = (before.cell(cell)?, after.cell(cell)?);
        (is < was).then(|| format!("{}.{} went from {was} to {is}", schema.table, column.name))
    })
}

fn has_key(
    schema: &Schema,
    one: &dyn Rowset,
    place: usize,
    other: &dyn Rowset,
    row: usize,
) -> bool {
    let (one, other) = (one.row(place), other.row(row));
    let cells = schema.cells.iter().enumerate().filter(|(_, column)| column.class == Class::Key);
    let names = schema.names.iter().enumerate().filter(|(_, name)| name.class == Class::Key);
    cells.into_iter().all(|(at, _)| one.cell(at) == other.cell(at))
        && names.into_iter().all(|(at, _)| one.name(at) == other.name(at))
}
