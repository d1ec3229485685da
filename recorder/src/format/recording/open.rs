//! One file of a stream, sealed or not, while it is read.

use ks_vocabulary::input::{Body, Input, RunId, Start};
use ks_vocabulary::time::{ClockAnchor, WallTime};

use super::super::damage::Damage;
use super::super::listing::Segment;
use super::super::log::LogReader;
use super::super::parquet_file::ParquetFile;
use crate::error::Error;

/// How a recording begins: two that begin alike are the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Beginning {
    run: RunId,
    segment: u32,
    clock: ClockAnchor,
}

impl Beginning {
    /// That of a recording whose first input this is; `None` where it is no `Start`.
    pub(in super::super) fn of(input: &Input) -> Option<Self> {
        let Body::Start(start) = &input.body else { return None };
        Some(Self { run: start.run(), segment: start.segment, clock: start.clock })
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) segment: Segment,
    file: Either,
    /// Inputs read of it.
    pub(super) inputs: u64,
    /// The beginning of its run was seen, or made up.
    pub(super) is_begun: bool,
}

#[derive(Debug)]
enum Either {
    Parquet(Box<ParquetFile>),
    Log(Box<LogReader>),
}

impl Open {
    pub(super) fn new(
        segment: Segment,
        want: fn(&str, &str) -> bool,
        from: Option<WallTime>,
    ) -> Result<Self, Error> {
        if segment.sealed {
            let file = ParquetFile::open(&segment.path)?;
            return Self::of(segment, file, want, from);
        }
        let file = Either::Log(Box::new(LogReader::open(&segment.path)?));
        Ok(Self { segment, file, inputs: 0, is_begun: false })
    }

    /// A sealed file that is open already.
    pub(super) fn of(
        segment: Segment,
        mut file: ParquetFile,
        want: fn(&str, &str) -> bool,
        from: Option<WallTime>,
    ) -> Result<Self, Error> {
        file.choose(want)?;
        if let Some(from) = from {
            file.skip_before(from);
        }
        Ok(Self { segment, file: Either::Parquet(Box::new(file)), inputs: 0, is_begun: false })
    }

    /// Moves to the next input; false at the end.
    pub(super) fn next(&mut self) -> Result<bool, Error> {
        let found = match &mut self.file {
            Either::Parquet(file) => file.next()?.is_some(),
            Either::Log(log) => log.next()?.is_some(),
        };
        self.inputs += u64::from(found);
        Ok(found)
    }

    /// The input at hand.
    pub(super) fn last(&self) -> &Input {
        match &self.file {
            Either::Parquet(file) => file.last(),
            Either::Log(log) => log.last(),
        }
    }

    /// The row of the input at hand, from 0.
    pub(super) fn row(&self) -> u64 {
        match &self.file {
            Either::Parquet(file) => file.last_row(),
            Either::Log(_) => self.inputs.saturating_sub(1),
        }
    }

    /// The wall time of the input at hand, where the file says it beside the input.
    pub(super) fn wall(&self) -> Option<WallTime> {
        match &self.file {
            Either::Parquet(file) => file.last_wall(),
            Either::Log(_) => None,
        }
    }

    /// Who wrote it, where nothing vouches for what it holds.
    pub(super) fn foreign_writer(&self) -> Option<&str> {
        match &self.file {
            Either::Parquet(file) => file.foreign_writer(),
            Either::Log(_) => None,
        }
    }

    /// Who wrote it, where it is no log and has no checksum.
    pub(super) fn unvouched_writer(&self) -> Option<&str> {
        match &self.file {
            Either::Parquet(file) => file.unvouched_writer(),
            Either::Log(_) => None,
        }
    }

    /// The first `Start` and its number, where a footer that is whole repeats them.
    pub(super) fn first_start(&self) -> Option<(u64, Start)> {
        match &self.file {
            Either::Parquet(file) => file.first_start(),
            Either::Log(_) => None,
        }
    }

    /// What was left out before the input at hand.
    pub(super) fn take_damage(&mut self) -> Option<Damage> {
        let path = self.segment.path.clone();
        match &mut self.file {
            Either::Parquet(file) => file.take_damage().map(|damage| Damage {
                row_group: Some(damage.row_group),
                ..Damage::of_file(path, damage.problem)
            }),
            Either::Log(log) => log.take_damage().map(|damage| Damage {
                offset: Some(damage.offset),
                ..Damage::of_file(path, damage.problem.to_owned())
            }),
        }
    }

    /// Bytes read so far, about.
    pub(super) fn bytes_read(&self) -> u64 {
        match &self.file {
            Either::Parquet(file) => {
                let (rows, all) = file.progress();
                self.segment.bytes() / all.max(1) * rows
            }
            Either::Log(log) => log.offset(),
        }
    }

    /// Bytes of a frame at the end that was being written.
    pub(super) fn torn_bytes(&self) -> u64 {
        match &self.file {
            Either::Parquet(_) => 0,
            Either::Log(log) => log.torn_bytes(),
        }
    }
}
