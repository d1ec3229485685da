//! `ks explain`: the whole trace of one incident, from what stood to what was learned.

use std::io::sink;

use ks_replayer::report::Report;
use ks_replayer::scenario;
use ks_vocabulary::input::Config;
use serde::Serialize;

use crate::agent_options;
use crate::cli;
use crate::commands::replay;
use crate::exit::Misused;
use crate::model;
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
    let report = explained(arguments)?;
    let incident = chosen(&report, arguments.incident)?;
    let is_own = |step: &&ks_replayer::report::Step| step.incident == incident.id;
    if !report.steps.iter().any(|step| is_own(&step)) {
        render::note(&format!("the agent took no step on incident {}", incident.id));
    }
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

/// The run as it was asked for: where nothing was, what was recorded of an agent, or else what one
/// would propose.
fn explained(arguments: &cli::agent::Explain) -> anyhow::Result<Report> {
    let of = |config: Option<(Config, String)>| {
        let asked = config.as_ref().map(|(config, _)| config);
        let asked = model::asked(arguments.config.as_deref(), &arguments.agent, asked)?;
        let report =
            replay::report(&arguments.paths, arguments.seed, config, asked.as_ref(), &mut sink())?;
        if let Some(asked) = asked {
            asked.finish()?;
        }
        anyhow::Ok(report)
    };
    let named = matches!(&arguments.paths[..], [only] if scenario::is_scenario(only));
    if arguments.is_asked() {
        return of(agent_options::config(arguments.config.as_deref(), &arguments.agent)?);
    }
    if !named {
        let recorded = of(None)?;
        if !recorded.steps.is_empty() {
            return Ok(recorded);
        }
    }
    of(agent_options::config(None, &cli::agent::Explain::proposing())?)
}

/// The incident that is asked for, or else the worst.
fn chosen(report: &Report, asked: Option<u64>) -> anyhow::Result<&ks_replayer::report::Incident> {
    let found = match asked {
        Some(id) => report.incidents.iter().find(|one| one.id == id),
        None => report.incidents.iter().max_by_key(|one| (one.severity, std::cmp::Reverse(one.id))),
    };
    let why = if report.incidents.is_empty() {
        "there is no incident to explain"
    } else {
        "no such incident; `ks replay` numbers them all"
    };
    found.ok_or(Misused(why).into())
}
