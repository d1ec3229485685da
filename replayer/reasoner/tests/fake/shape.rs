//! Holds a body against the table of fields: no name that there is not, no value of another kind.
//!
//! The server takes a name in camelCase or in snake_case, though not in both, and what its JSON
//! reader takes for an integer. An exact check, which is for bodies of ours, takes neither liberty.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::fields::{Field, Kind, Message, REQUEST};

/// How a body is held against the table.
#[derive(Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// As the server does. These names were made up by the server itself, in parts of the model: it
    /// takes them back there.
    Lenient(&'a BTreeSet<String>),
    /// As ours are. Whatever the model made up is taken back, since it is passed on as it came.
    Exact,
}

/// The same value with all names in camelCase and all integers as such.
type Taken = Result<Value, String>;

/// A place in a body.
struct At {
    path: String,
    /// Whether it lies in what the model said.
    from_model: bool,
}

impl Shape<'_> {
    pub(crate) fn request(self, body: &Value) -> Taken {
        let at = At { path: String::new(), from_model: false };
        self.message(&REQUEST, body, &at)
    }

    fn message(self, message: &Message, value: &Value, at: &At) -> Taken {
        let Some(object) = value.as_object() else { return only(false, value, at, "an object") };
        let is_said = message.name == "Content" && value["role"] == "model";
        let at = At { path: at.path.clone(), from_model: at.from_model || is_said };
        let mut taken = Map::new();
        for (name, value) in object {
            if value.is_null() && matches!(self, Self::Lenient(_)) {
                continue;
            }
            let (camel, value) = match self.field(message, name, &at) {
                Some((camel, kind)) => (camel, self.value(kind, value, &at.field(name))?),
                None if self.is_known_extra(message, name, &at) => (name.as_str(), value.clone()),
                None => return Err(format!("unknown name `{name}` in {at}")),
            };
            if taken.insert(camel.to_owned(), value).is_some() {
                return Err(format!(
                    "`{camel}` is given twice in {at}, the other time as `{name}`"
                ));
            }
        }
        Ok(Value::Object(taken))
    }

    /// The field of a name.
    fn field(
        self,
        message: &Message,
        name: &str,
        at: &At,
    ) -> Option<(&'static str, &'static Kind)> {
        let is_it = |camel: &str| match self {
            Self::Lenient(_) => camel == name || snake(camel) == name,
            Self::Exact => camel == name,
        };
        let is_ours_only = matches!(self, Self::Exact) && !at.from_model;
        let theirs: &'static [Field] = if is_ours_only { &[] } else { message.theirs };
        let all = message.ours.iter().chain(theirs);
        all.map(|(camel, kind)| (*camel, kind)).find(|(camel, _)| is_it(camel))
    }

    /// Whether a name that the table lacks is one that the model made up.
    fn is_known_extra(self, message: &Message, name: &str, at: &At) -> bool {
        let is_misspelt =
            || message.ours.iter().chain(message.theirs).any(|(camel, _)| snake(camel) == name);
        at.from_model
            && match self {
                Self::Lenient(extras) => extras.contains(name),
                Self::Exact => !is_misspelt(),
            }
    }

    fn value(self, kind: &Kind, value: &Value, at: &At) -> Taken {
        match kind {
            Kind::Free => Ok(value.clone()),
            Kind::Text => only(value.is_string(), value, at, "a string"),
            Kind::Flag => only(value.is_boolean(), value, at, "a boolean"),
            Kind::Number => only(value.is_number(), value, at, "a number"),
            Kind::Object => only(value.is_object(), value, at, "an object"),
            Kind::Whole => self.whole(value, at),
            Kind::Word(words) => {
                let is_one = value.as_str().is_some_and(|word| words.contains(&word));
                only(is_one, value, at, &format!("one of {}", words.join(", ")))
            }
            Kind::List(each) => self.list(each, value, at),
            Kind::Map(each) => self.map(each, value, at),
            Kind::Of(message) => self.message(message, value, at),
        }
    }

    fn list(self, each: &Kind, value: &Value, at: &At) -> Taken {
        let Some(items) = value.as_array() else { return only(false, value, at, "a list") };
        let items = items.iter().enumerate();
        items.map(|(place, item)| self.value(each, item, &at.item(place))).collect()
    }

    fn map(self, each: &Kind, value: &Value, at: &At) -> Taken {
        let Some(object) = value.as_object() else { return only(false, value, at, "an object") };
        let mut taken = Map::new();
        for (key, value) in object {
            taken.insert(key.clone(), self.value(each, value, &at.field(key))?);
        }
        Ok(Value::Object(taken))
    }

    /// A JSON reader takes `4096.0` and `"4096"` for 4096.
    fn whole(self, value: &Value, at: &At) -> Taken {
        let loose = || {
            let text = value.as_str().map(ToOwned::to_owned);
            let text = text.or_else(|| value.as_f64().map(|number| number.to_string()))?;
            text.parse::<i64>().ok()
        };
        let whole = match self {
            Self::Lenient(_) => value.as_i64().or_else(loose),
            Self::Exact => value.as_i64(),
        };
        whole.map(Value::from).ok_or_else(|| format!("{at}: must be an integer"))
    }
}

fn only(is_so: bool, value: &Value, at: &At, what: &str) -> Taken {
    if is_so { Ok(value.clone()) } else { Err(format!("{at}: must be {what}")) }
}

/// `maxOutputTokens` as `max_output_tokens`.
fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

impl At {
    fn field(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { path: format!("{}{dot}{name}", self.path), ..*self }
    }

    fn item(&self, place: usize) -> Self {
        Self { path: format!("{}[{place}]", self.path), ..*self }
    }
}

impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_top = self.path.is_empty();
        formatter.write_str(if is_top { "the body" } else { &self.path })
    }
}
