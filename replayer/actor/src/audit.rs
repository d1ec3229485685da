//! The audit log: a line for each thing that was proposed, judged, done or undone, chained so that
//! no line can be changed, taken out, put in or moved unnoticed.
//!
//! Each line holds the seal of the one before it, and its own: HMAC-SHA256 (RFC 2104) under a key
//! that root and the actor alone read. A log that is cut short is whole as far as it goes, so the
//! number and the seal of the last line stand in another file as well, the anchor; whoever keeps a
//! copy of that elsewhere can tell a log that was cut together with it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Sha256;
use thiserror::Error;

use crate::hexadecimal::hex;

const KEY_BYTES: usize = 32;
/// Before the first line.
const NO_SEAL: &str = "";
/// A longer line is none of ours.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Number and seal of the last line, by a blank: of one width, so that it is written in one place.
const ANCHOR_BYTES: usize = 20 + 1 + 2 * KEY_BYTES + 1;

/// Where the files of an audit log are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The log.
    pub log: PathBuf,
    /// Number and seal of its last line.
    pub anchor: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl Paths {
    /// In a folder.
    pub fn of(folder: &Path) -> Self {
        let at = |name| folder.join(name);
        Self { log: at("audit.jsonl"), anchor: at("audit.anchor"), key: at("audit.key") }
    }
}

/// What is wrong with an audit log.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The system refused.
    #[error("`{path}`: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// It is not as it was written.
    #[error("`{path}` line {line}: {problem}", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// The key is none, or is not there.
    #[error("`{path}` is no key of an audit log: {problem}", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A line, as it is written. `seal` is of all that stands before it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    number: u64,
    at_ns: i64,
    #[serde(borrow)]
    entry: &'a RawValue,
    before: &'a str,
    seal: &'a str,
}

/// A line of a log that is whole so far.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// When it was written, in ns since 1970.
    pub at_ns: i64,
    /// What it says, as JSON.
    pub entry: &'a str,
    /// Its seal.
    pub seal: &'a str,
}

/// Where a log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many lines it has.
    pub lines: u64,
    /// The seal of the last.
    pub seal: String,
}

impl Head {
    fn none() -> Self {
        Self { lines: 0, seal: NO_SEAL.to_owned() }
    }

    fn text(&self) -> String {
        format!("{:020} {:>width$}\n", self.lines, self.seal, width = 2 * KEY_BYTES)
    }

    fn parse(text: &str) -> Option<Self> {
        let (lines, seal) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Self { lines: lines.parse().ok()?, seal: seal.trim_start().to_owned() })
    }
}

struct Key([u8; KEY_BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key")
    }
}

impl Key {
    fn read(path: &Path) -> Result<Self, AuditError> {
        let bad =
            |problem: &str| AuditError::Key { path: path.to_owned(), problem: problem.into() };
        let bytes = fs::read(path).map_err(|error| bad(&error.to_string()))?;
        bytes.try_into().map(Self).map_err(|_| bad("it has not 32 bytes"))
    }

