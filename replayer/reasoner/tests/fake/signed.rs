//! Thought signatures: that they come back where the current turn needs them, and as they went out.

use serde_json::Value;

use super::base64;
use super::memory::Memory;
use super::models::Model;
use super::turns::Turn;

/// In the place of a signature: the call is none that the model made.
const SKIP: &str = "skip_thought_signature_validator";

pub(crate) fn check(turns: &[Turn<'_>], model: &Model, memory: &Memory) -> Result<(), String> {
    for turn in turns.iter().filter(|turn| turn.is_model) {
        for part in turn.parts {
            let Some(text) = signature(part) else { continue };
            let wrong = |why| format!("contents[{}]: thought signature: {why}", turn.place);
            check_one(text, part, model, memory).map_err(wrong)?;
        }
    }
    let begin = turns.iter().rposition(begins).unwrap_or(0);
    turns[begin..].iter().filter(|turn| turn.is_model).try_for_each(check_first_call)
}

/// Whether a turn of the loop begins here. What only answers calls goes on with the one before.
fn begins(turn: &Turn<'_>) -> bool {
    !turn.is_model && turn.parts.iter().any(|part| part.get("functionResponse").is_none())
}

fn check_first_call(turn: &Turn<'_>) -> Result<(), String> {
    let first = turn.parts.iter().find(|part| part.get("functionCall").is_some());
    let unsigned = first.filter(|part| signature(part).is_none());
    unsigned.map_or(Ok(()), |part| {
        Err(format!(
            "Function call is missing a thought_signature in functionCall parts: the call of {}, \
             position {}",
            part["functionCall"]["name"],
            turn.place + 1
        ))
    })
}

/// An empty one is none.
fn signature(part: &Value) -> Option<&str> {
    part.get("thoughtSignature").and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn check_one(text: &str, part: &Value, model: &Model, memory: &Memory) -> Result<(), &'static str> {
    let bytes = base64::decode(text).ok_or("it is no base64")?;
    if base64::decode(SKIP).as_ref() == Some(&bytes) {
        return Ok(());
    }
    let issued = memory.issued(&bytes).ok_or("it is none that was issued, or was changed")?;
    if issued.model != model.name {
        return Err("it was issued by another model");
    }
    if issued.called.as_deref() != part["functionCall"]["name"].as_str() {
        return Err("it was issued with another part");
    }
    Ok(())
}
