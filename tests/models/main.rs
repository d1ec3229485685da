//! `ks` with a model, over the wire and from a cassette: the model is a script behind a server that
//! refuses what the real one refuses.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by it, and says why it skips"
)]

mod bad_input;
mod course;
mod examined;
#[expect(dead_code, reason = "the crate of the reasoner uses the rest of it")]
#[path = "../../replayer/reasoner/tests/fake/mod.rs"]
mod fake;
mod injected;
#[path = "../product/run.rs"]
mod product;
mod script;
mod sdk;
mod sockets;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fake::reply::Usage;
use fake::{Answer, Asked, Fake, Reply};
use serde_json::Value;
use tempfile::TempDir;

use script::Says;

/// A key that must be found nowhere.
fn planted() -> &'static str {
    Fake::key()
}

/// A folder with a configuration that asks a server.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(address: &str) -> Self {
        Self::with(&format!("base_url = \"{address}\"\nname = \"gemini-3.8-flash\"\n"))
    }

    fn with(model: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ks.toml"), format!("[model]\n{model}")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
        command.current_dir(self.folder.path()).env_clear().env("GEMINI_API_KEY", planted());
        command.args(arguments).args(["--config", "ks.toml"]);
        command
    }

    fn ks(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The report of a run that ends well.
    fn report(&self, arguments: &[&str]) -> Value {
        let more = ["--format", "json", "--journal", "journal.jsonl"];
        let output = self.ks(&[arguments, &more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The steps of the agent in the last run.
    fn steps(&self) -> Vec<Value> {
        let journal = std::fs::read_to_string(self.path("journal.jsonl")).unwrap();
        let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["output"] == "step").collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server whose model answers by a script.
fn scripted(script: impl Fn(&Value) -> Says + Send + Sync + 'static) -> Fake {
    Fake::start_strict(move |asked: &Asked<'_>| {
        // A script does not pass itself off as a model.
        let version = if asked.model.starts_with("scripted") { asked.model } else { "m-002" };
        Answer::Reply(reply(script(asked.body)).version(version))
    })
}

fn reply(says: Says) -> Reply {
    let usage = Usage { prompt: 1_200, cached: 200, candidates: 40, thoughts: 60 };
    let reply = Reply::new().usage(Some(usage));
    match says {
        Says::Words(words) => reply.text(words),
        Says::Calls(calls) => {
            calls.into_iter().fold(reply, |reply, (name, arguments)| reply.call(&name, &arguments))
        }
    }
}

/// All files of a folder, as bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}
