//! `ks scenario`: synthetic faults as recordings.

use ks_engine::time::SECOND_NS;
use ks_recorder::format::writer::Writer;
use ks_replayer::scenario;
use ks_scenarios::library;
use serde::Serialize;

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
    let mut writer = Writer::create(&arguments.output, arguments.force)?;
    let bar = progress::seconds();
    let mut told = progress::told(&bar);
    let seed = arguments.seed.unwrap_or(scenario.seeds.first);
    let mut simulation = scenario::simulation(&scenario, seed)?;
    let all = simulation.duration_s();
    let mut begin = None;
    while let Some(input) = simulation.next() {
        writer.append(input)?;
        told(input.mono.since_ns(*begin.get_or_insert(input.mono)) / SECOND_NS, all);
    }
    bar.finish_and_clear();
    writer.seal()?;
    render::refused(&simulation);
    let name = arguments.output.display();
    render::note(&format!("`{name}` holds scenario {} from seed {seed}", scenario.name));
    Ok(())
}
