//! What is refused of a single request: each row of the table in its body, beside a twin without
//! that one change, which is taken.

use serde_json::{Value, json};

use crate::bodies::{MODEL, add, conversation, list, put, question};
use crate::fake::memory::Memory;
use crate::fake::{base64, models, rules};

/// What makes a right body wrong, and what must be said of it.
type Row = (fn(&mut Value), &'static str);

/// Whether a body is taken of a model that issued nothing.
pub(crate) fn check(body: &Value, model: &str) -> Result<Vec<String>, String> {
    check_with(body, model, &Memory::default())
}

pub(crate) fn check_with(
    body: &Value,
    model: &str,
    memory: &Memory,
) -> Result<Vec<String>, String> {
    let model = models::find(model).map_err(|refusal| refusal.message)?;
    rules::check(body, model, memory).map(|taken| taken.functions)
}

/// Whether each row is refused with its text, in a body that is taken without it.
pub(crate) fn all_refused(rows: &[Row]) {
    for (change, text) in rows {
        let mut memory = Memory::default();
        let mut body = conversation(&mut memory);
        assert_eq!(check_with(&body, MODEL, &memory), Ok(vec!["look".into(), "wait".into()]));
        change(&mut body);
        let why = check_with(&body, MODEL, &memory).expect_err(text);
        assert!(why.contains(text), "{text}: {why}");
    }
}

fn is_taken(change: fn(&mut Value)) {
    let mut body = question();
    change(&mut body);
    assert_eq!(check(&body, MODEL).err(), None, "{body}");
}

const DECLARED: &str = "/tools/0/functionDeclarations/0";
const SCHEMA: &str = "/tools/0/functionDeclarations/0/parametersJsonSchema";
const OPENAPI: &str = "/tools/0/functionDeclarations/0/parameters";
const CHOICE: &str = "/toolConfig/functionCallingConfig";
const ALLOWED: &str = "/toolConfig/functionCallingConfig/allowedFunctionNames";

#[test]
fn an_unknown_name_is_refused_by_name() {
    all_refused(&[
        (|body| put(body, "/surprise", json!(1)), "surprise"),
        (|body| put(body, "/contents/0/surprise", json!(1)), "surprise"),
        (|body| put(body, "/contents/0/parts/0/surprise", json!(1)), "surprise"),
        (|body| put(body, "/contents/1/parts/0/surprise", json!(1)), "surprise"),
        (|body| put(body, "/tools/0/surprise", json!(1)), "surprise"),
        (|body| put(body, &format!("{DECLARED}/surprise"), json!(1)), "surprise"),
        (|body| put(body, "/toolConfig/surprise", json!(1)), "surprise"),
        (|body| put(body, "/generationConfig/thinkingConfig/surprise", json!(1)), "surprise"),
        (|body| put(body, "/generationConfig/thinking__config", json!(1)), "thinking__config"),
        (
            |body| put(body, "/contents/1/parts/1/functionCall/partialArgs", json!([])),
            "partialArgs",
        ),
        (|body| put(body, "/contents/1/parts/1/functionCall/willContinue", json!(1)), "willCont"),
        (
            |body| put(body, &format!("{CHOICE}/streamFunctionCallArguments"), json!(true)),
            "streamFunctionCallArguments",
        ),
    ]);
}

#[test]
fn a_name_in_both_spellings_is_refused_by_name() {
    all_refused(&[
        (|body| put(body, "/generation_config", json!({})), "generation_config"),
        (|body| put(body, "/generation_config", json!({})), "generationConfig"),
        (|body| put(body, "/generationConfig/max_output_tokens", json!(1)), "maxOutputTokens"),
        (|body| put(body, &format!("{DECLARED}/parameters_json_schema"), json!({})), "parametersJ"),
        (
            |body| put(body, "/contents/1/parts/1/thought_signature", json!("AAAA")),
            "thoughtSignature",
        ),
    ]);
}

#[test]
fn either_spelling_alone_is_taken() {
    is_taken(|body| {
        let config = body["generationConfig"].take();
        put(body, "/generationConfig", Value::Null);
        put(body, "/generation_config", config);
    });
    is_taken(|body| {
        let schema = body.pointer(SCHEMA).cloned().unwrap_or_default();
        put(body, SCHEMA, Value::Null);
        put(body, &format!("{DECLARED}/parameters_json_schema"), schema);
        put(body, "/generationConfig/thinkingConfig", json!({"thinking_level": "HIGH"}));
    });
}

#[test]
fn a_value_of_another_kind_is_refused_by_its_place() {
    all_refused(&[
        (|body| *body = json!([]), "the body"),
        (|body| put(body, "/store", json!("no")), "store"),
        (|body| put(body, "/generationConfig/maxOutputTokens", json!(true)), "maxOutputTokens"),
        (|body| put(body, "/generationConfig/maxOutputTokens", json!(0.5)), "maxOutputTokens"),
        (|body| put(body, "/generationConfig/maxOutputTokens", json!(0)), "maxOutputTokens"),
        (|body| put(body, "/contents/0/parts/0/text", json!(1)), "contents[0].parts[0].text"),
        (|body| put(body, "/contents/1/parts/1/functionCall/args", json!("{}")), "args"),
        (|body| put(body, "/contents/0/parts", json!({})), "contents[0].parts"),
        (|body| put(body, &format!("{CHOICE}/mode"), json!("any")), "mode"),
        (|body| put(body, "/generationConfig/thinkingConfig/thinkingLevel", json!("low")), "LOW"),
    ]);
    is_taken(|body| put(body, "/generationConfig/maxOutputTokens", json!("4096")));
    is_taken(|body| put(body, "/generationConfig/maxOutputTokens", json!(4096.0)));
    is_taken(|body| body["safetySettings"] = Value::Null);
}

#[test]
fn contents_begin_and_end_with_the_user() {
    all_refused(&[
        (|body| put(body, "/contents", json!([])), "contents"),
        (|body| put(body, "/contents", Value::Null), "contents"),
        (|body| drop(list(body, "/contents").remove(0)), "contents"),
        (|body| put(body, "/contents/0/role", json!("system")), "contents"),
        (|body| put(body, "/contents/4/role", json!("function")), "contents"),
        (|body| put(body, "/contents/0/parts", json!([])), "contents"),
        (|body| put(body, "/contents/0/parts", Value::Null), "contents"),
        (|body| put(body, "/contents/0/parts/0/text", Value::Null), "contents"),
        (|body| add(body, "model", vec![json!({"text": "I would"})]), "contents"),
        (|body| drop(list(body, "/contents").pop()), "contents"),
        (|body| put(body, "/contents/0/parts/0/inlineData", json!({})), "inlineData"),
        (
            |body| put(body, "/contents/0/parts/0/functionCall", json!({"name": "a"})),
            "functionCall",
        ),
    ]);
    is_taken(|body| put(body, "/contents/0/role", Value::Null));
}

#[test]
fn a_declaration_that_is_wrong_is_refused_by_the_functions_name() {
    all_refused(&[
        (|body| put(body, OPENAPI, json!({"type": "STRING"})), "`look`"),
        (|body| put(body, &format!("{DECLARED}/name"), json!("1look")), "`1look`"),
        (|body| put(body, &format!("{DECLARED}/name"), json!("lo ok")), "`lo ok`"),
        (|body| put(body, &format!("{DECLARED}/name"), json!("a".repeat(129))), "aaaa"),
        (|body| put(body, &format!("{DECLARED}/name"), json!("wait")), "`wait`"),
        (|body| put(body, &format!("{SCHEMA}/properties"), json!({})), "`look`"),
    ]);
    is_taken(|body| put(body, SCHEMA, Value::Null));
    is_taken(|body| {
        put(body, &format!("{DECLARED}/name"), json!("_a.b:c-d"));
        list(body, ALLOWED)[0] = json!("_a.b:c-d");
    });
}

/// With the parameters of one function as an OpenAPI schema.
fn with_openapi(schema: Value) -> Result<Vec<String>, String> {
    let mut body = question();
    put(&mut body, SCHEMA, Value::Null);
    put(&mut body, OPENAPI, schema);
    check(&body, MODEL)
}

#[test]
fn an_object_with_nothing_in_it_is_refused_in_any_depth() {
    let text = json!({"type": "STRING"});
    let hollow = json!({"type": "OBJECT", "properties": {}});
    let inside = |inner: &Value| json!({"type": "OBJECT", "properties": {"a": inner}});
    let listed = |inner: &Value| inside(&json!({"type": "ARRAY", "items": inner}));
    let either = |inner: &Value| inside(&json!({"anyOf": [text, inner]}));
    for wrong in [hollow.clone(), inside(&hollow), listed(&hollow), either(&hollow)] {
        let why = with_openapi(wrong).expect_err("it is hollow");
        assert!(why.contains("`look`"), "{why}");
    }
    for right in [inside(&text), inside(&inside(&text)), listed(&text), either(&text)] {
        assert_eq!(with_openapi(right).err(), None);
    }
    assert!(with_openapi(json!({"type": "object"})).is_err(), "types are in capitals");
    let closed = json!({"type": "OBJECT", "properties": {"a": text}, "oneOf": []});
    assert!(with_openapi(closed).is_err_and(|why| why.contains("oneOf")));
}

#[test]
fn functions_are_allowed_only_where_the_model_is_held_to_them() {
    all_refused(&[
        (|body| put(body, &format!("{CHOICE}/mode"), json!("AUTO")), "allowedFunctionNames"),
        (|body| put(body, &format!("{CHOICE}/mode"), json!("NONE")), "allowedFunctionNames"),
        (|body| put(body, &format!("{CHOICE}/mode"), Value::Null), "allowedFunctionNames"),
        (|body| list(body, ALLOWED)[0] = json!("reboot"), "allowedFunctionNames"),
        (|body| put(body, "/tools", Value::Null), "allowedFunctionNames"),
    ]);
    is_taken(|body| put(body, &format!("{CHOICE}/mode"), json!("VALIDATED")));
    is_taken(|body| put(body, CHOICE, json!({"mode": "AUTO"})));
    is_taken(|body| put(body, CHOICE, json!({"mode": "NONE", "allowedFunctionNames": []})));
}

#[test]
fn a_model_refuses_what_it_does_not_take() {
    let with = |model: &str, pointer: &str, value: Value| {
        let mut body = question();
        put(&mut body, pointer, value);
        check(&body, model).err().unwrap_or_default()
    };
    let level = "/generationConfig/thinkingConfig/thinkingLevel";
    let budget = "/generationConfig/thinkingConfig/thinkingBudget";
    let count = "/generationConfig/candidateCount";
    let penalty = "/generationConfig/presencePenalty";
    assert!(with(MODEL, level, json!("MINIMAL")).contains("thinkingLevel"));
    assert!(with(MODEL, level, json!("XHIGH")).contains("thinkingLevel"));
    assert_eq!(with("gemini-3.5-flash", level, json!("MINIMAL")), "");
    assert_eq!(with("gemini-4-hydrogen", level, json!("XHIGH")), "");
    assert!(with(MODEL, budget, json!(1024)).contains("thinkingBudget"));
    assert!(with(MODEL, count, json!(2)).contains("candidateCount"));
    assert_eq!(with(MODEL, count, json!(1)), "");
    assert!(with("gemini-4-neon", penalty, json!(0.5)).contains("presencePenalty"));
    assert_eq!(with(MODEL, penalty, json!(0.5)), "");
}

#[test]
fn base64_is_read_in_either_alphabet_and_written_in_one() {
    for (bytes, text) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v")] {
        assert_eq!(base64::encode(bytes), text);
        assert_eq!(base64::decode(text).as_deref(), Some(bytes));
        assert_eq!(base64::decode(text.trim_end_matches('=')).as_deref(), Some(bytes));
    }
    let bytes = [0xfb, 0xff, 0xbf, 0x3e];
    assert_eq!(base64::encode(&bytes), "+/+/Pg==");
    assert_eq!(base64::decode("-_-_Pg").as_deref(), Some(&bytes[..]));
    for wrong in ["+/-_", "Z", "Zm9vZ", "Zg=", "Z===", "Zm\n9", "Zm 9", "Zg==Zg==", "é"] {
        assert_eq!(base64::decode(wrong), None, "{wrong:?}");
    }
}
