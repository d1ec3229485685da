//! A request. What the model said goes back as it came.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::body::Body;
use crate::conversation::Turn;
use crate::gemini::Asked;
use crate::prompts;
use crate::tools::must_call;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    tools: Vec<Value>,
    tool_choice: &'a str,
    max_tokens: u32,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Message<'a> {
    AsItCame(&'a RawValue),
    Made(Value),
}

/// The request for what the model says next.
pub(crate) fn body(asked: &Asked<'_>) -> Body {
    let system = json!({"role": "system", "content": prompts::system(asked.phase)});
    let turns = asked.turns.iter().flat_map(messages);
    let request = Request {
        model: &asked.model.name,
        messages: std::iter::once(Message::Made(system)).chain(turns).collect(),
        tools: asked
            .tools
            .iter()
            .map(|tool| {
                let (name, description) = (tool.name, tool.about);
                let function =
                    json!({"name": name, "description": description, "parameters": tool.schema});
                json!({"type": "function", "function": function})
            })
            .collect(),
        tool_choice: if must_call(asked.phase) { "required" } else { "auto" },
        // The older name: servers at home know no other.
        max_tokens: asked.settings.max_output_tokens,
    };
    let json = serde_json::to_string(&request).unwrap_or_default();
    let (path, model) = ("/chat/completions".to_owned(), asked.model.name.clone());
    Body { path, json, model, streams: false }
}

/// A turn: of several answers, a message each.
fn messages(turn: &Turn) -> Vec<Message<'_>> {
    match turn {
        Turn::Said(raw) => vec![Message::AsItCame(raw)],
        Turn::Told(text) => vec![Message::Made(json!({"role": "user", "content": text}))],
        Turn::Answered(all) => all
            .iter()
            .map(|one| {
                let content = one.response.to_string();
                Message::Made(json!({
                    "role": "tool",
                    "tool_call_id": one.id.as_deref().unwrap_or_default(),
                    "content": content,
                }))
            })
            .collect(),
    }
}
