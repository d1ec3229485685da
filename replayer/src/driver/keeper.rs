//! Where what goes into a machine and what comes out of it is kept.

use std::io;

use ks_engine::engine::Engine;
use ks_recorder::error::Error;
use ks_vocabulary::input::Input;
use ks_vocabulary::output::Output;

/// See the module.
pub trait Keeper<M = Engine> {
    /// Whether the next sample should say everything.
    fn wants_keyframe(&self) -> bool {
        false
    }

    /// Makes what was learned a part of the recording. The return value is what a reader of the
    /// recording would be given.
    fn log<'a>(&'a mut self, input: &'a Input) -> Result<&'a Input, Error> {
        Ok(input)
    }

    /// An input of a recording is about to be fed, in a run that differs so from what was recorded.
    fn hear(&mut self, _input: &Input, _differs: &[String]) {}

    /// Takes an output with its line of the journal.
    fn said(&mut self, output: &Output, line: &[u8]) -> io::Result<()>;

    /// Makes the recording and the journal durable, up to what was said last.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// An input was fed, and everything said of it.
    fn fed(&mut self, _machine: &M, _input: &Input) {}
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl<M> Keeper<M> for Silent {
    fn said(&mut self, _: &Output, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}
