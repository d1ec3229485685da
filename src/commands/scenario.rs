//! `ks scenario`: synthetic faults as recordings.

use ks_engine::engine::Engine;
use ks_recorder::error::Error;
use ks_recorder::format::log::Decoder;
use ks_recorder::format::writer::Writer;
use ks_replayer::driver::{Driver, Keeper, Modelled};
use ks_replayer::scenario;
use ks_scenarios::library;
use ks_vocabulary::input::Input;
use ks_vocabulary::output::Output;
use serde::Serialize;

use crate::agent_options;
use crate::cli::scenario::{Build, List, Scenario, ScenarioCommand, Show};
use crate::plain::Page;
use crate::render::Format;
use crate::{progress, render, stdout};

/// One line of the list.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    summary: String,
    duration_s: u64,
    expects: usize,
}

pub(crate) fn run(arguments: &Scenario) -> anyhow::Result<()> {
    match &arguments.command {
        ScenarioCommand::List(arguments) => list(arguments),
        ScenarioCommand::Show(arguments) => show(arguments),
        ScenarioCommand::Build(arguments) => build(arguments),
    }
}

fn list(arguments: &List) -> anyhow::Result<()> {
    let mut entries = Vec::new();
    for name in library::names() {
        let scenario = scenario::load(name.as_ref())?;
        entries.push(Entry {
            name,
            summary: scenario.summary.clone(),
            duration_s: scenario.duration.ns / 1_000_000_000,
            expects: scenario.expect.len(),
        });
    }
    if arguments.format == Format::Json {
        return stdout::print_json(&entries);
    }
    let mut page = Page::default();
    for entry in &entries {
        page.line(format_args!("{:28} {}", entry.name, entry.summary));
    }
    stdout::print_page(&page)
}

fn show(arguments: &Show) -> anyhow::Result<()> {
    let (text, _) = scenario::text(&arguments.scenario)?;
    let mut page = Page::default();
    page.text(&text);
    stdout::print_page(&page)
}

fn build(arguments: &Build) -> anyhow::Result<()> {
    let scenario = scenario::load(&arguments.scenario)?;
    let writer = Writer::create(&arguments.output, arguments.force)?;
    let bar = progress::seconds();
    let mut told = progress::told(&bar);
    let seed = arguments.seed.unwrap_or(scenario.seeds.first);
    let config = agent_options::config(arguments.config.as_deref(), &arguments.agent)?;
    let configured = config.map(|(config, _)| config);
    let mut simulation = agent_options::modelled(&arguments.scenario, &scenario, seed, configured)?;
    let mut logged = Logged { writer, decoder: Decoder::default() };
    let mut driver = Driver::<Engine>::default();
    driver.run(&mut Modelled::new(&mut simulation, &mut told), &mut logged)?;
    bar.finish_and_clear();
    logged.writer.seal()?;
    render::refused(&simulation);
    let name = arguments.output.display();
    render::note(&format!("`{name}` holds scenario {} from seed {seed}", scenario.name));
    Ok(())
}

/// The recording of a scenario. The engine is fed what its log holds, as a reader would be.
struct Logged {
    writer: Writer,
    decoder: Decoder,
}

impl Keeper for Logged {
    fn log<'a>(&'a mut self, input: &'a Input) -> Result<&'a Input, Error> {
        self.writer.append(input)?;
        Ok(self.decoder.decode(self.writer.last_payload()).expect("what was logged can be read"))
    }

    fn said(&mut self, _: &Output, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }
}
