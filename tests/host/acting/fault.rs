//! A real fault, from its first sign to what came of the action on it: `ks provoke` makes it, and
//! the agent acts in `auto`, by rules. The windows are shortened to a fifth.
//!
//! With `KS_END_TO_END=whole` (`make end-to-end`, about an hour) what untreated ones of the same
//! fault did is learned first, and everything is told by it; without, the fallback is what there
//! is.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::victim::kill;
use super::{ACTOR, ks, succeeded, undo, unfit, verify};
use crate::control::{status, wait_for};
use crate::live::{journals, replayed, terminate};
use crate::{KS, Own};

/// An agent by rules.
const BY_RULES: &str = "[agent]\nreasoner = \"rules\"\nwindows_divided_by = 5\n";
/// The same, that waits until what is wrong has stood for some time.
const LATE: &str = "severity_min = \"critical\"\n";
/// How long the host is known before the fault, in s.
const KNOWN_S: u64 = 75;
/// Looks at a daemon, one a second.
const LOOKS: usize = 240;

/// A daemon that samples at the usual pace.
fn daemon(folder: &Path, config: &str, more: &[&str]) -> Own {
    let file = folder.with_extension("toml");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(KS);
    command.args(["live", ACTOR[0], ACTOR[1], "--config"]).arg(file).args(more);
    let child = Own(command.arg("-o").arg(folder).stdout(Stdio::null()).spawn().unwrap());
    wait_for(folder, "it samples", |status| status["samples"].as_u64() >= Some(2));
    child
}

/// A fault, after so many seconds without it. It ends with this.
struct Fault(Own, tempfile::TempDir);

impl Fault {
    fn begin(name: &str, before: &[&str], (baseline_s, lasts_s): (u64, u64)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [program, arguments @ ..] = before else { unreachable!("a program is named") };
        let mut command = Command::new(program);
        command.args(arguments).args(["provoke", name, "--force", "--cool-down", "1s"]);
        command.args(["--baseline", &format!("{baseline_s}s"), "--lasts", &format!("{lasts_s}s")]);
        command.arg("-o").arg(folder.path().join("x.parquet"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(Own(child.unwrap()), folder)
    }
}

impl Drop for Fault {
    /// It takes back what it made.
    fn drop(&mut self) {
        kill(self.0.0.id(), Signal::INT);
        let _ = self.0.0.wait();
    }
}
