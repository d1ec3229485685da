//! A mind that speaks chat completions, and a server that refuses what OpenAI's refuses and answers
//! as those at home do.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod rules;
mod server;
mod sound;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use ks_reasoner::key::{Key, KeyError};
use ks_reasoner::live::Live;
use ks_reasoner::{Mind, Settings, Wire};
use ks_vocabulary::decision::{
    AgentConfig, Exchange, IncidentTold, ModelRequest, Phase, SignalsTold, ToolAnswer, ToolCall,
};
use ks_vocabulary::input::{ModelReply, RequestId};
use ks_vocabulary::kind::Severity;
use serde_json::{Value, json};

use server::{Answer, Reply, Server};

const KEY: &str = "sk-planted-1234567890";
const PHASES: [Phase; 5] =
    [Phase::Observe, Phase::Explain, Phase::Simulate, Phase::Decide, Phase::Execute];

/// A mind that asks a server. Every variable of the environment holds the key.
struct Bench {
    mind: Mind,
    question: ModelRequest,
}

impl Bench {
    fn new(server: &Server, settings: &str) -> Self {
        Self::patient(server, settings, 10)
    }

    fn patient(server: &Server, settings: &str, reply_s: u64) -> Self {
        let url = server.url();
        let text = format!("name = \"tiny\"\nbase_url = \"{url}/v1\"\n{settings}");
        let settings: Settings = toml::from_str(&text).unwrap();
        let key = Key::find(&settings, Wire::Openai, |_| Some(KEY.to_owned())).unwrap();
        let day = || "2026-12-01".to_owned();
        let live = Live::new(&settings, Wire::Openai, key, 1, day).unwrap();
        let config = AgentConfig { reply_s, ..AgentConfig::default() };
        let mind = Mind::new(settings, Wire::Openai, &config, Box::new(live)).unwrap();
        let incident =
            IncidentTold { id: 1, severity: Severity::High, age_s: 40, causes: Vec::new() };
        let question = ModelRequest {
            work: 1,
            incident,
            phase: Phase::Observe,
            turns_left: 50,
            history: Vec::new(),
            refused: None,
            tried: Vec::new(),
        };
        Self { mind, question }
    }

    /// Asks, and gives what came.
    fn ask(&mut self) -> ModelReply {
        let reply = self.mind.answer(RequestId(1), &self.question);
        let told = format!("{reply:?}");
        assert!(!told.contains(KEY), "{told}");
        reply
    }

    fn problem(&mut self) -> String {
        self.ask().problem.unwrap()
    }

    /// Asks for a call, and gives its arguments.
    fn arguments(&mut self) -> Value {
        let reply = self.ask();
        let text = reply.text.as_deref().unwrap_or_default();
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        assert_eq!(value["call"]["tool"], "query_signals", "{reply:?}");
        value["call"]["arguments"].clone()
    }

    /// Asks for a call, which a tool answers.
    fn call(&mut self) {
        let arguments = self.arguments();
        let call = ToolCall::parse("query_signals", &arguments.to_string()).unwrap();
        let answer = Ok(ToolAnswer::Signals(SignalsTold::default()));
        self.question.history.push(Exchange { phase: self.question.phase, call, answer });
    }

    /// Asks, and goes on to the next phase.
    fn next(&mut self) {
        assert_eq!(self.ask().text.as_deref(), Some("\"next\""));
        let at = PHASES.iter().position(|phase| *phase == self.question.phase).unwrap();
        self.question.phase = PHASES[at + 1];
    }
}

/// Answers each request by the next of some; the last again and again.
fn playing(answers: Vec<Answer>) -> Server {
    Server::start(move |asked| answers[asked.number.min(answers.len() - 1)].clone())
}

fn look(minutes: u64) -> Value {
    json!({"severity_min": "low", "lookback_minutes": minutes})
}

/// A call of `query_signals` with these arguments.
fn asks(arguments: Value) -> Answer {
    Answer::Reply(Reply::calls(&[("x", "query_signals", arguments)]))
}

fn words() -> Answer {
    Answer::Reply(Reply::words("I have seen enough."))
}

fn status(code: u16, body: &str, retry_after: Option<&'static str>) -> Answer {
    Answer::Status { code, body: body.to_owned(), retry_after }
}

