//! A model as the engine's peer: asked what to do next, it answers from its conversation.

use std::collections::VecDeque;
use std::time::Duration;

use ks_vocabulary::decision::{AgentConfig, ModelRequest, ModelUse};
use ks_vocabulary::input::{ModelReply, RequestId};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::body::Body;
use crate::conversation::{Conversation, Step};
use crate::exchange::{Exchange, Interaction};
use crate::gemini::{self, Asked};
use crate::heard::{Heard, Read, Tokens};
use crate::live::refused;
use crate::models::Model;
use crate::retry::Refusal;
use crate::settings::{Settings, SettingsError};
use crate::tools::declared;
use crate::wire::Wire;
use crate::{Failure, clock, openai, prompts};

/// Hops of one reply: each is paid for (our judgement).
const HOPS_MAX: u32 = 4;

/// What becomes of a question.
#[derive(Debug)]
pub enum Preview {
    /// It is answered by this, without asking.
    Said(String),
    /// This is sent.
    Sent(Body),
}

/// See the module.
#[expect(missing_debug_implementations, reason = "who answers has none")]
pub struct Mind {
    wire: Wire,
    settings: Settings,
    model: Model,
    fallbacks: VecDeque<Model>,
    exchange: Box<dyn Exchange>,
    patience: Duration,
    conversation: Option<Conversation>,
    /// What a cassette did not have: the run is another one than was recorded.
    missing: Option<Failure>,
}

impl Mind {
    /// One that waits for a reply as long as `config` says.
    pub fn new(
        settings: Settings,
        wire: Wire,
        config: &AgentConfig,
        exchange: Box<dyn Exchange>,
    ) -> Result<Self, SettingsError> {
        settings.check(wire)?;
        let model = settings.model(wire)?;
        let fallbacks = settings.fallbacks(wire)?.into();
        let patience = Duration::from_secs(config.reply_s.min(AgentConfig::REPLY_S_MAX));
        Ok(Self {
            wire,
            settings,
            model,
            fallbacks,
            exchange,
            patience,
            conversation: None,
            missing: None,
        })
    }

    /// The reply to a question, or why there is none.
    pub fn answer(&mut self, request: RequestId, question: &ModelRequest) -> ModelReply {
        let mut conversation = self.conversation_of(question);
        let mut reply = ModelReply { request, text: None, problem: None, used: None };
        match conversation.take(question) {
            Step::Say(text) => reply.text = Some(text),
            Step::Ask => {
                let mut used = Used::default();
                match self.ask(&mut conversation, question, &mut used) {
                    Ok(text) => reply.text = Some(text),
                    Err(failure) => {
                        reply.problem = Some(failure.to_string());
                        if matches!(failure, Failure::Cassette(_)) {
                            self.missing.get_or_insert(failure);
                        }
                    }
                }
                reply.used = Some(used.told(&self.model));
            }
        }
        self.conversation = Some(conversation);
        reply
    }

    /// What would be sent for a question, or what is answered without asking.
    pub fn preview(&mut self, question: &ModelRequest) -> Preview {
        let mut conversation = self.conversation_of(question);
        let preview = match conversation.take(question) {
            Step::Say(text) => Preview::Said(text),
            Step::Ask => Preview::Sent(self.body(&conversation, question, None)),
        };
        self.conversation = Some(conversation);
        preview
    }

    /// Takes a call or words for what the model said to the question before: it was someone else's.
    pub fn imagine(&mut self, call: Option<(&str, &serde_json::Value)>) {
        if let Some(conversation) = &mut self.conversation {
            conversation.imagine(self.wire, call);
        }
    }

