//! The files of one process, and their texts as last read.
//!
//! `stat` and `schedstat` are read at every tick. A process of one thread in which neither changed
//! has not run, and what `status` and `io` say of it cannot have changed either: swapping a page
//! out changes the resident size in `stat`. They are read when anything changed, and always for a
//! process of several threads, whose other threads `schedstat` does not count.

use ks_vocabulary::model::{Process, ProcessCell, Record};

use super::parse;
use super::seen::Seen;
use crate::absence::Absence;
use crate::host_fs::{Buffer, HostFile, HostFs};

/// The files of one process.
#[derive(Debug)]
pub(super) struct Files {
    stat: HostFile,
    schedstat: HostFile,
    status: HostFile,
    io: HostFile,
    stat_text: Vec<u8>,
    schedstat_text: Vec<u8>,
}

impl Files {
    pub(super) fn new(pid: u64) -> Self {
        let file = |name: &str| HostFile::single(format!("proc/{pid}/{name}"));
        Self {
            stat: file("stat"),
            schedstat: file("schedstat"),
            status: file("status"),
            io: file("io"),
            stat_text: Vec::new(),
            schedstat_text: Vec::new(),
        }
    }

    /// Brings `row` up to date. `scratch` is space for a row.
    pub(super) fn read(
        &mut self,
        host: &HostFs,
        buffer: &mut Buffer,
        row: &mut Process,
        scratch: &mut Process,
    ) -> Seen {
        let stat = match self.stat.read(host, buffer) {
            Ok(text) => text,
            Err(Absence::NotFound) => return Seen::Gone,
            Err(_) => return Seen::Same,
        };
        let stat_changed = replace(&mut self.stat_text, stat);
        let schedstat = self.schedstat.read(host, buffer).unwrap_or_default();
        let counted = !schedstat.is_empty();
        let ran = replace(&mut self.schedstat_text, schedstat) || !counted;
        if !stat_changed && !ran && row.threads() == Some(1) {
            return Seen::Same;
        }
        scratch.row_mut().copy_from(row.row());
        if stat_changed && !self.parse_stat(row.start_ticks(), scratch) {
            return Seen::Gone;
        }
        parse::schedstat(&self.schedstat_text, scratch);
        unset(scratch, &parse::STATUS);
        if let Ok(text) = self.status.read(host, buffer) {
            parse::status(text, scratch);
        }
        unset(scratch, &parse::IO);
        if let Ok(text) = self.io.read(host, buffer) {
            parse::io(text, scratch);
        }
        if scratch == row {
            return Seen::Same;
        }
        std::mem::swap(scratch, row);
        Seen::Changed
    }

    /// False when the text is that of another process, which got this one's id.
    fn parse_stat(&self, known: Option<u64>, row: &mut Process) -> bool {
        parse::stat(&self.stat_text, row);
        known.is_none() || row.start_ticks() == known
    }
}

/// Makes `text` the known one; true when it differs.
fn replace(known: &mut Vec<u8>, text: &[u8]) -> bool {
    if known == text {
        return false;
    }
    known.clear();
    known.extend_from_slice(text);
    true
}

fn unset(row: &mut Process, cells: &[ProcessCell]) {
    let mut row = row.row_mut();
    for cell in cells {
        row.unset_cell(*cell as usize);
    }
}
