//! Where two requests differ, for people: the places of values, the first of them.

use serde_json::Value;

/// Places that are told.
const PLACES_MAX: usize = 5;
/// Characters of a value that are told.
const VALUE_CHARS_MAX: usize = 120;

/// Where what was asked differs from what was recorded.
pub(super) fn difference(recorded: &Value, asked: &Value) -> Vec<String> {
    let mut places = Vec::new();
    compare(recorded, asked, "", &mut places);
    let more = places.len().saturating_sub(PLACES_MAX);
    places.truncate(PLACES_MAX);
    if more > 0 {
        places.push(format!("and {more} places more"));
    }
    places
}

fn compare(one: &Value, other: &Value, at: &str, places: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            for (name, value) in left {
                match right.get(name) {
                    Some(other) => compare(value, other, &format!("{at}/{name}"), places),
                    None => places.push(format!("{at}/{name}: recorded, and not asked")),
                }
            }
            let new = right.keys().filter(|name| !left.contains_key(*name));
            places.extend(new.map(|name| format!("{at}/{name}: asked, and not recorded")));
        }
        (Value::Array(left), Value::Array(right)) => {
            for (index, (value, other)) in left.iter().zip(right).enumerate() {
                compare(value, other, &format!("{at}/{index}"), places);
            }
            if left.len() != right.len() {
                let (left, right) = (left.len(), right.len());
                places.push(format!("{at}: {left} recorded, {right} asked"));
            }
        }
        (one, other) if one == other => {}
        (one, other) => {
            places.push(format!(
                "{at}: recorded {}, asked {}",
                shown(one, other),
                shown(other, one)
            ));
        }
    }
}

/// A value, from shortly before where it differs from another.
fn shown(value: &Value, other: &Value) -> String {
    let (text, other) = (value.to_string(), other.to_string());
    let same = text.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let begin = same.saturating_sub(VALUE_CHARS_MAX / 3);
    let part: String = text.chars().skip(begin).take(VALUE_CHARS_MAX).collect();
    let cut = if begin > 0 { "…" } else { "" };
    format!("{cut}{part}")
}
