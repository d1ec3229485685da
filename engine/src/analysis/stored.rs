//! Knowledge as a `Start` holds it: usable, or kept as it was read with the reason why not.
//!
//! A recording stays readable whatever knowledge it names: an engine that cannot use it begins
//! without, and says so.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Knowledge;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// An engine can begin with it.
    Usable(Box<Knowledge>),
    /// No engine of this version can.
    Unusable(Unusable),
}

/// Knowledge that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    json: String,
    /// Why not.
    pub problem: String,
}

impl Stored {
    /// The knowledge, where it can be used.
    pub fn usable(&self) -> Option<&Knowledge> {
        match self {
            Self::Usable(knowledge) => Some(knowledge),
            Self::Unusable(_) => None,
        }
    }
}

/// Knowledge that fails [`Knowledge::check`] is unusable.
impl From<Knowledge> for Stored {
    fn from(knowledge: Knowledge) -> Self {
        match knowledge.check() {
            Ok(()) => Self::Usable(Box::new(knowledge)),
            Err(error) => Self::Unusable(Unusable {
                json: serde_json::to_string(&knowledge).unwrap_or_default(),
                problem: error.to_string(),
            }),
        }
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Usable(knowledge) => knowledge.serialize(serializer),
            Self::Unusable(unusable) => {
                let raw = RawValue::from_string(unusable.json.clone());
                raw.map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(match serde_json::from_str::<Knowledge>(raw.get()) {
            Ok(knowledge) => match knowledge.check() {
                Ok(()) => Self::Usable(Box::new(knowledge)),
                Err(error) => Self::unusable(&raw, error.to_string()),
            },
            Err(error) => Self::unusable(&raw, error.to_string()),
        })
    }
}

impl Stored {
    fn unusable(raw: &RawValue, problem: String) -> Self {
        Self::Unusable(Unusable { json: raw.get().to_string(), problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Start;

    #[test]
    fn knowledge_of_a_newer_version_leaves_its_start_readable_and_unchanged() {
        let mut start = Start { knowledge: Some(Knowledge::empty("h").into()), ..Start::default() };
        let json = serde_json::to_string(&start).unwrap();
        assert_eq!(serde_json::from_str::<Start>(&json).unwrap(), start);
        let newer = json.replace("\"placebos\":[]", "\"placebos\":[],\"dreams\":[1.5]");
        start = serde_json::from_str(&newer).unwrap();
        let Some(Stored::Unusable(why)) = &start.knowledge else { panic!("it is newer") };
        assert!(why.problem.contains("dreams"), "{}", why.problem);
        assert_eq!(serde_json::to_string(&start).unwrap(), newer, "it is kept as it is");
        let version = json.replace("\"version\":1", "\"version\":2");
        start = serde_json::from_str(&version).unwrap();
        assert_eq!(start.knowledge.as_ref().and_then(Stored::usable), None);
    }

    #[test]
    fn knowledge_that_is_not_sound_is_told_of_and_not_used() {
        let unsound = Knowledge { half_life_days: -1.0, ..Knowledge::empty("h") };
        let stored = Stored::from(unsound);
        let Stored::Unusable(why) = &stored else { panic!("no half-life is negative") };
        assert!(why.problem.contains("half_life_days"), "{}", why.problem);
    }
}
