//! Reads JSON from outside strictly: of bounded size and depth, and with no key said twice, which
//! two readers could take for two different things.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A longer text is refused unread.
pub const JSON_BYTES_MAX: usize = 16 * 1024;
/// Objects and lists within each other.
const DEPTH_MAX: u8 = 6;

/// Why a text is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrictError(String);

impl fmt::Display for StrictError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl core::error::Error for StrictError {}

/// The value that a text is.
pub fn strict(text: &str) -> Result<Value, StrictError> {
    strict_within(text, JSON_BYTES_MAX, DEPTH_MAX)
}

/// The same of a text of other bounds: its bytes, and objects and lists within each other.
pub fn strict_within(text: &str, bytes_max: usize, depth_max: u8) -> Result<Value, StrictError> {
    if text.len() > bytes_max {
        let bytes = text.len();
        return Err(StrictError(alloc::format!("{bytes} bytes, and {bytes_max} are taken")));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Within(depth_max).deserialize(&mut reader);
    let value = read.and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| StrictError(error.to_string()))
}

/// What may still be within each other.
struct Within(u8);

impl<'de> DeserializeSeed<'de> for Within {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Within {
    fn deeper<E: Error>(&self) -> Result<u8, E> {
        self.0.checked_sub(1).ok_or_else(|| E::custom("it is nested too deeply"))
    }
}

impl<'de> Visitor<'de> for Within {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Within(depth))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Within(depth))?;
            if values.contains_key(&key) {
                let key = key.escape_debug().to_string();
                return Err(A::Error::custom(format_args!("`{key}` is said twice")));
            }
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tricks_are_refused_with_their_reason() {
        let deep = "[".repeat(7) + &"]".repeat(7);
        for (text, reason) in [
            ("{\"a\":1,\"a\":2}", "`a` is said twice"),
            ("{\"a\":{\"b\":1,\"b\":1}}", "`b` is said twice"),
            ("{\"\\u0061\":1,\"a\":2}", "`a` is said twice"),
            ("1e400", "number out of range"),
            ("NaN", "expected"),
            ("{} {}", "trailing"),
            ("{\"a\":1", "EOF"),
            ("", "EOF"),
            ("{\"a\":01}", "invalid number"),
            (deep.as_str(), "nested too deeply"),
        ] {
            let error = strict(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        let long = "\"".to_owned() + &"a".repeat(JSON_BYTES_MAX) + "\"";
        assert!(strict(&long).unwrap_err().to_string().contains("are taken"));
    }

    #[test]
    fn what_is_plain_is_read_as_it_is() {
        let text = "{\"a\":[1,-2,0.5,true,null,\"x\"],\"b\":{}}";
        assert_eq!(strict(text).unwrap().to_string(), text);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            drop(strict(&text));
        }
    }
}
