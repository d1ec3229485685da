//! A log and a journal in memory, which remember what was durable when.

use std::io;

use ks_recorder::error::Error;
use ks_replayer::driver::Keeper;
use ks_vocabulary::input::Input;
use ks_vocabulary::output::Output;

use super::asker::Asker;

#[derive(Debug, Default)]
pub(crate) struct Paper {
    pub(crate) log: Vec<Input>,
    pub(crate) journal: String,
    /// The lines since the time before, each time that all was made durable.
    pub(crate) durable: Vec<String>,
    pub(crate) fails_to_sync: bool,
    synced: usize,
}

impl Keeper<Asker> for Paper {
    fn log<'a>(&'a mut self, input: &'a Input) -> Result<&'a Input, Error> {
        self.log.push(input.clone());
        Ok(input)
    }

    fn said(&mut self, _: &Output, line: &[u8]) -> io::Result<()> {
        self.journal.push_str(std::str::from_utf8(line).unwrap());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.fails_to_sync {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.durable.push(self.journal[self.synced..].to_owned());
        self.synced = self.journal.len();
        Ok(())
    }
}
