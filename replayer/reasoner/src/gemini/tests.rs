//! The rows of `gemini-api.md`, section 9, that a body alone decides.

use std::time::Duration;

use serde_json::json;

use super::stream::events;
use super::{read, refusal};
use crate::Failure;
use crate::heard::Tokens;
use crate::retry::Refusal;

fn failure(text: &str) -> Failure {
    read(text, false, Vec::new()).heard.unwrap_err()
}

#[test]
fn what_is_not_known_goes_back_byte_for_byte() {
    let part = concat!(
        r#"{"functionCall":{"name":"a","args":{"n":1.50},"new":[1]},"#,
        r#""thoughtSignature":"a+/=","newKind":{"x": 1e0}}"#
    );
    let text = format!(
        "{{\"candidates\":[{{\"content\":{{\"role\":\"model\",\"parts\":[{part}]}},\
         \"finishReason\":\"STOP\",\"new\":1}}],\"newer\":{{}}}}"
    );
    let heard = read(&text, false, Vec::new()).heard.unwrap();
    assert_eq!(heard.said.get(), format!("{{\"role\":\"model\",\"parts\":[{part}]}}"));
    assert_eq!(heard.calls[0].name, "a");
}

#[test]
fn every_end_that_is_none_is_told() {
    let with = |finish: &str, parts: &str| {
        failure(&format!(
            "{{\"candidates\":[{{\"content\":{{{parts}}},\"finishReason\":\"{finish}\"}}]}}"
        ))
    };
    let call = "\"parts\":[{\"functionCall\":{\"name\":\"a\"}}]";
    assert_eq!(with("MAX_TOKENS", call), Failure::Truncated, "no call of it counts");
    assert_eq!(with("STOP", ""), Failure::Empty);
    assert_eq!(with("MALFORMED_FUNCTION_CALL", ""), Failure::MalformedCall);
    for reason in [
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE",
        "ESCALATION",
        "OTHER",
        "BRAND_NEW_2027",
        "CONTINUATION",
    ] {
        assert_eq!(with(reason, call), Failure::Ended(reason.to_owned()));
    }
    let limited = with("PUP_LIMITED_DISABLED", call).to_string();
    assert!(limited.contains("owner has to look"), "{limited}");
    assert_eq!(
        failure(r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#),
        Failure::Blocked("SAFETY".to_owned())
    );
    assert_eq!(failure("{}"), Failure::Empty);
    for text in ["<html>", "", "{\"candidates\":[", "{\"a\":1,\"a\":2}"] {
        assert!(matches!(failure(text), Failure::Unreadable(_)), "{text}");
    }
}

#[test]
fn usage_is_kept_of_what_is_cut() {
    let text = r#"{"candidates":[{"finishReason":"MAX_TOKENS"}],"usageMetadata":
        {"promptTokenCount":10,"cachedContentTokenCount":4,"thoughtsTokenCount":7,
         "totalTokenCount":17},"modelVersion":"m-1"}"#;
    let read = read(text, false, Vec::new());
    assert_eq!(read.tokens, Tokens { prompt: 10, cached: 4, said: 0, thoughts: 7 });
    assert_eq!((read.heard.unwrap_err(), read.model.as_deref()), (Failure::Truncated, Some("m-1")));
}

#[test]
fn a_reply_that_goes_on_is_joined_to_what_follows() {
    let first = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},
        "finishReason":"CONTINUATION","continuationToken":"t1"}]}"#;
    let first = read(first, false, Vec::new());
    assert_eq!(first.goes_on.as_deref(), Some("t1"));
    let rest = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"b"}}]},
        "finishReason":"STOP"}]}"#;
    let whole = read(rest, false, first.parts);
    let heard = whole.heard.unwrap();
    assert_eq!((heard.words.as_str(), heard.calls.len(), whole.goes_on), ("a", 1, None));
    assert!(heard.said.get().contains(r#"[{"text":"a"},{"functionCall""#), "{}", heard.said);
}

#[test]
fn a_thought_is_no_answer_and_is_kept() {
    let text = r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},
        {"text":"yes","thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}"#;
    let heard = read(text, false, Vec::new()).heard.unwrap();
    assert_eq!(heard.words, "yes");
    assert!(heard.said.get().contains("\"thought\":true") && heard.said.get().contains("c2ln"));
}

/// A reply in three frames, the signature alone in the last.
const FRAMES: [&str; 3] = [
    concat!(
        r#"{"candidates":[{"content":{"parts":[{"text":"so"}]}}],"#,
        r#""usageMetadata":{"promptTokenCount":1}}"#
    ),
    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"a","args":{}}}]}}]}"#,
    concat!(
        r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"c2ln"}]},"#,
        r#""finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9}}"#
    ),
];

