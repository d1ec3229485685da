//! `ks doctor`: what this host gives to a recorder, and why it does not give the rest.

use std::convert::Infallible;
use std::path::Path;

use ks_engine::input::Body;
use ks_engine::time::SECOND_NS;
use ks_recorder::recorder::{Options, Recorder};
use ks_recorder::sampler::{State, States};
use serde::Serialize;

use crate::cli;
use crate::stdout;

/// Readings: what a source learns of the host in the first one shows in the second.
const TICKS: usize = 2;

/// What is printed.
#[derive(Debug, Serialize)]
struct Findings {
    sources: Vec<Finding>,
}

/// One source.
#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    state: &'static str,
    reason: Option<String>,
    remedy: Option<&'static str>,
}

pub(crate) fn run(arguments: &cli::Doctor) -> anyhow::Result<()> {
    let (findings, any) = examine(&arguments.root);
    match arguments.format {
        cli::Format::Json => stdout::print_json(&findings)?,
        cli::Format::Text => stdout::print(&for_people(&findings))?,
    }
    if any {
        return Ok(());
    }
    Err(anyhow::anyhow!(
        "nothing can be read below `{}`: is it the root of a host, with its /proc mounted?",
        arguments.root.display()
    ))
}

/// Runs a recorder that writes nothing. True says that it read any table: that a source is `on`
/// need not mean so, since some only find out where others are.
fn examine(root: &Path) -> (Findings, bool) {
    let mut recorder = Recorder::new(root, SECOND_NS, Options::default());
    recorder.start(0);
    let mut any = false;
    for _ in 0..TICKS {
        let Ok(()) = recorder.tick(true, false, |input| -> Result<(), Infallible> {
            if let Body::Sample(sample) = &input.body {
                any |= sample.tables().iter().any(|table| table.read().is_some());
            }
            Ok(())
        });
    }
    (findings(recorder.states()), any)
}

fn findings(states: &States) -> Findings {
    let sources = states.all().map(|(name, state)| {
        let input = state.to_input(name);
        Finding { name, state: input.state.word(), reason: input.reason, remedy: remedy(state) }
    });
    Findings { sources: sources.collect() }
}

fn remedy(state: State) -> Option<&'static str> {
    match state {
        State::Absent(absence) => absence.remedy(),
        State::Shed { .. } => Some("a longer --interval, which leaves it more time"),
        State::On | State::Limited(_) => None,
    }
}

fn for_people(findings: &Findings) -> String {
    let width = findings.sources.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut lines = String::new();
    for finding in &findings.sources {
        let mut line = format!("{:width$}  {:6}", finding.name, finding.state);
        if let Some(reason) = &finding.reason {
            line += &format!("  {reason}");
        }
        lines += line.trim_end();
        lines.push('\n');
        if let Some(remedy) = finding.remedy {
            lines += &format!("{:width$}          needs: {remedy}\n", "");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_recorder::absence::Absence;

    #[test]
    fn each_source_has_its_reason_and_its_remedy() {
        let mut states = States::default();
        states.on("stat");
        states.absent("swaps", Absence::NotFound);
        states.set("processes", State::Shed { took_ms: 700 });
        states.set("net/dev", State::Limited("of the own namespace"));
        let findings = findings(&states);
        let json = serde_json::to_value(&findings).unwrap();
        let expected = serde_json::json!({"sources": [
            {"name": "net/dev", "state": "on", "reason": "of the own namespace", "remedy": null},
            {"name": "processes", "state": "shed",
             "reason": "reading took 700 ms, more than its share",
             "remedy": "a longer --interval, which leaves it more time"},
            {"name": "stat", "state": "on", "reason": null, "remedy": null},
            {"name": "swaps", "state": "absent", "reason": "no such file",
             "remedy": "a kernel built or booted with this file"},
        ]});
        assert_eq!(json, expected);
        let lines = for_people(&findings);
        assert!(lines.contains("\nstat       on\nswaps      absent  no such file\n"), "{lines}");
        assert!(lines.ends_with("  needs: a kernel built or booted with this file\n"), "{lines}");
    }

    #[test]
    fn a_folder_that_is_no_host_gives_nothing() {
        let root = tempfile::tempdir().unwrap();
        let (findings, any) = examine(root.path());
        assert!(!any);
        let stat = findings.sources.iter().find(|finding| finding.name == "stat").unwrap();
        assert_eq!((stat.state, stat.reason.as_deref()), ("absent", Some("no such file")));
        std::fs::create_dir(root.path().join("proc")).unwrap();
        std::fs::write(root.path().join("proc/loadavg"), "0.1 0.2 0.3 1/2 3\n").unwrap();
        assert!(examine(root.path()).1);
    }
}
