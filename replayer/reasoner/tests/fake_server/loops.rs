//! What is refused of a conversation: calls without their answers, and signatures that are missing
//! or not as they went out.

use serde_json::{Value, json};

use crate::bodies::{MODEL, add, answer, conversation, list, put, question, said};
use crate::fake::Reply;
use crate::fake::base64;
use crate::fake::memory::Memory;
use crate::rows::{all_refused, check_with};

const NUMBER: &str = "number of function response parts";

/// The first call of the first step, which is signed.
const SIGNATURE: &str = "/contents/1/parts/1/thoughtSignature";

#[test]
fn each_call_is_answered_right_after_it() {
    all_refused(&[
        (|body| drop(list(body, "/contents/2/parts").pop()), NUMBER),
        (|body| list(body, "/contents/2/parts").push(answer(None, "look")), NUMBER),
        (|body| drop(list(body, "/contents").remove(2)), NUMBER),
        (
            |body| {
                let text = json!({"role": "user", "parts": [{"text": "Well?"}]});
                list(body, "/contents").insert(2, text);
            },
            NUMBER,
        ),
        (|body| list(body, "/contents/0/parts").push(answer(None, "look")), NUMBER),
        (|body| list(body, "/contents/2/parts").insert(1, json!({"text": "and"})), NUMBER),
        (|body| list(body, "/contents/2/parts").insert(0, json!({"text": "so"})), NUMBER),
        (split_calls, NUMBER),
        (interleave_calls, NUMBER),
    ]);
}

/// The two calls of a step as two turns, with both answers behind them.
fn split_calls(body: &mut Value) {
    let second = list(body, "/contents/1/parts").pop();
    list(body, "/contents").insert(2, json!({"role": "model", "parts": [second]}));
}

/// The two calls of a step as two steps.
fn interleave_calls(body: &mut Value) {
    let call = list(body, "/contents/1/parts").pop();
    let response = list(body, "/contents/2/parts").pop();
    list(body, "/contents").insert(3, json!({"role": "model", "parts": [call]}));
    list(body, "/contents").insert(4, json!({"role": "user", "parts": [response]}));
    list(body, "/contents/2/parts").push(answer(Some("c2"), "wait"));
}

#[test]
fn a_call_of_a_step_of_its_own_needs_a_signature_of_its_own() {
    let apart: fn(&mut Value) = |body| {
        interleave_calls(body);
        list(body, "/contents/2/parts").pop();
    };
    all_refused(&[(apart, "missing a thought_signature")]);
}

#[test]
fn text_may_stand_behind_the_answers() {
    let mut memory = Memory::default();
    let mut body = conversation(&mut memory);
    list(&mut body, "/contents/2/parts").push(json!({"text": "Go on."}));
    assert_eq!(check_with(&body, MODEL, &memory).err(), None);
}

#[test]
fn an_answer_is_that_of_its_call() {
    all_refused(&[
        (|body| put(body, "/contents/2/parts/0/functionResponse/id", json!("c9")), FUNCTION),
        (|body| put(body, "/contents/2/parts/0/functionResponse/id", Value::Null), FUNCTION),
        (|body| put(body, "/contents/4/parts/0/functionResponse/id", json!("c3")), FUNCTION),
        (|body| put(body, "/contents/2/parts/0/functionResponse/name", json!("see")), FUNCTION),
        (|body| list(body, "/contents/2/parts").swap(0, 1), FUNCTION),
        (|body| put(body, "/contents/2/parts/0/functionResponse/response", json!("ok")), FUNCTION),
        (|body| put(body, "/contents/2/parts/0/functionResponse/response", json!([])), FUNCTION),
        (|body| put(body, "/contents/2/parts/0/functionResponse/response", Value::Null), FUNCTION),
        (|body| put(body, "/contents/2/role", json!("model")), FUNCTION),
        (|body| put(body, "/contents/4/role", json!("model")), FUNCTION),
        (|body| put(body, "/contents/1/role", json!("user")), "contents"),
    ]);
}

const FUNCTION: &str = "function_response";

#[test]
fn the_first_call_of_each_step_of_the_turn_is_signed() {
    const MISSING: &str = "missing a thought_signature";
    all_refused(&[
        (|body| put(body, SIGNATURE, Value::Null), MISSING),
        (|body| put(body, SIGNATURE, json!("")), MISSING),
        (|body| put(body, "/contents/3/parts/0/thoughtSignature", Value::Null), MISSING),
        (
            |body| {
                let signature = body.pointer(SIGNATURE).cloned().unwrap_or_default();
                put(body, SIGNATURE, Value::Null);
                put(body, "/contents/1/parts/2/thoughtSignature", signature);
            },
            "thought",
        ),
    ]);
}