    /// Ends it: an error where what was recorded holds more than was asked for.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.missing.take().map_or_else(|| self.exchange.finish(), Err)
    }

    fn conversation_of(&mut self, question: &ModelRequest) -> Conversation {
        let known = self.conversation.take().filter(|known| known.work == question.work);
        known.unwrap_or_else(|| Conversation::new(question))
    }

    /// Asks the model: once more where that may go better, and another one where it has no room.
    fn ask(
        &mut self,
        conversation: &mut Conversation,
        question: &ModelRequest,
        used: &mut Used,
    ) -> Result<String, Failure> {
        let ends = clock::now() + self.patience;
        let mut tried = false;
        loop {
            match self.hops(conversation, question, ends, used) {
                Ok(heard) => return Ok(conversation.hear(heard)),
                Err(failure) if failure.is_worth_another() && !tried => tried = true,
                Err(failure @ Failure::Capacity(_)) => {
                    let Some(next) = self.fallbacks.pop_front() else { return Err(failure) };
                    self.model = next;
                    // What one model signed must not be sent to another.
                    *conversation = Conversation::retold(question);
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// One reply, however many hops it takes. No call of it counts before the last.
    fn hops(
        &mut self,
        conversation: &Conversation,
        question: &ModelRequest,
        ends: Instant,
        used: &mut Used,
    ) -> Result<Heard, Failure> {
        let (mut goes_on, mut before) = (None, Vec::new());
        for _ in 0..HOPS_MAX {
            let body = self.body(conversation, question, goes_on.as_deref());
            let within = ends.saturating_duration_since(clock::now());
            let interaction = self.exchange.exchange(&body, within)?;
            used.requests += u32::try_from(interaction.attempts.len()).unwrap_or(u32::MAX);
            let read = self.read(&interaction, &body, before)?;
            self.count(&read, &interaction, used);
            if read.goes_on.is_none() {
                return read.heard;
            }
            (goes_on, before) = (read.goes_on, read.parts);
        }
        Err(Failure::Ended(format!("no end after {HOPS_MAX} hops")))
    }

    fn body(
        &self,
        conversation: &Conversation,
        question: &ModelRequest,
        goes_on: Option<&str>,
    ) -> Body {
        let asked = Asked {
            settings: &self.settings,
            model: &self.model,
            phase: question.phase,
            turns: &conversation.turns,
            tools: &declared(question),
            goes_on,
        };
        match self.wire {
            Wire::Gemini => gemini::body(&asked),
            Wire::Openai => openai::body(&asked),
        }
    }

    fn read(
        &self,
        interaction: &Interaction,
        body: &Body,
        before: Vec<Box<RawValue>>,
    ) -> Result<Read, Failure> {
        let attempts = interaction.attempts.len();
        let Some(last) = interaction.attempts.last() else {
            return Err(Failure::Network("nothing was tried".to_owned()));
        };
        match refused(self.wire, last, body) {
            None => Ok(match self.wire {
                Wire::Gemini => gemini::read(&last.body, body.streams, before),
                Wire::Openai => openai::read(&last.body),
            }),
            Some(Refusal::End(Failure::NoModel { model, instead: None })) => {
                Err(Failure::NoModel { model, instead: self.instead() })
            }
            Some(Refusal::End(failure)) => Err(failure),
            Some(Refusal::Again { .. }) => Err(match (&last.error, last.status) {
                (Some(error), _) => Failure::Network(error.clone()),
                (None, Some(status)) => Failure::Server { status, attempts },
                (None, None) => Failure::Network("nothing came".to_owned()),
            }),
        }
    }

    fn instead(&self) -> Option<String> {
        let next = self.fallbacks.front()?;
        Some(format!("the configured fallback is `{}`: name it by `name` in [model]", next.name))
    }

    fn count(&mut self, read: &Read, interaction: &Interaction, used: &mut Used) {
        let price = self.settings.price(&self.model, &interaction.day);
        let cost = price.map(|price| price.micro_dollars(read.tokens));
        self.exchange.count(read.tokens.prompt.saturating_add(read.tokens.output()), cost);
        used.tokens = used.tokens.plus(read.tokens);
        used.is_priced &= cost.is_some();
        used.micro_dollars = used.micro_dollars.saturating_add(cost.unwrap_or(0));
        used.model = read.model.clone().or(used.model.take());
    }
}

/// What a reply took.
#[derive(Debug)]
struct Used {
    requests: u32,
    tokens: Tokens,
    micro_dollars: u64,
    is_priced: bool,
    model: Option<String>,
}

impl Default for Used {
    fn default() -> Self {
        let (tokens, model) = (Tokens::default(), None);
        Self { requests: 0, tokens, micro_dollars: 0, is_priced: true, model }
    }
}

impl Used {
    fn told(self, model: &Model) -> ModelUse {
        let named = self.model.map(|name| crate::clean::text_of(&name));
        ModelUse {
            model: named.unwrap_or_else(|| model.name.clone()),
            prompts: prompts::sha256().to_owned(),
            requests: self.requests,
            prompt_tokens: self.tokens.prompt,
            cached_tokens: self.tokens.cached,
            output_tokens: self.tokens.output(),
            micro_dollars: self.is_priced.then_some(self.micro_dollars),
        }
    }
}
