//! What is sent: the bytes of a request, and where they go.

use serde_json::Value;

/// A request, whole but for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Path below the address of the server.
    pub path: String,
    /// Its JSON.
    pub json: String,
    /// The model that is asked.
    pub model: String,
    /// Whether the reply is streamed.
    pub streams: bool,
}

impl Body {
    /// Tokens of it, roughly: four bytes each, as English and JSON have them.
    pub fn estimated_tokens(&self) -> u64 {
        (self.json.len() as u64).div_ceil(4)
    }

    /// It as a value.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }
}
