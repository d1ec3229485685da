//! The fake of the provider's server, held against the rules that it is to enforce.
//!
//! Clients of others can be pointed to it too: `KS_FAKE_SERVE_S=60` lets the last test serve
//! for so many seconds.

mod fake;

#[path = "fake_server/bodies.rs"]
mod bodies;
#[path = "fake_server/client.rs"]
mod client;
#[path = "fake_server/faults.rs"]
mod faults;
#[path = "fake_server/loops.rs"]
mod loops;
#[path = "fake_server/rows.rs"]
mod rows;
#[path = "fake_server/served.rs"]
mod served;
#[path = "fake_server/streams.rs"]
mod streams;
#[path = "fake_server/strictness.rs"]
mod strictness;

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use fake::{Answer, Asked, Fake, Reply};

/// Calls the first function that there is, and says a word once it is answered.
fn plain(asked: &Asked<'_>) -> Answer {
    let body = asked.body.to_string();
    let is_answered = body.contains("functionResponse") || body.contains("function_response");
    let reply = match asked.functions.first() {
        Some(name) if !is_answered => Reply::new().call(name, &json!({})),
        Some(_) | None => Reply::new().text("All is well."),
    };
    Answer::Reply(reply)
}

/// The one key is that of `Fake::key`. Nothing is served where the variable is not set.
#[test]
fn serve_for_a_while() {
    let Ok(seconds) = std::env::var("KS_FAKE_SERVE_S") else { return };
    let seconds = seconds.parse().expect("KS_FAKE_SERVE_S is a number of seconds");
    let fake = Fake::start(plain);
    // To the standard output itself: what a test prints is held back.
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", fake.url()).and_then(|()| out.flush()).expect("somebody listens");
    std::thread::sleep(Duration::from_secs(seconds));
}
