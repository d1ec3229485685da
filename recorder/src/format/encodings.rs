//! Which Parquet encoding each column gets.

use ks_vocabulary::model::{CellType, Class, Column, SCHEMAS, Schema, Shape};
use parquet::basic::Encoding;

use super::arrow_schema::{COMPLETE, READ_BEGIN, READ_END};

/// Path and encoding of every leaf column. `RLE_DICTIONARY` stands for "with a dictionary".
pub(super) fn all() -> Vec<(Vec<String>, Encoding)> {
    let top = |name: &str, encoding| (vec![name.to_owned()], encoding);
    let mut columns = vec![
        top("seq", Encoding::DELTA_BINARY_PACKED),
        top("at", Encoding::DELTA_BINARY_PACKED),
        top("mono_ns", Encoding::DELTA_BINARY_PACKED),
        top("kind", Encoding::RLE_DICTIONARY),
        top("entry", Encoding::PLAIN),
    ];
    for schema in SCHEMAS {
        columns.extend(table(schema));
    }
    columns.push((under_sample(&[COMPLETE]), Encoding::RLE));
    columns
}

fn under_sample(rest: &[&str]) -> Vec<String> {
    std::iter::once("sample").chain(rest.iter().copied()).map(str::to_owned).collect()
}

fn table(schema: &'static Schema) -> Vec<(Vec<String>, Encoding)> {
    let times = [READ_BEGIN, READ_END];
    let mut columns: Vec<_> = match schema.shape {
        Shape::One => times.map(|name| under_sample(&[schema.table, name])),
        Shape::Many => times.map(|name| under_sample(&[&format!("{}_{name}", schema.table)])),
    }
    .map(|path| (path, Encoding::RLE_DICTIONARY))
    .into();
    let row_path = |name: &str| match schema.shape {
        Shape::One => under_sample(&[schema.table, name]),
        Shape::Many => under_sample(&[schema.table, "list", "element", name]),
    };
    columns.extend(schema.names.iter().map(|name| (row_path(name.name), Encoding::RLE_DICTIONARY)));
    let cells = schema.cells.iter();
    columns.extend(cells.map(|cell| (row_path(cell.name), encoding(schema, cell))));
    columns
}

/// What compressed best on recordings of an idle and of a busy host (`docs/decisions`): growth of
/// the one row of a table is small and steady, so its differences are packed; in a list, neighbours
/// are other entities, a difference to them says nothing, and zstd finds what repeats by itself.
fn encoding(schema: &Schema, column: &Column) -> Encoding {
    match (column.cell_type, column.class, schema.shape) {
        (CellType::Bool, ..) => Encoding::RLE,
        (CellType::F64, ..) => Encoding::PLAIN,
        (CellType::I64 | CellType::U64, Class::Label, _) => Encoding::RLE_DICTIONARY,
        (CellType::I64 | CellType::U64, Class::Counter, Shape::One) => {
            Encoding::DELTA_BINARY_PACKED
        }
        (CellType::I64 | CellType::U64, Class::Counter | Class::Gauge | Class::Key, _) => {
            Encoding::PLAIN
        }
    }
}