#[test]
fn a_stream_says_what_its_frames_say_however_they_are_written() {
    let plain = FRAMES.map(|frame| format!("data: {frame}\n\n")).concat();
    let expected = read(&plain, true, Vec::new()).heard.unwrap();
    assert_eq!((expected.calls.len(), expected.words.as_str()), (1, "so"));
    assert!(expected.said.get().contains("c2ln"));
    for other in [
        FRAMES.map(|frame| format!("data: {frame}\r\n\r\n")).concat(),
        FRAMES.map(|frame| format!("data:{frame}\r\r")).concat(),
        FRAMES.map(|frame| format!(": keep-alive\n\nevent: x\nid: 1\ndata: {frame}\n\n")).concat(),
        format!("\u{feff}retry: 5\n\n{}", plain.trim_end()),
        plain.replace(",\"usage", ",\ndata: \"usage"),
    ] {
        let heard = read(&other, true, Vec::new()).heard.unwrap();
        assert_eq!(heard.said.get(), expected.said.get(), "{other}");
    }
    assert_eq!(read(&plain, true, Vec::new()).tokens.prompt, 9, "the last counts are the whole");
    assert_eq!(events("data\ndata: x\n\n"), ["\nx"]);
    let cut = &plain[..plain.len() - 40];
    assert!(matches!(read(cut, true, Vec::new()).heard, Err(Failure::Unreadable(_))));
    let two = format!("data: {}\n\n", FRAMES[0]);
    assert!(read(&two, true, Vec::new()).heard.is_err(), "it has no end");
    let error = "data: {\"error\":{\"code\":503,\"message\":\"overloaded\"}}\n\n";
    let refused = read(error, true, Vec::new()).heard.unwrap_err();
    assert_eq!(refused, Failure::Refused { status: 503, said: "overloaded".to_owned() });
}

fn error(status: u16, message: &str, details: &serde_json::Value) -> Refusal {
    let body = json!({"error": {"code": status, "message": message, "details": details}});
    refusal(status, &body.to_string(), "m")
}

#[test]
fn what_is_said_of_waiting_is_heard() {
    let wait = |refusal: Refusal| match refusal {
        Refusal::Again { after } => after,
        Refusal::End(failure) => panic!("{failure}"),
    };
    let of_type = "type.googleapis.com/google.rpc.RetryInfo";
    let info = |delay: &str| json!([{"@type": of_type, "retryDelay": delay}]);
    assert_eq!(wait(error(429, "slow down", &json!([]))), None);
    assert_eq!(wait(error(429, "", &info("0.5s"))), Some(Duration::from_millis(500)));
    assert_eq!(wait(error(429, "", &info("3600s"))), Some(Duration::from_hours(1)));
    assert_eq!(wait(error(429, "", &info("soon"))), None);
    let said = wait(error(429, "Quota. Please retry in 34.07s.", &json!([])));
    assert_eq!(said, Some(Duration::from_secs_f64(34.07)));
    for status in [499, 500, 502, 503, 504] {
        assert_eq!(wait(refusal(status, "<html>down</html>", "m")), None);
    }
}

#[test]
fn what_waiting_does_not_mend_is_over() {
    let end = |refusal: Refusal| match refusal {
        Refusal::End(failure) => failure,
        Refusal::Again { .. } => panic!("it is asked again"),
    };
    let daily = json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}]);
    assert!(matches!(end(error(429, "used up", &daily)), Failure::Quota(_)));
    assert!(matches!(end(error(429, "limit: 0", &json!([]))), Failure::Quota(_)));
    let room = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "MODEL_CAPACITY_EXHAUSTED"}]);
    assert!(matches!(end(error(503, "full", &room)), Failure::Capacity(_)));
    let key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID"}]);
    assert_eq!(end(error(400, "bad key", &key)), Failure::Key { status: 400 });
    assert_eq!(end(refusal(403, "", "m")), Failure::Key { status: 403 });
    assert!(matches!(end(refusal(404, "", "m")), Failure::NoModel { .. }));
    let refused = end(error(400, "unknown field `x`\n\u{1b}[2J", &json!([])));
    assert_eq!(
        refused.to_string(),
        "the model's server refused what it was sent (400): unknown field `x`[2J"
    );
}
