//! The server of the tests itself: what it refuses, and what it says of it.

use serde_json::{Value, json};

use super::server::Server;
use super::{KEY, post, words};

const LINE: &str = "POST /v1/chat/completions";

/// A request that is taken: two calls, and their answers.
fn taken() -> Value {
    let call = |id: &str| {
        json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}})
    };
    json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "u"}]},
            {"role": "assistant", "content": null, "tool_calls": [call("x"), call("y")]},
            {"role": "tool", "tool_call_id": "y", "content": "1"},
            {"role": "tool", "tool_call_id": "x", "content": "2"},
            {"role": "assistant", "content": "a"},
        ],
        "tools": [{"type": "function", "function": {
            "name": "f", "description": "d", "parameters": {"type": "object"},
        }}],
        "tool_choice": "auto",
        "max_tokens": 5,
    })
}

/// What is refused of the request with another value at a place.
fn check(place: &str, value: Value, param: &str) {
    let server = Server::start(|_| words());
    let (mut body, told) = (taken(), format!("{place}: {value}"));
    match body.pointer_mut(place) {
        Some(found) => *found = value,
        None => body[&place[1..]] = value,
    }
    let (status, error) = post(&server, LINE, "", &body.to_string());
    assert_eq!((status, &error["param"]), (400, &json!(param)), "{told}: {error}");
    assert_eq!(error["type"], "invalid_request_error");
    assert_eq!(server.requests()[0].refusal.as_deref(), error["message"].as_str());
}

#[test]
fn what_is_sound_is_taken() {
    let server = Server::start(|_| words());
    for choice in [json!("required"), json!("none"), json!({"type": "function"})] {
        let mut body = taken();
        body["tool_choice"] = choice;
        assert_eq!(post(&server, LINE, "", &body.to_string()), (200, Value::Null));
    }
    assert!(server.requests().iter().all(|sent| sent.refusal.is_none()));
}

#[test]
fn fields_that_are_none_or_of_another_type_are_refused() {
    check("/thinking", json!(1), "thinking");
    check("/model", Value::Null, "model");
    check("/messages", json!([]), "messages");
    check("/messages", json!("hello"), "messages");
    check("/tools", json!([]), "tools");
    check("/tools/0/type", json!("tool"), "tools.type");
    check("/tools/0/function", json!("f"), "tools.type");
    check("/tools/0/function/parameters", json!("{}"), "tools.function");
    check("/tools/0/function/description", Value::Null, "tools.function");
    for name in [json!("a b"), json!("a.b"), json!(""), json!("a".repeat(65)), json!(1)] {
        check("/tools/0/function/name", name, "tools.function.name");
    }
    check("/tool_choice", json!("any"), "tool_choice");
    check("/tool_choice", Value::Null, "tool_choice");
    for tokens in [json!(1.5), json!("5"), json!(0), json!(-1)] {
        check("/max_tokens", tokens, "max_tokens");
    }
}

#[test]
fn messages_that_do_not_follow_each_other_are_refused() {
    check("/messages/0/role", json!("model"), "messages[0].role");
    check("/messages/0/content", json!(5), "messages[0].content");
    check("/messages/1/content", Value::Null, "messages[1].content");
    check("/messages/1/content", json!([{"text": "u"}]), "messages[1].content");
    check("/messages/3/content", json!({"output": 1}), "messages[3].content");
    check("/messages/5/content", Value::Null, "messages[5].content");
    check("/messages/3/tool_call_id", json!("z"), "messages[3].tool_call_id");
    check("/messages/3/tool_call_id", json!("x"), "messages[4].tool_call_id");
    check("/messages/4", json!({"role": "user", "content": "u"}), "messages[4].role");
    check("/messages/5", json!({"role": "tool", "content": "3"}), "messages[5].tool_call_id");
    check("/messages/5", taken()["messages"][2].clone(), "messages");
    for calls in [json!([]), json!("x"), json!([{"id": "x", "type": "function"}])] {
        check("/messages/2/tool_calls", calls, "messages[2].tool_calls");
    }
    let object = json!({"name": "f", "arguments": {}});
    check("/messages/2/tool_calls/0/function", object, "messages[2].tool_calls");
}

#[test]
fn other_keys_and_other_places_are_refused() {
    let server = Server::start_with_key(KEY, |_| words());
    let body = taken().to_string();
    let (status, error) = post(&server, LINE, "Bearer other", &body);
    assert_eq!((status, &error["code"]), (401, &json!("invalid_api_key")));
    assert_eq!(post(&server, LINE, &format!("Bearer {KEY}"), &body).0, 200);
    assert_eq!(post(&server, LINE, &format!("Bearer {KEY}"), "no JSON").0, 400);
    for line in ["GET /v1/chat/completions", "POST /chat/completions", "POST /v1/models"] {
        assert_eq!(post(&server, line, "", &body).0, 404, "{line}");
    }
}