/// What the model said comes back in its own bytes, and no request was refused.
fn assert_goes_back(server: &Server, replies: usize) {
    let sent = server.requests();
    let refusals: Vec<_> = sent.iter().filter_map(|sent| sent.refusal.as_ref()).collect();
    assert!(refusals.is_empty(), "{refusals:?}");
    let last = &sent.last().unwrap().text;
    for said in &server.said()[..replies] {
        assert!(last.contains(said.as_str()), "{said} is not in {last}");
    }
}

#[test]
fn calls_at_once_are_answered_by_a_message_each_in_their_order() {
    let both = Reply::calls(&[
        ("x", "query_signals", look(5).to_string().into()),
        ("y", "query_signals", look(60).to_string().into()),
    ]);
    let server = playing(vec![Answer::Reply(both), words()]);
    let mut bench = Bench::new(&server, "");
    bench.call();
    bench.call();
    bench.next();
    bench.next();
    let sent = server.requests();
    assert_eq!(sent.len(), 2, "two calls, one request more");
    assert_goes_back(&server, 1);
    let messages = sent[1].body["messages"].as_array().unwrap();
    let of = |field: &str| -> Vec<&str> {
        messages.iter().filter_map(|message| message[field].as_str()).collect()
    };
    assert_eq!(of("role"), ["system", "user", "assistant", "tool", "tool"]);
    assert_eq!(of("tool_call_id"), ["x", "y"]);
    let told: Value = serde_json::from_str(messages[3]["content"].as_str().unwrap()).unwrap();
    assert!(told["output"]["signals"].is_object(), "{told}");
}

#[test]
fn words_lead_to_the_next_phase_and_a_call_is_wanted_in_the_last_alone() {
    let server = playing(vec![words()]);
    let mut bench = Bench::new(&server, "max_output_tokens = 77\n");
    for _ in &PHASES[1..] {
        bench.next();
    }
    let last = bench.ask().text.unwrap();
    assert!(last.starts_with("{\"words\":"), "{last}");
    assert_goes_back(&server, 4);
    let expected: [&[&str]; 5] = [
        &["query_signals", "summarize_trends"],
        &["query_signals", "summarize_trends"],
        &["simulate_scenario"],
        &["propose_action"],
        &["execute_remediation"],
    ];
    for (sent, names) in server.requests().iter().zip(expected) {
        let (tools, choice) = (sent.body["tools"].as_array().unwrap(), &sent.body["tool_choice"]);
        let declared: Vec<&Value> = tools.iter().map(|tool| &tool["function"]["name"]).collect();
        assert_eq!(declared, names);
        let is_last = names == ["execute_remediation"];
        assert_eq!(choice, if is_last { "required" } else { "auto" });
        assert_eq!((&sent.body["max_tokens"], &sent.body["model"]), (&json!(77), &json!("tiny")));
    }
    let body = &server.requests()[1].body;
    assert_eq!(body["messages"][3]["content"], "The phase explain begins.");
}

#[test]
fn arguments_go_to_the_engine_as_they_are_and_none_are_an_empty_object() {
    let twice = "{\"limit\": 1, \"limit\": 2}";
    for (arguments, expected) in [
        (json!("{\"severity_min\": "), json!("{\"severity_min\": ")),
        (json!("low"), json!("low")),
        (json!(twice), json!(twice)),
        (json!("[1]"), json!([1])),
        (json!(""), json!({})),
        (json!(" "), json!({})),
        (Value::Null, json!({})),
        (look(5), look(5)),
    ] {
        let server = playing(vec![asks(arguments)]);
        let taken = Bench::new(&server, "").arguments();
        assert_eq!(taken, expected);
        let read = ToolCall::parse("query_signals", &taken.to_string());
        assert_eq!(read.is_ok(), expected == look(5), "{read:?}");
    }
}

#[test]
fn odd_servers_are_understood_and_taken_back_what_they_said() {
    let call = json!([{"id": "x", "type": "function", "index": 0, "function": {
        "name": "query_signals", "arguments": look(5),
    }}]);
    let odd = Reply::new(
        &format!(
            "\"reasoning_content\": \"hm \\u00e9\", \"content\": \"\", \"score\": 1.50, \
             \"refusal\": null,\n \"tool_calls\": {call}"
        ),
        "stop",
    );
    let bare = Reply::new("\"content\": \"So.\", \"tool_calls\": []", "stop");
    let server = playing(vec![
        Answer::Reply(odd.uses(None)),
        Answer::Reply(bare.uses(Some(Value::Null))),
        words(),
    ]);
    let mut bench = Bench::new(&server, "");
    bench.call();
    bench.next();
    bench.next();
    bench.next();
    assert_eq!(server.requests().len(), 3);
    assert_goes_back(&server, 2);
}

