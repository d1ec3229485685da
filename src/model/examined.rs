//! The models of `ks eval`: one conversation for each scenario, and one purse for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ks_reasoner::cassette::{Cassette, Recording, Tape};
use ks_reasoner::exchange::Interaction;
use ks_reasoner::{Body, Exchange, Failure, Mind, Settings, Wire};
use ks_replayer::driver::Answers;
use ks_replayer::evaluation;
use ks_vocabulary::decision::{Mode, ModelRequest};
use ks_vocabulary::input::{Config, ModelReply, RequestId};

use super::{name, server, settings, tape, today};
use crate::cli::agent::Advisor;
use crate::cli::eval::Eval;
use crate::exit::Misused;

/// See the module.
pub(crate) struct Models {
    wire: Wire,
    settings: Settings,
    config: Config,
    cassette: Option<Cassette>,
    tape: Option<Tape>,
    purse: Option<Purse>,
}

/// What may be spent on all scenarios, and what is.
#[derive(Debug, Clone)]
struct Purse {
    spent: Arc<AtomicU64>,
    most: u64,
}

impl Models {
    /// Those that are asked for; `None` where no model is.
    pub(crate) fn of(arguments: &Eval) -> anyhow::Result<Option<Self>> {
        let options = arguments.agent();
        let mut config = Config::by_rules(Mode::Auto);
        if let Advisor::Named(reasoner) = &arguments.reasoner {
            config.agent.reasoner = *reasoner;
        }
        let file = arguments.config.as_deref();
        let Some(model) = name(file, &options, &mut config.agent)? else { return Ok(None) };
        let Some(wire) = Wire::of(config.agent.reasoner) else { return Ok(None) };
        let settings = Settings { name: Some(model), ..settings(file)? };
        let cassette = match &arguments.reasoner {
            Advisor::Cassette(path) => Some(Cassette::open(path)?),
            Advisor::Named(_) => None,
        };
        let purse = arguments.max_usd.map(|most| purse(most, &settings, wire)).transpose()?;
        let tape = tape(&options, wire, &config.agent)?;
        Ok(Some(Self { wire, settings, config, cassette, tape, purse }))
    }

    /// How rows of it are called. What answers by a script is no model, whatever it says.
    pub(crate) fn player(&self) -> evaluation::Player {
        let name = self.settings.name.as_deref().unwrap_or_default();
        match self.wire {
            _ if name.starts_with("scripted") => evaluation::Player::Scripted,
            Wire::Gemini => evaluation::Player::Gemini,
            Wire::Openai => evaluation::Player::Openai,
        }
    }

    /// Scenarios that a cassette has answers of.
    pub(crate) fn scenarios(&self) -> Option<Vec<String>> {
        let mut all: Vec<String> =
            self.cassette.as_ref()?.scopes().map(ToOwned::to_owned).collect();
        all.sort_unstable();
        all.dedup();
        Some(all)
    }

    /// Ends what is recorded.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        Ok(self.tape.as_ref().map_or(Ok(()), Tape::finish)?)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is checked")]
fn purse(most: f64, settings: &Settings, wire: Wire) -> anyhow::Result<Purse> {
    if !most.is_finite() || !(0.0..=1e6).contains(&most) {
        return Err(Misused("--max-usd is an amount of dollars").into());
    }
    if settings.price(&settings.model(wire)?, &today()).is_none() {
        let why = "--max-usd needs a price: what this model costs is not known, so say it by \
                   `price = { input = 0.75, output = 3.75 }` in [model]";
        return Err(Misused(why).into());
    }
    Ok(Purse { spent: Arc::default(), most: (most * 1e6) as u64 })
}

impl evaluation::Models for Models {
    fn config(&self) -> Config {
        self.config.clone()
    }

    fn of(&self, scenario: &str) -> Result<Box<dyn Answers>, String> {
        if self.purse.as_ref().is_some_and(Purse::is_empty) {
            return Err("the dollars of --max-usd are spent: --progress keeps what was done".into());
        }
        let mut exchange: Box<dyn Exchange> = match &self.cassette {
            Some(cassette) => cassette.play(scenario),
            None => server(&self.settings, self.wire),
        };
        if let Some(purse) = &self.purse {
            exchange = Box::new(Paid { inner: exchange, purse: purse.clone() });
        }
        if let Some(tape) = &self.tape {
            exchange = Box::new(Recording::new(exchange, tape.clone(), scenario));
        }
        let mind = Mind::new(self.settings.clone(), self.wire, &self.config.agent, exchange);
        let strict = self.cassette.is_some();
        mind.map(|mind| Box::new(Examined { mind, strict }) as Box<dyn Answers>)
            .map_err(|error| error.to_string())
    }
}

impl Purse {
    fn is_empty(&self) -> bool {
        self.spent.load(Ordering::Relaxed) >= self.most
    }
}

/// Whoever answers, out of one purse.
struct Paid {
    inner: Box<dyn Exchange>,
    purse: Purse,
}

impl Exchange for Paid {
    fn exchange(&mut self, body: &Body, within: Duration) -> Result<Interaction, Failure> {
        if self.purse.is_empty() {
            return Err(Failure::Spent("the dollars of --max-usd are spent".to_owned()));
        }
        self.inner.exchange(body, within)
    }

    fn count(&mut self, tokens: u64, micro_dollars: Option<u64>) {
        self.purse.spent.fetch_add(micro_dollars.unwrap_or(0), Ordering::Relaxed);
        self.inner.count(tokens, micro_dollars);
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.inner.finish()
    }
}

/// One conversation.
struct Examined {
    mind: Mind,
    /// All of a cassette has to be asked, and nothing else.
    strict: bool,
}

impl Answers for Examined {
    fn answer(&mut self, request: RequestId, question: &ModelRequest) -> ModelReply {
        self.mind.answer(request, question)
    }

    fn problem(&mut self) -> Option<String> {
        let ended = self.mind.finish();
        ended.err().filter(|_| self.strict).map(|failure| failure.to_string())
    }
}
