//! What a model would be sent, printed in place of sending it. The rules say what is asked next, so
//! that there is a way to go; what a model would ask is not known.

use std::io::Write as _;

use ks_agent::reasoner::rules::Rules;
use ks_agent::reasoner::{Advised, Reasoner as _};
use ks_reasoner::{Body, Mind, Preview};
use ks_replayer::driver::Answers;
use ks_vocabulary::decision::{ModelRequest, Reply};
use ks_vocabulary::input::{ModelReply, RequestId};
use serde_json::json;

use crate::plain;

/// See the module.
pub(super) struct Shown {
    mind: Mind,
    printed: u64,
}

impl Shown {
    pub(super) fn new(mind: Mind) -> Self {
        Self { mind, printed: 0 }
    }

    fn print(&mut self, question: &ModelRequest, body: &Body) {
        self.printed += 1;
        let (incident, phase) = (question.incident.id, question.phase);
        let head = format!(
            "request {}, incident {incident}, phase {phase}: POST {}, {} bytes, about {} tokens",
            self.printed,
            body.path,
            body.json.len(),
            body.estimated_tokens()
        );
        // The JSON has no letter that steers a terminal: controls are escaped in it.
        let shown = format!("# {}\n{}\n", plain::line(head), plain::line(body.json.clone()));
        let _ = std::io::stdout().write_all(shown.as_bytes());
    }

    fn advised(&mut self, question: &ModelRequest) -> String {
        match Rules.advise(question) {
            Advised::Reply(Reply::Call(call)) => {
                let (tool, arguments) = (call.tool().word(), call.arguments());
                self.mind.imagine(Some((tool, &arguments)));
                json!({"call": {"tool": tool, "arguments": arguments}}).to_string()
            }
            Advised::Reply(Reply::Finish(finish)) => {
                let (ending, reason) = (finish.ending, finish.reason);
                json!({"finish": {"ending": ending, "reason": reason}}).to_string()
            }
            Advised::Reply(Reply::Next)
            | Advised::Text(_)
            | Advised::Nothing(_)
            | Advised::Elsewhere => {
                self.mind.imagine(None);
                "\"next\"".to_owned()
            }
        }
    }
}

impl Answers for Shown {
    fn answer(&mut self, request: RequestId, question: &ModelRequest) -> ModelReply {
        let text = match self.mind.preview(question) {
            Preview::Said(text) => text,
            Preview::Sent(body) => {
                self.print(question, &body);
                self.advised(question)
            }
        };
        ModelReply { request, text: Some(text), problem: None, used: None }
    }
}