#[test]
fn each_end_is_told_for_what_it_is() {
    let text = "\"content\": \"So.\"";
    for (fields, finish, expected) in [
        (text, json!("length"), "used up its room"),
        (text, json!("content_filter"), "blocked what it was asked: content_filter"),
        (text, json!("brand_new"), "ended with brand_new"),
        (text, Value::Null, "ends before it is whole"),
        ("\"content\": null, \"refusal\": \"I will not.\"", json!("stop"), "asked: I will not."),
        ("\"content\": null", json!("stop"), "without anything in it"),
        ("\"content\": \" \", \"tool_calls\": null", json!("tool_calls"), "without anything in it"),
        ("\"content\": 5", json!("stop"), "no reply: its message: "),
    ] {
        let server = playing(vec![Answer::Reply(Reply::new(fields, "stop").ends(finish))]);
        let problem = Bench::new(&server, "").problem();
        assert!(problem.contains(expected), "{problem}: {expected}");
        let is_empty = expected.contains("without");
        assert_eq!(server.requests().len(), if is_empty { 2 } else { 1 }, "{expected}");
    }
    for finish in ["stop", "tool_calls", "function_call"] {
        let call = Reply::calls(&[("x", "query_signals", look(5).to_string().into())]);
        let server = playing(vec![Answer::Reply(call.ends(finish))]);
        assert_eq!(Bench::new(&server, "").arguments(), look(5));
    }
}

#[test]
fn usage_is_counted_and_a_cost_is_told_where_a_price_is_configured() {
    let price = "price = { input = 1.0, output = 2.0, cached = 0.5 }\n";
    // 60 fresh ones at 1, 40 kept ones at a half, 30 at 2.
    for (settings, micro_dollars) in [("", None), (price, Some(140))] {
        let server = playing(vec![words()]);
        let used = Bench::new(&server, settings).ask().used.unwrap();
        assert_eq!((used.prompt_tokens, used.cached_tokens, used.output_tokens), (100, 40, 30));
        assert_eq!((used.micro_dollars, used.model.as_str()), (micro_dollars, "tiny"));
    }
    let plain = json!({"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": null});
    for (usage, counted) in [(None, (0, 0, 0)), (Some(plain), (7, 0, 2))] {
        let server = playing(vec![Answer::Reply(Reply::words("So.").uses(usage))]);
        let used = Bench::new(&server, "").ask().used.unwrap();
        assert_eq!((used.prompt_tokens, used.cached_tokens, used.output_tokens), counted);
        assert_eq!(used.micro_dollars, None);
    }
}

#[test]
fn no_key_is_needed_and_none_is_sent_but_where_it_is_meant_to_go() {
    let sent = |settings: &str| {
        let server = playing(vec![words()]);
        assert!(Bench::new(&server, settings).ask().text.is_some());
        server.requests().remove(0).authorization
    };
    assert_eq!(sent(""), None, "OPENAI_API_KEY is not meant for this server");
    assert_eq!(sent("key_env = \"MINE\"\n"), Some(format!("Bearer {KEY}")));
    let found = |text: &str, known: &str| {
        let settings: Settings = toml::from_str(text).unwrap();
        Key::find(&settings, Wire::Openai, |name| (name == known).then(|| KEY.to_owned()))
    };
    let openai = "base_url = \"https://api.openai.com/v1\"";
    assert!(found(openai, "OPENAI_API_KEY").unwrap().is_some());
    assert!(matches!(found(openai, "MINE"), Err(KeyError::None(name)) if name == "OPENAI_API_KEY"));
    for elsewhere in ["https://api.openai.com.example.org/v1", "https://example.org/v1"] {
        let text = format!("base_url = \"{elsewhere}\"");
        assert!(found(&text, "OPENAI_API_KEY").unwrap().is_none(), "{elsewhere}");
    }
    let server = Server::start_with_key(KEY, |_| words());
    assert!(Bench::new(&server, "key_env = \"MINE\"\n").ask().text.is_some());
    let problem = Bench::new(&server, "").problem();
    assert!(problem.contains("does not take the key (401)"), "{problem}");
}

