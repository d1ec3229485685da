//! What a body is: a reply, the beginning of one, or why there is none.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::frame::Frame;
use crate::Failure;
use crate::clean::text_of;
use crate::heard::{Called, Heard, Read, Tokens};
use crate::json;

/// What of a part is understood; the rest of it goes back as it came.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part {
    text: Option<String>,
    thought: Option<bool>,
    function_call: Option<FunctionCall>,
}

#[derive(Debug, Deserialize)]
struct FunctionCall {
    id: Option<String>,
    name: String,
    args: Option<Map<String, Value>>,
}

/// All that the frames of a reply say together. One that is not streamed is one frame.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    parts: Vec<Box<RawValue>>,
    finish: Option<String>,
    blocked: Option<String>,
    goes_on: Option<String>,
    tokens: Tokens,
    model: Option<String>,
}

impl Gathered {
    pub(super) fn take(&mut self, frame: Frame) {
        let blocked = frame.prompt_feedback.and_then(|feedback| feedback.block_reason);
        self.blocked = self.blocked.take().or(blocked);
        // The last frame's counts are those of the whole.
        if let Some(usage) = frame.usage_metadata {
            self.tokens = usage.tokens();
        }
        self.model = frame.model_version.or(self.model.take());
        let Some(candidate) = frame.candidates.into_iter().flatten().next() else { return };
        self.parts.extend(candidate.content.and_then(|content| content.parts).unwrap_or_default());
        self.finish = candidate.finish_reason.or(self.finish.take());
        self.goes_on = candidate.continuation_token.or(self.goes_on.take());
    }
}

/// What a body is. `before` are the parts of hops before it, of which it is the rest.
pub(crate) fn read(text: &str, streams: bool, before: Vec<Box<RawValue>>) -> Read {
    let mut gathered = Gathered { parts: before, ..Gathered::default() };
    let frames = if streams { super::stream::frames(text) } else { one(text) };
    let problem = match frames {
        Ok(frames) => {
            for frame in frames {
                gathered.take(frame);
            }
            None
        }
        Err(failure) => Some(failure),
    };
    let (tokens, model) = (gathered.tokens, gathered.model.clone());
    let is_whole = gathered.finish.as_deref() != Some("CONTINUATION");
    let goes_on = gathered.goes_on.take().filter(|_| !is_whole);
    let parts = gathered.parts.clone();
    let heard = problem.map_or_else(|| heard(gathered), Err);
    Read { heard, tokens, model, goes_on, parts }
}

fn one(text: &str) -> Result<Vec<Frame>, Failure> {
    json::read(text).map(|frame| vec![frame]).map_err(Failure::Unreadable)
}

fn heard(gathered: Gathered) -> Result<Heard, Failure> {
    let Gathered { parts, finish, blocked, .. } = gathered;
    if let Some(reason) = blocked {
        return Err(Failure::Blocked(text_of(&reason)));
    }
    match finish.as_deref() {
        Some("STOP") if !parts.is_empty() => {}
        Some("STOP") => return Err(Failure::Empty),
        None if parts.is_empty() => return Err(Failure::Empty),
        None => return Err(Failure::Unreadable("it ends before it is whole".to_owned())),
        Some("MAX_TOKENS") => return Err(Failure::Truncated),
        Some("MALFORMED_FUNCTION_CALL") => return Err(Failure::MalformedCall),
        Some("PUP_LIMITED_DISABLED") => {
            let what = "PUP_LIMITED_DISABLED: the provider has restricted this account; \
                        its owner has to look";
            return Err(Failure::Ended(what.to_owned()));
        }
        Some(other) => return Err(Failure::Ended(text_of(other))),
    }
    let (mut calls, mut words) = (Vec::new(), String::new());
    for raw in &parts {
        let part: Part = serde_json::from_str(raw.get())
            .map_err(|error| Failure::Unreadable(format!("a part of it: {error}")))?;
        if let Some(call) = part.function_call {
            let FunctionCall { id, name, args } = call;
            let arguments = Value::Object(args.unwrap_or_default());
            calls.push(Called { id, name, arguments });
        } else if part.thought != Some(true) {
            words.push_str(&part.text.unwrap_or_default());
        }
    }
    let said = said(&parts).map_err(|error| Failure::Unreadable(error.to_string()))?;
    Ok(Heard { said, calls, words })
}

/// The content that goes back: all parts in their order, each in its own bytes.
fn said(parts: &[Box<RawValue>]) -> Result<Box<RawValue>, serde_json::Error> {
    let all: Vec<&str> = parts.iter().map(|part| part.get()).collect();
    RawValue::from_string(format!("{{\"role\":\"model\",\"parts\":[{}]}}", all.join(",")))
}
