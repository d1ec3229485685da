//! What a body is: a reply, or why there is none.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Failure;
use crate::clean::text_of;
use crate::heard::{Called, Heard, Read, Tokens};
use crate::json;

#[derive(Debug, Deserialize)]
struct Whole {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
    model: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Option<Box<RawValue>>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Debug, Deserialize)]
struct ToolCall {
    id: Option<String>,
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    /// JSON as text; some servers at home send the object itself.
    #[serde(default)]
    arguments: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: u64,
}

/// What a body is.
pub(crate) fn read(text: &str) -> Read {
    let whole: Whole = match json::read(text) {
        Ok(whole) => whole,
        Err(error) => return none(Failure::Unreadable(error)),
    };
    let usage = whole.usage.unwrap_or_default();
    let tokens = Tokens {
        prompt: usage.prompt_tokens,
        cached: usage.prompt_tokens_details.unwrap_or_default().cached_tokens,
        // Thoughts are counted among them on this wire.
        said: usage.completion_tokens,
        thoughts: 0,
    };
    let choice = whole.choices.into_iter().flatten().next();
    let heard = choice.map_or(Err(Failure::Empty), heard);
    Read { heard, tokens, model: whole.model, goes_on: None, parts: Vec::new() }
}

fn none(failure: Failure) -> Read {
    let (tokens, parts) = (Tokens::default(), Vec::new());
    Read { heard: Err(failure), tokens, model: None, goes_on: None, parts }
}

fn heard(choice: Choice) -> Result<Heard, Failure> {
    match choice.finish_reason.as_deref() {
        // Some servers say `stop` of a message with calls.
        Some("stop" | "tool_calls" | "function_call") => {}
        Some("length") => return Err(Failure::Truncated),
        Some("content_filter") => return Err(Failure::Blocked("content_filter".to_owned())),
        Some(other) => return Err(Failure::Ended(text_of(other))),
        None => return Err(Failure::Unreadable("it ends before it is whole".to_owned())),
    }
    let said = choice.message.ok_or(Failure::Empty)?;
    let message: Message = serde_json::from_str(said.get())
        .map_err(|error| Failure::Unreadable(format!("its message: {error}")))?;
    if let Some(refusal) = message.refusal.filter(|refusal| !refusal.is_empty()) {
        return Err(Failure::Blocked(text_of(&refusal)));
    }
    let calls: Vec<Called> = message.tool_calls.into_iter().flatten().map(called).collect();
    let words = message.content.unwrap_or_default();
    if calls.is_empty() && words.trim().is_empty() {
        return Err(Failure::Empty);
    }
    Ok(Heard { said, calls, words })
}

/// A call. Arguments that are no JSON stay the text that they are: the engine refuses them.
fn called(call: ToolCall) -> Called {
    let ToolCall { id, function: Function { name, arguments } } = call;
    let arguments = match arguments {
        Value::String(text) if text.trim().is_empty() => Value::Object(serde_json::Map::new()),
        Value::String(text) => json::read(&text).unwrap_or(Value::String(text)),
        Value::Null => Value::Object(serde_json::Map::new()),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other,
    };
    Called { id, name, arguments }
}
