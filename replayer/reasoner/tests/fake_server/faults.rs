//! The faults that a script can play.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bodies::question;
use crate::client::{Heard, STREAM, UNARY, ask, post, right_headers, wait};
use crate::fake::reply::Writes;
use crate::fake::{Answer, Asked, Fake, Reply, errors};

/// What a client gets of an answer, if it gets one.
fn played(path: &str, answer: fn() -> Answer) -> Option<Heard> {
    let fake = Fake::start(move |_: &Asked<'_>| answer());
    post(&fake, path, &question())
}

fn reply() -> Reply {
    Reply::new().text("first").text("second")
}

#[test]
fn errors_have_the_providers_form() {
    let of = |answer: fn() -> Answer| {
        let heard = played(UNARY, answer).expect("it answers");
        let error = heard.json()["error"].clone();
        assert_eq!(error["code"], heard.status);
        (heard.status, error["status"].clone(), error["details"].clone())
    };
    let (code, status, details) = of(|| errors::exhausted(Some("34.07s"), Some("FooPerDay")));
    assert_eq!((code, status), (429, "RESOURCE_EXHAUSTED".into()));
    assert_eq!(details[0]["violations"], json!([{"quotaId": "FooPerDay"}]));
    assert_eq!(details[1]["retryDelay"], "34.07s");
    assert_eq!(of(|| errors::exhausted(None, None)).2, Value::Null);
    assert_eq!(of(errors::internal), (500, "INTERNAL".into(), Value::Null));
    assert_eq!(of(errors::unavailable), (503, "UNAVAILABLE".into(), Value::Null));
    assert_eq!(of(errors::no_capacity).2[0]["reason"], "MODEL_CAPACITY_EXHAUSTED");
    let late = of(|| errors::standard(504, "DEADLINE_EXCEEDED", "it took too long", &[]));
    assert_eq!((late.0, late.1), (504, "DEADLINE_EXCEEDED".into()));
}

#[test]
fn a_page_for_people_is_no_json() {
    let heard = played(UNARY, errors::html).expect("it answers");
    assert_eq!((heard.status, heard.header("content-type")), (502, Some("text/html")));
    assert!(heard.text().starts_with("<html>"));
}

#[test]
fn any_response_can_be_played() {
    let heard = played(STREAM, || Answer::Status {
        code: 200,
        body: "{\"candidates\":".to_owned(),
        headers: vec![("retry-after", "7".to_owned())],
        content_type: "application/json",
    });
    let heard = heard.expect("it answers");
    assert_eq!((heard.status, heard.header("retry-after")), (200, Some("7")));
    assert_eq!(heard.text(), "{\"candidates\":");
}

#[test]
fn a_reply_breaks_off_in_its_middle() {
    let unary = played(UNARY, || Answer::Truncated(reply())).expect("it begins");
    assert_eq!((unary.status, unary.is_whole), (200, false));
    assert!(unary.text().contains("first") && !unary.text().ends_with('}'));
    let stream = played(STREAM, || Answer::Truncated(reply())).expect("it begins");
    assert!(!stream.is_whole);
    let text = stream.text();
    let (first, last) = text.split_once("\n\n").expect("the first frame is whole");
    assert!(first.contains("first"));
    assert!(last.starts_with("data: ") && !last.contains("responseId"), "{last}");
}

#[test]
fn a_reply_drips_and_is_whole_in_the_end() {
    let every = Duration::from_millis(1);
    let drip = |path, writes| {
        let reply = reply().writes(writes);
        let fake = Fake::start(move |_: &Asked<'_>| Answer::Drip { reply: reply.clone(), every });
        let heard = post(&fake, path, &question()).expect("it answers");
        assert!(heard.is_whole);
        heard
    };
    assert_eq!(drip(STREAM, Writes::Frame).chunks.len(), 2);
    let bytes = drip(STREAM, Writes::Bytes(1));
    assert_eq!(bytes.events().len(), 2);
    assert!(bytes.chunks.iter().all(|chunk| chunk.len() == 1));
    assert_eq!(drip(UNARY, Writes::Frame).json()["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn a_connection_closes_without_an_answer_and_the_next_is_served() {
    let fake = Fake::start(|asked: &Asked<'_>| match asked.number {
        0 => Answer::Close,
        1 => Answer::Stall(Duration::from_millis(20)),
        _ => Answer::Reply(reply()),
    });
    assert!(post(&fake, UNARY, &question()).is_none());
    assert!(post(&fake, STREAM, &question()).is_none());
    assert_eq!(post(&fake, UNARY, &question()).map(|heard| heard.status), Some(200));
    assert_eq!(fake.requests().len(), 3);
}

#[test]
fn a_body_can_be_huge() {
    for path in [UNARY, STREAM] {
        let heard = played(path, || Answer::Huge(9 << 20)).expect("it answers");
        assert_eq!((heard.text().len(), heard.is_whole), (9 << 20, true));
        assert_eq!(heard.header("content-length"), None);
        let text = heard.text();
        let text = text.trim().trim_start_matches("data: ");
        assert!(serde_json::from_str::<Value>(text).is_ok_and(|body| body.is_object()));
    }
}

#[test]
fn a_fake_that_is_dropped_hangs_up() {
    let fake = Fake::start(|_: &Asked<'_>| Answer::Stall(Duration::from_hours(1)));
    let url = fake.url();
    let body = question().to_string();
    let waiting = ask(&fake, &format!("POST {UNARY}"), &right_headers(), &body);
    let arrived = (0..2_000).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        !fake.requests().is_empty()
    });
    assert!(arrived, "the request arrives");
    drop(fake);
    assert!(wait(waiting).is_none());
    let address = url.strip_prefix("http://").expect("it speaks HTTP");
    assert!(std::net::TcpStream::connect(address).is_err());
}