#[test]
fn steps_of_a_turn_before_need_no_signature() {
    let mut memory = Memory::default();
    let mut body = conversation(&mut memory);
    add(&mut body, "model", vec![json!({"text": "It is the disk."})]);
    add(&mut body, "user", vec![json!({"text": "What can be done?"})]);
    put(&mut body, SIGNATURE, Value::Null);
    assert_eq!(check_with(&body, MODEL, &memory).err(), None);
}

/// The first signature of a body with a change to its bytes.
fn altered(body: &mut Value, alter: fn(&mut Vec<u8>)) {
    let text = body.pointer(SIGNATURE).and_then(Value::as_str).unwrap_or_default();
    let mut bytes = base64::decode(text).unwrap_or_default();
    alter(&mut bytes);
    put(body, SIGNATURE, base64::encode(&bytes).into());
}

#[test]
fn a_signature_that_was_changed_or_moved_is_refused() {
    const WRONG: &str = "thought signature";
    all_refused(&[
        (|body| altered(body, |bytes| bytes[17] ^= 1), WRONG),
        (|body| altered(body, |bytes| bytes.truncate(39)), WRONG),
        (|body| altered(body, |bytes| bytes.push(0)), WRONG),
        (|body| put(body, SIGNATURE, json!("not base64!")), WRONG),
        (|body| put(body, "/contents/1/parts/1/functionCall/name", json!("see")), FUNCTION),
        (
            |body| {
                put(body, "/contents/1/parts/1/functionCall/name", json!("see"));
                put(body, "/contents/2/parts/0/functionResponse/name", json!("see"));
            },
            WRONG,
        ),
    ]);
}

#[test]
fn a_signature_is_known_by_its_bytes() {
    let mut memory = Memory::default();
    let mut body = conversation(&mut memory);
    let text = body.pointer(SIGNATURE).and_then(Value::as_str).unwrap_or_default();
    let other = text.replace('+', "-").replace('/', "_");
    let other = other.trim_end_matches('=').to_owned();
    assert_ne!(text, other);
    put(&mut body, SIGNATURE, other.into());
    assert_eq!(check_with(&body, MODEL, &memory).err(), None);
}

#[test]
fn a_signature_of_another_model_is_refused() {
    let mut memory = Memory::default();
    let body = conversation(&mut memory);
    let why = check_with(&body, "gemini-4-argon", &memory).expect_err("of another model");
    assert!(why.contains("thought signature"), "{why}");
}

#[test]
fn a_call_that_the_model_did_not_make_has_a_way_past_the_check() {
    let mut memory = Memory::default();
    let mut body = conversation(&mut memory);
    let skip = json!("skip_thought_signature_validator");
    put(&mut body, SIGNATURE, skip.clone());
    put(&mut body, "/contents/3/parts/0/thoughtSignature", skip);
    assert_eq!(check_with(&body, "gemini-4-argon", &memory).err(), None);
}

#[test]
fn each_signature_is_another_and_all_are_the_same_in_the_next_run() {
    let signatures = || {
        let mut memory = Memory::default();
        let body = conversation(&mut memory);
        [SIGNATURE, "/contents/3/parts/0/thoughtSignature"]
            .map(|pointer| body.pointer(pointer).cloned().expect("it is signed"))
    };
    let [first, second] = signatures();
    assert_ne!(first, second);
    assert_eq!([first, second], signatures());
}

#[test]
fn what_the_model_made_up_is_taken_back_from_it_and_from_nobody_else() {
    let reply = Reply::new()
        .signed_text("Hm.")
        .raw(r#"{"newKind":{"a": 1.50}}"#)
        .call_without_args("look")
        .part_field("newField", &json!([1]));
    let mut memory = Memory::default();
    let parts = said(memory.issue(&reply, MODEL));
    let mut body = question();
    add(&mut body, "model", parts.clone());
    add(&mut body, "user", vec![answer(None, "look")]);
    assert_eq!(check_with(&body, MODEL, &memory).err(), None);
    let why = check_with(&body, MODEL, &Memory::default()).expect_err("nobody said so");
    assert!(why.contains("newKind") || why.contains("newField"), "{why}");
    put(&mut body, "/contents/0/parts/0/newField", json!([1]));
    let why = check_with(&body, MODEL, &memory).expect_err("it is not the model's");
    assert!(why.contains("newField"), "{why}");
}
