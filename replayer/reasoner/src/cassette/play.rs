//! Answers as was recorded, strictly: a request that was not made in its place has no answer.

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::difference::difference;
use super::fingerprint::{fingerprint, masked};
use super::line::{CassetteError, Chain, FORMAT, Header, Interaction, Line, VERSION};
use crate::Failure;
use crate::body::Body;
use crate::exchange::{self, Exchange};
use crate::json;
use crate::wire::Wire;

/// What a file in zstd begins with (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// No cassette is larger.
const LARGEST_BYTES: u64 = 256 << 20;

/// A cassette that was read, whole and unchanged.
#[derive(Debug, Clone)]
pub struct Cassette {
    header: Header,
    all: Arc<Vec<Interaction>>,
}

impl Cassette {
    /// Reads one.
    pub fn open(path: &Path) -> Result<Self, CassetteError> {
        let io_error = |error| CassetteError::Io { path: path.to_owned(), error };
        let length = std::fs::metadata(path).map_err(io_error)?.len();
        if length > LARGEST_BYTES {
            let problem = format!("it has more than {LARGEST_BYTES} bytes");
            return Err(CassetteError::Content { path: path.to_owned(), line: 1, problem });
        }
        let bytes = unpacked(std::fs::read(path).map_err(io_error)?).map_err(io_error)?;
        Self::of(&bytes).map_err(|(line, problem)| CassetteError::Content {
            path: path.to_owned(),
            line,
            problem,
        })
    }

    /// What some bytes hold; the error has its line.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, (usize, String)> {
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|_| (1, "it is no text: is it a cassette?".to_owned()))?;
        let (mut chain, mut header, mut all) = (Chain::default(), None, Vec::new());
        let mut number = 0;
        for line in text.lines() {
            number += 1;
            let wrong = |problem: &str| (number, problem.to_owned());
            let inner = chain.open(line).ok_or_else(|| {
                wrong("it is not the line that was written after those before it")
            })?;
            let read: Line = json::read(inner).map_err(|error| wrong(&error))?;
            match read {
                Line::Header(read) if number == 1 => {
                    header = Some(known(read).map_err(|why| wrong(&why))?);
                }
                Line::Interaction(read) if header.is_some() => all.push(read),
                Line::End(end) if end.interactions == all.len() as u64 => {
                    let header = header.ok_or_else(|| wrong("it has no first line"))?;
                    let is_last = text.lines().count() == number;
                    let all = Arc::new(all);
                    let cassette = Self { header, all };
                    return is_last
                        .then_some(cassette)
                        .ok_or_else(|| wrong("lines follow its end"));
                }
                Line::Header(_) | Line::Interaction(_) | Line::End(_) => {
                    return Err(wrong("a line is not in its place"));
                }
            }
        }
        let problem = if number == 0 { "it is empty" } else { "it is cut: its end is missing" };
        Err((number.max(1), format!("{problem}; record it again")))
    }

    /// The wire that was spoken.
    pub fn wire(&self) -> Wire {
        self.header.wire
    }

    /// The model that was asked.
    pub fn model(&self) -> &str {
        &self.header.model
    }

    /// Runs that it holds.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        self.all
            .iter()
            .map(|one| one.scope.as_str())
            .filter(move |scope| last.replace(*scope) != Some(*scope))
    }

    /// Answers of one of its runs, from the first on.
    pub fn play(&self, scope: &str) -> Box<dyn Exchange> {
        let indices = self.all.iter().enumerate().filter(|(_, one)| one.scope == scope);
        let left = indices.map(|(index, _)| index).collect();
        Box::new(Playing { all: Arc::clone(&self.all), left })
    }
}

/// The lines of a cassette that was compressed with zstd: most of one is said again and again.
fn unpacked(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    if !bytes.starts_with(&ZSTD) {
        return Ok(bytes);
    }
    let mut lines = Vec::new();
    zstd::stream::read::Decoder::new(&bytes[..])?.take(LARGEST_BYTES).read_to_end(&mut lines)?;
    Ok(lines)
}

fn known(header: Header) -> Result<Header, String> {
    if header.format != FORMAT {
        return Err("it is no cassette".to_owned());
    }
    if header.version != VERSION {
        let version = header.version;
        return Err(format!("it has version {version}, and {VERSION} is read"));
    }
    Ok(header)
}

/// What is still to be answered.
struct Playing {
    all: Arc<Vec<Interaction>>,
    left: VecDeque<usize>,
}

impl Exchange for Playing {
    fn exchange(&mut self, body: &Body, _: Duration) -> Result<exchange::Interaction, Failure> {
        let next = self.left.front().and_then(|index| self.all.get(*index));
        let Some(next) = next else {
            return Err(Failure::Cassette("everything in it was asked before".to_owned()));
        };
        if next.fingerprint != fingerprint(body) {
            let recorded = Body {
                path: next.path.clone(),
                json: next.request.get().to_owned(),
                model: next.model.clone(),
                streams: next.streams,
            };
            let mut differs = difference(&masked(&recorded), &masked(body));
            if recorded.path != body.path {
                differs.insert(0, format!("path: recorded {}, asked {}", recorded.path, body.path));
            }
            let seq = next.seq;
            return Err(Failure::Cassette(format!(
                "its request {seq} is another one: {}",
                differs.join("; ")
            )));
        }
        let answer = exchange::Interaction {
            attempts: next.attempts.clone(),
            day: next.day.clone(),
            latency_ms: next.latency_ms,
        };
        self.left.pop_front();
        Ok(answer)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        match self.left.len() {
            0 => Ok(()),
            left => Err(Failure::Cassette(format!("{left} of its requests were not asked"))),
        }
    }
}
