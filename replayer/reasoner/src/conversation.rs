//! The conversation about one incident: what was said in the model's own words, and which of its
//! calls are still to be answered. The engine takes one call at a time; a model may make several
//! at once, and wants all of their answers in one turn, in its order.

use std::collections::VecDeque;

use ks_vocabulary::decision::{ModelRequest, Phase, ToolAnswer, Verdict};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::clean::{clean, text_of};
use crate::heard::{Called, Heard};
use crate::prompts;
use crate::wire::Wire;

/// One turn.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    /// What it is told.
    Told(String),
    /// What it said, as it came.
    Said(Box<RawValue>),
    /// What its calls were answered.
    Answered(Vec<Answered>),
}

/// What a call was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// An object with `output` or `error`.
    pub(crate) response: Value,
}

/// What is to be said to the engine next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// This, without asking the model.
    Say(String),
    /// What the model answers to the turns so far.
    Ask,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// Number of the work that it is about.
    pub(crate) work: u64,
    pub(crate) turns: Vec<Turn>,
    /// Calls that the engine has not had yet.
    waiting: VecDeque<Called>,
    /// The call that the engine has now.
    at_hand: Option<Called>,
    answered: Vec<Answered>,
    /// An answer of the round was an error.
    erred: bool,
    /// What was asked for was judged: nothing more is to be said.
    ending: Option<String>,
    phase: Phase,
}

impl Conversation {
    pub(crate) fn new(question: &ModelRequest) -> Self {
        Self {
            work: question.work,
            turns: vec![Turn::Told(prompts::first(question))],
            waiting: VecDeque::new(),
            at_hand: None,
            answered: Vec::new(),
            erred: false,
            ending: None,
            phase: question.phase,
        }
    }

    /// Takes what the engine asks next, which says what became of the call before.
    pub(crate) fn take(&mut self, question: &ModelRequest) -> Step {
        let has_moved = std::mem::replace(&mut self.phase, question.phase) != question.phase;
        self.settle(question);
        if let Some(call) = self.waiting.pop_front() {
            let text = said(&call);
            self.at_hand = Some(call);
            return Step::Say(text);
        }
        if let Some(ending) = self.ending.take() {
            return Step::Say(ending);
        }
        if self.answered.is_empty() {
            self.tell(question, has_moved);
            return Step::Ask;
        }
        // What was asked for in this phase was answered: the next one has other tools.
        if !self.erred && question.phase != Phase::Execute && !has_moved {
            return Step::Say("\"next\"".to_owned());
        }
        self.erred = false;
        self.turns.push(Turn::Answered(std::mem::take(&mut self.answered)));
        Step::Ask
    }

    /// A turn without an answer of a tool: the model said something, and is told how it goes on.
    fn tell(&mut self, question: &ModelRequest, has_moved: bool) {
        if !matches!(self.turns.last(), Some(Turn::Said(_))) {
            return;
        }
        let refused = question.refused.as_deref().map(prompts::refused);
        let moved = has_moved.then(|| prompts::goes_on(question.phase));
        let told: Vec<String> = refused.into_iter().chain(moved).collect();
        let told = if told.is_empty() { prompts::goes_on(question.phase) } else { told.join(" ") };
        self.turns.push(Turn::Told(told));
    }

    /// Notes what the call at hand was answered, and the end of the work, where it was judged.
    fn settle(&mut self, question: &ModelRequest) {
        let Some(call) = self.at_hand.take() else { return };
        let (response, ending) = match (&question.refused, question.history.last()) {
            (Some(why), _) => (Err(why.clone()), None),
            (None, Some(last)) => match &last.answer {
                Ok(ToolAnswer::Judged(judged)) => (
                    told(&ToolAnswer::Judged(judged.clone())),
                    ended(judged.verdict, &judged.reason),
                ),
                Ok(answer) => (told(answer), None),
                Err(why) => (Err(why.clone()), None),
            },
            (None, None) => (Err("it was not answered".to_owned()), None),
        };
        self.erred |= response.is_err();
        let response = match response {
            Ok(value) => json!({"output": value}),
            Err(why) => json!({"error": text_of(&why)}),
        };
        self.answered.push(Answered { id: call.id, name: call.name, response });
        self.ending = self.ending.take().or(ending);
    }

    /// Takes what the model said. The return value is what the engine is told of it.
    pub(crate) fn hear(&mut self, heard: Heard) -> String {
        self.turns.push(Turn::Said(heard.said));
        self.waiting = heard.calls.into();
        match self.waiting.pop_front() {
            Some(call) => {
                let text = said(&call);
                self.at_hand = Some(call);
                text
            }
            None if self.phase == Phase::Execute => words_only(&heard.words),
            None => "\"next\"".to_owned(),
        }
    }

    /// Takes a call or words for what the model said, as if it had: signatures that it never made
    /// are replaced as its provider documents for history of other origin.
    pub(crate) fn imagine(&mut self, wire: Wire, call: Option<(&str, &Value)>) {
        let made = match (wire, call) {
            (Wire::Gemini, Some((name, arguments))) => json!({"role": "model", "parts": [{
                "functionCall": {"name": name, "args": arguments},
                "thoughtSignature": "skip_thought_signature_validator",
            }]}),
            (Wire::Gemini, None) => json!({"role": "model", "parts": [{"text": "I see."}]}),
            (Wire::Openai, Some((name, arguments))) => json!({
                "role": "assistant",
                "tool_calls": [{"id": "call_1", "type": "function", "function": {
                    "name": name, "arguments": arguments.to_string(),
                }}],
            }),
            (Wire::Openai, None) => json!({"role": "assistant", "content": "I see."}),
        };
        let Ok(said) = serde_json::value::to_raw_value(&made) else { return };
        self.turns.push(Turn::Said(said));
        self.at_hand = call.map(|(name, arguments)| Called {
            id: (wire == Wire::Openai).then(|| "call_1".to_owned()),
            name: name.to_owned(),
            arguments: arguments.clone(),
        });
    }

    /// The same again with what was found so far as one text: another model goes on with it, which
    /// may not be sent what this one signed.
    pub(crate) fn retold(question: &ModelRequest) -> Self {
        let mut again = Self::new(question);
        let mut text = prompts::first(question);
        for exchange in &question.history {
            let call = serde_json::to_value(&exchange.call).unwrap_or_default();
            let answer = match &exchange.answer {
                Ok(answer) => json!({"output": told(answer).unwrap_or_default()}),
                Err(why) => json!({"error": text_of(why)}),
            };
            text.push_str(&format!("{}\n", json!({"call": call, "answer": answer})));
        }
        again.turns = vec![Turn::Told(text)];
        again
    }
}

/// Where there is nothing more to say about what was asked for.
fn ended(verdict: Verdict, reason: &str) -> Option<String> {
    let ending = match verdict {
        Verdict::Allowed => "acted",
        Verdict::NeedsApproval => "proposed",
        Verdict::Denied => return None,
    };
    Some(json!({"finish": {"ending": ending, "reason": reason}}).to_string())
}

/// A call as the engine reads it.
fn said(call: &Called) -> String {
    json!({"call": {"tool": call.name, "arguments": call.arguments}}).to_string()
}

/// Where a call is wanted, words are no answer: the engine says so, and the model is told.
fn words_only(words: &str) -> String {
    json!({"words": text_of(words)}).to_string()
}

fn told(answer: &ToolAnswer) -> Result<Value, String> {
    serde_json::to_value(answer).map(clean).map_err(|error| error.to_string())
}
