//! Records what a server answers, line by line, as it comes.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::value::RawValue;

use super::fingerprint::fingerprint;
use super::line::{CassetteError, Chain, End, FORMAT, Header, Interaction, Line, Usage, VERSION};
use crate::body::Body;
use crate::exchange::{self, Exchange};
use crate::heard::Read;
use crate::wire::Wire;
use crate::{Failure, gemini, openai, prompts};

/// A cassette that is written. Several runs can share one.
#[derive(Debug, Clone)]
pub struct Tape(Arc<Mutex<Writer>>);

#[derive(Debug)]
struct Writer {
    path: PathBuf,
    file: File,
    chain: Chain,
    wire: Wire,
    interactions: u64,
    /// What could not be written.
    failed: Option<std::io::Error>,
}

impl Tape {
    /// Begins one. What is there is replaced.
    pub fn create(path: &Path, wire: Wire, model: &str) -> Result<Self, CassetteError> {
        let io_error = |error| CassetteError::Io { path: path.to_owned(), error };
        let file = File::create(path).map_err(io_error)?;
        let (chain, interactions, failed) = (Chain::default(), 0, None);
        let mut writer = Writer { path: path.to_owned(), file, chain, wire, interactions, failed };
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            created_by: concat!("kernelsight ", env!("CARGO_PKG_VERSION")).to_owned(),
            wire,
            model: model.to_owned(),
            prompts: prompts::sha256().to_owned(),
        };
        writer.write(&Line::Header(header)).map_err(io_error)?;
        Ok(Self(Arc::new(Mutex::new(writer))))
    }

    /// Ends it: one without its last line is not whole.
    pub fn finish(&self) -> Result<(), CassetteError> {
        let mut writer = self.lock();
        let path = writer.path.clone();
        let io_error = |error| CassetteError::Io { path, error };
        if let Some(error) = writer.failed.take() {
            return Err(io_error(error));
        }
        let end = Line::End(End { interactions: writer.interactions });
        writer.write(&end).and_then(|()| writer.file.sync_all()).map_err(io_error)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Writer> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Writer {
    fn write(&mut self, line: &Line) -> std::io::Result<()> {
        let sealed = self.chain.seal(line);
        self.file.write_all(sealed.as_bytes())
    }

    fn note(&mut self, scope: &str, body: &Body, answer: &exchange::Interaction) {
        let Ok(request) = RawValue::from_string(body.json.clone()) else { return };
        self.interactions += 1;
        let read = answer.attempts.last().map(|last| self.read(&last.body, body.streams));
        let tokens = read.as_ref().map(|read| read.tokens).unwrap_or_default();
        let (prompt, cached) = (tokens.prompt, tokens.cached);
        let (said, thoughts) = (tokens.said, tokens.thoughts);
        let line = Line::Interaction(Interaction {
            seq: self.interactions,
            scope: scope.to_owned(),
            fingerprint: fingerprint(body),
            path: body.path.clone(),
            model: body.model.clone(),
            streams: body.streams,
            request,
            attempts: answer.attempts.clone(),
            usage: Usage { prompt, cached, said, thoughts },
            day: answer.day.clone(),
            latency_ms: answer.latency_ms,
            model_version: read.and_then(|read| read.model),
        });
        if let Err(error) = self.write(&line) {
            self.failed.get_or_insert(error);
        }
    }

    fn read(&self, text: &str, streams: bool) -> Read {
        match self.wire {
            Wire::Gemini => gemini::read(text, streams, Vec::new()),
            Wire::Openai => openai::read(text),
        }
    }
}

/// Whoever answers, with what he answers noted.
#[expect(missing_debug_implementations, reason = "who answers has none")]
pub struct Recording {
    inner: Box<dyn Exchange>,
    tape: Tape,
    scope: String,
}

impl Recording {
    /// `scope` names the run where a cassette holds several.
    pub fn new(inner: Box<dyn Exchange>, tape: Tape, scope: &str) -> Self {
        Self { inner, tape, scope: scope.to_owned() }
    }
}

impl Exchange for Recording {
    fn exchange(
        &mut self,
        body: &Body,
        within: Duration,
    ) -> Result<exchange::Interaction, Failure> {
        let answer = self.inner.exchange(body, within)?;
        self.tape.lock().note(&self.scope, body, &answer);
        Ok(answer)
    }

    fn count(&mut self, tokens: u64, micro_dollars: Option<u64>) {
        self.inner.count(tokens, micro_dollars);
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.inner.finish()
    }
}
