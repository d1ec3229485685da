//! Inputs other than samples as canonical JSON: typed structs, fixed key order, exact floats.

use ks_engine::input::Body;

use crate::error::Error;

/// Appends the JSON of `body`.
pub(super) fn write(body: &Body, out: &mut Vec<u8>) -> Result<(), Error> {
    let written = match body {
        Body::Start(start) => serde_json::to_writer(out, start),
        Body::SourceState(state) => serde_json::to_writer(out, state),
        Body::ClockStep(step) => serde_json::to_writer(out, step),
        Body::Gap(gap) => serde_json::to_writer(out, gap),
        Body::Sample(_) | Body::Tick => {
            out.extend_from_slice(b"{}");
            Ok(())
        }
    };
    written.map_err(|error| Error::Entry { kind: body.kind(), problem: error.to_string() })
}

/// Reads the JSON of an input of `kind`.
pub(super) fn read(kind: &str, json: &[u8]) -> Result<Body, String> {
    fn parse<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
        serde_json::from_slice(json).map_err(|error| error.to_string())
    }
    match kind {
        "start" => parse(json).map(|start| Body::Start(Box::new(start))),
        "source_state" => parse(json).map(Body::SourceState),
        "clock_step" => parse(json).map(Body::ClockStep),
        "gap" => parse(json).map(Body::Gap),
        "tick" => Ok(Body::Tick),
        _ => Err(format!("unknown kind `{kind}`")),
    }
}
