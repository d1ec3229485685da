//! A reply as JSON: one object, or one for each part in a stream, of which the last says the end.

use serde_json::{Value, json};

use super::reply::{Reply, Shell, Usage};
use super::splice::field;

/// What the server adds to a reply.
pub(crate) struct Added<'a> {
    /// The parts with their signatures.
    pub(crate) parts: Vec<String>,
    pub(crate) token: Option<String>,
    pub(crate) model: &'a str,
    pub(crate) number: usize,
}

/// The frames of a reply, each JSON of one line.
pub(crate) fn frames(reply: &Reply, added: &Added<'_>, streams: bool) -> Vec<String> {
    let each = if streams { 1 } else { added.parts.len().max(1) };
    let mut groups: Vec<&[String]> = added.parts.chunks(each).collect();
    if groups.is_empty() {
        groups.push(&[]);
    }
    let last = groups.len() - 1;
    let is_last = |at: usize| at == last && reply.error.is_none();
    let frames = groups.iter().enumerate();
    let mut frames: Vec<String> =
        frames.map(|(at, parts)| frame(reply, added, parts, is_last(at))).collect();
    frames.extend(reply.error.clone().filter(|_| streams));
    frames
}

fn frame(reply: &Reply, added: &Added<'_>, parts: &[String], is_last: bool) -> String {
    let mut fields = Vec::new();
    match reply.shell {
        Shell::NoCandidates => {}
        Shell::EmptyCandidates => fields.push("\"candidates\":[]".to_owned()),
        Shell::NoContent | Shell::NoParts | Shell::EmptyParts => {
            let candidate = candidate(reply, added, parts, is_last);
            fields.push(format!("\"candidates\":[{candidate}]"));
        }
    }
    if is_last {
        let block = reply.block.iter().map(|reason| json!({"blockReason": reason}));
        fields.extend(block.map(|feedback| field("promptFeedback", &feedback)));
        fields.extend(reply.usage.map(|usage| field("usageMetadata", &usage_json(usage))));
        fields.extend(reply.top_fields.iter().map(|(name, value)| field(name, value)));
    }
    let version = reply.version.as_deref().unwrap_or(added.model);
    fields.push(field("modelVersion", &version.into()));
    fields.push(field("responseId", &format!("reply-{}", added.number).into()));
    object(&fields)
}

fn candidate(reply: &Reply, added: &Added<'_>, parts: &[String], is_last: bool) -> String {
    let mut fields: Vec<String> = content(reply.shell, parts).into_iter().collect();
    fields.push("\"index\":0".to_owned());
    if is_last {
        let said = [
            ("finishReason", &reply.finish),
            ("finishMessage", &reply.finish_message),
            ("continuationToken", &added.token),
        ];
        for (name, text) in said {
            fields.extend(text.as_deref().map(|text| field(name, &text.into())));
        }
        fields.extend(reply.candidate_fields.iter().map(|(name, value)| field(name, value)));
    }
    object(&fields)
}

fn content(shell: Shell, parts: &[String]) -> Option<String> {
    let content = |parts: &str| Some(format!("\"content\":{{{parts}\"role\":\"model\"}}"));
    if !parts.is_empty() {
        return content(&format!("\"parts\":[{}],", parts.join(",")));
    }
    match shell {
        Shell::EmptyParts => content("\"parts\":[],"),
        Shell::NoParts => content(""),
        Shell::NoContent | Shell::NoCandidates | Shell::EmptyCandidates => None,
    }
}

fn usage_json(usage: Usage) -> Value {
    let Usage { prompt, cached, candidates, thoughts } = usage;
    let counts = [
        ("promptTokenCount", prompt),
        ("cachedContentTokenCount", cached),
        ("candidatesTokenCount", candidates),
        ("thoughtsTokenCount", thoughts),
        ("totalTokenCount", prompt + candidates + thoughts),
    ];
    // A count of nothing is left out.
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn object(fields: &[String]) -> String {
    format!("{{{}}}", fields.join(","))
}
