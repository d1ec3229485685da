//! Where a request goes and by whose key, before its body is looked at.

use super::Sent;
use super::errors::Refusal;
use super::models::{self, Model};

/// The one key that the server takes.
pub(crate) const KEY: &str = "fake-key-of-nobody-0123456789";

/// What the address of a request asks for.
#[derive(Clone, Copy)]
pub(crate) struct Address {
    pub(crate) model: &'static Model,
    pub(crate) streams: bool,
    /// Whether a stream comes as events. Else it comes as a JSON array.
    pub(crate) is_events: bool,
}

/// Reads the address of a request, and refuses what no key opens.
pub(crate) fn parse(sent: &Sent) -> Result<Address, Refusal> {
    let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
    check_key(sent, query)?;
    let unknown = || Refusal::not_found(format!("nothing is at `{} {path}`", sent.method));
    let below = path.strip_prefix("/v1beta/models/").or(path.strip_prefix("/v1/models/"));
    let (name, method) = below.and_then(|below| below.split_once(':')).ok_or_else(unknown)?;
    let streams = match method {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return Err(unknown()),
    };
    if sent.method != "POST" {
        return Err(unknown());
    }
    let model = models::find(name)?;
    let is_events = is_events(query)? && streams;
    Ok(Address { model, streams, is_events })
}

fn check_key(sent: &Sent, query: &str) -> Result<(), Refusal> {
    if parameters(query).any(|(name, _)| name == "key") || sent.path.contains(KEY) {
        return Err(Refusal::invalid("the API key is in the URL, which reaches logs"));
    }
    match sent.header("x-goog-api-key") {
        Some(key) if key == KEY => Ok(()),
        Some(_) => Err(Refusal::forbidden("the API key is not valid")),
        None => Err(Refusal::forbidden("the request has no API key")),
    }
}

fn is_events(query: &str) -> Result<bool, Refusal> {
    let mut is_events = false;
    for (name, value) in parameters(query) {
        is_events = match (name, value) {
            ("alt", "sse") => true,
            ("alt", "json") => false,
            _ => return Err(Refusal::invalid(format!("unknown query parameter `{name}`"))),
        };
    }
    Ok(is_events)
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let all = query.split('&').filter(|parameter| !parameter.is_empty());
    all.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}
