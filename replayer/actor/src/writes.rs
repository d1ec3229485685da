//! Who opens or writes what a process in a sandbox may not.

use std::fmt::Debug;
use std::fs::File;

use crate::failure::Failure;
use crate::held::Held;
use crate::limit::Limit;
use crate::place::Place;
use crate::process_file::{self, ProcessFile};
use crate::systemd::Found;
use crate::unit::Unit;

/// See the module.
pub trait Writes: Debug {
    /// A file of a process, open to be written.
    fn open_process_file(&self, held: &Held, file: ProcessFile) -> Result<File, Failure>;

    /// Writes another file.
    fn write_place(&self, place: &Place, text: &str) -> Result<(), Failure>;

    /// What systemd holds a unit at, of the kind of a limit; nothing where it does not run.
    fn unit_limit(&self, _unit: &Unit, _like: &Limit) -> Result<Option<Found>, Failure> {
        Ok(None)
    }

    /// Has systemd hold a unit at a limit, and says what it is held at then.
    fn set_unit(&self, unit: &Unit, _limit: &Limit) -> Result<Limit, Failure> {
        let error = std::io::Error::from(std::io::ErrorKind::NotConnected);
        Err(Failure::refused(unit.to_string(), error))
    }

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
