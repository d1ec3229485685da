//! What was learned before a run, as a `Start` holds it: a block of JSON, kept as it was read.
//!
//! An input says nothing of what the block means, so a recording stays readable whatever knowledge
//! it names: an engine that cannot use it begins without, and says so.

use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKnowledge {
    json: String,
}

impl StoredKnowledge {
    /// The form in which a block is stored.
    pub fn of(block: &impl Serialize) -> Self {
        Self { json: serde_json::to_string(block).expect("knowledge is plain data") }
    }

    /// The block.
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl Serialize for StoredKnowledge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.json.clone());
        raw.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StoredKnowledge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self { json: Box::<str>::from(raw).into() })
    }
}
