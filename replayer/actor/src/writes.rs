//! Who opens or writes what a process in a sandbox may not.

use std::fmt::Debug;
use std::fs::File;

use crate::failure::Failure;
use crate::held::Held;
use crate::place::Place;
use crate::process_file::{self, ProcessFile};

/// See the module.
pub trait Writes: Debug {
    /// A file of a process, open to be written.
    fn open_process_file(&self, held: &Held, file: ProcessFile) -> Result<File, Failure>;

    /// Writes another file.
    fn write_place(&self, place: &Place, text: &str) -> Result<(), Failure>;

    /// Processes that it is, beside the one that asks.
    fn processes(&self) -> Vec<u64> {
        Vec::new()
    }
}

/// A process that may do it itself.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

impl Writes for Direct {
    fn open_process_file(&self, held: &Held, file: ProcessFile) -> Result<File, Failure> {
        process_file::open(held, file)
    }

    fn write_place(&self, place: &Place, text: &str) -> Result<(), Failure> {
        place.write_to(&place.to_write()?, text)
    }
}
