//! Requests and their answers over a connection: keys, addresses, what is written down of them, and
//! signatures that go out and come back.

use serde_json::{Value, json};

use crate::bodies::{add, answer, put, question};
use crate::client::{Heard, STREAM, UNARY, post, right_headers, send};
use crate::fake::{Answer, Asked, Fake, Reply};

fn says(text: &'static str) -> Fake {
    Fake::start(move |_: &Asked<'_>| Answer::Reply(Reply::new().text(text)))
}

fn heard(fake: &Fake, body: &Value) -> Heard {
    post(fake, UNARY, body).expect("it answers")
}

#[test]
fn a_reply_has_what_the_real_one_has() {
    let fake = says("Well.");
    let heard = heard(&fake, &question());
    assert_eq!((heard.status, heard.is_whole), (200, true));
    assert_eq!(heard.header("content-type"), Some("application/json; charset=utf-8"));
    let expected = json!({
        "candidates": [{
            "content": {"role": "model", "parts": [{"text": "Well."}]},
            "finishReason": "STOP",
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": 100,
            "candidatesTokenCount": 10,
            "thoughtsTokenCount": 20,
            "totalTokenCount": 130,
        },
        "modelVersion": "gemini-3.8-flash",
        "responseId": "reply-0",
    });
    assert_eq!(heard.json(), expected);
}

#[test]
fn both_versions_of_the_interface_are_served() {
    let fake = says("Well.");
    for version in ["v1", "v1beta"] {
        let path = format!("/{version}/models/gemini-4-argon:generateContent");
        assert_eq!(post(&fake, &path, &question()).map(|heard| heard.status), Some(200));
    }
}

#[test]
fn a_request_without_the_key_is_refused() {
    let fake = says("Well.");
    let json = ("content-type", "application/json");
    let body = question().to_string();
    let ask = |path: &str, headers: &[(&str, &str)]| {
        let heard = send(&fake, &format!("POST {path}"), headers, &body).expect("it answers");
        assert!(heard.message().contains("API key"), "{}", heard.text());
        (heard.status, heard.json()["error"]["status"].clone())
    };
    let key = ("x-goog-api-key", Fake::key());
    assert_eq!(ask(UNARY, &[json]), (403, "PERMISSION_DENIED".into()));
    assert_eq!(ask(UNARY, &[json, ("x-goog-api-key", "other")]), (403, "PERMISSION_DENIED".into()));
    let in_url = format!("{UNARY}?key={}", Fake::key());
    assert_eq!(ask(&in_url, &[json]), (400, "INVALID_ARGUMENT".into()));
    assert_eq!(ask(&in_url, &[json, key]), (400, "INVALID_ARGUMENT".into()));
    assert_eq!(ask(&format!("{STREAM}&key=any"), &[json, key]), (400, "INVALID_ARGUMENT".into()));
    assert!(fake.requests().iter().all(|sent| sent.refusal.is_some()));
}

#[test]
fn what_is_not_there_is_not_found() {
    let fake = says("Well.");
    let ask = |request: &str| {
        let body = question().to_string();
        let heard = send(&fake, request, &right_headers(), &body).expect("it answers");
        assert_eq!((heard.status, &heard.json()["error"]["code"]), (404, &json!(404)));
        assert_eq!(heard.json()["error"]["status"], "NOT_FOUND");
        heard.message()
    };
    for model in ["gemini-2.5-flash", "gemini-3-pro-preview", "gemini-9", ""] {
        let message = ask(&format!("POST /v1/models/{model}:generateContent"));
        assert!(message.contains(model), "{message}");
    }
    ask("POST /v2/models/gemini-3.8-flash:generateContent");
    ask("POST /v1/models/gemini-3.8-flash:countTokens");
    ask("POST /v1/models/gemini-3.8-flash");
    ask(&format!("GET {UNARY}"));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let fake = says("Well.");
    let ask = |path: &str, content_type: &str, body: &str| {
        let headers = [("x-goog-api-key", Fake::key()), ("content-type", content_type)];
        let heard = send(&fake, &format!("POST {path}"), &headers, body).expect("it answers");
        assert_eq!((heard.status, &heard.json()["error"]["code"]), (400, &json!(400)));
        heard.message()
    };
    let right = question().to_string();
    assert!(ask(UNARY, "application/json", "").contains("JSON"));
    assert!(ask(UNARY, "application/json", &right[..right.len() - 1]).contains("JSON"));
    assert!(ask(UNARY, "text/plain", &right).contains("Content-Type"));
    assert!(ask(&format!("{STREAM}&surprise=1"), "application/json", &right).contains("surprise"));
}

#[test]
fn what_came_is_written_down_as_it_came() {
    let fake = says("Well.");
    let body = question().to_string().replace("\"store\":false", "\"store\" : false");
    let headers = [
        ("X-Goog-Api-Key", Fake::key()),
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-Other", "a"),
    ];
    let heard = send(&fake, &format!("POST {STREAM}"), &headers, &body).expect("it answers");
    assert_eq!(heard.status, 200);
    let wrong = post(&fake, UNARY, &json!({"contents": []})).expect("it answers");
    let sent = fake.requests();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[0].method.as_str(), sent[0].path.as_str()), ("POST", STREAM));
    assert_eq!(sent[0].header("x-other"), Some("a"));
    assert_eq!((&sent[0].body[..], &sent[0].refusal), (body.as_bytes(), &None));
    assert_eq!(sent[1].refusal.as_deref(), Some(wrong.message().as_str()));
}

