//! The replay loop: read, feed, collect.

use std::io::Write;

use ks_engine::engine::Engine;
use ks_engine::input::{Body, ENGINE_VERSION, Input};
use ks_engine::journal::Journal;
use ks_engine::time::Timestamp;
use ks_recorder::error::Error;
use ks_recorder::format::recording::Reader;

use crate::report::{Mode, Report, ReportBuilder};

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

/// Runs the engine over one stream of inputs.
#[derive(Debug, Default)]
pub struct Run {
    engine: Engine,
    journal: Journal,
    report: ReportBuilder,
    what_if: bool,
    last: Timestamp,
}

impl Run {
    /// Feeds one input and writes the journal's new lines to `out`.
    pub fn feed(&mut self, input: &Input, out: &mut dyn Write) -> std::io::Result<()> {
        if let Body::Start(start) = &input.body {
            self.what_if |= start.engine_version != ENGINE_VERSION;
        }
        if self.what_if {
            // Recorded ticks are another engine's; this one's own fall due at virtual time.
            if input.body == Body::Tick {
                return Ok(());
            }
            if let Some((at, _)) = self.engine.next_deadline().filter(|(at, _)| *at < input.mono) {
                // A made-up tick has no row of its own: it stands just before this input's.
                self.step(&Input { seq: input.seq, mono: at, body: Body::Tick }, out)?;
            }
        }
        self.step(input, out)
    }

    fn step(&mut self, input: &Input, out: &mut dyn Write) -> std::io::Result<()> {
        self.last = input.mono;
        self.report.input(input);
        self.engine.handle(input);
        self.say(out)
    }

    fn say(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        while let Some(output) = self.engine.poll() {
            out.write_all(self.journal.record(&output))?;
            self.report.output(&output);
        }
        Ok(())
    }

    /// Ends the run.
    pub fn finish(mut self, path: &str, out: &mut dyn Write) -> std::io::Result<Report> {
        self.engine.finish(self.last);
        self.say(out)?;
        let mode = if self.what_if { Mode::WhatIf } else { Mode::AsRecorded };
        Ok(self.report.finish(path, mode, self.journal.sha256()))
    }
}

/// Replays everything in `reader`; `progress` is told bytes read and bytes in all.
pub fn replay(
    reader: &mut Reader,
    path: &str,
    out: &mut dyn Write,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, ReplayError> {
    let mut run = Run::default();
    let mut inputs = 0u64;
    while let Some(input) = reader.next()? {
        run.feed(input, out)?;
        inputs += 1;
        if inputs.is_multiple_of(1024) {
            let (done, all) = reader.progress();
            progress(done, all);
        }
    }
    Ok(run.finish(path, out)?)
}
