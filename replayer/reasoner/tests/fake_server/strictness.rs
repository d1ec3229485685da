//! The check of our own bodies: what it lets through, and what it does not although the server may.

use serde_json::{Value, json};

use crate::bodies::{add, answer, conversation, list, put, said};
use crate::fake::Reply;
use crate::fake::memory::Memory;
use crate::fake::strict::strict;

const DECLARED: &str = "/tools/0/functionDeclarations/0";
const CHOICE: &str = "/toolConfig/functionCallingConfig";

/// A change of a right body, and what must be said of it.
type Row = (fn(&mut Value), &'static str);

fn body() -> Value {
    conversation(&mut Memory::default())
}

fn all_refused(rows: &[Row]) {
    for (change, text) in rows {
        let mut body = body();
        assert_eq!(strict(&body), Ok(()));
        change(&mut body);
        let why = strict(&body).expect_err(text);
        assert!(why.contains(text), "{text}: {why}");
    }
}

fn is_taken(change: fn(&mut Value)) {
    let mut body = body();
    change(&mut body);
    assert_eq!(strict(&body), Ok(()), "{body}");
}

#[test]
fn names_are_in_camel_case_and_known() {
    all_refused(&[
        (|body| put(body, "/surprise", json!(1)), "surprise"),
        (|body| put(body, "/generationConfig", json!({"max_output_tokens": 1})), "max_output"),
        (|body| put(body, "/contents/0/parts/0/surprise", json!(1)), "surprise"),
        (|body| put(body, "/contents/1/parts/1/thought_signature", json!("AAAA")), "thought_sig"),
        (|body| put(body, "/generationConfig/temperature", json!(0)), "temperature"),
        (|body| put(body, "/generationConfig/candidateCount", json!(1)), "candidateCount"),
        (|body| put(body, "/generationConfig/thinkingConfig/thinkingBudget", json!(1)), "Budget"),
        (|body| put(body, "/tools/0/googleSearch", json!({})), "googleSearch"),
        (|body| list(body, "/contents/0/parts")[0] = json!({"inlineData": {}}), "inlineData"),
        (|body| body["cachedContent"] = json!("a"), "cachedContent"),
    ]);
    is_taken(|body| put(body, "/contents/1/parts/1/newField", json!({"a_b": 1})));
    is_taken(|body| put(body, "/continuationToken", json!("go-on")));
}

#[test]
fn values_are_of_exactly_their_types() {
    all_refused(&[
        (|body| put(body, "/generationConfig/maxOutputTokens", json!("4096")), "maxOutputTokens"),
        (|body| put(body, "/generationConfig/maxOutputTokens", json!(4096.0)), "maxOutputTokens"),
        (|body| put(body, "/generationConfig/maxOutputTokens", json!(true)), "maxOutputTokens"),
        (|body| put(body, "/generationConfig/maxOutputTokens", json!(0)), "maxOutputTokens"),
        (|body| put(body, "/store", json!("false")), "store"),
        (|body| put(body, "/store", json!(0)), "store"),
        (|body| body["store"] = Value::Null, "store"),
        (|body| put(body, "/generationConfig/thinkingConfig/thinkingLevel", json!("low")), "LOW"),
        (|body| put(body, &format!("{CHOICE}/mode"), json!("any")), "mode"),
        (|body| put(body, &format!("{CHOICE}/mode"), json!("SOME")), "mode"),
        (|body| put(body, &format!("{CHOICE}/mode"), Value::Null), "mode"),
    ]);
}

#[test]
fn turns_alternate_and_each_part_has_one_kind_of_data() {
    all_refused(&[
        (|body| put(body, "/contents/0/role", Value::Null), "contents[0]"),
        (|body| put(body, "/contents/2/role", json!("function")), "contents[2]"),
        (|body| drop(list(body, "/contents").pop()), "contents"),
        (|body| put(body, "/contents", json!([])), "contents"),
        (|body| add(body, "user", vec![json!({"text": "a"})]), "contents[5]"),
        (|body| put(body, "/contents/0/parts", json!([])), "contents[0]"),
        (|body| put(body, "/contents/0/parts/0/functionResponse", json!({})), "contents[0]"),
        (|body| put(body, "/contents/0/parts/0/thought", json!(false)), "contents[0]"),
        (|body| put(body, "/contents/1/parts/1/text", json!("a")), "contents[1]"),
        (
            |body| put(body, "/contents/2/parts/0/functionResponse/response", json!(1)),
            "contents[2]",
        ),
        (|body| put(body, "/contents/2/parts/0/functionResponse/name", Value::Null), "contents[2]"),
        (|body| put(body, "/contents/1/parts/1/functionCall/name", Value::Null), "contents[1]"),
        (|body| put(body, "/systemInstruction/parts", json!([])), "systemInstruction"),
        (|body| put(body, "/systemInstruction/parts/0/thought", json!(true)), "systemInstruction"),
    ]);
    is_taken(|body| put(body, "/systemInstruction", Value::Null));
}

#[test]
fn declarations_have_short_names_and_one_schema() {
    all_refused(&[
        (|body| put(body, &format!("{DECLARED}/name"), json!("a".repeat(64))), "aaaa"),
        (|body| put(body, &format!("{DECLARED}/name"), json!("1a")), "`1a`"),
        (|body| put(body, &format!("{DECLARED}/name"), json!("wait")), "`wait`"),
        (|body| put(body, &format!("{DECLARED}/description"), Value::Null), "`look`"),
        (|body| put(body, &format!("{DECLARED}/parametersJsonSchema"), Value::Null), "`look`"),
        (|body| put(body, &format!("{DECLARED}/parameters"), json!({"type": "OBJECT"})), "`look`"),
        (
            |body| put(body, &format!("{DECLARED}/parametersJsonSchema/properties"), json!({})),
            "`look`",
        ),
        (
            |body| {
                let properties = format!("{DECLARED}/parametersJsonSchema/properties");
                put(body, &properties, json!({"a b": {"type": "string"}}));
            },
            "`look`",
        ),
        (|body| put(body, "/tools", json!([])), "tools"),
        (|body| put(body, "/tools/0/functionDeclarations", json!([])), "tools"),
    ]);
    is_taken(|body| {
        put(body, &format!("{DECLARED}/name"), json!("a".repeat(63)));
        put(body, CHOICE, json!({"mode": "AUTO"}));
    });
}

#[test]
fn functions_are_allowed_by_name_in_two_modes() {
    const ALLOWED: &str = "allowedFunctionNames";
    all_refused(&[
        (|body| put(body, &format!("{CHOICE}/mode"), json!("AUTO")), ALLOWED),
        (|body| put(body, &format!("{CHOICE}/mode"), json!("NONE")), ALLOWED),
        (|body| put(body, &format!("{CHOICE}/{ALLOWED}"), json!([])), ALLOWED),
        (|body| put(body, &format!("{CHOICE}/{ALLOWED}"), json!(["reboot"])), ALLOWED),
        (|body| put(body, "/toolConfig", json!({})), "toolConfig"),
    ]);
    is_taken(|body| put(body, &format!("{CHOICE}/mode"), json!("VALIDATED")));
    is_taken(|body| put(body, CHOICE, json!({"mode": "ANY"})));
    is_taken(|body| put(body, "/toolConfig", Value::Null));
}

#[test]
fn what_the_model_said_is_passed_on_as_it_came() {
    let mut memory = Memory::default();
    let reply = Reply::new()
        .thought("Hm.")
        .raw(r#"{"newKind":{"snake_case":1}}"#)
        .raw(r#"{"executableCode":{"code":"1"}}"#)
        .call("look", &json!({"any_name": [true, 1.5]}))
        .signed_text("");
    let mut body = body();
    let parts = said(memory.issue(&reply, "gemini-3.8-flash"));
    add(&mut body, "model", parts);
    add(&mut body, "user", vec![answer(None, "look")]);
    assert_eq!(strict(&body), Ok(()));
}