#[test]
fn the_script_is_told_what_it_needs() {
    let fake = Fake::start(|asked: &Asked<'_>| {
        let Asked { number, model, streams, body, functions } = asked;
        let told = json!([number, model, streams, body["store"], functions]);
        Answer::Reply(Reply::new().text(&told.to_string()))
    });
    let text = |heard: &Value| heard["candidates"][0]["content"]["parts"][0]["text"].clone();
    post(&fake, UNARY, &json!({})).expect("it answers");
    let first = heard(&fake, &question()).json();
    assert_eq!(text(&first), r#"[0,"gemini-3.8-flash",false,false,["look","wait"]]"#);
    let second = post(&fake, STREAM, &question()).expect("it answers").events();
    assert_eq!(text(&second[0]), r#"[1,"gemini-3.8-flash",true,false,["look","wait"]]"#);
}

/// The script of a model that calls twice at once, then once, and then has a word.
fn three_steps(asked: &Asked<'_>) -> Answer {
    let args = json!({"entity": "disk#1"});
    Answer::Reply(match asked.number {
        0 => Reply::new().call_with_id("c1", "look", &args).call_with_id("c2", "wait", &args),
        1 => Reply::new().thought("Hm.").call("look", &args),
        _ => Reply::new().text("It is the disk."),
    })
}

#[test]
fn a_loop_of_three_steps_is_served_when_all_comes_back() {
    let fake = Fake::start_strict(three_steps);
    let mut body = question();
    let answers =
        [vec![answer(Some("c1"), "look"), answer(Some("c2"), "wait")], vec![answer(None, "look")]];
    for answers in answers {
        let said = heard(&fake, &body).json()["candidates"][0]["content"].clone();
        let parts = said["parts"].as_array().cloned().unwrap_or_default();
        let signed = parts.iter().filter(|part| part.get("thoughtSignature").is_some());
        assert_eq!(signed.count(), 1, "the first call is signed, and no other: {said}");
        add(&mut body, "model", parts);
        add(&mut body, "user", answers);
    }
    let last = heard(&fake, &body);
    assert_eq!(last.json()["candidates"][0]["content"]["parts"][0]["text"], "It is the disk.");
    let sent = String::from_utf8_lossy(&fake.requests()[2].body).into_owned();
    assert_eq!(fake.replies().len(), 3);
    assert!(fake.replies()[..2].iter().flatten().all(|part| {
        let part: Value = serde_json::from_str(part).expect("a part is JSON");
        sent.contains(&part.to_string())
    }));
    put(&mut body, "/contents/1/parts/0/thoughtSignature", Value::Null);
    let refused = heard(&fake, &body);
    assert_eq!(refused.status, 400);
    assert!(refused.message().contains("missing a thought_signature"));
}

#[test]
fn a_reply_of_an_unsigned_call_is_the_scripts_to_make() {
    let fake = Fake::start(|_: &Asked<'_>| {
        Answer::Reply(Reply::new().call_without_args("look").unsigned())
    });
    let parts = heard(&fake, &question()).json()["candidates"][0]["content"]["parts"].clone();
    assert_eq!(parts, json!([{"functionCall": {"name": "look"}}]));
}

#[test]
fn raw_parts_keep_their_bytes() {
    let raw = r#"{"functionCall" : {"name":"look","args":{"b":1.50,"a":1e2}}, "x":"\u0041"}"#;
    let fake = Fake::start(move |_: &Asked<'_>| Answer::Reply(Reply::new().raw(raw)));
    let text = heard(&fake, &question()).text();
    assert!(text.contains(&raw[1..]), "{text}");
    assert_eq!(fake.replies()[0].len(), 1);
    assert!(text.contains(&fake.replies()[0][0]));
}

#[test]
fn an_answer_goes_on_by_its_token_and_by_no_other() {
    let fake = Fake::start_strict(|asked: &Asked<'_>| {
        let reply = Reply::new().text("and so on ");
        Answer::Reply(if asked.number < 2 { reply.continues() } else { reply })
    });
    let mut body = question();
    for _ in 0..2 {
        let candidate = heard(&fake, &body).json()["candidates"][0].clone();
        assert_eq!(candidate["finishReason"], "CONTINUATION");
        put(&mut body, "/continuationToken", candidate["continuationToken"].clone());
    }
    assert_eq!(heard(&fake, &body).json()["candidates"][0]["finishReason"], "STOP");
    let mut other = body.clone();
    put(&mut other, "/contents/0/parts/0/text", json!("And what else?"));
    for wrong in [other, {
        body["continuationToken"] = json!("go-on-0");
        body
    }] {
        let refused = heard(&fake, &wrong);
        assert_eq!(refused.status, 400);
        assert!(refused.message().contains("continuationToken"), "{}", refused.message());
    }
}

#[test]
fn a_strict_server_refuses_what_others_may_send() {
    let fake = Fake::start_strict(|_: &Asked<'_>| Answer::Reply(Reply::new().text("Well.")));
    let mut body = question();
    put(&mut body, "/generationConfig", json!({"max_output_tokens": 4096}));
    let refused = heard(&fake, &body);
    assert_eq!(refused.status, 400);
    assert!(refused.message().contains("strict: unknown name `max_output_tokens`"));
    assert_eq!(heard(&says("Well."), &body).status, 200);
}
