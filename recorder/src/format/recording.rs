//! Reading recordings: sealed files, unsealed logs and directories of segments, as one stream.
//!
//! The reader checks what every consumer relies on: a run begins with a `Start` (one is made up for
//! files that hold samples only), and `seq` and `mono_ns` do not go back within it. What is damaged
//! or missing is left out, told ([`Reader::damages`]), and stands in the stream as a `Gap`; it is
//! an error only where nothing can be read, or where a file given by name makes no sense.

mod agents;
mod course;
mod open;
mod seek;

use std::path::{Path, PathBuf};

use ks_vocabulary::input::{Body, HostFacts, Input, Start};
use ks_vocabulary::needs::{is_needed, is_needed_to_judge};
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};
use serde::Serialize;

use super::damage::Damage;
use super::listing::{Segment, segments};
use super::parquet_checks::known_version;
use super::parquet_file::ParquetFile;
use crate::error::Error;
use course::Course;
use open::Open;

pub(super) use open::Beginning;

/// A recording that contradicts itself is not replayed with what it seems to need.
const NO_AGENT: &str = "an agent takes part from here on, and the file says of itself that none \
                        does: its footer, or its column `kind`, is not that of its rows";

/// Which columns are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    All,
    Decisions,
    /// No agent takes part: what decisions alone read is left out.
    Verdicts,
}

impl Depth {
    fn want(self) -> fn(&str, &str) -> bool {
        match self {
            Self::All => |_, _| true,
            Self::Decisions => is_needed,
            Self::Verdicts => is_needed_to_judge,
        }
    }
}

/// Reads the inputs of one or more recordings in order.
#[derive(Debug)]
pub struct Reader {
    depth: Depth,
    segments: Vec<Segment>,
    /// The first file, where it is open already.
    ahead: Option<ParquetFile>,
    /// Index of the file that is opened next.
    next_file: usize,
    /// Samples that are before it need not be given.
    from: Option<WallTime>,
    /// Where to go on once the beginning of its run was given.
    leap: Option<seek::Entry>,
    current: Option<Open>,
    /// How the last sealed file begins: a log beside it that begins otherwise is another recording.
    sealed: Option<Beginning>,
    course: Course,
    /// What was made up, to stand before the input at hand.
    made_up: Input,
    /// The input at hand is still to be given out.
    is_held: bool,
    is_foreign: bool,
    has_given: bool,
    /// Why the first file that cannot be read cannot.
    failed: Option<Error>,
    done_bytes: u64,
    all_bytes: u64,
    torn_bytes: u64,
    unvouched: Vec<Unvouched>,
}

/// A Parquet file without a checksum of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unvouched {
    /// The file.
    pub path: PathBuf,
    /// Who wrote it, by its own words.
    pub writer: String,
}

