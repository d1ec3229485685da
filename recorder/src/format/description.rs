//! What the columns of a recording are, in words: the content of `ks schema`.
//!
//! Tables come from the engine's declarations and types from the Arrow schema that the writer uses,
//! so the description cannot depart from what is written. Only the columns outside the tables are
//! explained here.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::datatypes::{DataType, Field};
use ks_vocabulary::input::{SCHEMA_VERSION, SchemaVersion};
use ks_vocabulary::model::{Class, SCHEMAS, Schema, Shape};
use parquet::arrow::ArrowSchemaConverter;
use serde::Serialize;

use super::arrow_schema::{COMPLETE, READ_BEGIN, READ_END, recording};
use crate::error::Error;

/// The columns outside the tables.
const TOP: [(&str, &str); 6] = [
    ("seq", "position in the run: grows by one with each input"),
    ("at", "wall-clock time: the anchor of `start` plus the elapsed `mono_ns`, so it never steps"),
    ("mono_ns", "`CLOCK_BOOTTIME`: the time that rates and windows use"),
    (
        "kind",
        "what was learned: `start`, `sample`, `source_state`, `clock_step`, `gap`, `tick`, \
        `config_change`, `model_reply`, `action_outcome` or `operator_decision`",
    ),
    ("sample", "the tables that were read at this tick; null for other kinds"),
    ("entry", "every other kind as JSON; null for `sample`"),
];
const COMPLETE_DOC: &str = "whether `processes` holds every process, not only those that changed";
const READ_BEGIN_DOC: &str =
    "when the table was read: before the first byte, relative to `mono_ns`";
const READ_END_DOC: &str = "when the table was read: after the last byte, relative to `mono_ns`";

/// The recording format.
#[derive(Debug, Clone, Serialize)]
pub struct Description {
    /// Version of the format.
    pub version: SchemaVersion,
    /// The columns outside the tables.
    pub columns: Vec<ColumnDescription>,
    /// The tables under `sample`.
    pub tables: Vec<TableDescription>,
}

/// One table under `sample`.
#[derive(Debug, Clone, Serialize)]
pub struct TableDescription {
    /// Name of the table.
    pub table: &'static str,
    /// The source whose state explains the table's absence.
    pub source: &'static str,
    /// `one` for a struct, `list` for a list of structs.
    pub rows: &'static str,
    /// What a row is.
    pub doc: &'static str,
    /// When it was read, then its columns.
    pub columns: Vec<ColumnDescription>,
}

/// One column.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnDescription {
    /// Name within its table.
    pub name: &'static str,
    /// Where it stands in the file, without the `list.element` of lists.
    pub path: String,
    /// Type in Arrow's terms.
    #[serde(rename = "type")]
    pub arrow_type: String,
    /// Physical type in Parquet.
    pub parquet: String,
    /// counter, gauge, key or label; `None` for columns that belong to the format.
    pub class: Option<&'static str>,
    /// Unit of numbers, `1` where there is none.
    pub unit: Option<&'static str>,
    /// Where the value comes from and what it means.
    pub doc: &'static str,
}

/// Describes the format that this build writes.
pub fn describe() -> Result<Description, Error> {
    let types = Types::of_recording()?;
    let top = TOP.into_iter().map(|(name, doc)| types.column(name, name.to_owned(), doc));
    let complete = types.column(COMPLETE, format!("sample.{COMPLETE}"), COMPLETE_DOC);
    Ok(Description {
        version: SCHEMA_VERSION,
        columns: top.chain([complete]).collect(),
        tables: SCHEMAS.iter().map(|schema| types.table(schema)).collect(),
    })
}

/// The types of each column in Arrow and in Parquet, by path.
struct Types(BTreeMap<String, (String, String)>);

impl Types {
    fn of_recording() -> Result<Self, Error> {
        let schema = recording();
        let parquet = ArrowSchemaConverter::new().convert(&schema);
        let parquet = parquet.map_err(|error| Error::parquet(Path::new("ks schema"), error))?;
        let mut leaves = Vec::new();
        for field in schema.fields() {
            push_leaves("", field, &mut leaves);
        }
        // Both list the leaves in the order of the file.
        let pairs = leaves.into_iter().zip(parquet.columns());
        let types = pairs
            .map(|((path, arrow), column)| (path, (arrow, column.physical_type().to_string())));
        let mut types: BTreeMap<_, _> = types.collect();
        types.insert("sample".to_owned(), ("Struct".to_owned(), "group".to_owned()));
        Ok(Self(types))
    }

