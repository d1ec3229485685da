//! A request. What the model said goes back as it came, in its own bytes.

use ks_vocabulary::decision::Phase;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::body::Body;
use crate::conversation::{Answered, Turn};
use crate::models::Model;
use crate::prompts;
use crate::settings::Settings;
use crate::tools::{Declared, must_call};

/// Everything that a request is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) model: &'a Model,
    pub(crate) phase: Phase,
    pub(crate) turns: &'a [Turn],
    pub(crate) tools: &'a [Declared],
    /// The token by which a reply goes on that was not whole.
    pub(crate) goes_on: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    system_instruction: Content<'a>,
    contents: Vec<Spoken<'a>>,
    tools: Vec<Value>,
    tool_config: Value,
    generation_config: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Spoken<'a> {
    AsItCame(&'a RawValue),
    Made(Content<'a>),
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Part<'a> {
    Text(&'a str),
    FunctionResponse(FunctionResponse<'a>),
}

#[derive(Serialize)]
struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    response: &'a Value,
}

/// The request for what the model says next.
pub(crate) fn body(asked: &Asked<'_>) -> Body {
    let system = prompts::system(asked.phase);
    let request = Request {
        system_instruction: Content { role: None, parts: vec![Part::Text(&system)] },
        contents: asked.turns.iter().map(spoken).collect(),
        tools: tools(asked.tools),
        tool_config: tool_config(asked),
        generation_config: generation_config(asked),
        // What is kept with a provider is kept with nobody's leave.
        store: asked.model.store.then_some(false),
        continuation_token: asked.goes_on,
    };
    let json = serde_json::to_string(&request).unwrap_or_default();
    let (version, name) = (&asked.settings.api_version, &asked.model.name);
    let streams = asked.settings.stream;
    let method = if streams { "streamGenerateContent?alt=sse" } else { "generateContent" };
    Body { path: format!("/{version}/models/{name}:{method}"), json, model: name.clone(), streams }
}

fn spoken(turn: &Turn) -> Spoken<'_> {
    match turn {
        Turn::Said(raw) => Spoken::AsItCame(raw),
        Turn::Told(text) => {
            Spoken::Made(Content { role: Some("user"), parts: vec![Part::Text(text)] })
        }
        Turn::Answered(all) => {
            let parts = all.iter().map(answered).collect();
            Spoken::Made(Content { role: Some("user"), parts })
        }
    }
}

fn answered(one: &Answered) -> Part<'_> {
    let Answered { id, name, response } = one;
    Part::FunctionResponse(FunctionResponse { id: id.as_deref(), name, response })
}

fn tools(declared: &[Declared]) -> Vec<Value> {
    let all: Vec<Value> = declared
        .iter()
        .map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.about,
                "parametersJsonSchema": tool.schema,
            })
        })
        .collect();
    vec![json!({"functionDeclarations": all})]
}

fn tool_config(asked: &Asked<'_>) -> Value {
    if !must_call(asked.phase) {
        return json!({"functionCallingConfig": {"mode": "AUTO"}});
    }
    let names: Vec<&str> = asked.tools.iter().map(|tool| tool.name).collect();
    json!({"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": names}})
}

/// Only what the table of models allows.
fn generation_config(asked: &Asked<'_>) -> Value {
    let mut config = json!({"maxOutputTokens": asked.settings.max_output_tokens});
    if let Some(thinking) = asked.settings.thinking
        && asked.model.thinking.contains(&thinking)
    {
        config["thinkingConfig"] = json!({"thinkingLevel": thinking.word()});
    }
    config
}
