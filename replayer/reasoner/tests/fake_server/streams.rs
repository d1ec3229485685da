//! Streams: how a reply is cut into frames, and frames into what is written at once.

use serde_json::{Value, json};

use crate::bodies::question;
use crate::client::{Heard, STREAM, post};
use crate::fake::reply::{Lines, Shell, Usage, Writes};
use crate::fake::{Answer, Asked, Fake, Reply};

fn heard(reply: Reply, path: &str) -> Heard {
    let fake = Fake::start(move |_: &Asked<'_>| Answer::Reply(reply.clone()));
    let heard = post(&fake, path, &question()).expect("it answers");
    assert_eq!((heard.status, heard.is_whole), (200, true));
    heard
}

/// Two calls, a thought before them and a signature behind them.
fn reply() -> Reply {
    Reply::new()
        .thought("Hm.")
        .call("look", &json!({"entity": "disk#1"}))
        .call_without_args("wait")
        .signed_text("")
}

fn part(frame: &Value) -> &Value {
    &frame["candidates"][0]["content"]["parts"][0]
}

#[test]
fn a_part_is_a_frame_and_the_last_one_says_the_end() {
    let heard = heard(reply(), STREAM);
    assert_eq!(heard.header("content-type"), Some("text/event-stream"));
    let frames = heard.events();
    assert_eq!(frames.len(), 4);
    let has = |frame: &Value, name: &str| frame.get(name).is_some();
    let ends: Vec<bool> = frames.iter().map(|frame| has(frame, "usageMetadata")).collect();
    assert_eq!(ends, [false, false, false, true]);
    let ends = frames.iter().map(|frame| has(&frame["candidates"][0], "finishReason"));
    assert!(ends.eq([false, false, false, true]));
    let signed = frames.iter().map(|frame| has(part(frame), "thoughtSignature"));
    assert!(signed.eq([false, true, false, true]));
    assert_eq!(part(&frames[3])["text"], "");
    assert!(frames.iter().all(|frame| frame["modelVersion"] == "gemini-3.8-flash"));
}

#[test]
fn without_a_word_on_events_a_stream_is_an_array() {
    let heard = heard(reply(), STREAM.trim_end_matches("?alt=sse"));
    assert_eq!(heard.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(heard.json().as_array().map(Vec::len), Some(4));
}

#[test]
fn a_frame_is_written_at_once() {
    let heard = heard(reply(), STREAM);
    assert_eq!(heard.chunks.len(), 4);
    assert!(heard.chunks.iter().all(|chunk| chunk.starts_with(b"data: ")));
}

#[test]
fn frames_may_come_together_or_in_pieces_of_any_size() {
    let together = heard(reply().writes(Writes::All), STREAM);
    assert_eq!(together.chunks.len(), 1);
    assert_eq!(together.events().len(), 4);
    for bytes in [1, 7, 64] {
        let cut = heard(reply().writes(Writes::Bytes(bytes)), STREAM);
        let (last, others) = cut.chunks.split_last().expect("there are pieces");
        assert!(others.iter().all(|piece| piece.len() == bytes), "{bytes}");
        assert!(last.len() <= bytes, "{bytes}");
        assert_eq!(cut.text(), together.text(), "{bytes}");
    }
}

#[test]
fn lines_may_be_written_in_each_way_that_the_standard_knows() {
    let text = |lines| heard(Reply::new().text("a").lines(lines), STREAM).text();
    let plain = text(Lines::Plain);
    let data = plain.strip_prefix("data: ").and_then(|rest| rest.strip_suffix("\n\n"));
    let data = data.expect("an event is one line");
    assert!(!data.contains('\n'));
    assert_eq!(text(Lines::Crlf), format!("data: {data}\r\n\r\n"));
    assert_eq!(text(Lines::Unspaced), format!("data:{data}\n\n"));
    assert_eq!(text(Lines::Unended), format!("data: {data}"));
    assert_eq!(text(Lines::Named), format!("event: reply\nid: 7\ndata: {data}\n\n"));
    assert_eq!(text(Lines::Commented), format!(": still here\n\ndata: {data}\n\n"));
    let several = text(Lines::SeveralData);
    assert_eq!(several, format!("data: {{\ndata: {}\n\n", &data[1..]));
    let all = heard(reply().lines(Lines::Crlf), STREAM).events();
    assert_eq!(all.len(), 4);
}

#[test]
fn a_stream_may_break_off_with_an_error() {
    let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    let frames = heard(Reply::new().text("a").error(error), STREAM).events();
    assert_eq!(frames.len(), 2);
    assert!(frames[0]["candidates"][0].get("finishReason").is_none());
    assert_eq!(frames[1]["error"]["code"], 503);
}

#[test]
fn a_reply_may_lack_any_of_its_shells() {
    let frame = |reply: Reply| {
        let frames = heard(reply, STREAM).events();
        assert_eq!(frames.len(), 1);
        frames[0].clone()
    };
    let blocked = frame(Reply::blocked("SAFETY"));
    assert_eq!(blocked["promptFeedback"], json!({"blockReason": "SAFETY"}));
    assert_eq!(blocked["usageMetadata"], json!({"promptTokenCount": 100, "totalTokenCount": 100}));
    assert!(blocked.get("candidates").is_none());
    let of = |shell| frame(Reply::new().hollow(shell).finish("MAX_TOKENS"));
    assert!(of(Shell::NoCandidates).get("candidates").is_none());
    assert_eq!(of(Shell::EmptyCandidates)["candidates"], json!([]));
    let candidate = |shell| of(shell)["candidates"][0].clone();
    assert_eq!(candidate(Shell::NoContent), json!({"finishReason": "MAX_TOKENS", "index": 0}));
    assert_eq!(candidate(Shell::NoParts)["content"], json!({"role": "model"}));
    assert_eq!(candidate(Shell::EmptyParts)["content"], json!({"role": "model", "parts": []}));
}

#[test]
fn what_else_a_reply_may_say_is_said() {
    let usage = Usage { prompt: 12_000, cached: 8_000, candidates: 300, thoughts: 700 };
    let reply = Reply::new()
        .text("a")
        .finish("NEW_REASON")
        .finish_message("it was new")
        .usage(Some(usage))
        .version("gemini-3.8-flash-002")
        .candidate_field("newOfCandidate", json!([1]))
        .top_field("newOnTop", json!({"a": 1}));
    let frame = heard(reply, STREAM).events()[0].clone();
    let candidate = &frame["candidates"][0];
    assert_eq!(candidate["finishReason"], "NEW_REASON");
    assert_eq!(candidate["finishMessage"], "it was new");
    assert_eq!(candidate["newOfCandidate"], json!([1]));
    assert_eq!(frame["newOnTop"], json!({"a": 1}));
    assert_eq!(frame["modelVersion"], "gemini-3.8-flash-002");
    assert_eq!(frame["usageMetadata"]["cachedContentTokenCount"], 8_000);
    assert_eq!(frame["usageMetadata"]["totalTokenCount"], 13_000);
    let bare = heard(Reply::new().text("a").unfinished().usage(None), STREAM).events()[0].clone();
    assert!(bare.get("usageMetadata").is_none());
    assert!(bare["candidates"][0].get("finishReason").is_none());
}
