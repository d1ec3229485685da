//! Rows for programs: one line for each value, as CSV or as JSON. A value that is not known has no
//! line.

use std::io::{self, Write};

use ks_replayer::report::rfc3339;
use ks_replayer::selection::Table;
use ks_replayer::tabulation::Row;
use ks_replayer::value::Value;
use ks_vocabulary::time::WallTime;
use serde::Serialize;

use crate::csv_cell::cell;

/// The first line of CSV.
pub(super) const CSV_HEADER: &str = "time,table,entity,column,value,unit\n";

/// Comma-separated values, quoted as RFC 4180 has it.
#[derive(Debug)]
pub(super) struct Csv;

/// One JSON object a line.
#[derive(Debug)]
pub(super) struct Json;

#[derive(Debug, Serialize)]
struct Line<'a> {
    time: &'a str,
    table: &'a str,
    entity: &'a str,
    column: &'a str,
    value: &'a Value,
    unit: &'a str,
}

impl super::Form for Csv {
    fn rows(
        &mut self,
        at: WallTime,
        table: &Table,
        rows: &[Row],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        each_line(at, table, rows, |line| {
            let Line { time, table, column, unit, .. } = line;
            let (entity, value) = (cell(line.entity), cell(&line.value.to_string()));
            writeln!(out, "{time},{table},{entity},{column},{value},{unit}")
        })
    }
}

impl super::Form for Json {
    fn rows(
        &mut self,
        at: WallTime,
        table: &Table,
        rows: &[Row],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        each_line(at, table, rows, |line| {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")
        })
    }
}

fn each_line(
    at: WallTime,
    table: &Table,
    rows: &[Row],
    mut write: impl FnMut(&Line<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let time = rfc3339(at);
    for row in rows {
        for (column, value) in table.columns.iter().zip(&row.values) {
            let Some(value) = value else { continue };
            write(&Line {
                time: &time,
                table: table.schema.table,
                entity: &row.entity,
                column: &column.name,
                value,
                unit: &column.unit,
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dump::Form;
    use ks_replayer::selection::{Glob, select};

    fn written(form: &mut dyn Form) -> String {
        let columns = ["disks.reads", "disks.in_flight", "disks.scheduler", "disks.stacked"];
        let globs: Vec<Glob> = columns.iter().map(|column| column.parse().unwrap()).collect();
        let tables = select(&globs, false);
        let values = vec![
            Some(Value::Rate(-0.5)),
            None,
            Some(Value::Text("=a,b".to_owned())),
            Some(Value::Flag(true)),
        ];
        let row = Row { entity: "+s\"da".to_owned(), values };
        let mut out = Vec::new();
        form.rows(WallTime(7), &tables[0], &[row], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_known_value_is_a_line_of_csv() {
        let expected = "1970-01-01T00:00:00.000000007Z,disks,\"'+s\"\"da\",disks.reads/s,-0.5,1/s\n\
            1970-01-01T00:00:00.000000007Z,disks,\"'+s\"\"da\",disks.scheduler,\"'=a,b\",\n\
            1970-01-01T00:00:00.000000007Z,disks,\"'+s\"\"da\",disks.stacked,true,1\n";
        assert_eq!(written(&mut Csv), expected);
    }

    #[test]
    fn each_known_value_is_an_object_of_json() {
        let lines = written(&mut Json);
        let first = "{\"time\":\"1970-01-01T00:00:00.000000007Z\",\"table\":\"disks\",\
            \"entity\":\"+s\\\"da\",\"column\":\"disks.reads/s\",\"value\":-0.5,\"unit\":\"1/s\"}";
        assert_eq!(lines.lines().next(), Some(first));
        let value = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["value"].clone()
        };
        let values: Vec<serde_json::Value> = lines.lines().map(value).collect();
        assert_eq!(serde_json::Value::from(values), serde_json::json!([-0.5, "=a,b", true]));
    }
}
