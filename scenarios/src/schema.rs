//! The JSON schema of scenario files, for editors and for whoever writes them by program.

use ks_vocabulary::action::{Accepts, ActionKind, Form};
use ks_vocabulary::decision::{Upshot, Verdict};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::subtype::Subtype;
use schemars::{Schema, SchemaGenerator, json_schema, schema_for};
use serde_json::{Map, Value, json};

use crate::scenario::Scenario;

/// The schema of a scenario file.
pub fn scenario() -> Value {
    schema_for!(Scenario).to_value()
}

pub(crate) fn kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Kind::ALL.map(Kind::word) })
}

pub(crate) fn subtype(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = Subtype::ALL.iter().map(|subtype| subtype.word()).collect();
    json_schema!({ "type": "string", "enum": words })
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

/// The word of an action.
pub(crate) fn action_word(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = ActionKind::ALL.iter().map(|kind| kind.name()).collect();
    json_schema!({ "type": "string", "enum": words })
}

pub(crate) fn verdict(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.word()).collect();
    json_schema!({ "type": "string", "enum": words })
}

pub(crate) fn outcome(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = Upshot::ALL.iter().map(|upshot| upshot.word()).collect();
    json_schema!({ "type": "string", "enum": words })
}

/// An action of the catalogue: its word alone, or with its parameters.
pub(crate) fn action(_: &mut SchemaGenerator) -> Schema {
    let forms: Vec<Value> = ActionKind::ALL.map(|kind| form(kind.form())).into();
    json_schema!({ "oneOf": forms })
}

fn form(form: &Form) -> Value {
    let Form { name, effect, fields, .. } = *form;
    if fields.is_empty() {
        return json!({ "const": name, "description": effect });
    }
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), any_of(field.accepts))).collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name).collect();
    keyed(
        name,
        &json!({
            "type": "object",
            "description": effect,
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }),
    )
}

fn keyed(key: &str, value: &Value) -> Value {
    json!({
        "type": "object",
        "properties": { key: value },
        "required": [key],
        "additionalProperties": false,
    })
}

fn any_of(accepts: &[Accepts]) -> Value {
    match accepts {
        [one] => accepted(one),
        _ => json!({ "anyOf": accepts.iter().map(accepted).collect::<Vec<_>>() }),
    }
}

fn accepted(accepts: &Accepts) -> Value {
    match accepts {
        Accepts::Whole { low, high } => {
            json!({ "type": "integer", "minimum": low, "maximum": high })
        }
        Accepts::Numbers(all) => json!({ "enum": all }),
        Accepts::Words(all) => json!({ "enum": all }),
        Accepts::Text { pattern, example } => {
            json!({ "type": "string", "pattern": pattern, "examples": [example] })
        }
        Accepts::Keyed(keys) => {
            let one_of = keys.iter().map(|(key, accepts)| keyed(key, &any_of(accepts)));
            json!({ "oneOf": one_of.collect::<Vec<_>>() })
        }
    }
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
        check("Operator", "[[operator]]\nnonsense = 1");
    }

    #[test]
    fn the_schema_has_every_form_of_action_with_its_parameters() {
        let schema = scenario();
        let forms = schema["$defs"]["Planned"]["properties"]["do"]["oneOf"].as_array().unwrap();
        assert_eq!(forms.len(), ActionKind::COUNT);
        for (kind, form) in ActionKind::ALL.iter().zip(forms) {
            let name = kind.name();
            let has_fields = !kind.form().fields.is_empty();
            assert_eq!(form["const"] == name, !has_fields, "{name}");
            assert_eq!(form["properties"][name]["required"].is_array(), has_fields, "{name}");
        }
        let nice = &forms[0]["properties"]["lower_process_priority"]["properties"]["nice"];
        assert_eq!(*nice, json!({ "type": "integer", "minimum": 1, "maximum": 19 }));
        let limit = forms.iter().find_map(|form| form["properties"].get("throttle_io")).unwrap();
        assert_eq!(limit["properties"]["limit"]["oneOf"][3]["required"], json!(["wiops"]));
    }

    #[test]
    fn kinds_and_units_are_told() {
        let schema = scenario();
        assert_eq!(schema["$defs"]["Expect"]["properties"]["kind"]["enum"][0], "memory_pressure");
        assert_eq!(schema["$defs"]["Bytes"]["examples"][0], "8GiB");
        assert_eq!(schema["additionalProperties"], false);
    }
}
