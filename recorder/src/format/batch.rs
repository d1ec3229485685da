//! One Arrow batch of a recording, row by row, as inputs.
//!
//! Columns are found by name; missing ones are absent and unknown ones ignored. Types other
//! writers choose (int64 for uint64, string for binary) are converted where no value changes.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, ListArray, RecordBatch, StringArray,
    StructArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use ks_vocabulary::model::{ReadTimes, RowMut, Rowset, SCHEMAS, Sample, Schema, Shape};

use super::arrow_schema::{COMPLETE, READ_BEGIN, READ_END, cell_type};

/// A column whose type cannot be converted.
#[derive(Debug)]
pub(super) struct TypeMismatch {
    pub(super) column: String,
    pub(super) found: String,
    pub(super) expected: String,
}

type Read<T> = Result<T, TypeMismatch>;

/// The columns of one batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: usize,
    pub(super) seq: Option<Cells>,
    pub(super) mono: Option<Cells>,
    pub(super) at: Option<Cells>,
    kind: Option<StringArray>,
    entry: Option<StringArray>,
    sample: Option<StructArray>,
    complete: Option<BooleanArray>,
    tables: Vec<Option<Table>>,
}

impl Batch {
    pub(super) fn new(batch: &RecordBatch) -> Read<Self> {
        let top = |name: &str, to: &DataType| {
            batch.column_by_name(name).map(|array| convert(name, array, to)).transpose()
        };
        let cells = |name: &str, to: &DataType| Ok(top(name, to)?.map(|array| Cells::new(&array)));
        let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let text = |name: &str| {
            Ok(top(name, &DataType::Utf8)?.map(|array| array.as_string::<i32>().clone()))
        };
        let sample = match batch.column_by_name("sample") {
            None => None,
            Some(array) => match array.as_struct_opt() {
                Some(fields) => Some(fields.clone()),
                None => return Err(mismatch("sample", array, "a struct")),
            },
        };
        let fields = sample.as_ref();
        let tables = SCHEMAS.iter().map(|schema| match fields {
            Some(fields) => Table::new(schema, fields),
            None => Ok(None),
        });
        Ok(Self {
            rows: batch.num_rows(),
            seq: cells("seq", &DataType::UInt64)?,
            mono: cells("mono_ns", &DataType::UInt64)?,
            at: cells("at", &time)?,
            kind: text("kind")?,
            entry: text("entry")?,
            tables: tables.collect::<Read<_>>()?,
            complete: fields
                .and_then(|fields| fields.column_by_name(COMPLETE))
                .map(|array| convert("sample.processes_complete", array, &DataType::Boolean))
                .transpose()?
                .map(|array| array.as_boolean().clone()),
            sample,
        })
    }

    /// The word in `kind`; a file without that column holds samples.
    pub(super) fn kind(&self, row: usize) -> &str {
        match &self.kind {
            Some(kind) if kind.is_valid(row) => kind.value(row),
            _ => "sample",
        }
    }

    /// The JSON of an input that is no sample.
    pub(super) fn entry(&self, row: usize) -> &str {
        match &self.entry {
            Some(entry) if entry.is_valid(row) => entry.value(row),
            _ => "{}",
        }
    }

    /// Fills `sample` from `row`; false where the row holds none.
    pub(super) fn fill(&self, row: usize, sample: &mut Sample) -> bool {
        sample.clear();
        if self.sample.as_ref().is_none_or(|fields| fields.is_null(row)) {
            return false;
        }
        for (table, into) in self.tables.iter().zip(sample.tables_mut()) {
            if let Some(table) = table {
                table.fill(row, into);
            }
        }
        sample.processes_complete =
            self.complete.as_ref().is_some_and(|flags| flags.is_valid(row) && flags.value(row));
        true
    }
}

/// 64-bit cells of one column, whatever their type.
#[derive(Debug)]
pub(super) struct Cells {
    values: Vec64,
    nulls: Option<NullBuffer>,
}

#[derive(Debug)]
enum Vec64 {
    Words(ScalarBuffer<u64>),
    Bits(BooleanArray),
}

impl Cells {
    fn new(array: &ArrayRef) -> Self {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        let values = if let Some(bits) = array.as_boolean_opt() {
            Vec64::Bits(bits.clone())
        } else {
            let data = array.to_data();
            let words = data.buffers()[0].clone();
            Vec64::Words(ScalarBuffer::new(words, data.offset(), data.len()))
        };
        Self { values, nulls }
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<u64> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        Some(match &self.values {
            Vec64::Words(words) => words[row],
            Vec64::Bits(bits) => u64::from(bits.value(row)),
        })
    }
}

#[derive(Debug)]
struct Table {
    shape: Shape,
    /// Null where the table was not read.
    nulls: Option<NullBuffer>,
    list: Option<ListArray>,
    begin: Option<Cells>,
    end: Option<Cells>,
    columns: Columns,
}