#[test]
fn a_server_that_refuses_is_told_in_its_words_and_is_asked_no_more() {
    let said = |message: &str| json!({"error": {"message": message, "code": "x"}}).to_string();
    let quota = json!({"error": {"message": "no money", "code": "insufficient_quota"}}).to_string();
    for (code, body, expected) in [
        (404, said("pull \u{202e}it first"), "no model `tiny`: the server says: pull it first"),
        (404, "{\"error\": \"try another\"}".to_owned(), "the server says: try another"),
        (404, "<html>404</html>".to_owned(), "no model `tiny`: name another by `name`"),
        (401, said("who?"), "does not take the key (401)"),
        (403, String::new(), "does not take the key (403)"),
        (400, said("too long"), "refused what it was sent (400): too long"),
        (429, quota, "used up: no money"),
        (200, "<html>hello</html>".to_owned(), "is no reply"),
        (200, "{\"choices\": []}".to_owned(), "without anything in it"),
    ] {
        let server = playing(vec![status(code, &body, None)]);
        let problem = Bench::new(&server, "").problem();
        assert!(problem.contains(expected), "{problem}: {expected}");
        let is_empty = expected.contains("without");
        assert_eq!(server.requests().len(), if is_empty { 2 } else { 1 }, "{expected}");
    }
    let whole = Reply::words("So.").body(&"tiny".into());
    let server = playing(vec![status(200, &whole[..whole.len() - 9], None)]);
    assert!(Bench::new(&server, "").problem().contains("is no reply"));
}

#[test]
fn a_server_that_fails_is_asked_again_within_the_time() {
    let gateway = "<html>bad gateway</html>";
    let server = playing(vec![
        status(429, "{}", Some("0")),
        status(500, "{}", Some("0")),
        status(502, gateway, Some("0")),
        words(),
    ]);
    let reply = Bench::new(&server, "").ask();
    assert_eq!(reply.text.as_deref(), Some("\"next\""));
    assert_eq!(reply.used.unwrap().requests, 4);
    for (code, after, expected) in [
        (429, None, "within 2 s (the last answer was 429)"),
        (429, Some("60"), "within 2 s (the last answer was 429)"),
        (500, None, "within 2 s (the last answer was 500)"),
        (500, Some("0"), "failed 10 times (500 at last)"),
        (429, Some("3600"), "failed 1 times (429 at last)"),
    ] {
        let server = playing(vec![status(code, "{}", after)]);
        let problem = Bench::patient(&server, "", 2).problem();
        assert!(problem.contains(expected), "{problem}: {expected}");
    }
}

#[test]
fn openais_python_client_understands_the_server_of_the_tests() {
    let Ok(python) = std::env::var("KS_GENAI_PYTHON") else {
        eprintln!("skipped: KS_GENAI_PYTHON names no Python with `openai`");
        return;
    };
    let server = Server::start(|asked| {
        let roles = asked.body["messages"].as_array().unwrap();
        let is_answered = roles.iter().any(|message| message["role"] == "tool");
        let arguments = || Value::from("{\"severity_min\": \"low\"}");
        if is_answered {
            return Answer::Reply(Reply::words("Nothing stands."));
        }
        let calls = [("a", "query_signals", arguments()), ("b", "query_signals", arguments())];
        Answer::Reply(Reply::calls(&calls))
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chat/client.py");
    let mut command = Command::new(python);
    command.arg(script).arg(server.url()).env("NO_PROXY", "127.0.0.1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Nothing stands.\n");
}

/// Sends a request as it is: a status, and the error.
fn post(server: &Server, line: &str, authorization: &str, body: &str) -> (u16, Value) {
    let url = server.url();
    let mut connection = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    let text = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    connection.write_all(text.as_bytes()).unwrap();
    let mut came = String::new();
    connection.read_to_string(&mut came).unwrap();
    let (head, body) = came.split_once("\r\n\r\n").unwrap();
    let error = serde_json::from_str::<Value>(body).unwrap()["error"].clone();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), error)
}
