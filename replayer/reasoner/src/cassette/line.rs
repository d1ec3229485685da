//! The lines of a cassette, and the chain that binds them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::exchange::Attempt;
use crate::prompts::hex;
use crate::wire::Wire;

/// Version of the format.
pub(super) const VERSION: u32 = 1;
/// What a cassette begins with.
pub(super) const FORMAT: &str = "kernelsight cassette";

/// What is wrong with a cassette.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CassetteError {
    /// It cannot be read or written.
    #[error("cannot use the cassette `{}`: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no cassette, or not whole.
    #[error("{}:{line}: {problem}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) created_by: String,
    pub(super) wire: Wire,
    pub(super) model: String,
    /// SHA-256 of the prompts.
    pub(super) prompts: String,
}

/// A request with what came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Interaction {
    pub(super) seq: u64,
    /// The run that it is of, where a cassette holds several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) scope: String,
    pub(super) fingerprint: String,
    pub(super) path: String,
    pub(super) model: String,
    pub(super) streams: bool,
    pub(super) request: Box<RawValue>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) usage: Usage,
    pub(super) day: String,
    pub(super) latency_ms: u64,
    /// The model as it names itself.
    pub(super) model_version: Option<String>,
}

/// Tokens that it took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Usage {
    pub(super) prompt: u64,
    pub(super) cached: u64,
    pub(super) said: u64,
    pub(super) thoughts: u64,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) interactions: u64,
}

/// A line of any kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Header(Header),
    Interaction(Interaction),
    End(End),
}

/// The hashes of lines so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain(String);

impl Chain {
    /// A line with its hash, which is of the one before too.
    pub(super) fn seal(&mut self, line: &Line) -> String {
        let text = serde_json::to_string(line).unwrap_or_default();
        self.take(&text);
        format!("{{\"chain\":\"{}\",\"line\":{text}}}\n", self.0)
    }

    /// What a sealed line holds; `None` where it is not the next one.
    pub(super) fn open<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (hash, rest) = line.strip_prefix("{\"chain\":\"")?.split_once("\",\"line\":")?;
        let text = rest.strip_suffix('}')?;
        self.take(text);
        (hash == self.0).then_some(text)
    }

    fn take(&mut self, text: &str) {
        let mut hash = Sha256::new();
        hash.update(&self.0);
        hash.update(text);
        self.0 = hex(&hash.finalize());
    }
}
