//! Finishing a run that was killed: its recording is replayed, and its journals get the lines that
//! are missing, its last ones among them.
//!
//! What a killed daemon wrote of its journals is a prefix of what the replay says. Where it is not,
//! since another engine judged the run or since something of it cannot be read, the journals stay
//! as they are.

mod mender;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_recorder::format::recording::Reader;
use ks_recorder::format::segments::RunFile;
use ks_vocabulary::input::{Body, Carry, Input};
use ks_vocabulary::output::Output;

use crate::driver::{DriveError, Driver, Keeper, Recorded};
use crate::range::Range;
use mender::Mender;

/// No last line of a run is longer than this.
const TAIL_BYTES: u64 = 512;

/// What became of the last run.
#[derive(Debug)]
pub struct Resumed {
    /// What it had learned when it ended.
    pub knowledge: Knowledge,
    /// What the next run has to go on with.
    pub carry: Carry,
    /// Lines that its journals got.
    pub lines: u64,
    /// Why its journals stay as they are, where they do.
    pub left_alone: Option<String>,
}

/// Finishes the run of `files`, given from its first segment on; `progress` is told bytes read and
/// bytes in all.
pub fn finish(
    files: &[RunFile],
    mut progress: impl FnMut(u64, u64),
) -> Result<Resumed, DriveError> {
    let paths: Vec<PathBuf> = files.iter().map(|file| file.recording.clone()).collect();
    let mut reader = Reader::open_for_engine(&paths)?;
    let (mut driver, mut menders) = (Driver::<Engine>::default(), Menders::new(files));
    driver.run(&mut Recorded::new(&mut reader, Range::default(), &mut progress), &mut menders)?;
    let (knowledge, carry) = (driver.machine().knowledge(), driver.machine().carry());
    driver.finish(&mut menders)?;
    menders.end()?;
    Ok(Resumed { knowledge, carry, lines: menders.lines, left_alone: menders.left_alone })
}

/// Whether the journals of a run have its last line.
pub fn is_finished(files: &[RunFile]) -> bool {
    let Some(last) = files.last() else { return true };
    let tail = File::open(&last.journal).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail).map(|_| tail)
    });
    let Ok(tail) = tail else { return false };
    let Some(line) = tail.strip_suffix(b"\n") else { return false };
    let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).contains("\"output\":\"end\"")
}

/// The journals of a run, one after the other.
struct Menders<'a> {
    files: &'a [RunFile],
    current: Option<Mender>,
    lines: u64,
    left_alone: Option<String>,
}

impl<'a> Menders<'a> {
    fn new(files: &'a [RunFile]) -> Self {
        Self { files, current: None, lines: 0, left_alone: None }
    }

    fn begin(&mut self, segment: u32) {
        self.current = None;
        let file = self.files.iter().find(|file| file.segment == segment);
        self.current = file.map(|file| Mender::new(file.journal.clone()));
    }

    fn end(&mut self) -> io::Result<()> {
        self.current.as_mut().map_or(Ok(()), Mender::end)
    }
}

impl Keeper for Menders<'_> {
    // What makes the run another one than was recorded is known before its words are.
    fn hear(&mut self, input: &Input, differs: &[String]) {
        if let Some(why) = differs.first() {
            self.left_alone.get_or_insert_with(|| why.clone());
        }
        if let Body::Start(start) = &input.body {
            self.begin(start.segment);
        }
    }

    fn said(&mut self, _: &Output, line: &[u8]) -> io::Result<()> {
        let Some(mender) = self.current.as_mut().filter(|_| self.left_alone.is_none()) else {
            return Ok(());
        };
        if mender.take(line)? {
            self.lines += u64::from(mender.is_adding());
        } else {
            self.left_alone = Some("its journal says something else than its replay".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
