//! The model that a run asks, by the options of a command: a server, or what was recorded of one.
//!
//! Where it cannot be asked, that is said, and the rules advise: the journal says so too, incident
//! by incident.

pub(crate) mod examined;
mod shown;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use ks_reasoner::cassette::{Cassette, Recording, Tape};
use ks_reasoner::exchange::Absent;
use ks_reasoner::key::Key;
use ks_reasoner::live::Live;
use ks_reasoner::{Exchange, Failure, Mind, Settings, Wire};
use ks_recorder::clock;
use ks_replayer::config_file;
use ks_replayer::driver::Answers;
use ks_vocabulary::decision::{AgentConfig, ModelBudget, ModelRequest, Reasoner};
use ks_vocabulary::input::{Config, ModelReply, RequestId};

use crate::cli::agent::{Advisor, Agent};
use crate::exit::Misused;
use crate::{render, replaceable};

/// Who is asked in place of a model, and what is recorded of it.
#[derive(Clone)]
pub(crate) struct Asked {
    mind: Rc<RefCell<Mind>>,
    tape: Option<Tape>,
}

impl Answers for Asked {
    fn answer(&mut self, request: RequestId, question: &ModelRequest) -> ModelReply {
        self.mind.borrow_mut().answer(request, question)
    }
}

impl Asked {
    /// Ends it: what was recorded is whole, and a cassette had all that was asked.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        if let Some(tape) = &self.tape {
            tape.finish()?;
        }
        Ok(self.mind.borrow_mut().finish()?)
    }
}

/// Notes the model of a configuration, where one advises; gives its name.
pub(crate) fn name(
    file: Option<&Path>,
    options: &Agent,
    config: &mut AgentConfig,
) -> anyhow::Result<Option<String>> {
    if let Some(Advisor::Cassette(path)) = &options.reasoner {
        let cassette = Cassette::open(path)?;
        config.reasoner = cassette.wire().reasoner();
        cassette.model().clone_into(&mut config.model);
    } else if let Some(wire) = Wire::of(config.reasoner) {
        let settings = settings(file)?;
        settings.check(wire)?;
        config.model = settings.model(wire)?.name;
    } else {
        if options.record_cassette.is_some() {
            return Err(Misused(
                "--record-cassette goes with a model: --reasoner gemini or openai",
            )
            .into());
        }
        return Ok(None);
    }
    if config.reasoner == Reasoner::Openai && config.budgets.model.is_usual() {
        config.budgets.model = ModelBudget::LOCAL;
    }
    Ok(Some(config.model.clone()))
}

fn settings(file: Option<&Path>) -> anyhow::Result<Settings> {
    let read = file.map(config_file::model::<Settings>).transpose()?.flatten();
    Ok(read.unwrap_or_default())
}

/// Who is asked in a run of this configuration; `None` where no model advises.
pub(crate) fn asked(
    file: Option<&Path>,
    options: &Agent,
    config: Option<&Config>,
) -> anyhow::Result<Option<Asked>> {
    let Some(config) = config.map(|config| &config.agent) else { return Ok(None) };
    let Some((mind, tape)) = mind(file, options, config)? else { return Ok(None) };
    Ok(Some(Asked { mind: Rc::new(RefCell::new(mind)), tape }))
}

/// Whoever prints what a model would be sent, and asks none.
pub(crate) fn shown(
    file: Option<&Path>,
    config: &AgentConfig,
) -> anyhow::Result<Option<Box<dyn Answers>>> {
    let Some(wire) = Wire::of(config.reasoner) else { return Ok(None) };
    let settings = Settings { name: Some(config.model.clone()), ..settings(file)? };
    let nobody = Box::new(Absent(Failure::Unset("nobody is asked".to_owned())));
    let mind = Mind::new(settings, wire, config, nobody)?;
    Ok(Some(Box::new(shown::Shown::new(mind))))
}

/// The model of a configuration with what is recorded of it.
pub(crate) fn mind(
    file: Option<&Path>,
    options: &Agent,
    config: &AgentConfig,
) -> anyhow::Result<Option<(Mind, Option<Tape>)>> {
    let Some(wire) = Wire::of(config.reasoner) else { return Ok(None) };
    let mut settings = settings(file)?;
    settings.name = Some(config.model.clone());
    let mut exchange: Box<dyn Exchange> = match &options.reasoner {
        Some(Advisor::Cassette(path)) => Cassette::open(path)?.play(""),
        Some(Advisor::Named(_)) | None => server(&settings, wire),
    };
    let tape = tape(options, wire, config)?;
    if let Some(tape) = &tape {
        exchange = Box::new(Recording::new(exchange, tape.clone(), ""));
    }
    Ok(Some((Mind::new(settings, wire, config, exchange)?, tape)))
}

/// The cassette that is to be recorded, if one is.
fn tape(options: &Agent, wire: Wire, config: &AgentConfig) -> anyhow::Result<Option<Tape>> {
    let Some(path) = &options.record_cassette else { return Ok(None) };
    replaceable::check(path, replaceable::CASSETTE, "cassette")?;
    Ok(Some(Tape::create(path, wire, &config.model)?))
}

/// The server of the configuration. One that cannot be asked is told of, once.
pub(crate) fn server(settings: &Settings, wire: Wire) -> Box<dyn Exchange> {
    let key = Key::find(settings, wire, |name| std::env::var(name).ok());
    let made = key
        .map_err(|error| Failure::Unset(error.to_string()))
        .and_then(|key| Live::new(settings, wire, key, u64::from(std::process::id()), today));
    match made {
        Ok(live) => Box::new(live),
        Err(failure) => {
            render::note(&format!("{failure}; the rules advise"));
            Box::new(Absent(failure))
        }
    }
}

/// Today, as 2026-12-01.
fn today() -> String {
    let anchor = clock::anchor();
    let at = jiff::Timestamp::from_nanosecond(i128::from(anchor.at_ns.0)).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}
