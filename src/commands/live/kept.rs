//! Where the inputs and outputs of `ks live` go: the log of the segment at hand, then its journal
//! and stdout.

use std::io;

use ks_engine::engine::Engine;
use ks_recorder::clock;
use ks_recorder::error::Error;
use ks_recorder::format::log::Decoder;
use ks_recorder::format::segments::Segments;
use ks_replayer::driver::Keeper;
use ks_replayer::names::Names;
use ks_vocabulary::input::{Body, Gap, GapReason, Input};
use ks_vocabulary::output::Output;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::journal::Journal;
use super::proposing::Proposing;
use super::told::Told;
use crate::render;

/// Segments are removed for room no more often than this: others may fill the disk faster.
const ROOM_NS: u64 = 10 * SECOND_NS;

/// See the module.
pub(super) struct Kept {
    segments: Segments,
    decoder: Decoder,
    journal: Journal,
    /// Journals of segments before, whose last lines a full disk refused.
    late: Vec<Journal>,
    /// `None` once stdout takes no more.
    format: Option<render::Format>,
    names: Names,
    /// When the oldest segment was removed for room last.
    made_room: Option<Timestamp>,
    told: Told,
    /// What is said goes on to an actor, where there is one.
    proposing: Option<Proposing>,
}

impl Kept {
    pub(super) fn new(
        segments: Segments,
        format: render::Format,
        told: Told,
        proposing: Option<Proposing>,
    ) -> Self {
        let (decoder, journal, late) = (Decoder::default(), Journal::default(), Vec::new());
        let (format, names) = (Some(format), Names::default());
        Self { segments, decoder, journal, late, format, names, made_room: None, told, proposing }
    }

    /// The disk takes no more, after `lost` other ticks: what there is is sealed, and room is made
    /// where that is allowed.
    pub(super) fn lose(&mut self, error: &Error, lost: u64) {
        if lost == 0 {
            note("nothing is recorded or judged until it can be", error);
        }
        self.told.lost(lost + 1);
        if self.segments.is_open() {
            let _ = self.journal.flush();
            let _ = self.segments.seal();
        }
        let now = clock::now();
        let may = self.made_room.is_none_or(|last| now.since_ns(last) >= ROOM_NS);
        if error.is_disk_full() && may {
            self.made_room = Some(now);
            let _ = self.segments.make_room();
        }
    }

    /// Makes the journal durable and seals the last segment.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let written = self.journal.sync();
        self.segments.seal()?;
        Ok(written?)
    }

    fn begin_segment(&mut self, start: &Input) -> Result<(), Error> {
        self.end_segment();
        let number = self.segments.begin()?;
        let journal = Journal::at(self.segments.journal(number));
        self.decoder = Decoder::default();
        if let Err(error) = self.segments.append(start) {
            self.segments.abandon();
            return Err(error);
        }
        let before = std::mem::replace(&mut self.journal, journal);
        self.late.extend(Some(before).filter(Journal::is_waiting));
        self.told.segment(self.segments.recording(number));
        Ok(())
    }

    fn end_segment(&mut self) {
        // What cannot be written waits for room.
        let _ = self.journal.sync();
        if let Err(error) = self.segments.seal() {
            note("a segment stays a log until it can be sealed", &error);
        }
    }

    fn seal_leftovers(&mut self) {
        if let Err(error) = self.segments.seal_leftovers() {
            note("what is left of an earlier segment stays as it is", &error);
        }
    }
}

impl Keeper for Kept {
    fn wants_keyframe(&self) -> bool {
        self.segments.wants_keyframe()
    }

    fn log<'a>(&'a mut self, input: &'a Input) -> Result<&'a Input, Error> {
        if self.format == Some(render::Format::Text) {
            self.names.hear(input);
        }
        if matches!(input.body, Body::Start(_)) {
            self.begin_segment(input)?;
        } else {
            self.segments.append(input)?;
        }
        if let Body::Gap(Gap { reason: GapReason::WriteFailed, count, .. }) = &input.body {
            let lost = count.unwrap_or_default();
            self.told.lost(0);
            render::note(&format!("recording again: {lost} ticks are missing"));
        }
        Ok(self.decoder.decode(self.segments.last_payload()).expect("what was logged can be read"))
    }

    fn said(&mut self, output: &Output, line: &[u8]) -> io::Result<()> {
        self.journal.add(line);
        self.told.said(output);
        if let Some(proposing) = &mut self.proposing {
            proposing.said(output, self.told.clock());
        }
        print(output, line, &mut self.format, &self.names);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.segments.sync().map_err(io::Error::other)?;
        self.journal.sync()
    }

    fn fed(&mut self, engine: &Engine, input: &Input) {
        self.told.fed(engine, input);
        if matches!(input.body, Body::Sample(_)) {
            // One write a tick: a killed process loses no line. What a full disk refuses waits.
            let _ = self.journal.flush();
            self.late.retain_mut(|journal| journal.flush().is_err());
        } else if matches!(input.body, Body::Start(_)) {
            self.seal_leftovers();
        }
    }
}

/// Prints a verdict. A stdout that takes no more ends the printing, and nothing else.
fn print(output: &Output, line: &[u8], format: &mut Option<render::Format>, names: &Names) {
    let Some(form) = *format else { return };
    if let Err(error) = render::verdict(output, line, form, names) {
        *format = None;
        render::note(&format!("{error}; the journal goes on"));
    }
}

/// Says what follows from an error, and the error with its cause.
fn note(what: &str, error: &Error) {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    render::note(&format!("{error}{}; {what}", cause.unwrap_or_default()));
}
