//! Cells and names of a row as values that can be printed, and the name of the row's entity.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ks_vocabulary::kind::text;
use ks_vocabulary::model::{CellType, Class, RowRef, Schema};
use serde::Serialize;

use crate::selection::{Place, parts};

/// Names of this column are addresses in network byte order, not text.
const ADDRESS: &str = "address";

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Growth of a counter a second.
    Rate(f64),
    /// An unsigned number.
    Unsigned(u64),
    /// A signed number.
    Signed(i64),
    /// A number with a fraction.
    Float(f64),
    /// Yes or no.
    Flag(bool),
    /// A name, made printable.
    Text(String),
}

impl Value {
    /// What `row` holds at `place`, if it was seen.
    pub fn of(schema: &Schema, place: Place, row: RowRef<'_>) -> Option<Self> {
        match place {
            Place::Name(at) => {
                row.name(at).map(|bytes| Self::Text(printable(schema.names[at].name, bytes)))
            }
            Place::Cell(at) => row.cell(at).map(|bits| match schema.cells[at].cell_type {
                CellType::U64 => Self::Unsigned(bits),
                CellType::I64 => Self::Signed(bits.cast_signed()),
                CellType::F64 => Self::Float(f64::from_bits(bits)),
                CellType::Bool => Self::Flag(bits != 0),
            }),
        }
    }

    /// The value as a number to compare by; text has none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Rate(value) | Self::Float(value) => Some(*value),
            Self::Unsigned(value) => Some(*value as f64),
            Self::Signed(value) => Some(*value as f64),
            Self::Flag(value) => Some(f64::from(u8::from(*value))),
            Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(value) | Self::Float(value) => write!(out, "{value}"),
            Self::Unsigned(value) => write!(out, "{value}"),
            Self::Signed(value) => write!(out, "{value}"),
            Self::Flag(value) => write!(out, "{value}"),
            Self::Text(value) => out.write_str(value),
        }
    }
}

fn printable(column: &str, bytes: &[u8]) -> String {
    if column == ADDRESS {
        if let Ok(address) = <[u8; 4]>::try_from(bytes) {
            return Ipv4Addr::from(address).to_string();
        }
        if let Ok(address) = <[u8; 16]>::try_from(bytes) {
            return format!("[{}]", Ipv6Addr::from(address));
        }
    }
    text(bytes)
}

/// What `row` is about: its keys joined by `:`, or `host` in a table of one row.
pub fn entity(schema: &'static Schema, row: RowRef<'_>) -> String {
    let keys = parts(schema).filter(|part| part.class == Class::Key);
    let keys = keys.map(|key| {
        Value::of(schema, key.place, row).map_or_else(|| "?".to_owned(), |value| value.to_string())
    });
    let keys: Vec<String> = keys.collect();
    if keys.is_empty() { "host".to_owned() } else { keys.join(":") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{
        Filesystem, FilesystemCell, FilesystemName, Listener, ListenerCell, ListenerName, Load,
        LoadCell, Process, ProcessCell, Record, SCHEMAS,
    };

    fn schema(table: &str) -> &'static Schema {
        SCHEMAS.iter().find(|schema| schema.table == table).unwrap()
    }

    #[test]
    fn an_entity_is_its_keys() {
        let mut process = Process::default();
        process.set(ProcessCell::pid, 7u64);
        assert_eq!(entity(schema("processes"), process.row()), "7:?");
        process.set(ProcessCell::start_ticks, 99u64);
        assert_eq!(entity(schema("processes"), process.row()), "7:99");
        assert_eq!(entity(schema("load"), Load::default().row()), "host");
        let mut mount = Filesystem::default();
        mount.set_name(FilesystemName::mount, b"/m\xff\x1b[2J");
        assert_eq!(entity(schema("filesystems"), mount.row()), "/m\u{fffd}\u{fffd}[2J");
    }

    #[test]
    fn addresses_are_not_text() {
        let mut listener = Listener::default();
        listener.set_name(ListenerName::address, &[127, 0, 0, 1]);
        listener.set(ListenerCell::netns, 4u64);
        listener.set(ListenerCell::port, 80u64);
        listener.set(ListenerCell::inode, 9u64);
        assert_eq!(entity(schema("listeners"), listener.row()), "127.0.0.1:4:80:9");
        listener.set_name(ListenerName::address, &[0; 16]);
        assert_eq!(entity(schema("listeners"), listener.row()), "[::]:4:80:9");
    }

    #[test]
    fn values_are_of_the_type_of_their_column_and_absent_where_not_seen() {
        let mut mount = Filesystem::default();
        mount.set(FilesystemCell::read_only, true);
        mount.set(FilesystemCell::total_bytes, u64::MAX);
        let of = |cell: FilesystemCell| {
            Value::of(schema("filesystems"), Place::Cell(cell as usize), mount.row())
        };
        assert_eq!(of(FilesystemCell::read_only), Some(Value::Flag(true)));
        assert_eq!(of(FilesystemCell::total_bytes), Some(Value::Unsigned(u64::MAX)));
        assert_eq!(of(FilesystemCell::free_bytes), None);
        let mut load = Load::default();
        load.set(LoadCell::load1, 0.25);
        let load1 = Value::of(schema("load"), Place::Cell(LoadCell::load1 as usize), load.row());
        assert_eq!(load1.as_ref().and_then(Value::number), Some(0.25));
        assert_eq!(load1.map(|value| value.to_string()), Some("0.25".to_owned()));
    }
}
