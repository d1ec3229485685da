//! The JSON schema of scenario files, for editors and for whoever writes them by program.

use ks_vocabulary::kind::{Kind, Severity};
use schemars::{Schema, SchemaGenerator, json_schema, schema_for};
use serde_json::Value;

use crate::scenario::Scenario;

/// The schema of a scenario file.
pub fn scenario() -> Value {
    schema_for!(Scenario).to_value()
}

pub(crate) fn kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Kind::ALL.map(Kind::word) })
}

pub(crate) fn severity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Severity::ALL.map(Severity::word) })
}

pub(crate) fn severities(generator: &mut SchemaGenerator) -> Schema {
    let one = severity(generator);
    json_schema!({
        "description": "one severity, or the least and the most",
        "anyOf": [one, { "type": "array", "items": one, "minItems": 2, "maxItems": 2 }],
    })
}

/// A quantity that is written as text.
macro_rules! as_text_schema {
    ($ty:ty, $name:literal, $pattern:literal, $example:literal) => {
        impl schemars::JsonSchema for $ty {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "examples": [$example],
                })
            }
        }
    };
}

as_text_schema!(crate::units::Duration, "Duration", r"^([0-9.]+(ns|us|ms|s|m|h|d))+$", "1h30m");
as_text_schema!(crate::units::Bytes, "Bytes", r"^([0-9.]+(B|KiB|MiB|GiB|TiB))+$", "8GiB");

#[cfg(test)]
mod tests {
    use super::*;

    /// What serde says that it would take in place of an unknown field.
    fn fields(text: &str) -> Vec<String> {
        let error = Scenario::parse(text, "x.toml").unwrap_err().to_string();
        let (_, list) = error.split_once("expected one of ").unwrap();
        list.split(", ").map(|field| field.trim_matches('`').to_owned()).collect()
    }

    fn check(definition: &str, text: &str) {
        let schema = scenario();
        let place = if definition.is_empty() {
            &schema["properties"]
        } else {
            &schema["$defs"][definition]["properties"]
        };
        let mut known: Vec<String> = place.as_object().unwrap().keys().cloned().collect();
        let mut taken = fields(text);
        known.sort();
        taken.sort();
        assert_eq!(known, taken, "{definition}");
    }

    #[test]
    fn the_schema_has_the_fields_that_a_file_may_have() {
        check("", "nonsense = 1");
        check("Shape", "[host]\nnonsense = 1");
        check("Fault", "[[fault]]\nnonsense = 1");
        check("Extra", "[[process]]\nnonsense = 1");
        check("Demand", "[[process]]\nname = \"a\"\ndemand = { nonsense = 1 }");
        check("Expect", "[[expect]]\nnonsense = 1");
        check("Forbid", "[[forbid]]\nnonsense = 1");
    }

    #[test]
    fn kinds_and_units_are_told() {
        let schema = scenario();
        assert_eq!(schema["$defs"]["Expect"]["properties"]["kind"]["enum"][0], "memory_pressure");
        assert_eq!(schema["$defs"]["Bytes"]["examples"][0], "8GiB");
        assert_eq!(schema["additionalProperties"], false);
    }
}
