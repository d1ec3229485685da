//! A recording as a world: what it holds comes, and nothing else.

use std::collections::VecDeque;

use ks_recorder::error::Error;
use ks_recorder::format::recording::Reader;
use ks_vocabulary::decision::ModelRequest;
use ks_vocabulary::input::{Answer, Body, Input, RequestId};
use ks_vocabulary::time::Timestamp;

use super::world::{Answers, Arrival, Thinks, Wants, World};
use crate::range::Range;

/// Inputs between two reports of progress.
const TOLD_INPUTS: u64 = 1024;

/// Inputs in their order.
pub trait Source {
    /// Moves to the next input; false at the end.
    fn advance(&mut self) -> Result<bool, Error>;

    /// The input at hand.
    fn input(&self) -> Option<&Input>;

    /// What makes the stream so far another one than was recorded.
    fn differs(&self) -> &[String] {
        &[]
    }

    /// How much is done, and how much there is.
    fn progress(&self) -> (u64, u64);
}

impl Source for Reader {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.next()?.is_some())
    }

    fn input(&self) -> Option<&Input> {
        Self::input(self)
    }

    fn differs(&self) -> &[String] {
        Self::differs(self)
    }

    fn progress(&self) -> (u64, u64) {
        Self::progress(self)
    }
}

/// See the module.
#[expect(missing_debug_implementations, reason = "it lends a closure")]
pub struct Recorded<'a> {
    source: &'a mut dyn Source,
    range: Range,
    progress: &'a mut dyn FnMut(u64, u64),
    inputs: u64,
    /// Differences that were given on.
    told: usize,
    /// The input at hand is still to be taken.
    is_held: bool,
    /// Whoever is asked in place of a model that is not part of the recording.
    model: Option<Box<dyn Answers>>,
    /// What a model answered, and when it was asked.
    answers: VecDeque<Body>,
    lent: Body,
    at: Timestamp,
}

impl<'a> Recorded<'a> {
    /// What `range` takes of `source`; `progress` is told what is done and how much there is.
    pub fn new(
        source: &'a mut dyn Source,
        range: Range,
        progress: &'a mut dyn FnMut(u64, u64),
    ) -> Self {
        let (model, answers, lent) = (None, VecDeque::new(), Body::Tick);
        let at = Timestamp::default();
        let (inputs, told, is_held) = (0, 0, false);
        Self { source, range, progress, inputs, told, is_held, model, answers, lent, at }
    }

    /// Lets a model be asked; it answers at once.
    #[must_use]
    pub fn advised(mut self, model: Option<Box<dyn Answers>>) -> Self {
        self.model = model;
        self
    }

    /// Gives back who was asked.
    pub fn into_model(self) -> Option<Box<dyn Answers>> {
        self.model
    }

    /// Moves to the next input of the range; false at its end.
    fn advance(&mut self) -> Result<bool, Error> {
        while !self.range.is_over() && self.source.advance()? {
            self.inputs += 1;
            if self.inputs.is_multiple_of(TOLD_INPUTS) {
                let (done, all) = self.source.progress();
                (self.progress)(done, all);
            }
            let Some(input) = self.source.input() else { return Ok(false) };
            if self.range.takes(input) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl World for Recorded<'_> {
    fn wait(&mut self, _: Wants) -> Result<Arrival<'_>, Error> {
        if let Some(answer) = self.answers.pop_front() {
            self.lent = answer;
            return Ok(Arrival::Learned(self.at, &mut self.lent));
        }
        self.is_held = self.is_held || self.advance()?;
        let Some(input) = self.source.input().filter(|_| self.is_held) else {
            return Ok(Arrival::Over);
        };
        let differs = self.source.differs();
        let told = std::mem::replace(&mut self.told, differs.len());
        Ok(Arrival::Recorded(self.range.given(input), &differs[told..]))
    }

    fn taken(&mut self) {
        self.is_held = false;
    }

    fn thinker(&mut self) -> Option<&mut dyn Thinks> {
        self.model.is_some().then_some(self)
    }
}

impl Thinks for Recorded<'_> {
    fn think(&mut self, at: Timestamp, request: RequestId, question: &ModelRequest) {
        self.at = at;
        if let Some(model) = &mut self.model {
            let reply = model.answer(request, question);
            self.answers.push_back(Body::Answer(Box::new(Answer::ModelReply(reply))));
        }
    }
}