impl Reader {
    /// Opens the recordings at `paths`.
    pub fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        Ok(Self::open_segments(segments(paths)?, Depth::All))
    }

    /// Opens the recordings at `paths` for the engine, which reads but some of the columns, and of
    /// those fewer where no agent took part.
    pub fn open_for_engine(paths: &[PathBuf]) -> Result<Self, Error> {
        let segments = segments(paths)?;
        let (is_decided, ahead) = agents::may_take_part(&segments);
        let depth = if is_decided { Depth::Decisions } else { Depth::Verdicts };
        Ok(Self { ahead, ..Self::open_segments(segments, depth) })
    }

    /// Opens the recordings at `paths` for an engine with an agent that decides on them anew.
    pub fn open_for_agent(paths: &[PathBuf]) -> Result<Self, Error> {
        Ok(Self::open_segments(segments(paths)?, Depth::Decisions))
    }

    /// Opens one file, and not what else there is of its recording.
    pub(super) fn open_one(path: &Path, sealed: bool) -> Self {
        let segment = Segment { path: path.to_owned(), sealed, is_named: true, twin: false };
        Self::open_segments(vec![segment], Depth::All)
    }

    fn open_segments(segments: Vec<Segment>, depth: Depth) -> Self {
        let all_bytes = segments.iter().map(Segment::bytes).sum();
        Self {
            depth,
            ahead: None,
            segments,
            next_file: 0,
            from: None,
            leap: None,
            current: None,
            sealed: None,
            course: Course::default(),
            made_up: Input::recorded(0, Timestamp::default(), Body::Tick),
            is_held: false,
            is_foreign: false,
            has_given: false,
            failed: None,
            done_bytes: 0,
            all_bytes,
            torn_bytes: 0,
            unvouched: Vec::new(),
        }
    }

    /// The time of the first input, where its file says it without being read.
    pub fn begin(&self) -> Option<WallTime> {
        seek::begin(&self.segments)
    }

    /// Leaves out samples before `from`, where that spares reading them: files, and row groups.
    /// What says where inputs come from and which sources deliver is given all the same. Called
    /// before the first input is read.
    pub fn skip_before(&mut self, from: WallTime) {
        self.from = Some(from);
        self.leap = seek::entry(&self.segments, from);
        if let Some(leap) = self.leap {
            self.next_file = leap.run_begin.unwrap_or(leap.file);
        }
    }

    /// The next input, or `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&Input>, Error> {
        loop {
            if self.has_given && !self.is_held {
                self.leap();
            }
            if !std::mem::take(&mut self.is_held) && !self.advance()? {
                // Where nothing at all was read, the first reason says why.
                return self.failed.take().filter(|_| !self.has_given).map_or(Ok(None), Err);
            }
            let Some(open) = &mut self.current else { return Ok(None) };
            let made_up = made_up_start(&self.course, open);
            let is_start = made_up.is_some();
            if let Some(input) = made_up.or_else(|| self.course.gap_before(open.last())) {
                self.made_up = input;
                self.is_held = true;
                return Ok(Some(self.give_made_up(is_start)));
            }
            match self.course.take(open.last()) {
                Ok(()) => break,
                Err(problem) => {
                    let (path, row) = (open.segment.path.clone(), open.row());
                    self.leave_file(Error::Row { path, row, problem })?;
                }
            }
        }
        self.has_given = true;
        Ok(self.current.as_ref().map(Open::last))
    }

    /// The input given last.
    pub fn input(&self) -> Option<&Input> {
        if self.is_held { Some(&self.made_up) } else { self.current.as_ref().map(Open::last) }
    }

    /// Whether a `Start` was not in its file but made up for it.
    pub fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// Bytes read and bytes in all, about.
    pub fn progress(&self) -> (u64, u64) {
        (self.done_bytes + self.current.as_ref().map_or(0, Open::bytes_read), self.all_bytes)
    }

    /// Bytes of torn frames at the end of logs, which a kill leaves.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Files read so far that nobody vouches for.
    pub fn unvouched(&self) -> &[Unvouched] {
        &self.unvouched
    }

    /// What could not be read so far, and was left out.
    pub fn damages(&self) -> &[Damage] {
        self.course.damages()
    }

    /// What makes the stream so far another one than was recorded: such a run is what-if.
    pub fn differs(&self) -> &[String] {
        self.course.differs()
    }

    fn give_made_up(&mut self, is_start: bool) -> &Input {
        self.has_given = true;
        if is_start {
            self.is_foreign = true;
            self.heed_start(&self.made_up.clone());
            self.tell_unknown_start();
        }
        // It lies between two inputs that are in order; before the very first there is no number.
        if !is_start || self.made_up.seq < self.at_hand() {
            let _ = self.course.take(&self.made_up);
        }
        &self.made_up
    }

    /// Says that nothing is known of where the file at hand comes from, where its footer does not
    /// say it either.
    fn tell_unknown_start(&mut self) {
        let Some(open) = self.current.as_ref().filter(|open| open.first_start().is_none()) else {
            return;
        };
        let path = open.segment.path.display();
        let why =
            format!("`{path}` does not begin with a row of kind `start`: its host is unknown");
        self.course.depart(why);
    }

    /// Number of the input at hand.
    fn at_hand(&self) -> u64 {
        self.current.as_ref().map_or(0, |open| open.last().seq)
    }

    fn heed_start(&mut self, input: &Input) {
        let path = self.current.as_ref().map_or(Path::new(""), |open| &open.segment.path);
        if let Body::Start(start) = &input.body {
            self.course.begin(start, input.seq, path);
        }
    }

    /// Moves to the next input that was not read already from a sealed file.
    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            if self.current.is_none() && !self.open_next()? {
                return Ok(false);
            }
            let Some(open) = &mut self.current else { return Ok(false) };
            let read = open.next();
            if let Some(damage) = open.take_damage() {
                self.failed.get_or_insert(damage.to_error());
                self.course.leave_out(damage);
            }
            match read {
                Ok(true) if self.is_taken()? => return Ok(true),
                Ok(true) => {}
                Ok(false) => self.close(),
                Err(error) => self.leave_file(error)?,
            }
        }
    }

    /// Whether the input at hand is one of the stream.
    fn is_taken(&mut self) -> Result<bool, Error> {
        let Some(open) = &self.current else { return Ok(false) };
        let input = open.last();
        if open.inputs == 1 {
            let beginning = Beginning::of(input);
            if !open.segment.twin {
                self.sealed = beginning;
            } else if self.sealed.is_some() && self.sealed != beginning {
                // It is being written to replace the sealed file.
                self.close();
                return Ok(false);
            }
        }
        if open.segment.twin && self.sealed.is_some() && self.course.has(input.seq) {
            return Ok(false);
        }
        if self.depth == Depth::Verdicts
            && !matches!(input.body, Body::Sample(_))
            && agents::begins_with(input)
            && open.segment.sealed
        {
            let (path, row) = (open.segment.path.clone(), open.row());
            let problem = NO_AGENT.to_owned();
            return self.leave_file(Error::Row { path, row, problem }).map(|()| false);
        }
        if let Body::Start(start) = &input.body {
            if let Err(error) = known_version(&open.segment.path, start.schema) {
                return self.leave_file(error).map(|()| false);
            }
            self.course.begin(start, input.seq, &open.segment.path);
        }
        Ok(true)
    }

    /// The rest of the file at hand makes no sense: it is left out, or, where it was given by its
    /// name, the error is that of the whole.
    fn leave_file(&mut self, error: Error) -> Result<(), Error> {
        let Some(open) = self.current.as_ref().filter(|open| !open.segment.is_named) else {
            return Err(error);
        };
        if error.is_environment() {
            return Err(error);
        }
        self.course.leave_out(Damage::of_file(open.segment.path.clone(), error.problem()));
        self.failed.get_or_insert(error);
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        if let Some(open) = self.current.take() {
            self.done_bytes += open.segment.bytes();
            self.torn_bytes += open.torn_bytes();
        }
    }

    /// The beginning of a run was given: what lies between it and the moment that is wanted is left
    /// out.
    fn leap(&mut self) {
        if let Some(leap) = self.leap.take_if(|leap| leap.run_begin.is_some()) {
            self.close();
            self.next_file = leap.file;
            self.course.leap_to(leap.segment);
        }
    }

    /// Opens the next file that can be; false at the end.
    fn open_next(&mut self) -> Result<bool, Error> {
        while let Some(segment) = self.segments.get(self.next_file) {
            let ahead = self.ahead.take().filter(|_| self.next_file == 0);
            self.next_file += 1;
            let opened = match ahead {
                Some(file) => Open::of(segment.clone(), file, self.depth.want(), self.from),
                None => open_under_either_name(segment, self.depth.want(), self.from),
            };
            match opened {
                Ok(open) => {
                    if let Some(writer) = open.foreign_writer() {
                        let (path, writer) = (segment.path.display(), writer.to_owned());
                        self.course.depart(format!(
                            "`{path}` was written by {writer}: nothing vouches for its content"
                        ));
                    }
                    self.unvouched.extend(open.unvouched_writer().map(|writer| Unvouched {
                        path: segment.path.clone(),
                        writer: writer.to_owned(),
                    }));
                    self.current = Some(open);
                    return Ok(true);
                }
                // What was in it is in the sealed file, which was read before.
                Err(error) if segment.twin && error.is_not_found() => {}
                Err(error) => {
                    let has_twin = self.segments.get(self.next_file).is_some_and(|next| next.twin);
                    // A file of a directory that is gone by now was removed for its age.
                    let is_fatal = error.is_environment() && !error.is_not_found();
                    if segment.is_named && !has_twin || is_fatal {
                        return Err(error);
                    }
                    self.sealed = None;
                    let damage = Damage::of_file(segment.path.clone(), error.problem());
                    self.course.leave_out(damage);
                    self.failed.get_or_insert(error);
                }
            }
        }
        Ok(false)
    }
}

