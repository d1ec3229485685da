//! The loop that every run goes through: an input in, what the engine says of it out.
//!
//! Live, replayed or made up, inputs meet the engine here and nowhere else, so the same inputs
//! give the same journal.

use std::io;

use ks_engine::engine::Engine;
use ks_engine::input::{Body, ENGINE_VERSION, Input};
use ks_engine::journal::Journal;
use ks_engine::output::Output;
use ks_engine::time::Timestamp;

/// Takes each output with its line of the journal.
pub type Each<'a> = dyn FnMut(&Output, &[u8]) -> io::Result<()> + 'a;

/// The engine with its journal.
#[derive(Debug, Default)]
pub struct Feed {
    engine: Engine,
    journal: Journal,
    what_if: bool,
    last: Timestamp,
}

impl Feed {
    /// Runs as if another engine had recorded: recorded ticks are left out, and this engine's own
    /// fall due at virtual time.
    pub fn what_if(&mut self) {
        self.what_if = true;
    }

    /// Whether the run is as recorded or with ticks made up.
    pub fn is_what_if(&self) -> bool {
        self.what_if
    }

    /// Feeds one input.
    pub fn input(&mut self, input: &Input, each: &mut Each<'_>) -> io::Result<()> {
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
                self.step(&Input { seq: input.seq, mono: at, body: Body::Tick }, each)?;
            }
        }
        self.step(input, each)
    }

    fn step(&mut self, input: &Input, each: &mut Each<'_>) -> io::Result<()> {
        self.last = input.mono;
        self.engine.handle(input);
        self.say(each)
    }

    fn say(&mut self, each: &mut Each<'_>) -> io::Result<()> {
        while let Some(output) = self.engine.poll() {
            each(&output, self.journal.record(&output))?;
        }
        Ok(())
    }

    /// Ends the run. The return value is the hash of its journal.
    pub fn finish(&mut self, each: &mut Each<'_>) -> io::Result<String> {
        self.engine.finish(self.last);
        self.say(each)?;
        Ok(self.journal.sha256())
    }

    /// Whether any signal stands.
    pub fn any_standing(&self) -> bool {
        self.engine.any_standing()
    }

    /// When the engine wants a `Tick`.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.engine.next_deadline().map(|(at, _)| at)
    }
}
