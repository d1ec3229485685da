//! The loop of `ks live`: segments, ticks, and what happens when the disk takes no more.
//!
//! A tick that cannot be logged is not fed: the engine knows nothing that the recording does not.
//! The run goes on without eyes until the disk takes a segment again, which begins with the gap.

use anyhow::Context;
use ks_engine::input::Input;
use ks_engine::time::Timestamp;
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
}

/// Where inputs go: the log, then the engine, then journal and stdout.
struct Sink {
    segments: Segments,
    decoder: Decoder,
    feed: Feed,
    journal: Journal,
    /// `None` once stdout takes no more.
    format: Option<cli::Format>,
}

impl Watch {
    pub(super) fn new(
        recorder: Recorder,
        segments: Segments,
        arguments: &cli::Live,
    ) -> anyhow::Result<Self> {
        let segment_ns = u64::try_from(arguments.segment.as_nanos()).context("segment too long")?;
        let (decoder, feed, journal) = (Decoder::default(), Feed::default(), Journal::default());
        let sink = Sink { segments, decoder, feed, journal, format: Some(arguments.format) };
        Ok(Self { recorder, sink, segment_ns, number: 0, ends: None, lost: 0 })
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
        said.and_then(|_| journal.sync()).context("cannot write the journal")?;
        Ok(segments.seal()?)
    }

    /// One tick, or an attempt to record again. Errors are those that no waiting mends.
    fn tick(&mut self) -> Result<(), Error> {
        let ticked = match self.ends {
            Some(_) => self.record(),
            None => self.begin_segment().and_then(|()| self.record()),
        };
        match ticked {
            Err(error @ Error::Io { .. }) => {
                self.lose(&error);
                Ok(())
            }
            other => other,
        }
    }

    fn record(&mut self) -> Result<(), Error> {
        let Self { recorder, sink, .. } = self;
        // The engine is owed a tick where samples did not come in time, before the one that does.
        if sink.feed.deadline().is_some_and(|at| at <= clock::now()) {
            sink.take(&recorder.owed_tick())?;
        }
        let (keyframe, detail) = (sink.segments.wants_keyframe(), sink.feed.any_standing());
        recorder.tick(keyframe, detail, |input| sink.take(input))?;
        // One write a tick: a killed process loses no line. What a full disk refuses waits.
        let _ = sink.journal.flush();
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), Error> {
        let began = clock::now();
        self.sink.segments.begin()?;
        let number = self.sink.segments.next_number() - 1;
        self.sink.journal = Journal::at(self.sink.segments.journal(number));
        self.sink.decoder = Decoder::default();
        let start = self.recorder.start(self.number);
        self.sink.take(&start).inspect_err(|_| self.sink.segments.abandon())?;
        self.number += 1;
        self.ends = Some(began.plus_ns(self.segment_ns));
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            self.sink.take(&self.recorder.not_written(lost))?;
            render::note(&format!("recording again: {lost} ticks are missing"));
            self.sink.segments.seal_leftovers()?;
        }
        Ok(())
    }

    fn end_segment(&mut self) {
        self.ends = None;
        if let Err(error) = self.sink.journal.sync() {
            render::note(&format!("a journal lacks its end, which `ks replay` gives: {error}"));
        }
        if let Err(error) = self.sink.segments.seal() {
            let error = anyhow::Error::from(error);
            render::note(&format!("a segment stays a log until it can be sealed: {error:#}"));
        }
    }

    /// The disk takes no more: what there is is sealed, room is made where that is allowed, and the
    /// next tick tries again.
    fn lose(&mut self, error: &Error) {
        if self.lost == 0 {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let cause = cause.unwrap_or_default();
            render::note(&format!(
                "{error}: {cause}; nothing is recorded or judged until it can be"
            ));
        }
        self.lost += 1;
        if self.ends.take().is_some() {
            let _ = self.sink.journal.flush();
            let _ = self.sink.segments.seal();
        }
        if error.is_disk_full() {
            let _ = self.sink.segments.make_room();
        }
    }
}

impl Sink {
    /// Logs an input, then feeds the engine what the log holds.
    fn take(&mut self, input: &Input) -> Result<(), Error> {
        let Self { segments, decoder, feed, journal, format } = self;
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
fn print(output: &ks_engine::output::Output, line: &[u8], format: &mut Option<cli::Format>) {
    let Some(form) = *format else { return };
    if let Err(error) = render::verdict(output, line, form) {
        *format = None;
        render::note(&format!("{error}; the journal goes on"));
    }
}
