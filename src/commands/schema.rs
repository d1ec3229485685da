//! `ks schema`: the columns of a recording, from the declarations that the writer uses.

use ks_recorder::format::description::{
    ColumnDescription, Description, TableDescription, describe,
};

use crate::cli;
use crate::stdout;

pub(crate) fn run(arguments: &cli::Schema) -> anyhow::Result<()> {
    if arguments.of == cli::SchemaOf::Scenario {
        return stdout::print_json(&ks_scenarios::schema::scenario());
    }
    let description = describe()?;
    match arguments.format {
        cli::SchemaFormat::Markdown => stdout::print(&markdown(&description)),
        cli::SchemaFormat::Json => stdout::print_json(&description),
    }
}

fn markdown(description: &Description) -> String {
    let version = description.version;
    let mut lines = format!(
        "# Recording format {}.{}\n\n\
         One Parquet file with one row for each input. Every column may be null, where a value was \
         not seen, but `seq`, `at`, `mono_ns` and `kind`. Types are those of Arrow, then the \
         physical ones of Parquet.\n\n",
        version.major, version.minor
    );
    lines += "| column | type | Parquet | what |\n|---|---|---|---|\n";
    for column in &description.columns {
        let ColumnDescription { path, arrow_type, parquet, doc, .. } = column;
        lines += &format!("| `{path}` | {arrow_type} | {parquet} | {} |\n", cell(doc));
    }
    for table in &description.tables {
        lines += &table_markdown(table);
    }
    lines
}

fn table_markdown(table: &TableDescription) -> String {
    let rows = if table.rows == "one" { "One row" } else { "A list of rows" };
    let mut lines = format!(
        "\n## {}\n\n{} {rows}, from the source `{}`.\n\n\
         | column | type | Parquet | class | unit | what |\n|---|---|---|---|---|---|\n",
        table.table, table.doc, table.source
    );
    for column in &table.columns {
        lines += &format!(
            "| `{}` | {} | {} | {} | {} | {} |\n",
            column.path,
            column.arrow_type,
            column.parquet,
            column.class.unwrap_or("-"),
            column.unit.unwrap_or("-"),
            cell(column.doc)
        );
    }
    lines
}

/// A text within a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::SCHEMAS;

    #[test]
    fn every_table_and_column_is_printed_with_one_title() {
        let lines = markdown(&describe().unwrap());
        assert_eq!(lines.lines().filter(|line| line.starts_with("# ")).count(), 1);
        for schema in SCHEMAS {
            let (table, source) = (schema.table, schema.source);
            assert!(lines.contains(&format!("\n## {table}\n")), "{table}");
            assert!(lines.contains(&format!("from the source `{source}`.\n")), "{source}");
            for column in schema.cells {
                let row = format!("| `sample.{table}.{}` | ", column.name);
                assert!(lines.contains(&row), "{table}.{}", column.name);
            }
        }
        let row =
            "| `sample.disks.reads` | UInt64 | INT64 | counter | 1 | field 1: reads completed |";
        assert!(lines.contains(row), "{lines}");
        let rows = lines.lines().filter(|line| line.starts_with('|'));
        let bare = |line: &str| line.replace("\\|", "").matches('|').count();
        assert!(rows.map(bare).all(|bars| bars == 5 || bars == 7));
    }

    #[test]
    fn json_has_the_version_the_columns_and_the_tables() {
        let json = serde_json::to_value(describe().unwrap()).unwrap();
        assert!(json["version"]["major"].is_u64());
        assert_eq!(json["columns"][0]["path"], "seq");
        assert_eq!(json["tables"][0]["table"], "cpu");
        assert_eq!(json["tables"][0]["rows"], "one");
        assert_eq!(json["tables"][0]["columns"][2]["name"], "user_ticks");
        assert_eq!(json["tables"][0]["columns"][2]["class"], "counter");
    }
}
