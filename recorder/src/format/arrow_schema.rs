//! The recording's columns in Arrow's terms, derived from the engine's tables.
//!
//! ```text
//! seq, at, mono_ns, kind, sample { ... }, entry
//! sample.TABLE                a struct, for a table with one row
//! sample.TABLE                a list of structs, for a table with many rows,
//! sample.TABLE_read_begin_ns  and when it was read, in ns relative to mono_ns
//! sample.TABLE_read_end_ns
//! ```

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema as ArrowSchema, TimeUnit};
use ks_vocabulary::model::{CellType, SCHEMAS, Schema, Shape};

/// Name of the list's element, as Parquet's own rule and other writers have it.
pub(super) const ELEMENT: &str = "element";
/// Column with the start of a reading.
pub(super) const READ_BEGIN: &str = "read_begin_ns";
/// Column with the end of a reading.
pub(super) const READ_END: &str = "read_end_ns";
/// Column that tells keyframes.
pub(super) const COMPLETE: &str = "processes_complete";

/// Arrow's type of a cell.
pub(super) fn cell_type(cell: CellType) -> DataType {
    match cell {
        CellType::U64 => DataType::UInt64,
        CellType::I64 => DataType::Int64,
        CellType::F64 => DataType::Float64,
        CellType::Bool => DataType::Boolean,
    }
}

/// The columns of one row of `schema`.
pub(super) fn row_fields(schema: &Schema) -> Vec<Field> {
    let names = schema.names.iter().map(|name| Field::new(name.name, DataType::Binary, true));
    let cells =
        schema.cells.iter().map(|cell| Field::new(cell.name, cell_type(cell.cell_type), true));
    names.chain(cells).collect()
}

fn times(prefix: &str) -> [Field; 2] {
    [READ_BEGIN, READ_END].map(|name| Field::new(format!("{prefix}{name}"), DataType::Int64, true))
}

/// The fields of a table with one row: when it was read, then its columns.
pub(super) fn one_fields(schema: &Schema) -> Fields {
    times("").into_iter().chain(row_fields(schema)).collect()
}

fn table_fields(schema: &Schema) -> Vec<Field> {
    match schema.shape {
        Shape::One => {
            vec![Field::new(schema.table, DataType::Struct(one_fields(schema)), true)]
        }
        Shape::Many => {
            let row = DataType::Struct(row_fields(schema).into());
            let list = DataType::List(Arc::new(Field::new(ELEMENT, row, false)));
            let mut fields = vec![Field::new(schema.table, list, true)];
            fields.extend(times(&format!("{}_", schema.table)));
            fields
        }
    }
}

/// The columns under `sample`.
pub(super) fn sample_fields() -> Fields {
    let complete = Field::new(COMPLETE, DataType::Boolean, true);
    SCHEMAS.iter().flat_map(table_fields).chain([complete]).collect()
}

/// The columns of a recording.
pub(super) fn recording() -> ArrowSchema {
    ArrowSchema::new(vec![
        Field::new("seq", DataType::UInt64, false),
        Field::new("at", DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), false),
        Field::new("mono_ns", DataType::UInt64, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("sample", DataType::Struct(sample_fields()), true),
        Field::new("entry", DataType::Utf8, true),
    ])
}
