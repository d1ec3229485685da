//! The frames of an event stream. All of the standard is read: comments, events with a name, no
//! blank behind `data:`, several lines of data, either end of a line, a last one without its end.

use super::frame::Frame;
use crate::Failure;
use crate::json;

/// The frames of a body.
pub(super) fn frames(text: &str) -> Result<Vec<Frame>, Failure> {
    events(text).iter().map(|event| frame(event)).collect()
}

fn frame(data: &str) -> Result<Frame, Failure> {
    let refused: Option<Refused> = json::read(data).ok();
    if let Some(Refused { error }) = refused {
        let message = crate::clean::text_of(&error.message);
        return Err(Failure::Refused { status: error.code, said: message });
    }
    json::read(data).map_err(Failure::Unreadable)
}

/// An error in the place of a frame.
#[derive(Debug, serde::Deserialize)]
struct Refused {
    error: Said,
}

#[derive(Debug, serde::Deserialize)]
struct Said {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
}

/// The data of each event, in order. What names an event or its time, and comments, are left out.
pub(super) fn events(text: &str) -> Vec<String> {
    let mut events = Vec::new();
    let mut data: Option<String> = None;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for line in lines(text) {
        if line.is_empty() {
            events.extend(data.take());
            continue;
        }
        let Some(value) = line.strip_prefix("data") else { continue };
        let Some(value) = value.strip_prefix(':').or_else(|| value.is_empty().then_some("")) else {
            continue;
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => data = Some(value.to_owned()),
        }
    }
    events.extend(data);
    events.retain(|event| !event.trim().is_empty() && event.trim() != "[DONE]");
    events
}

/// Lines, whichever of LF, CR and CRLF ends them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let long = if text[at..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[at + long..]);
        Some(&text[..at])
    })
}
