//! The loop that every run goes through: an input in, what the engine says of it out.
//!
//! Live, replayed or made up, inputs meet the engine here and nowhere else, so the same inputs
//! give the same journal.

use std::io;

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_engine::input::{Body, Input};
use ks_engine::journal::Journal;
use ks_engine::output::Output;
use ks_engine::time::Timestamp;

use crate::differences::Differences;
use crate::timings::Timings;

/// Takes each output with its line of the journal.
pub type Each<'a> = dyn FnMut(&Output, &[u8]) -> io::Result<()> + 'a;

/// The engine with its journal.
#[derive(Debug, Default)]
pub struct Feed {
    engine: Engine,
    journal: Journal,
    differences: Differences,
    knowledge: Option<Knowledge>,
    timings: Option<Timings>,
    gathers: bool,
    began: bool,
}

impl Feed {
    /// All runs differ from what was recorded, and why: recorded ticks are left out, and this
    /// engine's own fall due at virtual time.
    pub fn what_if(&mut self, difference: String) {
        self.differences.of_stream(difference);
    }

    /// The run of the next input differs, from that input on.
    pub fn departs(&mut self, difference: String) {
        self.differences.of_next(difference);
    }

    /// A run that is over differs.
    pub fn departed(&mut self, difference: &str) {
        self.differences.of_last(difference);
    }

    /// Begins the run with other knowledge than was recorded; `name` says with which.
    pub fn know(&mut self, knowledge: Knowledge, name: &str) {
        self.what_if(format!("knowledge of {name}"));
        self.knowledge = Some(knowledge);
    }

    /// Lets each run of the stream begin with what those before it learned.
    pub fn gather(&mut self) {
        self.gathers = true;
    }

    /// Measures what each stage costs.
    pub fn time(&mut self) {
        self.timings = Some(Timings::default());
    }

    /// What each stage cost, where that is measured.
    pub fn timings(&self) -> Option<&Timings> {
        self.timings.as_ref()
    }

    /// Takes what stands above a limit for normal too.
    pub fn accept_all(&mut self) {
        self.what_if("everything is normal".to_owned());
        self.engine.accept_all();
    }

    /// The engine, to look into.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What differs from what was recorded; nothing where it is fed as recorded.
    pub fn differs(&self) -> &[String] {
        self.differences.told()
    }

    /// Feeds one input.
    pub fn input(&mut self, input: &Input, each: &mut Each<'_>) -> io::Result<()> {
        let begins = self.differences.hear(&input.body);
        if self.differences.is_what_if() {
            // Recorded ticks are another engine's; this one's own fall due at virtual time.
            if input.body == Body::Tick {
                return Ok(());
            }
            // What a run waits for when it ends never comes.
            while let Some(at) = self.deadline().filter(|at| *at < input.mono && !begins) {
                // A made-up tick has no row of its own: it stands just before this input's.
                self.step(&Input { seq: input.seq, mono: at, body: Body::Tick }, each)?;
            }
        }
        self.step(input, each)
    }

    fn step(&mut self, input: &Input, each: &mut Each<'_>) -> io::Result<()> {
        match (&input.body, &self.knowledge) {
            (Body::Start(start), Some(knowledge)) => {
                let mut start = start.clone();
                // Where knowledge is gathered, a later run begins with that of the earlier ones.
                let gathered = self.gathers.then(|| self.engine.knowledge());
                let gathered = gathered.filter(|_| self.began);
                start.knowledge = Some(gathered.unwrap_or_else(|| knowledge.clone()).into());
                self.began = true;
                let body = Body::Start(start);
                self.engine.handle(&Input { seq: input.seq, mono: input.mono, body });
            }
            _ => match &mut self.timings {
                None => self.engine.handle(input),
                Some(timings) => {
                    timings.begin();
                    self.engine.handle_staged(input, &mut |stage| timings.done(stage));
                }
            },
        }
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
        self.engine.finish();
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
