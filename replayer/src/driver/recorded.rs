//! A recording as a world: what it holds comes, and nothing else.

use ks_recorder::error::Error;
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::Input;

use super::world::{Arrival, Wants, World};
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
}

impl<'a> Recorded<'a> {
    /// What `range` takes of `source`; `progress` is told what is done and how much there is.
    pub fn new(
        source: &'a mut dyn Source,
        range: Range,
        progress: &'a mut dyn FnMut(u64, u64),
    ) -> Self {
        Self { source, range, progress, inputs: 0, told: 0, is_held: false }
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
}
