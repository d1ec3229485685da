//! What goes to the model, and what comes back from it.

use ks_vocabulary::decision::Phase;
use serde_json::Value;

use super::fake::{Answer, Reply};
use super::{Bench, look, playing, words};

#[test]
fn calls_at_once_are_answered_in_one_turn_in_their_order() {
    let both = || {
        Answer::Reply(Reply::new().call_with_id("x", "query_signals", &look(5)).call_with_id(
            "y",
            "query_signals",
            &look(60),
        ))
    };
    let server = playing(vec![both, words]);
    let mut bench = Bench::new(&server, "", 10);
    bench.call();
    bench.call();
    bench.next();
    bench.next();
    let sent = server.requests();
    assert_eq!((sent.len(), &sent[1].refusal), (2, &None), "two calls, one request more");
    let body: Value = serde_json::from_slice(&sent[1].body).unwrap();
    let contents = body["contents"].as_array().unwrap();
    assert_eq!(contents.len(), 3);
    let answers = contents[2]["parts"].as_array().unwrap();
    let ids: Vec<&Value> = answers.iter().map(|part| &part["functionResponse"]["id"]).collect();
    assert_eq!(ids, ["x", "y"]);
    assert!(answers[0]["functionResponse"]["response"]["output"]["signals"].is_object());
}

#[test]
fn each_step_brings_its_signature_back_in_its_own_bytes() {
    let odd = || {
        let reply = Reply::new().thought("hm").call("query_signals", &look(5));
        Answer::Reply(reply.part_field("newKind", &serde_json::json!({"x": 1.50, "y": "\u{e9}"})))
    };
    let trend = || {
        let arguments = serde_json::json!({"signal_type": "scheduler", "analysis_window": 60});
        Answer::Reply(Reply::new().call("summarize_trends", &arguments))
    };
    let signed = || Answer::Reply(Reply::new().text("so").signed_text(""));
    let server = playing(vec![odd, trend, signed, words]);
    let mut bench = Bench::new(&server, "", 10);
    bench.call();
    bench.next();
    bench.call();
    bench.next();
    bench.next();
    bench.next();
    let sent = server.requests();
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|one| one.refusal.is_none()), "{sent:?}");
    let last = String::from_utf8(sent[3].body.clone()).unwrap();
    for part in server.replies()[..3].iter().flatten() {
        assert!(last.contains(part.as_str()), "{part} is not in {last}");
    }
}

#[test]
fn only_the_tools_of_the_phase_are_declared_and_none_is_forced_before_the_last() {
    let server = playing(vec![words]);
    let mut bench = Bench::new(&server, "", 10);
    for _ in 0..4 {
        bench.next();
    }
    assert_eq!(bench.question.phase, Phase::Execute);
    let words_only = bench.ask().text.unwrap();
    assert!(words_only.starts_with("{\"words\":"), "{words_only}");
    let expected: [&[&str]; 5] = [
        &["query_signals", "summarize_trends"],
        &["query_signals", "summarize_trends"],
        &["simulate_scenario"],
        &["propose_action"],
        &["execute_remediation"],
    ];
    for (sent, names) in server.requests().iter().zip(expected) {
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        let declared = body["tools"][0]["functionDeclarations"].as_array().unwrap();
        let declared: Vec<&str> =
            declared.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(declared, names);
        let mode = &body["toolConfig"]["functionCallingConfig"]["mode"];
        let is_last = names == ["execute_remediation"];
        assert_eq!(mode, if is_last { "ANY" } else { "AUTO" });
        assert_eq!(body["store"], false);
        let action = &declared_enum(&body);
        assert!(
            !is_last || action.contains(&"none".into()) && action.contains(&"cannot_tell".into())
        );
    }
}

fn declared_enum(body: &Value) -> Vec<Value> {
    let schema = &body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    schema["properties"]["action_type"]["enum"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_reply_in_hops_is_one_and_no_call_of_it_counts_before_the_last() {
    let first = || Answer::Reply(Reply::new().call("query_signals", &look(5)).continues());
    let rest = || Answer::Reply(Reply::new().text("and that is all"));
    let server = playing(vec![first, rest, words]);
    let mut bench = Bench::new(&server, "", 10);
    let reply = bench.ask();
    assert!(reply.text.unwrap().contains("query_signals"));
    assert_eq!(reply.used.unwrap().requests, 2, "each hop is paid for");
    let bodies: Vec<Value> =
        server.requests().iter().map(|sent| serde_json::from_slice(&sent.body).unwrap()).collect();
    assert!(bodies[0].get("continuationToken").is_none());
    assert!(bodies[1]["continuationToken"].is_string());
    assert_eq!(bodies[0]["contents"], bodies[1]["contents"]);
}

#[test]
fn what_was_refused_is_told_as_the_answer_of_the_call() {
    let wrong = || Answer::Reply(Reply::new().call("query_signals", &serde_json::json!({})));
    let server = playing(vec![wrong, words]);
    let mut bench = Bench::new(&server, "", 10);
    assert!(bench.ask().text.unwrap().contains("\"arguments\":{}"));
    bench.question.refused = Some("missing field `severity_min`".to_owned());
    assert_eq!(bench.ask().text.as_deref(), Some("\"next\""));
    let body: Value = serde_json::from_slice(&server.requests()[1].body).unwrap();
    let response = &body["contents"][2]["parts"][0]["functionResponse"]["response"];
    assert_eq!(response["error"], "missing field `severity_min`");
}

#[test]
fn what_a_reply_takes_is_counted_with_its_price() {
    let server = playing(vec![words]);
    let mut bench = Bench::new(&server, "", 10);
    let used = bench.ask().used.unwrap();
    assert_eq!((used.prompt_tokens, used.output_tokens), (100, 30));
    // 100 at 0.75 and 30 at 3.75, in millionths.
    assert_eq!(used.micro_dollars, Some(188));
    let unknown = "name = \"gemini-9\"\n";
    let server = super::fake::Fake::start(|_| words());
    let problem = Bench::named(&server, unknown, 10).ask();
    assert!(problem.problem.unwrap().contains("no model `gemini-9`"));
    assert_eq!(problem.used.unwrap().micro_dollars, Some(0), "what was refused costs nothing");
}

#[test]
fn another_incident_begins_another_conversation() {
    let server = playing(vec![words]);
    let mut bench = Bench::new(&server, "", 10);
    bench.next();
    bench.question.work = 2;
    bench.question.phase = Phase::Observe;
    bench.next();
    let body: Value = serde_json::from_slice(&server.requests()[1].body).unwrap();
    assert_eq!(body["contents"].as_array().unwrap().len(), 1, "nothing of the first goes along");
}
