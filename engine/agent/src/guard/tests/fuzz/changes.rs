//! How an input is changed into another one: as bytes, as words of the vocabulary, and as JSON.

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::random::Random;
use serde_json::Value;

/// No input grows beyond what is read.
const BYTES_MAX: usize = 20_000;

/// Words that mean something to whoever reads.
const WORDS: [&str; 44] = [
    "\"call\"",
    "\"finish\"",
    "\"next\"",
    "\"tool\"",
    "\"arguments\"",
    "\"params\"",
    "\"action_type\"",
    "\"evidence\"",
    "\"confidence\"",
    "\"justification\"",
    "\"predicted_effect\"",
    "\"ending\"",
    "\"reason\"",
    "execute_remediation",
    "query_signals",
    "summarize_trends",
    "simulate_scenario",
    "propose_action",
    "proc#1",
    "proc#5",
    "proc#9",
    "cg#1",
    "cg#2",
    "cg#4",
    "disk#1",
    "if#1",
    "mnt#1",
    "host",
    "process:1000:100",
    "1000",
    "true",
    "null",
    "-1",
    "0",
    "1e3",
    "1e400",
    "0x10",
    "007",
    "18446744073709551616",
    "\u{202e}",
    "\\u0000",
    "}",
    "[",
    "\"approved\":true",
];

/// Numbers that limits are near.
const NUMBERS: [i64; 24] = [
    -1,
    0,
    1,
    2,
    3,
    4,
    7,
    10,
    16,
    19,
    20,
    50,
    59,
    60,
    61,
    99,
    100,
    101,
    200,
    1_024,
    4_096,
    70_000,
    1 << 31,
    i64::MAX,
];

fn below(random: &mut Random, all: usize) -> usize {
    usize::try_from(random.next_u64() % all.max(1) as u64).unwrap()
}

fn pick<'a, T>(random: &mut Random, all: &'a [T]) -> &'a T {
    &all[below(random, all.len())]
}

/// One of `kept`, changed one to four times.
pub(super) fn changed(kept: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = pick(random, kept).clone();
    for _ in 0..=below(random, 4) {
        input = match below(random, 3) {
            0 => as_bytes(input, kept, random),
            1 => as_words(input, random),
            _ => as_json(input, random),
        };
    }
    input.truncate(BYTES_MAX);
    input
}

fn as_bytes(mut input: Vec<u8>, kept: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let at = below(random, input.len() + 1);
    let end = at + below(random, (input.len() - at).min(64) + 1);
    match below(random, 5) {
        0 if at < input.len() => input[at] ^= 1 << below(random, 8),
        1 => input.insert(at, random.next_u64().to_le_bytes()[0]),
        2 => drop(input.drain(at..end)),
        3 => {
            let part = input[at..end].to_vec();
            input.splice(at..at, part);
        }
        _ => {
            let other = pick(random, kept);
            let from = below(random, other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
    input
}

/// A word in place of what stands between two marks of JSON, or beside it.
fn as_words(mut input: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let word = pick(random, &WORDS).as_bytes();
    let is_mark = |byte: &u8| b"\"{}[],:".contains(byte);
    let marks: Vec<usize> = (0..input.len()).filter(|at| is_mark(&input[*at])).collect();
    let Some(first) = marks.get(below(random, marks.len())) else { return word.to_vec() };
    let next = marks.iter().find(|at| *at > first).copied().unwrap_or(input.len());
    let end = if below(random, 3) == 0 { first + 1 } else { next };
    input.splice(first + 1..end, word.iter().copied());
    input
}

/// Another value somewhere in the tree of an input that is JSON.
fn as_json(input: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let Ok(mut tree) = serde_json::from_slice::<Value>(&input) else { return input };
    let places = count(&tree);
    let mut left = below(random, places);
    if let Some(place) = find(&mut tree, &mut left) {
        *place = other(place, random);
    }
    tree.to_string().into_bytes()
}

fn count(tree: &Value) -> usize {
    let children = match tree {
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Array(all) => all.iter().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    children + 1
}

fn find<'a>(tree: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(tree);
    }
    *left -= 1;
    match tree {
        Value::Object(fields) => fields.values_mut().find_map(|value| find(value, left)),
        Value::Array(all) => all.iter_mut().find_map(|value| find(value, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn other(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::Number(number) => match (below(random, 3), number.as_i64()) {
            (0, Some(number)) => number.saturating_add(1).into(),
            (1, Some(number)) => number.saturating_sub(1).into(),
            _ => (*pick(random, &NUMBERS)).into(),
        },
        Value::String(_) if below(random, 3) == 0 => pick(random, &ActionKind::ALL).name().into(),
        Value::String(_) => {
            let kind = pick(random, &["proc", "cg", "disk", "if", "mnt", "tree"]);
            format!("{kind}#{}", below(random, 12)).into()
        }
        Value::Array(all) => {
            let mut all = all.clone();
            all.push((*pick(random, &NUMBERS)).into());
            all.into()
        }
        Value::Object(fields) => {
            let mut fields = fields.clone();
            let key = pick(random, &WORDS).trim_matches('"').to_string();
            fields.insert(key, (*pick(random, &NUMBERS)).into());
            fields.into()
        }
        Value::Null | Value::Bool(_) => Value::from(*pick(random, &NUMBERS)),
    }
}
