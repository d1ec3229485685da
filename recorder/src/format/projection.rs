//! Which columns of a file are decoded.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use ks_vocabulary::model::SCHEMAS;
use parquet::arrow::ProjectionMask;
use parquet::schema::types::SchemaDescriptor;

use super::arrow_schema::{COMPLETE, READ_BEGIN, READ_END};

/// The columns that every kind of input has.
const TOP: [&str; 5] = ["seq", "at", "mono_ns", "kind", "entry"];

/// The leaves to decode: those at the top, and of each table in `sample` those wanted. Below a
/// list, writers name the levels between as they like.
pub(super) fn projection(
    schema: &SchemaDescriptor,
    want: fn(&str, &str) -> bool,
) -> ProjectionMask {
    let leaves = (0..schema.num_columns()).filter(|leaf| {
        let column = schema.column(*leaf);
        let parts: Vec<&str> = column.path().parts().iter().map(String::as_str).collect();
        match parts.as_slice() {
            [top] => TOP.contains(top),
            ["sample", COMPLETE] => true,
            ["sample", times] => {
                let table = [READ_BEGIN, READ_END]
                    .iter()
                    .find_map(|suffix| times.strip_suffix(suffix)?.strip_suffix('_'));
                table.is_some_and(|table| wants_table(table, want))
            }
            ["sample", table, .., column] => {
                let is_time = [READ_BEGIN, READ_END].contains(column);
                want(table, column) || is_time && wants_table(table, want)
            }
            _ => false,
        }
    });
    ProjectionMask::leaves(schema, leaves)
}

fn wants_table(table: &str, want: fn(&str, &str) -> bool) -> bool {
    let schema = SCHEMAS.iter().find(|schema| schema.table == table);
    schema.is_some_and(|schema| {
        schema.cells.iter().any(|cell| want(table, cell.name))
            || schema.names.iter().any(|name| want(table, name.name))
    })
}

/// The leaves of all inputs but samples.
pub(super) fn without_samples(schema: &SchemaDescriptor) -> ProjectionMask {
    let is_top = |leaf: &usize| {
        let column = schema.column(*leaf);
        column.path().parts().first().is_some_and(|top| TOP.contains(&top.as_str()))
    };
    ProjectionMask::leaves(schema, (0..schema.num_columns()).filter(is_top))
}

/// The same fields with bytes as views into the pages that hold them: a name is not copied for each
/// row that has it.
pub(super) fn as_views(fields: &Fields) -> Fields {
    fields.iter().map(viewed).collect()
}

fn viewed(field: &Arc<Field>) -> Arc<Field> {
    let inner = if let DataType::Struct(fields) = field.data_type() {
        DataType::Struct(as_views(fields))
    } else if let DataType::List(element) = field.data_type() {
        DataType::List(viewed(element))
    } else if *field.data_type() == DataType::Binary {
        DataType::BinaryView
    } else {
        return Arc::clone(field);
    };
    Arc::new(field.as_ref().clone().with_data_type(inner))
}
