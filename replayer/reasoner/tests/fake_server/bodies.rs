//! Bodies of requests that are right, from which tests make wrong ones.

use serde_json::{Value, json};

use crate::fake::Reply;
use crate::fake::memory::Memory;

/// The model of a test that needs no other.
pub(crate) const MODEL: &str = "gemini-3.8-flash";

/// A question with two functions.
pub(crate) fn question() -> Value {
    let schema = json!({
        "type": "object",
        "properties": {"entity": {"type": "string"}},
        "required": ["entity"],
        "additionalProperties": false,
    });
    json!({
        "systemInstruction": {"parts": [{"text": "You look after a host."}]},
        "contents": [{"role": "user", "parts": [{"text": "What is wrong?"}]}],
        "tools": [{"functionDeclarations": [
            {"name": "look", "description": "looks", "parametersJsonSchema": schema},
            {"name": "wait", "description": "waits", "parametersJsonSchema": schema},
        ]}],
        "toolConfig": {
            "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look", "wait"]},
        },
        "generationConfig": {
            "maxOutputTokens": 4096,
            "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": true},
        },
        "store": false,
    })
}

/// The same with a step in which two calls were answered, and one in which one was.
pub(crate) fn conversation(memory: &mut Memory) -> Value {
    let two = Reply::new()
        .thought("Let me see.")
        .call_with_id("c1", "look", &json!({"entity": "process#1"}))
        .call_with_id("c2", "wait", &json!({}));
    let one = Reply::new().call("look", &json!({"entity": "disk#2"}));
    let mut body = question();
    add(&mut body, "model", said(memory.issue(&two, MODEL)));
    add(&mut body, "user", vec![answer(Some("c1"), "look"), answer(Some("c2"), "wait")]);
    add(&mut body, "model", said(memory.issue(&one, MODEL)));
    add(&mut body, "user", vec![answer(None, "look")]);
    body
}

/// Adds a turn.
#[expect(clippy::needless_pass_by_value, reason = "parts are made where they are added")]
pub(crate) fn add(body: &mut Value, role: &str, parts: Vec<Value>) {
    let contents = body["contents"].as_array_mut().expect("there are contents");
    contents.push(json!({"role": role, "parts": parts}));
}

/// The parts that the server issued, as values.
#[expect(clippy::needless_pass_by_value, reason = "they are taken out of what was asked for")]
pub(crate) fn said(parts: Vec<String>) -> Vec<Value> {
    parts.iter().map(|part| serde_json::from_str(part).expect("a part is JSON")).collect()
}

/// A part that answers a call.
pub(crate) fn answer(id: Option<&str>, name: &str) -> Value {
    let mut response = json!({"name": name, "response": {"output": "nothing"}});
    if let Some(id) = id {
        response["id"] = id.into();
    }
    json!({ "functionResponse": response })
}

/// The list in a body at a pointer, such as `/contents`.
pub(crate) fn list<'a>(body: &'a mut Value, pointer: &str) -> &'a mut Vec<Value> {
    let found = body.pointer_mut(pointer).and_then(Value::as_array_mut);
    found.expect("the pointer leads to a list")
}

/// Puts a value into the object at a pointer; `null` takes one away.
pub(crate) fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let fields = body.pointer_mut(parent).and_then(Value::as_object_mut);
    let fields = fields.expect("the pointer leads into an object");
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
}
