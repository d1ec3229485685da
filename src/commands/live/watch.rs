//! The loop of `ks live`: segments, ticks, and what happens when the disk takes no more.
//!
//! A tick that cannot be logged is not fed: the engine knows nothing that the recording does not.
//! The run goes on without eyes until the disk takes a segment again, which begins with the gap.

use anyhow::Context;
use ks_engine::input::Input;
use ks_engine::time::{SECOND_NS, Timestamp};
use ks_recorder::clock;
use ks_recorder::error::Error;
use ks_recorder::format::log::Decoder;
use ks_recorder::format::segments::Segments;
use ks_recorder::recorder::Recorder;
use ks_replayer::feed::Feed;

use super::journal::Journal;
use crate::cli;
use crate::pace::Pace;
use crate::render;

/// See the module.
pub(super) struct Watch {
    recorder: Recorder,
    sink: Sink,
    segment_ns: u64,
    /// Number of the next segment within the run.
    number: u32,
    /// When the segment at hand is long enough; `None` where there is none.
    ends: Option<Timestamp>,
    /// Ticks that could not be recorded since the last one that was.
    lost: u64,
    /// When the oldest segment was removed for room last.
    made_room: Option<Timestamp>,
}

/// Segments are removed for room no more often than this: others may fill the disk faster.
const ROOM_NS: u64 = 10 * SECOND_NS;

/// Where inputs go: the log, then the engine, then journal and stdout.
struct Sink {
    segments: Segments,
    decoder: Decoder,
    feed: Feed,
    journal: Journal,
    /// Journals of segments before, whose last lines a full disk refused.
    late: Vec<Journal>,
    /// `None` once stdout takes no more.
    format: Option<render::Format>,
}

impl Watch {
    pub(super) fn new(
        recorder: Recorder,
        segments: Segments,
        arguments: &cli::Live,
    ) -> anyhow::Result<Self> {
        let segment_ns = u64::try_from(arguments.segment.as_nanos()).context("segment too long")?;
        let (decoder, feed, journal) = (Decoder::default(), Feed::default(), Journal::default());
        let (late, format) = (Vec::new(), Some(arguments.format));
        let sink = Sink { segments, decoder, feed, journal, late, format };
        let (ends, made_room) = (None, None);
        Ok(Self { recorder, sink, segment_ns, number: 0, ends, lost: 0, made_room })
    }

    /// Observes until it is time to stop. What is wrong before the first sample ends it; later a
    /// disk that takes no more does not.
    pub(super) fn observe(&mut self, pace: &mut Pace) -> anyhow::Result<()> {
        self.begin_segment()?;
        loop {
            if self.ends.is_some_and(|ends| clock::now() >= ends) {
                self.end_segment();
            }
            self.tick()?;
            if !pace.wait() {
                return Ok(());
            }
        }
    }

    /// Ends the run: its last words go to the journal, and its segment is sealed.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let Sink { feed, journal, format, segments, .. } = &mut self.sink;
        let said = feed.finish(&mut |output, line| {
            journal.add(line);
            print(output, line, format);
            Ok(())
        });
        let written = said.and_then(|_| journal.sync());
        segments.seal()?;
        written.context("cannot write the journal")
    }

    /// One tick, or an attempt to record again. Errors are those that no waiting mends.
    fn tick(&mut self) -> Result<(), Error> {
        let ticked = match self.ends {
            Some(_) => self.record(),
            None => self.begin_segment().and_then(|()| self.record()),
        };
        match ticked {
            Err(error @ (Error::Io { .. } | Error::Exists { .. } | Error::Locked { .. })) => {
                self.lose(&error);
                Ok(())
            }
            other => other,
        }
    }

    fn record(&mut self) -> Result<(), Error> {
        let Self { recorder, sink, .. } = self;
        // The engine is owed ticks where samples did not come in time, before the one that does.
        while sink.feed.deadline().is_some_and(|at| at <= clock::now()) {
            sink.take(&recorder.owed_tick())?;
        }
        let (keyframe, detail) = (sink.segments.wants_keyframe(), sink.feed.any_standing());
        recorder.tick(keyframe, detail, |input| sink.take(input))?;
        // One write a tick: a killed process loses no line. What a full disk refuses waits.
        let _ = sink.journal.flush();
        sink.late.retain_mut(|journal| journal.flush().is_err());
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), Error> {
        let began = clock::now();
        let number = self.sink.segments.begin()?;
        let journal = Journal::at(self.sink.segments.journal(number));
        let before = std::mem::replace(&mut self.sink.journal, journal);
        self.sink.decoder = Decoder::default();
        let start = self.recorder.start(self.number);
        if let Err(error) = self.sink.take(&start) {
            // The last words of the run are those of the segment before.
            self.sink.journal = before;
            self.sink.segments.abandon();
            return Err(error);
        }
        self.sink.late.extend(Some(before).filter(Journal::is_waiting));
        self.number += 1;
        self.ends = Some(began.plus_ns(self.segment_ns));
        if self.lost > 0 {
            self.sink.take(&self.recorder.not_written(self.lost))?;
            render::note(&format!("recording again: {} ticks are missing", self.lost));
            self.lost = 0;
        }
        self.seal_leftovers();
        Ok(())
    }

    fn end_segment(&mut self) {
        self.ends = None;
        // What cannot be written waits for room.
        let _ = self.sink.journal.sync();
        if let Err(error) = self.sink.segments.seal() {
            note("a segment stays a log until it can be sealed", &error);
        }
    }

    fn seal_leftovers(&mut self) {
        if let Err(error) = self.sink.segments.seal_leftovers() {
            note("what is left of an earlier segment stays as it is", &error);
        }
    }

    /// The disk takes no more: what there is is sealed, room is made where that is allowed, and the
    /// next tick tries again.
    fn lose(&mut self, error: &Error) {
        if self.lost == 0 {
            note("nothing is recorded or judged until it can be", error);
        }
        self.lost += 1;
        if self.ends.take().is_some() {
            let _ = self.sink.journal.flush();
            let _ = self.sink.segments.seal();
        }
        let now = clock::now();
        let may = self.made_room.is_none_or(|last| now.since_ns(last) >= ROOM_NS);
        if error.is_disk_full() && may {
            self.made_room = Some(now);
            let _ = self.sink.segments.make_room();
        }
    }
}

/// Says what follows from an error, and the error with its cause.
fn note(what: &str, error: &Error) {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    render::note(&format!("{error}{}; {what}", cause.unwrap_or_default()));
}

impl Sink {
    /// Logs an input, then feeds the engine what the log holds.
    fn take(&mut self, input: &Input) -> Result<(), Error> {
        let Self { segments, decoder, feed, journal, format, .. } = self;
        let payload = segments.append(input)?;
        let input = decoder.decode(payload).expect("what was logged can be read");
        let said = feed.input(input, &mut |output, line| {
            journal.add(line);
            print(output, line, format);
            Ok(())
        });
        said.expect("nothing that takes outputs fails");
        Ok(())
    }
}

/// Prints a verdict. A stdout that takes no more ends the printing, and nothing else.
fn print(output: &ks_engine::output::Output, line: &[u8], format: &mut Option<render::Format>) {
    let Some(form) = *format else { return };
    if let Err(error) = render::verdict(output, line, form) {
        *format = None;
        render::note(&format!("{error}; the journal goes on"));
    }
}
