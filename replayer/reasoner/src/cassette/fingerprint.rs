//! What makes two requests the same: all of it but what is different each time by its nature. Names
//! of calls become their position, signatures and tokens say only that they are there.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::body::Body;
use crate::prompts::hex;

/// A request with what varies masked.
pub(super) fn masked(body: &Body) -> Value {
    let mut value = body.value();
    Masks::default().mask(&mut value, false);
    value
}

/// The fingerprint of a request: of its canonical JSON, whose keys are sorted.
pub(super) fn fingerprint(body: &Body) -> String {
    let mut hash = Sha256::new();
    hash.update(&body.path);
    hash.update([0]);
    hash.update(masked(body).to_string());
    hex(&hash.finalize())
}

#[derive(Default)]
struct Masks {
    /// Position of each name of a call.
    calls: BTreeMap<String, usize>,
}

impl Masks {
    /// `is_call` where an `id` is that of a call.
    fn mask(&mut self, value: &mut Value, is_call: bool) {
        match value {
            Value::Array(all) => all.iter_mut().for_each(|one| self.mask(one, is_call)),
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    match (name.as_str(), &mut *value) {
                        // What the model asks for, and what it is told, is compared as it is.
                        ("args" | "response" | "arguments" | "content" | "text", _) => {}
                        ("thoughtSignature", Value::String(text)) => "sig".clone_into(text),
                        ("continuationToken", Value::String(text)) => "token".clone_into(text),
                        ("tool_call_id", Value::String(text)) => *text = self.position(text),
                        ("id", Value::String(text)) if is_call => *text = self.position(text),
                        ("functionCall" | "functionResponse" | "tool_calls", inner) => {
                            self.mask(inner, true);
                        }
                        (_, inner) => self.mask(inner, false),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn position(&mut self, name: &str) -> String {
        let next = self.calls.len() + 1;
        self.calls.entry(name.to_owned()).or_insert(next).to_string()
    }
}