    fn table(&self, schema: &'static Schema) -> TableDescription {
        let table = schema.table;
        let (rows, times) = match schema.shape {
            Shape::One => ("one", format!("sample.{table}.")),
            Shape::Many => ("list", format!("sample.{table}_")),
        };
        let times = [(READ_BEGIN, READ_BEGIN_DOC), (READ_END, READ_END_DOC)].map(|(name, doc)| {
            ColumnDescription {
                unit: Some("ns"),
                ..self.column(name, format!("{times}{name}"), doc)
            }
        });
        let path = |name: &str| format!("sample.{table}.{name}");
        let names = schema.names.iter().map(|column| ColumnDescription {
            class: Some(class_word(column.class)),
            ..self.column(column.name, path(column.name), column.doc)
        });
        let cells = schema.cells.iter().map(|column| ColumnDescription {
            class: Some(class_word(column.class)),
            unit: Some(column.unit),
            ..self.column(column.name, path(column.name), column.doc)
        });
        TableDescription {
            table,
            source: schema.source,
            rows,
            doc: schema.doc.trim(),
            columns: times.into_iter().chain(names).chain(cells).collect(),
        }
    }

    fn column(&self, name: &'static str, path: String, doc: &'static str) -> ColumnDescription {
        let (arrow_type, parquet) = self.0.get(&path).cloned().unwrap_or_default();
        ColumnDescription { name, path, arrow_type, parquet, class: None, unit: None, doc }
    }
}

/// The columns below `field` that hold values, with their types. Lists add nothing to a path.
fn push_leaves(parent: &str, field: &Field, leaves: &mut Vec<(String, String)>) {
    let path =
        if parent.is_empty() { field.name().clone() } else { format!("{parent}.{}", field.name()) };
    let row = if let DataType::List(element) = field.data_type() {
        element.data_type()
    } else {
        field.data_type()
    };
    if let DataType::Struct(fields) = row {
        for field in fields {
            push_leaves(&path, field, leaves);
        }
    } else {
        leaves.push((path, row.to_string()));
    }
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Counter => "counter",
        Class::Gauge => "gauge",
        Class::Key => "key",
        Class::Label => "label",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(description: &Description) -> Vec<&ColumnDescription> {
        let tables = description.tables.iter().flat_map(|table| &table.columns);
        description.columns.iter().chain(tables).collect()
    }

    #[test]
    fn every_column_of_the_file_is_described_once_and_with_its_types() {
        let description = describe().unwrap();
        let columns = all(&description).into_iter();
        let described: Vec<&str> = columns.map(|column| column.path.as_str()).collect();
        let unique: std::collections::BTreeSet<&str> = described.iter().copied().collect();
        assert_eq!(unique.len(), described.len());
        let types = Types::of_recording().unwrap();
        let stored: std::collections::BTreeSet<&str> = types.0.keys().map(String::as_str).collect();
        assert_eq!(unique, stored);
    }

    #[test]
    fn types_are_those_of_the_file() {
        let description = describe().unwrap();
        let check = |path: &str, arrow: &str, parquet: &str| {
            let columns = all(&description);
            let column = columns.iter().find(|column| column.path == path).unwrap();
            assert_eq!((column.arrow_type.as_str(), column.parquet.as_str()), (arrow, parquet));
        };
        check("seq", "UInt64", "INT64");
        check("at", "Timestamp(ns, \"UTC\")", "INT64");
        check("kind", "Utf8", "BYTE_ARRAY");
        check("sample.processes_complete", "Boolean", "BOOLEAN");
        check("sample.cpu.read_begin_ns", "Int64", "INT64");
        check("sample.cpu.user_ticks", "UInt64", "INT64");
        check("sample.load.load1", "Float64", "DOUBLE");
        check("sample.disks_read_end_ns", "Int64", "INT64");
        check("sample.disks.name", "Binary", "BYTE_ARRAY");
        check("sample.disks.stacked", "Boolean", "BOOLEAN");
    }

    #[test]
    fn the_order_is_that_of_the_parquet_file() {
        let parquet = ArrowSchemaConverter::new().convert(&recording()).unwrap();
        let mut leaves = Vec::new();
        for field in recording().fields() {
            push_leaves("", field, &mut leaves);
        }
        let paths = parquet.columns().iter().map(|column| column.path().string());
        let paths: Vec<String> = paths.map(|path| path.replace(".list.element", "")).collect();
        let leaves: Vec<String> = leaves.into_iter().map(|(path, _)| path).collect();
        assert_eq!(leaves, paths);
    }
}
