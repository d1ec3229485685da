//! Rows for people: one line each, columns as wide as the header and the first rows ask for.

use std::io::{self, Write};

use ks_replayer::report::rfc3339;
use ks_replayer::selection::Table;
use ks_replayer::tabulation::Row;
use ks_replayer::value::Value;
use ks_vocabulary::time::WallTime;

use crate::plain;

/// One table with its header. A later value that is wider moves those behind it in its line.
#[derive(Debug)]
pub(super) struct Aligned {
    /// Whether an empty line comes before the header.
    follows: bool,
    /// Of the entity, then of each column; empty until the header is written.
    widths: Vec<usize>,
}

impl Aligned {
    /// A table that `follows` another one, or is the first.
    pub(super) fn new(follows: bool) -> Self {
        Self { follows, widths: Vec::new() }
    }

    /// Writes one line; `cells` begin with the entity.
    fn line(
        &self,
        time: &str,
        table: &str,
        cells: &[String],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        write!(out, "{time}  {table}")?;
        for (at, (cell, width)) in cells.iter().zip(self.widths.iter().copied()).enumerate() {
            // Names begin at the left, numbers end at the right.
            match at {
                0 => write!(out, "  {cell:width$}")?,
                _ => write!(out, "  {cell:>width$}")?,
            }
        }
        writeln!(out)
    }

    fn header(
        &mut self,
        time: &str,
        table: &Table,
        lines: &[Vec<String>],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let names = table.columns.iter().map(|column| column.name.clone());
        let header: Vec<String> = std::iter::once("entity".to_owned()).chain(names).collect();
        let width = |at: usize, name: &String| {
            let cells = lines.iter().map(|line| line[at].chars().count());
            cells.max().unwrap_or(0).max(name.chars().count())
        };
        self.widths = header.iter().enumerate().map(|(at, name)| width(at, name)).collect();
        if self.follows {
            writeln!(out)?;
        }
        let name = table.schema.table;
        let time = format!("{:width$}", "time", width = time.len());
        let title = format!("{:width$}", "table", width = name.len());
        self.line(&time, &title, &header, out)
    }
}

impl super::Form for Aligned {
    fn rows(
        &mut self,
        at: WallTime,
        table: &Table,
        rows: &[Row],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let time = rfc3339(at);
        let lines: Vec<Vec<String>> = rows.iter().map(cells).collect();
        if self.widths.is_empty() {
            self.header(&time, table, &lines, out)?;
        }
        // A short name of a table is as wide as the title above it.
        let name = format!("{:5}", table.schema.table);
        for line in &lines {
            self.line(&time, &name, line, out)?;
        }
        Ok(())
    }
}

fn cells(row: &Row) -> Vec<String> {
    let values = row.values.iter().map(|value| match value {
        Some(Value::Rate(number) | Value::Float(number)) => format!("{number:.2}"),
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    });
    std::iter::once(row.entity.clone()).chain(values).map(plain::line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dump::Form;
    use ks_replayer::selection::{Glob, select};

    #[test]
    fn columns_stand_below_their_names() {
        let globs: [Glob; 2] = ["disks.reads", "disks.scheduler"].map(|name| name.parse().unwrap());
        let tables = select(&globs, false);
        let row = |entity: &str, rate: Option<f64>| Row {
            entity: entity.to_owned(),
            values: vec![rate.map(Value::Rate), Some(Value::Text("none".to_owned()))],
        };
        let mut out = Vec::new();
        let mut form = Aligned::new(true);
        let first = [row("nvme0n1", Some(1.0)), row("sda", None)];
        form.rows(WallTime(0), &tables[0], &first, &mut out).unwrap();
        let second = [row("sda", Some(123.456))];
        form.rows(WallTime(1_000_000_000), &tables[0], &second, &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let expected = [
            "",
            "time                            table  entity   disks.reads/s  disks.scheduler",
            "1970-01-01T00:00:00.000000000Z  disks  nvme0n1           1.00             none",
            "1970-01-01T00:00:00.000000000Z  disks  sda                  -             none",
            "1970-01-01T00:00:01.000000000Z  disks  sda             123.46             none",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_short_and_a_long_name_of_a_table_stand_below_the_title() {
        for (column, title, name) in [
            ("vm.pgfree", "  table  entity", "  vm     host"),
            ("processes.comm", "  table      entity", "  processes  host"),
        ] {
            let glob: Glob = column.parse().unwrap();
            let tables = select(&[glob], false);
            let row = Row { entity: "host".to_owned(), values: vec![Some(Value::Unsigned(1))] };
            let mut out = Vec::new();
            Aligned::new(false).rows(WallTime(0), &tables[0], &[row], &mut out).unwrap();
            let lines = String::from_utf8(out).unwrap();
            assert!(lines.contains(title) && lines.contains(name), "{lines}");
        }
    }
}
