//! Adds to JSON as text, so that what is there keeps its bytes.

use serde_json::Value;

/// The text of an object with one more field, in front of the others.
pub(crate) fn with_field(object: &str, name: &str, value: &Value) -> String {
    let inner = object.trim().strip_prefix('{').expect("an object begins with a brace");
    let comma = if inner.trim_start().starts_with('}') { "" } else { "," };
    format!("{{{}{comma}{inner}", field(name, value))
}

/// A field of an object.
pub(crate) fn field(name: &str, value: &Value) -> String {
    format!("{}:{value}", Value::from(name))
}
