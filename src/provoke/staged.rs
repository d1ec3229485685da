//! A fault that is ready: what runs all the time, and what begins and ends with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use ks_replayer::expectations::label::Wrong;
use ks_vocabulary::kind::Kind;

use super::workers::{Plan, Worker};

/// A fault that is ready to begin.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// What runs before, while and after.
    pub(super) steady: Vec<Worker>,
    /// What makes the fault.
    pub(super) plans: Vec<Plan>,
    /// The same, once it has begun.
    pub(super) workers: Vec<Worker>,
    /// Rules of the packet filter while it lasts, in this network namespace.
    pub(super) rules: Option<(PathBuf, String)>,
    /// A file that is there while it lasts.
    pub(super) gate: Option<PathBuf>,
    /// What it must show as.
    pub(super) wrong: Vec<Wrong>,
}

impl Stage {
    /// Begins the fault.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        if let Some((namespace, rules)) = &self.rules {
            filter(namespace, rules)?;
        }
        if let Some(gate) = &self.gate {
            std::fs::write(gate, "").with_context(|| format!("`{}`", gate.display()))?;
        }
        self.workers = self.plans.iter().map(Plan::start).collect::<anyhow::Result<_>>()?;
        Ok(())
    }

    /// Ends it.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        self.workers.clear();
        if let Some((namespace, _)) = &self.rules {
            filter(namespace, "flush ruleset\n")?;
        }
        if let Some(gate) = &self.gate {
            std::fs::remove_file(gate).with_context(|| format!("`{}`", gate.display()))?;
        }
        Ok(())
    }

    pub(super) fn of(plans: Vec<Plan>, wrong: Vec<Wrong>) -> Self {
        Self { plans, wrong, ..Self::default() }
    }
}

/// A condition of the host, with who is to blame.
pub(super) fn on_host(kind: Kind, culprit: &str) -> Wrong {
    Wrong { kind, entity: "host".to_owned(), culprit: Some(culprit.to_owned()) }
}

/// Gives rules to the packet filter of a namespace.
fn filter(namespace: &Path, rules: &str) -> anyhow::Result<()> {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", namespace.display())).args(["nft", "-f", "-"]);
    let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.context("cannot run nsenter")?;
    let mut input = child.stdin.take().context("nft has no input")?;
    input.write_all(rules.as_bytes()).context("nft does not read its rules")?;
    drop(input);
    let output = child.wait_with_output().context("cannot wait for nft")?;
    if !output.status.success() {
        bail!("nft: {}", String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "));
    }
    Ok(())
}
