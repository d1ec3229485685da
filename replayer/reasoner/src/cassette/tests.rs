//! A cassette is read whole and unchanged, or not at all; it answers what it was asked.

use std::time::Duration;

use super::fingerprint::fingerprint;
use super::{Cassette, Recording, Tape};
use crate::Failure;
use crate::body::Body;
use crate::exchange::{Attempt, Exchange, Interaction};
use crate::wire::Wire;

/// Answers with the number of the request.
struct Counting(u64);

impl Exchange for Counting {
    fn exchange(&mut self, _: &Body, _: Duration) -> Result<Interaction, Failure> {
        self.0 += 1;
        let body = format!("{{\"n\":{}}}", self.0);
        let broken = Attempt { error: Some("reset".to_owned()), ..Attempt::default() };
        let attempts = vec![broken, Attempt { status: Some(200), body, ..Attempt::default() }];
        Ok(Interaction { attempts, day: "2026-12-01".to_owned(), latency_ms: 7 })
    }
}

fn body(json: &str) -> Body {
    Body {
        path: "/v1/models/m:generateContent".to_owned(),
        json: json.to_owned(),
        model: "m".to_owned(),
        streams: false,
    }
}

const WITHIN: Duration = Duration::from_secs(1);

/// The bytes of one with two runs.
fn recorded() -> Vec<u8> {
    let path = std::env::temp_dir().join(format!(
        "ks-cassette-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let tape = Tape::create(&path, Wire::Gemini, "m").unwrap();
    for scope in ["", "other"] {
        let mut recording = Recording::new(Box::new(Counting(0)), tape.clone(), scope);
        for text in ["{\"a\":1}", "{\"a\":2}"] {
            recording.exchange(&body(text), WITHIN).unwrap();
        }
    }
    tape.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

#[test]
fn what_was_recorded_is_answered_in_its_order() {
    let cassette = Cassette::of(&recorded()).unwrap();
    assert_eq!((cassette.wire(), cassette.model()), (Wire::Gemini, "m"));
    assert_eq!(cassette.scopes().collect::<Vec<_>>(), ["", "other"]);
    let mut playing = cassette.play("other");
    let first = playing.exchange(&body("{ \"a\": 1 }"), WITHIN).unwrap();
    assert_eq!(first.attempts.len(), 2);
    assert_eq!(first.attempts[1].body, "{\"n\":1}");
    let wrong = playing.exchange(&body("{\"a\":3,\"b\":[]}"), WITHIN).unwrap_err().to_string();
    assert!(wrong.contains("request 4 is another one"), "{wrong}");
    assert!(wrong.contains("/a: recorded 2, asked 3") && wrong.contains("/b: asked"), "{wrong}");
    assert!(playing.finish().is_err(), "one was not asked");
    playing.exchange(&body("{\"a\":2}"), WITHIN).unwrap();
    assert_eq!(playing.finish(), Ok(()));
    assert!(playing.exchange(&body("{\"a\":2}"), WITHIN).is_err());
}

#[test]
fn whatever_is_changed_removed_or_cut_is_noticed() {
    let whole = String::from_utf8(recorded()).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    let check = |text: String, line: usize, words: &str| {
        let (at, problem) = Cassette::of(text.as_bytes()).unwrap_err();
        assert!(at == line && problem.contains(words), "{at}: {problem}");
    };
    check(String::new(), 1, "empty");
    for cut in 1..6 {
        check(lines[..cut].join("\n"), cut, "cut");
    }
    for removed in 0..5 {
        let mut rest = lines.clone();
        rest.remove(removed);
        check(rest.join("\n"), removed + 1, "not the line");
    }
    check(whole.replace("\"a\":2", "\"a\":9"), 3, "not the line");
    check(format!("{whole}{}\n", lines[5]), 6, "follow");
    check("{\"seq\":1}".to_owned(), 1, "not the line");
    assert!(Cassette::of(&[0xff, 0xfe]).unwrap_err().1.contains("no text"));
}

#[test]
fn names_of_calls_and_signatures_make_no_other_request() {
    let of = |id: &str, signature: &str, name: &str| {
        body(&format!(
            "{{\"contents\":[{{\"parts\":[{{\"functionCall\":{{\"id\":\"{id}\",\"name\":\"{name}\",\
             \"args\":{{\"id\":\"{name}\"}}}},\"thoughtSignature\":\"{signature}\"}}]}},\
             {{\"parts\":[{{\"functionResponse\":{{\"id\":\"{id}\",\"name\":\"{name}\"}}}}]}}]}}"
        ))
    };
    assert_eq!(fingerprint(&of("x1", "aaaa", "f")), fingerprint(&of("y9", "bbbb", "f")));
    assert_ne!(fingerprint(&of("x1", "aaaa", "f")), fingerprint(&of("x1", "aaaa", "g")));
    let unsigned = body("{\"contents\":[]}");
    let token = body("{\"contents\":[],\"continuationToken\":\"t\"}");
    assert_ne!(fingerprint(&unsigned), fingerprint(&token), "two hops are told apart");
}
