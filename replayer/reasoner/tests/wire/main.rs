//! A mind and a server that refuses what the real one refuses: the rows of `gemini-api.md`, section
//! 9, that take a conversation or a network.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]

mod dialogue;
#[expect(dead_code, reason = "its own tests use the rest of it")]
#[path = "../fake/mod.rs"]
mod fake;
mod faults;

use ks_reasoner::key::Key;
use ks_reasoner::live::Live;
use ks_reasoner::{Mind, Settings, Wire};
use ks_vocabulary::decision::{
    AgentConfig, Exchange, IncidentTold, ModelRequest, Phase, SignalsTold, ToolAnswer, ToolCall,
};
use ks_vocabulary::input::{ModelReply, RequestId};
use ks_vocabulary::kind::Severity;
use serde_json::Value;

use fake::{Answer, Fake, Reply};

/// A mind that asks a server.
struct Bench {
    mind: Mind,
    question: ModelRequest,
}

impl Bench {
    fn new(fake: &Fake, settings: &str, reply_s: u64) -> Self {
        Self::named(fake, &format!("name = \"gemini-3.8-flash\"\n{settings}"), reply_s)
    }

    fn named(fake: &Fake, settings: &str, reply_s: u64) -> Self {
        let text = format!("base_url = \"{}\"\n{settings}", fake.url());
        let settings: Settings = toml::from_str(&text).unwrap();
        let of = |name: &str| (name == "GEMINI_API_KEY").then(|| Fake::key().to_owned());
        let key = Key::find(&settings, Wire::Gemini, of).unwrap();
        let day = || "2026-12-01".to_owned();
        let live = Live::new(&settings, Wire::Gemini, key, 1, day).unwrap();
        let config = AgentConfig { reply_s, ..AgentConfig::default() };
        let mind = Mind::new(settings, Wire::Gemini, &config, Box::new(live)).unwrap();
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
        assert!(!told.contains(Fake::key()), "{told}");
        reply
    }

    /// Asks, and takes the answer for a call, which a tool answers.
    fn call(&mut self) -> ToolCall {
        let reply = self.ask();
        let text = reply.text.unwrap_or_else(|| panic!("{:?}", reply.problem));
        let value: Value = serde_json::from_str(&text).unwrap();
        let (tool, arguments) = (&value["call"]["tool"], &value["call"]["arguments"]);
        let call = ToolCall::parse(tool.as_str().unwrap(), &arguments.to_string()).unwrap();
        let answer = Ok(ToolAnswer::Signals(SignalsTold::default()));
        let (phase, own) = (self.question.phase, call.clone());
        self.question.history.push(Exchange { phase, call: own, answer });
        call
    }

    /// Asks, and goes on to the next phase.
    fn next(&mut self) {
        assert_eq!(self.ask().text.as_deref(), Some("\"next\""));
        self.question.phase = match self.question.phase {
            Phase::Observe => Phase::Explain,
            Phase::Explain => Phase::Simulate,
            Phase::Simulate => Phase::Decide,
            Phase::Decide | Phase::Execute | Phase::Verify | Phase::Reflect => Phase::Execute,
        };
    }
}

/// The arguments of a call of `query_signals`.
fn look(minutes: u64) -> Value {
    serde_json::json!({"severity_min": "low", "lookback_minutes": minutes})
}

/// Answers each request by the next of some; the last again and again.
fn playing(answers: Vec<fn() -> Answer>) -> Fake {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Fake::start_strict(move |_| {
        let at = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        answers[at.min(answers.len() - 1)]()
    })
}

/// What the model says after all is asked.
fn words() -> Answer {
    Answer::Reply(Reply::new().text("I have seen enough."))
}