/// A log may be sealed between listing and opening: then the recording has another name.
fn open_under_either_name(
    segment: &Segment,
    want: fn(&str, &str) -> bool,
    from: Option<WallTime>,
) -> Result<Open, Error> {
    let other = |error: Error| {
        let renamed = segment.renamed().filter(|_| error.is_not_found());
        renamed.map_or(Err(error), |renamed| Open::new(renamed, want, from))
    };
    Open::new(segment.clone(), want, from).or_else(other)
}

/// A `Start` for a file that does not begin with one. Where it is damaged its footer may still have
/// it; what was cut off from a run of ours goes on without. Of others nothing is known but the name
/// of the file and the times of its rows.
fn made_up_start(course: &Course, open: &mut Open) -> Option<Input> {
    if std::mem::replace(&mut open.is_begun, true) || matches!(open.last().body, Body::Start(_)) {
        return None;
    }
    let (seq, mono) = (open.last().seq.saturating_sub(1), open.last().mono);
    if let Some((first_seq, start)) = open.first_start() {
        let mono = start.clock.mono_ns.min(mono);
        return Some(Input::recorded(first_seq.min(seq), mono, Body::Start(Box::new(start))));
    }
    if course.has_begun() && open.foreign_writer().is_none() {
        return None;
    }
    let hostname = open.segment.path.file_stem().unwrap_or_default().to_string_lossy();
    let host = HostFacts { hostname: hostname.into_owned(), ..HostFacts::default() };
    let mut start = Start { host, ..Start::default() };
    if let Some(at_ns) = open.wall() {
        start.clock = ClockAnchor { mono_ns: mono, at_ns };
    }
    Some(Input::recorded(seq, mono, Body::Start(Box::new(start))))
}
