//! Which columns of a recording are wanted: patterns over `table.column`.

use std::str::FromStr;

use ks_vocabulary::model::{Class, SCHEMAS, Schema};

/// A pattern over `table.column`, in which `*` stands for any text and `?` for one character. It
/// matches at least one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

/// No column is as the pattern says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no column matches; write `table.column`, with the tables {tables} (see `ks schema`)")]
pub struct NoColumn {
    tables: String,
}

impl FromStr for Glob {
    type Err = NoColumn;

    fn from_str(text: &str) -> Result<Self, NoColumn> {
        let glob = Self(text.to_owned());
        let known = |schema: &'static Schema| {
            parts(schema).any(|part| glob.matches(&full_name(schema, part.name)))
        };
        if SCHEMAS.iter().any(known) {
            return Ok(glob);
        }
        let tables: Vec<&str> = SCHEMAS.iter().map(|schema| schema.table).collect();
        Err(NoColumn { tables: tables.join(", ") })
    }
}

impl Glob {
    /// Whether the pattern matches the whole of `name`.
    pub fn matches(&self, name: &str) -> bool {
        matches(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether it can match one column only.
    fn is_plain(&self) -> bool {
        !self.0.contains(['*', '?'])
    }
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut taken) = (0, 0);
    // The last star met, and how much of the text those before it and it have taken.
    let mut star: Option<(usize, usize)> = None;
    while taken < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, taken));
                at += 1;
            }
            Some(symbol) if *symbol == b'?' || *symbol == text[taken] => {
                at += 1;
                taken += 1;
            }
            Some(_) | None => {
                let Some((star_at, star_taken)) = star else { return false };
                star = Some((star_at, star_taken + 1));
                at = star_at + 1;
                taken = star_taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|symbol| *symbol == b'*')
}

/// Where a column stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the names, by index.
    Name(usize),
    /// Among the cells, by index.
    Cell(usize),
}

/// A declared column of either sort.
pub(crate) struct Part {
    pub(crate) place: Place,
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    unit: &'static str,
}

/// Every column of a table in declared order: names, then cells.
pub(crate) fn parts(schema: &'static Schema) -> impl Iterator<Item = Part> {
    let names = schema.names.iter().enumerate().map(|(at, column)| Part {
        place: Place::Name(at),
        name: column.name,
        class: column.class,
        unit: "",
    });
    let cells = schema.cells.iter().enumerate().map(|(at, column)| Part {
        place: Place::Cell(at),
        name: column.name,
        class: column.class,
        unit: column.unit,
    });
    names.chain(cells)
}

fn full_name(schema: &Schema, column: &str) -> String {
    format!("{}.{column}", schema.table)
}

/// One column that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// `table.column`, with `/s` behind it where it is a rate.
    pub name: String,
    /// Unit; empty for text.
    pub unit: String,
    /// Where it stands in a row.
    pub place: Place,
    /// Whether its growth a second is wanted, not its value.
    pub is_rate: bool,
}

/// The columns that are wanted of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Position in [`SCHEMAS`].
    pub index: usize,
    /// Its declaration.
    pub schema: &'static Schema,
    /// In the order of the patterns that match them, then as declared.
    pub columns: Vec<Column>,
}

/// The columns that any of `globs` matches, by table. Counters are wanted as rates, or as they
/// are stored if `raw`.
///
/// A key is part of its row's entity already. It is a column only where its name is given in full,
/// or where a table has nothing else that matches.
pub fn select(globs: &[Glob], raw: bool) -> Vec<Table> {
    let tables = SCHEMAS.iter().enumerate().map(|(index, schema)| Table {
        index,
        schema,
        columns: columns(schema, globs, raw),
    });
    tables.filter(|table| !table.columns.is_empty()).collect()
}

fn columns(schema: &'static Schema, globs: &[Glob], raw: bool) -> Vec<Column> {
    let mut found = Vec::new();
    for part in parts(schema) {
        let name = full_name(schema, part.name);
        if let Some(rank) = globs.iter().position(|glob| glob.matches(&name)) {
            found.push((rank, part, name));
        }
    }
    let only_keys = found.iter().all(|(_, part, _)| part.class == Class::Key);
    found
        .retain(|(rank, part, _)| only_keys || part.class != Class::Key || globs[*rank].is_plain());
    found.sort_by_key(|(rank, ..)| *rank);
    found.into_iter().map(|(_, part, name)| Column::new(&part, name, raw)).collect()
}

impl Column {
    fn new(part: &Part, name: String, raw: bool) -> Self {
        let is_rate = part.class == Class::Counter && !raw;
        let per_second = if is_rate { "/s" } else { "" };
        Self {
            name: name + per_second,
            unit: format!("{}{per_second}", part.unit),
            place: part.place,
            is_rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_in_a_shell() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(Glob(pattern.to_owned()).matches(name), expected, "{pattern} on {name}");
        };
        check("cpu.user_ticks", "cpu.user_ticks", true);
        check("cpu.user_ticks", "cpu.user_tick", false);
        check("cpu.user_tick", "cpu.user_ticks", false);
        check("cpu.*", "cpu.user_ticks", true);
        check("cpu.*", "cpus.user_ticks", false);
        check("cpu?.*", "cpus.user_ticks", true);
        check("*", "a", true);
        check("*", "", true);
        check("?", "", false);
        check("*.reads", "disks.reads", true);
        check("*.reads", "disks.reads_merged", false);
        check("*e*s", "disks.reads", true);
        check("a*b*c", "axxbxxbxc", true);
        check("a*b*c", "axxbxxbx", false);
        check("**", "a.b", true);
        check("", "a", false);
        let slow = format!("{}b", "a*".repeat(40));
        check(&slow, &"a".repeat(200), false);
    }

    fn names(patterns: &[&str], raw: bool) -> Vec<String> {
        let globs: Vec<Glob> = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
        let columns = select(&globs, raw).into_iter().flat_map(|table| table.columns);
        columns.map(|column| format!("{} {}", column.name, column.unit)).collect()
    }

    #[test]
    fn counters_are_rates_unless_raw() {
        let patterns = ["disks.in_flight", "disks.read_sectors", "disks.scheduler"];
        let rates = ["disks.in_flight 1", "disks.read_sectors/s sectors/s", "disks.scheduler "];
        assert_eq!(names(&patterns, false), rates);
        let raw = ["disks.in_flight 1", "disks.read_sectors sectors", "disks.scheduler "];
        assert_eq!(names(&patterns, true), raw);
    }

    #[test]
    fn columns_are_in_the_order_of_the_patterns_within_each_table() {
        let columns = names(&["processes.rss_bytes", "load.load1", "processes.*comm"], false);
        assert_eq!(columns, ["load.load1 1", "processes.rss_bytes bytes", "processes.comm "]);
    }

    #[test]
    fn keys_are_columns_only_where_asked_for_by_name_or_alone() {
        assert_eq!(names(&["swaps.*"], false).len(), 3);
        assert_eq!(
            names(&["swaps.name", "swaps.used_*"], false),
            ["swaps.name ", "swaps.used_bytes bytes"]
        );
        assert_eq!(names(&["processes_gone.*"], false).len(), 2);
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_refused_with_the_tables() {
        let error = "cpu.nothing".parse::<Glob>().unwrap_err().to_string();
        assert!(error.contains("cpu, cpus, load, memory"), "{error}");
        assert!("cpu".parse::<Glob>().is_err(), "a table alone is no column");
        for schema in SCHEMAS {
            assert!(format!("{}.*", schema.table).parse::<Glob>().is_ok());
        }
    }
}