#[derive(Debug, Default)]
struct Columns {
    /// Those that have a value in every row of the batch, which most have.
    dense: Vec<(usize, ScalarBuffer<u64>)>,
    /// Their presence bits.
    dense_mask: u64,
    cells: Vec<(usize, Cells)>,
    names: Vec<(usize, BinaryViewArray)>,
}

impl Columns {
    fn new(schema: &Schema, rows: &StructArray) -> Read<Self> {
        let mut columns = Self::default();
        for (at, column) in schema.cells.iter().enumerate() {
            if let Some(array) = rows.column_by_name(column.name).filter(|array| has_any(array)) {
                let path = format!("sample.{}.{}", schema.table, column.name);
                let array = convert(&path, array, &cell_type(column.cell_type))?;
                match Cells::new(&array) {
                    Cells { values: Vec64::Words(words), nulls: None } => {
                        columns.dense.push((at, words));
                        columns.dense_mask |= 1 << at;
                    }
                    cells => columns.cells.push((at, cells)),
                }
            }
        }
        for (at, column) in schema.names.iter().enumerate() {
            if let Some(array) = rows.column_by_name(column.name).filter(|array| has_any(array)) {
                let path = format!("sample.{}.{}", schema.table, column.name);
                let array = convert(&path, array, &DataType::BinaryView)?;
                columns.names.push((at, array.as_binary_view().clone()));
            }
        }
        Ok(columns)
    }

    fn fill(&self, at: usize, mut row: RowMut<'_>) {
        *row.present |= self.dense_mask;
        for (index, words) in &self.dense {
            row.cells[*index] = words[at];
        }
        for (index, cells) in &self.cells {
            if let Some(bits) = cells.get(at) {
                row.set_cell(*index, bits);
            }
        }
        for (index, names) in &self.names {
            if names.is_valid(at) {
                row.set_name(*index, names.value(at));
            }
        }
    }
}

/// A column without a value in the whole batch need not be looked at row by row.
fn has_any(array: &ArrayRef) -> bool {
    array.null_count() < array.len()
}

impl Table {
    fn new(schema: &Schema, sample: &StructArray) -> Read<Option<Self>> {
        let Some(array) = sample.column_by_name(schema.table) else { return Ok(None) };
        let path = format!("sample.{}", schema.table);
        let times = |parent: &StructArray, prefix: &str| -> Read<[Option<Cells>; 2]> {
            let find = |name: &str| -> Read<Option<Cells>> {
                let name = format!("{prefix}{name}");
                let Some(array) = parent.column_by_name(&name) else { return Ok(None) };
                Ok(Some(Cells::new(&convert(&name, array, &DataType::Int64)?)))
            };
            Ok([find(READ_BEGIN)?, find(READ_END)?])
        };
        let (rows, list, [begin, end]) = match schema.shape {
            Shape::One => {
                let rows =
                    array.as_struct_opt().ok_or_else(|| mismatch(&path, array, "a struct"))?;
                (rows.clone(), None, times(rows, "")?)
            }
            Shape::Many => {
                let list = array
                    .as_list_opt::<i32>()
                    .ok_or_else(|| mismatch(&path, array, "a list of structs"))?;
                let rows = list.values().as_struct_opt();
                let rows = rows.ok_or_else(|| mismatch(&path, array, "a list of structs"))?;
                (rows.clone(), Some(list.clone()), times(sample, &format!("{}_", schema.table))?)
            }
        };
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        let columns = Columns::new(schema, &rows)?;
        Ok(Some(Self { shape: schema.shape, nulls, list, begin, end, columns }))
    }

    fn fill(&self, row: usize, into: &mut dyn Rowset) {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return;
        }
        let time = |cells: &Option<Cells>| {
            cells.as_ref().and_then(|cells| cells.get(row)).unwrap_or(0).cast_signed()
        };
        into.set_read(ReadTimes { begin_ns: time(&self.begin), end_ns: time(&self.end) });
        match (&self.list, self.shape) {
            (Some(list), _) => {
                let offsets = list.value_offsets();
                let range = |offset: i32| usize::try_from(offset).unwrap_or(0);
                for at in range(offsets[row])..range(offsets[row + 1]) {
                    self.columns.fill(at, into.push_row());
                }
            }
            (None, _) => self.columns.fill(row, into.push_row()),
        }
    }
}

fn mismatch(column: &str, array: &ArrayRef, expected: &str) -> TypeMismatch {
    TypeMismatch {
        column: column.to_owned(),
        found: array.data_type().to_string(),
        expected: expected.to_owned(),
    }
}

fn convert(column: &str, array: &ArrayRef, to: &DataType) -> Read<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    // Unsafe in Arrow's sense: a value that does not fit is an error, not a null.
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|_| mismatch(column, array, &to.to_string()))
}

/// A cell of a top-level column as a signed number.
pub(super) fn signed(cells: Option<&Cells>, row: usize) -> Option<i64> {
    cells.and_then(|cells| cells.get(row)).map(u64::cast_signed)
}
