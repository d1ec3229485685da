//! `ks doctor`: what this host gives to a recorder, and why it does not give the rest.

use std::path::Path;

use ks_recorder::recorder::{Options, Recorder};
use ks_recorder::sampler::{State, States};
use ks_vocabulary::input::Body;
use ks_vocabulary::time::SECOND_NS;
use serde::Serialize;

use crate::cli;
use crate::plain::Page;
use crate::render;
use crate::stdout;

/// Readings: what a source learns of the host in the first one shows in the second.
const TICKS: usize = 2;

/// What is printed.
#[derive(Debug, Serialize)]
struct Findings {
    sources: Vec<Finding>,
    /// Capabilities that a recorder keeps once it has begun; `None` where it can give none up.
    capabilities: Option<Vec<&'static str>>,
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
        render::Format::Json => stdout::print_json(&findings)?,
        render::Format::Text => stdout::print_page(&for_people(&findings))?,
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
    let capabilities = recorder.reduce_capabilities(None, false).ok();
    recorder.start(0);
    let mut any = false;
    for _ in 0..TICKS {
        recorder.tick(true, false);
        while let Some((_, body)) = recorder.next() {
            if let Body::Sample(sample) = body {
                any |= sample.tables().iter().any(|table| table.read().is_some());
            }
        }
    }
    (findings(recorder.states(), capabilities), any)
}

fn findings(states: &States, capabilities: Option<Vec<&'static str>>) -> Findings {
    let sources = states.all().map(|(name, state)| {
        let input = state.to_input(name);
        Finding { name, state: input.state.word(), reason: input.reason, remedy: remedy(state) }
    });
    Findings { sources: sources.collect(), capabilities }
}

fn remedy(state: State) -> Option<&'static str> {
    match state {
        State::Absent(absence) => absence.remedy(),
        State::Shed { .. } => Some("a longer --interval, which leaves it more time"),
        State::OverBudget => Some("a higher --max-cpu, or a longer --interval"),
        State::Hidden(_) => {
            Some("run as root, or with CAP_SYS_PTRACE, or a /proc mounted without hidepid")
        }
        State::On | State::Limited(_) => None,
    }
}

fn for_people(findings: &Findings) -> Page {
    let width = findings.sources.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut page = Page::default();
    for finding in &findings.sources {
        let reason = finding.reason.as_deref().unwrap_or_default();
        let line = format!("{:width$}  {:6}  {reason}", finding.name, finding.state);
        page.line(line.trim_end());
        if let Some(remedy) = finding.remedy {
            page.line(format_args!("{:width$}          needs: {remedy}", ""));
        }
    }
    let kept = match findings.capabilities.as_deref() {
        Some([]) => "none".to_owned(),
        Some(kept) => kept.join(", "),
        None => "all: this kernel lets none be given up".to_owned(),
    };
    page.line(format_args!("capabilities kept after loading: {kept}"));
    page
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
        let findings = findings(&states, Some(vec!["CAP_BPF"]));
        let json = serde_json::to_value(&findings).unwrap();
        let expected = serde_json::json!({"sources": [
            {"name": "net/dev", "state": "on", "reason": "of the own namespace", "remedy": null},
            {"name": "processes", "state": "shed",
             "reason": "reading took 700 ms, more than its share",
             "remedy": "a longer --interval, which leaves it more time"},
            {"name": "stat", "state": "on", "reason": null, "remedy": null},
            {"name": "swaps", "state": "absent", "reason": "no such file",
             "remedy": "a kernel built or booted with this file"},
        ], "capabilities": ["CAP_BPF"]});
        assert_eq!(json, expected);
        let page = for_people(&findings);
        let lines = page.as_str();
        assert!(lines.contains("\nstat       on\nswaps      absent  no such file\n"), "{lines}");
        let end = "  needs: a kernel built or booted with this file\n\
            capabilities kept after loading: CAP_BPF\n";
        assert!(lines.ends_with(end), "{lines}");
    }

    #[test]
    fn where_proc_is_restricted_its_mount_is_what_is_advised() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let options = "rw,hidepid=invisible,subset=pid";
        write("proc/self/mountinfo", &format!("9 1 0:5 / /proc rw - proc proc {options}\n"));
        write("proc/50/stat", "50 (a) S 1 1 1 0 -1 0 5 0 0 0 1 0 0 0 20 0 3 0 7 0 0\n");
        let (findings, _) = examine(root.path());
        let found = |name: &str| {
            let mut sources = findings.sources.iter();
            let finding = sources.find(|finding| finding.name == name).unwrap();
            (finding.state, finding.reason.clone().unwrap_or_default(), finding.remedy.unwrap())
        };
        let (state, reason, remedy) = found("meminfo");
        assert_eq!((state, reason.as_str()), ("absent", "/proc shows processes only (subset=pid)"));
        assert!(remedy.starts_with("ProcSubset=all"), "{remedy}");
        let (state, reason, remedy) = found("processes");
        assert_eq!(state, "on");
        assert!(reason.starts_with("hidepid: 1 process is visible, with 3 tasks"), "{reason}");
        assert!(remedy.contains("CAP_SYS_PTRACE"), "{remedy}");
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