    /// Makes one where there is no log yet: another key for a log that is there would make every
    /// line of it a forged one.
    fn read_or_make(paths: &Paths) -> Result<Self, AuditError> {
        let path = &paths.key;
        if path.exists() || paths.log.exists() {
            return Self::read(path);
        }
        let io = |error| at(path, error);
        let mut bytes = [0; KEY_BYTES];
        File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map_err(io)?;
        // Whole under another name first: half a key would be none for ever.
        let part = path.with_extension("part");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let wrote = options.open(&part).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&part, path)
        });
        wrote.map_err(io)?;
        Ok(Self(bytes))
    }

    /// The seal of a line: of its number, its time, what it says and the seal before it.
    fn seal(&self, number: u64, at_ns: i64, entry: &str, before: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("keys of any length are taken");
        mac.update(&number.to_le_bytes());
        mac.update(&at_ns.to_le_bytes());
        mac.update(before.as_bytes());
        mac.update(&[0]);
        mac.update(entry.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

fn at(path: &Path, error: io::Error) -> AuditError {
    AuditError::Io { path: path.to_owned(), error }
}

/// A log that is open to be written.
#[derive(Debug)]
pub struct Audit {
    key: Key,
    log: File,
    anchor: File,
    head: Head,
    paths: Paths,
}

impl Audit {
    /// Opens a log, and makes it where it is not there. What is there is verified first. A line
    /// that a kill left by halves was never acted on: it is cut off, and so many bytes are told.
    pub fn open(paths: Paths) -> Result<(Self, u64), AuditError> {
        Self::open_and_tell(paths, &mut |_| {})
    }

    /// The same; of each line that is there it is told what it says.
    pub fn open_and_tell(
        paths: Paths,
        each: &mut dyn FnMut(Told<'_>),
    ) -> Result<(Self, u64), AuditError> {
        let key = Key::read_or_make(&paths)?;
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(path).map_err(|error| at(path, error))
        };
        let (log, anchor) = (open(&paths.log)?, open(&paths.anchor)?);
        let Chain { head, bytes, torn } = walk(&paths, &key, each)?;
        if torn > 0 {
            log.set_len(bytes)
                .and_then(|()| log.sync_all())
                .map_err(|error| at(&paths.log, error))?;
        }
        let audit = Self { key, log, anchor, head, paths };
        audit.write_anchor()?;
        Ok((audit, torn))
    }

    /// Appends an entry: it is on disk when this returns.
    pub fn append(&mut self, at_ns: i64, entry: &impl Serialize) -> Result<(), AuditError> {
        let io = |error: io::Error| at(&self.paths.log, error);
        let entry = serde_json::value::to_raw_value(entry).map_err(|error| io(error.into()))?;
        let (number, before) = (self.head.lines + 1, &self.head.seal);
        let seal = self.key.seal(number, at_ns, entry.get(), before);
        let line = Line { number, at_ns, entry: &entry, before, seal: &seal };
        let mut bytes = serde_json::to_vec(&line).map_err(|error| io(error.into()))?;
        bytes.push(b'\n');
        if !u64::try_from(bytes.len()).is_ok_and(|len| len <= LINE_BYTES_MAX) {
            return Err(io(io::ErrorKind::InvalidInput.into()));
        }
        let end = self.log.metadata().map_err(io)?.len();
        let wrote = self.log.write_all_at(&bytes, end).and_then(|()| self.log.sync_data());
        if let Err(error) = wrote {
            // What was written of it is no line: the next one begins where this one did.
            self.log.set_len(end).map_err(io)?;
            return Err(io(error));
        }
        self.head = Head { lines: number, seal };
        self.write_anchor()
    }

    /// Where it ends.
    pub fn head(&self) -> &Head {
        &self.head
    }

    fn write_anchor(&self) -> Result<(), AuditError> {
        let wrote = self.anchor.write_all_at(self.head.text().as_bytes(), 0);
        wrote.map_err(|error| at(&self.paths.anchor, error))
    }
}

/// Looks whether every line is as it was written, and none is missing. The error says where not.
pub fn verify(paths: &Paths) -> Result<Head, AuditError> {
    read(paths, &mut |_| {})
}

/// The same; of each line it is told what it says, before the next is looked at.
pub fn read(paths: &Paths, each: &mut dyn FnMut(Told<'_>)) -> Result<Head, AuditError> {
    let (head, torn) = read_so_far(paths, each)?;
    if torn > 0 {
        let problem = format!("{torn} bytes without an end: a line that was being written");
        let (path, line) = (paths.log.clone(), head.lines + 1);
        return Err(AuditError::Broken { path, line, problem });
    }
    Ok(head)
}

/// The same of a log that may be written meanwhile: also how many bytes stand behind the last whole
/// line.
pub fn read_so_far(
    paths: &Paths,
    each: &mut dyn FnMut(Told<'_>),
) -> Result<(Head, u64), AuditError> {
    // Where there is no log, nothing is wrong with its key.
    fs::metadata(&paths.log).map_err(|error| at(&paths.log, error))?;
    let key = Key::read(&paths.key)?;
    let Chain { head, torn, .. } = walk(paths, &key, each)?;
    Ok((head, torn))
}

/// Holds the end of a log against the anchor. A line is written before the anchor is, so the log
/// may go on behind it: who cannot make a seal cannot add to it.
fn against(
    anchored: &Head,
    sealed: Option<&str>,
    head: &Head,
    log: &Path,
) -> Result<(), AuditError> {
    let missing = anchored.lines.saturating_sub(head.lines);
    let problem = match sealed {
        Some(seal) if seal == anchored.seal => return Ok(()),
        Some(_) => "the anchor is that of another log".to_owned(),
        None => format!("the end is cut off: {missing} lines are missing, by the anchor"),
    };
    Err(AuditError::Broken { path: log.to_owned(), line: head.lines + 1, problem })
}

/// Whether a line of a log is the one that an anchor is of.
pub fn is_of(paths: &Paths, anchored: &Head) -> Result<bool, AuditError> {
    let mut is_one = anchored.lines == 0;
    read(paths, &mut |told| {
        is_one |= told.number == anchored.lines && told.seal == anchored.seal;
    })?;
    Ok(is_one)
}

/// What an anchor says: of how many lines it is, and the seal of the last.
pub fn anchored(path: &Path) -> Result<Head, AuditError> {
    let text = fs::read_to_string(path).map_err(|error| at(path, error))?;
    if text.is_empty() {
        return Ok(Head::none());
    }
    let head = Head::parse(&text).filter(|_| text.len() == ANCHOR_BYTES);
    let problem = "it is no number and no seal".to_owned();
    head.ok_or_else(|| AuditError::Broken { path: path.to_owned(), line: 1, problem })
}

/// What the lines of a log are, as far as they are whole.
struct Chain {
    head: Head,
    bytes: u64,
    /// Bytes behind the last whole line.
    torn: u64,
}

fn walk(paths: &Paths, key: &Key, each: &mut dyn FnMut(Told<'_>)) -> Result<Chain, AuditError> {
    // The anchor first: what is written meanwhile is behind it.
    let anchored = anchored(&paths.anchor)?;
    let path = &paths.log;
    let file = File::open(path).map_err(|error| at(path, error))?;
    let mut sealed = (anchored.lines == 0).then(String::new);
    let mut reader = BufReader::new(file);
    let mut chain = Chain { head: Head::none(), bytes: 0, torn: 0 };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let line = chain.head.lines + 1;
        let broken = |problem: &str| AuditError::Broken {
            path: path.clone(),
            line,
            problem: problem.to_owned(),
        };
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| at(path, error))?;
        if read == 0 {
            break;
        }
        let len = u64::try_from(read).unwrap_or(u64::MAX);
        // What a kill left by halves may end within a letter.
        if !bytes.ends_with(b"\n") {
            if len >= LINE_BYTES_MAX {
                return Err(broken("it is longer than a line can be"));
            }
            chain.torn = len;
            break;
        }
        let text = str::from_utf8(&bytes).map_err(|_| broken("it is no text"))?;
        let (head, told) = check(text, key, &chain.head).map_err(|problem| broken(&problem))?;
        each(told);
        chain.head = head;
        chain.bytes += len;
        if chain.head.lines == anchored.lines {
            sealed = Some(chain.head.seal.clone());
        }
    }
    against(&anchored, sealed.as_deref(), &chain.head, path)?;
    Ok(chain)
}

/// Checks a line against the one before it.
fn check<'a>(text: &'a str, key: &Key, before: &Head) -> Result<(Head, Told<'a>), String> {
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| format!("no line: {error}"))?;
    if line.number != before.lines + 1 {
        return Err(format!("it is number {}, and {} is due", line.number, before.lines + 1));
    }
    if line.before != before.seal {
        return Err("the line before it is another one".to_owned());
    }
    if line.seal != key.seal(line.number, line.at_ns, line.entry.get(), line.before) {
        return Err("it was changed since it was sealed".to_owned());
    }
    let (entry, seal) = (line.entry.get(), line.seal);
    let told = Told { number: line.number, at_ns: line.at_ns, entry, seal };
    Ok((Head { lines: line.number, seal: line.seal.to_owned() }, told))
}

#[cfg(test)]
impl Audit {
    /// Makes it take no more.
    pub(crate) fn spoil(&mut self) {
        self.log = File::open("/dev/full").expect("it is there");
    }
}

#[cfg(test)]
mod tests;
