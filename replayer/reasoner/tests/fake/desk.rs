//! Where requests arrive: each is judged, written down, and answered as the script says.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde_json::Value;

use super::address::{self, Address};
use super::errors::{JSON, Refusal};
use super::memory::Memory;
use super::render::{self, Added};
use super::reply::Reply;
use super::rules::{self, Taken};
use super::strict::strict;
use super::wire::{self, EVENTS, Wire};
use super::{Answer, Asked, Sent};

/// Above this a body is not read.
const BODY_BYTES_MAX: usize = 20 << 20;
/// What is written at once of a huge body.
const PIECE_BYTES: usize = 64 << 10;

pub(crate) type Script = dyn Fn(&Asked<'_>) -> Answer + Send + Sync;

pub(crate) struct Desk {
    script: Box<Script>,
    /// Whether bodies are held against the check of ours too.
    is_strict: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    accepted: usize,
    memory: Memory,
}

/// A request that holds to all rules.
struct Accepted {
    number: usize,
    address: Address,
    body: Value,
    taken: Taken,
}

/// Answers one request.
pub(crate) async fn answer(desk: Arc<Desk>, request: Request) -> Response {
    let sent = received(request).await;
    let accepted = match desk.accept(sent) {
        Ok(accepted) => accepted,
        Err(refusal) => return whole(refusal.code, &[], JSON, refusal.body()),
    };
    match desk.ask(&accepted) {
        Answer::Reply(reply) => desk.wire(&reply, accepted).response(Duration::ZERO),
        Answer::Truncated(reply) => desk.wire(&reply, accepted).cut().response(Duration::ZERO),
        Answer::Drip { reply, every } => desk.wire(&reply, accepted).drip(every),
        Answer::Status { code, body, headers, content_type } => {
            whole(code, &headers, content_type, body)
        }
        Answer::Huge(bytes) => huge(bytes, accepted.address),
        Answer::Close => hang_up(),
        Answer::Stall(time) => {
            tokio::time::sleep(time).await;
            hang_up()
        }
    }
}

async fn received(request: Request) -> Sent {
    let (head, body) = request.into_parts();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    // One that does not come whole is taken for an empty one, which is then refused.
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default().to_vec();
    let (method, path) = (head.method.to_string(), head.uri.to_string());
    Sent { method, path, headers, body, refusal: None }
}

impl Desk {
    pub(crate) fn new(script: Box<Script>, is_strict: bool) -> Self {
        Self { script, is_strict, state: Mutex::default() }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    pub(crate) fn replies(&self) -> Vec<Vec<String>> {
        self.state().memory.replies().to_vec()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody fails while they hold it")
    }

    /// Judges a request and writes it down.
    fn accept(&self, mut sent: Sent) -> Result<Accepted, Refusal> {
        let mut state = self.state();
        let judged = judge(&sent, self.is_strict, &state.memory);
        sent.refusal = judged.as_ref().err().map(|refusal| refusal.message.clone());
        state.sent.push(sent);
        let (address, body, taken) = judged?;
        let number = state.accepted;
        state.accepted += 1;
        Ok(Accepted { number, address, body, taken })
    }

    fn ask(&self, accepted: &Accepted) -> Answer {
        let Accepted { number, address, body, taken } = accepted;
        (self.script)(&Asked {
            number: *number,
            model: address.model.name,
            streams: address.streams,
            body,
            functions: &taken.functions,
        })
    }

    fn wire(&self, reply: &Reply, accepted: Accepted) -> Wire {
        let Accepted { number, address, taken, .. } = accepted;
        let model = address.model.name;
        let mut state = self.state();
        let parts = state.memory.issue(reply, model);
        let token = reply.continues.then(|| state.memory.token(taken.begun));
        let added = Added { parts, token, model, number };
        Wire::new(reply, &render::frames(reply, &added, address.streams), address)
    }
}

fn judge(
    sent: &Sent,
    is_strict: bool,
    memory: &Memory,
) -> Result<(Address, Value, Taken), Refusal> {
    let address = address::parse(sent)?;
    let content_type = sent.header("content-type").unwrap_or_default();
    if content_type.split(';').next() != Some("application/json") {
        return Err(Refusal::invalid(format!("Content-Type: `{content_type}` is not taken")));
    }
    let body: Value = serde_json::from_slice(&sent.body)
        .map_err(|error| Refusal::invalid(format!("the body is not JSON: {error}")))?;
    let taken = rules::check(&body, address.model, memory).map_err(Refusal::invalid)?;
    if is_strict {
        strict(&body).map_err(|why| Refusal::invalid(format!("strict: {why}")))?;
    }
    Ok((address, body, taken))
}

/// A response that is sent at once.
fn whole(code: u16, headers: &[(&str, String)], content_type: &str, body: String) -> Response {
    let mut response = Response::builder().status(code).header(CONTENT_TYPE, content_type);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body)).expect("a script names headers that there can be")
}

/// A reply that means nothing, of so many bytes, whose length is not announced.
fn huge(bytes: usize, address: Address) -> Response {
    let (before, after) = if address.is_events { ("data: ", "\n\n") } else { ("", "") };
    let begin = format!("{before}{{\"padding\":\"");
    let end = format!("\"}}{after}");
    let padding = "x".repeat(bytes.saturating_sub(begin.len() + end.len()));
    let all = [begin, padding, end].concat().into_bytes();
    let pieces = all.chunks(PIECE_BYTES).map(<[u8]>::to_vec).collect();
    let content_type = if address.is_events { EVENTS } else { JSON };
    let response = Response::builder().header(CONTENT_TYPE, content_type);
    response.body(wire::body(pieces, Duration::ZERO, false)).expect("the headers are plain")
}

/// Ends the task of the connection, which closes it: a handler has no other way to answer nothing.
/// It unwinds without a panic's message, and nothing is held meanwhile.
fn hang_up() -> Response {
    std::panic::resume_unwind(Box::new("the script hangs up"))
}
