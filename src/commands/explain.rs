//! `ks explain`: the whole trace of one incident, from what stood to what was learned.

use std::io::sink;

use ks_replayer::report::Report;
use serde::Serialize;

use crate::agent_options;
use crate::cli;
use crate::commands::replay;
use crate::exit::Misused;
use crate::plain::Page;
use crate::render::{self, Format};
use crate::stdout;

/// A trace, for programs.
#[derive(Serialize)]
struct Trace<'a> {
    incident: &'a ks_replayer::report::Incident,
    steps: Vec<&'a ks_replayer::report::Step>,
    decisions: Vec<&'a ks_replayer::report::Decision>,
}

pub(crate) fn run(arguments: &cli::agent::Explain) -> anyhow::Result<()> {
    let asked = arguments.agent_or_rules();
    let config = agent_options::config(arguments.config.as_deref(), &asked)?;
    let report = replay::report(&arguments.paths, arguments.seed, config, &mut sink())?;
    let incident = chosen(&report, arguments.incident)?;
    if arguments.format == Format::Json {
        let own = |other: u64| other == incident.id;
        return stdout::print_json(&Trace {
            incident,
            steps: report.steps.iter().filter(|step| own(step.incident)).collect(),
            decisions: report.decisions.iter().filter(|one| own(one.incident)).collect(),
        });
    }
    let mut page = Page::default();
    render::explained(&report, incident.id, &mut page);
    stdout::print_page(&page)
}

/// The incident that is asked for, or else the worst.
fn chosen(report: &Report, asked: Option<u64>) -> anyhow::Result<&ks_replayer::report::Incident> {
    let found = match asked {
        Some(id) => report.incidents.iter().find(|one| one.id == id),
        None => report.incidents.iter().max_by_key(|one| (one.severity, std::cmp::Reverse(one.id))),
    };
    found.ok_or(Misused("no such incident; `ks replay` numbers them all").into())
}
