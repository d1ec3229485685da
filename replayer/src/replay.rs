//! The replay loop: read, feed, collect.

use std::io::Write;

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_engine::input::Input;
use ks_recorder::error::Error;
use ks_recorder::format::recording::Reader;

use crate::feed::Feed;
use crate::range::Range;
use crate::report::{Report, ReportBuilder};
use crate::timings::Timings;

/// What ends a replay early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] Error),
    /// The journal cannot be written.
    #[error("cannot write the journal: {0}")]
    Journal(#[from] std::io::Error),
}

/// Runs the engine over one stream of inputs, and gathers what it finds.
#[derive(Debug, Default)]
pub struct Run {
    feed: Feed,
    report: ReportBuilder,
}

impl Run {
    /// A run of a part of a recording: the recording engine had seen more.
    pub fn of_part() -> Self {
        let mut run = Self::default();
        run.feed.what_if("only a part is fed".to_owned());
        run
    }

    /// Begins with other knowledge than was recorded; `name` says with which.
    pub fn know(&mut self, knowledge: Knowledge, name: &str) {
        self.feed.know(knowledge, name);
    }

    /// Lets each run of the stream begin with what those before it learned.
    pub fn gather(&mut self) {
        self.feed.gather();
    }

    /// Measures what each stage costs.
    pub fn time(&mut self) {
        self.feed.time();
    }

    /// What each stage cost, where that is measured.
    pub fn timings(&self) -> Option<&Timings> {
        self.feed.timings()
    }

    /// Takes what stands above a limit for normal too.
    pub fn accept_all(&mut self) {
        self.feed.accept_all();
    }

    /// The engine, to look into.
    pub fn engine(&self) -> &Engine {
        self.feed.engine()
    }

    /// Feeds one input and writes the journal's new lines to `out`.
    pub fn feed(&mut self, input: &Input, out: &mut dyn Write) -> std::io::Result<()> {
        let report = &mut self.report;
        self.feed.input(input, &mut |output, line| {
            report.output(output);
            out.write_all(line)
        })?;
        // With a `Start` the run before it ends, at its own time of day.
        report.input(input);
        Ok(())
    }

    /// Ends the run.
    pub fn finish(mut self, path: &str, out: &mut dyn Write) -> std::io::Result<Report> {
        let report = &mut self.report;
        report.end(self.feed.engine().watched());
        let sha256 = self.feed.finish(&mut |output, line| {
            report.output(output);
            out.write_all(line)
        })?;
        Ok(self.report.finish(path, self.feed.differs().to_vec(), sha256))
    }
}

/// Replays what `range` takes of `reader`; `progress` is told bytes read and bytes in all.
pub fn replay(
    reader: &mut Reader,
    path: &str,
    range: Range,
    out: &mut dyn Write,
    progress: impl FnMut(u64, u64),
) -> Result<Report, ReplayError> {
    let mut run = if range.is_all() { Run::default() } else { Run::of_part() };
    drive(&mut run, reader, range, out, progress, |_, _| {})?;
    Ok(run.finish(path, out)?)
}

/// Feeds a run with what `range` takes of `reader`; `each` sees the engine after each input.
pub fn drive(
    run: &mut Run,
    reader: &mut Reader,
    mut range: Range,
    out: &mut dyn Write,
    mut progress: impl FnMut(u64, u64),
    mut each: impl FnMut(&Engine, &Input),
) -> Result<(), ReplayError> {
    let mut inputs = 0u64;
    let mut told = 0;
    range.seek(reader);
    while reader.next()?.is_some() {
        for why in reader.differs().iter().skip(told) {
            run.feed.departs(why.clone());
        }
        told = reader.differs().len();
        let Some(input) = reader.input() else { break };
        if let Some(input) = range.pass(input) {
            run.feed(input, out)?;
            each(run.engine(), input);
        }
        if range.is_over() {
            break;
        }
        inputs += 1;
        if inputs.is_multiple_of(1024) {
            let (done, all) = reader.progress();
            progress(done, all);
        }
    }
    if !reader.damages().is_empty() {
        run.feed.departed("what cannot be read is left out");
    }
    run.report.damaged(reader.damages());
    Ok(())
}
