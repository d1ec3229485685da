//! Names that come from the host, in answers for programs that may obey what they read: they are
//! short, and show all that they hold.

use serde_json::Value;

use crate::plain;

/// Characters of a name.
pub(super) const NAME_MAX: usize = 64;
/// Characters of a sentence, in which names may stand.
const SENTENCE_MAX: usize = 400;
/// Fields whose texts are names, with all that is below them.
const NAMES: [&str; 5] = ["comm", "culprit", "entity", "params", "target"];

/// Long names that may stand in sentences, and what stands there instead.
#[derive(Debug, Default)]
pub(super) struct Long(Vec<(String, String)>);

impl Long {
    /// Of all names those that are too long, the longest first.
    pub(super) fn of(names: impl IntoIterator<Item = String>) -> Self {
        let is_long = |name: &String| name.chars().count() > NAME_MAX;
        let mut long: Vec<String> = names.into_iter().filter(is_long).collect();
        long.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        long.dedup();
        Self(long.into_iter().map(|name| (cut(&name, NAME_MAX), name)).collect())
    }

    fn shorten(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (short, name) in &self.0 {
            text = text.replace(name, short);
        }
        text
    }
}

/// Cleans all texts of an answer.
pub(super) fn clean(value: &mut Value, long: &Long) {
    clean_as(value, long, false);
}

fn clean_as(value: &mut Value, long: &Long, is_name: bool) {
    match value {
        Value::String(text) if is_name => *text = name(text),
        Value::String(text) => *text = sentence(&long.shorten(text)),
        Value::Array(values) => {
            for value in values {
                clean_as(value, long, is_name);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                clean_as(value, long, is_name || NAMES.contains(&key.as_str()));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn name(text: &str) -> String {
    cut(&plain::without_unseen(text), NAME_MAX)
}

/// A text of several words.
pub(super) fn sentence(text: &str) -> String {
    cut(&plain::without_unseen(text), SENTENCE_MAX)
}

/// The beginning of a text that is too long, which shows that it goes on.
fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_short_and_hide_nothing() {
        let path = format!("/a/{}", "x y".repeat(40));
        let short = cut(&path, NAME_MAX);
        let mut value = json!({
            "comm": "a\u{202e}b\u{200b}\u{7}\n",
            "entity": format!("cgroup:{path}"),
            "params": {"group": path, "weight": 20},
            "reason": format!("`{path}` is\u{2066} protected, and \"so\" is {path}"),
            "answer": {"entity": "proc#1", "list": ["a\u{0}", null, 1.5, true]},
        });
        clean(&mut value, &Long::of([path.clone(), "short".to_owned()]));
        assert_eq!(value["comm"], "ab");
        let entity = value["entity"].as_str().unwrap();
        assert!(entity.chars().count() == NAME_MAX && entity.ends_with('…'), "{entity}");
        assert_eq!(value["params"], json!({"group": short, "weight": 20}));
        assert_eq!(value["reason"], format!("`{short}` is protected, and \"so\" is {short}"));
        assert_eq!(value["answer"], json!({"entity": "proc#1", "list": ["a", null, 1.5, true]}));
    }

    #[test]
    fn a_text_of_the_length_that_is_taken_stays_whole() {
        assert_eq!(name(&"é".repeat(NAME_MAX)), "é".repeat(NAME_MAX));
        assert_eq!(name(&"é".repeat(NAME_MAX + 1)).chars().count(), NAME_MAX);
        assert_eq!(sentence(&"a".repeat(1000)).chars().count(), SENTENCE_MAX);
    }
}
