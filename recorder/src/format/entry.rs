//! Inputs other than samples as canonical JSON: typed structs, fixed key order, exact floats.

use ks_vocabulary::input::{Answer, Body, Other};

use crate::error::Error;

/// Appends the JSON of `body`.
pub(super) fn write(body: &Body, out: &mut Vec<u8>) -> Result<(), Error> {
    let written = match body {
        Body::Start(start) => serde_json::to_writer(out, start),
        Body::SourceState(state) => serde_json::to_writer(out, state),
        Body::ClockStep(step) => serde_json::to_writer(out, step),
        Body::Gap(gap) => serde_json::to_writer(out, gap),
        Body::ConfigChange(config) => serde_json::to_writer(out, config),
        Body::Answer(answer) => match answer.as_ref() {
            Answer::ModelReply(reply) => serde_json::to_writer(out, reply),
            Answer::ActionOutcome(outcome) => serde_json::to_writer(out, outcome),
            Answer::OperatorDecision(decision) => serde_json::to_writer(out, decision),
        },
        Body::Sample(_) | Body::Tick => {
            out.extend_from_slice(b"{}");
            Ok(())
        }
        Body::Other(other) => {
            out.extend_from_slice(other.entry.as_bytes());
            Ok(())
        }
    };
    let kind = || body.kind().to_owned();
    written.map_err(|error| Error::Entry { kind: kind(), problem: error.to_string() })
}

/// Reads the JSON of an input of `kind`; a kind that this version does not know is kept as it is.
pub(super) fn read(kind: &str, json: &[u8]) -> Result<Body, String> {
    fn parse<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
        serde_json::from_slice(json).map_err(|error| error.to_string())
    }
    let answer = |answer| Body::Answer(Box::new(answer));
    match kind {
        "start" => parse(json).map(|start| Body::Start(Box::new(start))),
        "source_state" => parse(json).map(Body::SourceState),
        "clock_step" => parse(json).map(Body::ClockStep),
        "gap" => parse(json).map(Body::Gap),
        "tick" => Ok(Body::Tick),
        "config_change" => parse(json).map(|config| Body::ConfigChange(Box::new(config))),
        "model_reply" => parse(json).map(|reply| answer(Answer::ModelReply(reply))),
        "action_outcome" => parse(json).map(|outcome| answer(Answer::ActionOutcome(outcome))),
        "operator_decision" => parse(json).map(|said| answer(Answer::OperatorDecision(said))),
        _ => {
            let (kind, entry) = (kind.to_owned(), String::from_utf8_lossy(json).into_owned());
            Ok(Body::Other(Box::new(Other { kind, entry })))
        }
    }
}
