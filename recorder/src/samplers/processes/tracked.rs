//! One process between ticks: its files, its texts as last read, its row.
//!
//! `stat` and `schedstat` are read at every tick. A process of one thread in which neither changed
//! has not run, and what `status` and `io` say of it cannot have changed either: swapping a page
//! out changes the resident size in `stat`. They are read when anything changed, and always for a
//! process of several threads, whose other threads `schedstat` does not count.

use ks_engine::model::{Process, ProcessCell, ProcessName, Record};

use super::parse;
use crate::absence::Absence;
use crate::host_fs::{Buffer, HostFile, HostFs};

/// One process.
#[derive(Debug)]
pub(super) struct Tracked {
    /// Process id.
    pub(super) pid: u64,
    /// The row as last seen.
    pub(super) row: Process,
    /// The row was changed by other than [`Tracked::read`], and has yet to be written.
    pub(super) touched: bool,
    stat: HostFile,
    schedstat: HostFile,
    status: HostFile,
    io: HostFile,
    stat_text: Vec<u8>,
    schedstat_text: Vec<u8>,
}

/// What a reading of a process gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// The row is as it was.
    Same,
    /// The row changed.
    Changed,
    /// The process ended, or its id belongs to another one.
    Gone,
}

impl Tracked {
    /// A process that was just listed. One whose files are refused has a row with its id alone;
    /// `None` says that it ended since.
    pub(super) fn new(pid: u64, host: &HostFs, buffer: &mut Buffer) -> Option<Self> {
        let file = |name: &str| HostFile::single(format!("proc/{pid}/{name}"));
        let mut tracked = Self {
            pid,
            row: Process::default(),
            touched: false,
            stat: file("stat"),
            schedstat: file("schedstat"),
            status: file("status"),
            io: file("io"),
            stat_text: Vec::new(),
            schedstat_text: Vec::new(),
        };
        tracked.row.set(ProcessCell::pid, pid);
        let mut scratch = Process::default();
        let seen = tracked.read(host, buffer, &mut scratch);
        (seen != Seen::Gone).then_some(tracked)
    }

    /// Reads what may have changed. `scratch` is space for a row.
    pub(super) fn read(
        &mut self,
        host: &HostFs,
        buffer: &mut Buffer,
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
        if !stat_changed && !ran && self.row.threads() == Some(1) {
            return Seen::Same;
        }
        scratch.row_mut().copy_from(self.row.row());
        if stat_changed && !self.parse_stat(scratch) {
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
        if *scratch == self.row {
            return Seen::Same;
        }
        std::mem::swap(scratch, &mut self.row);
        Seen::Changed
    }

    /// False when the text is that of another process, which got this one's id.
    fn parse_stat(&self, row: &mut Process) -> bool {
        let known = self.row.start_ticks();
        parse::stat(&self.stat_text, row);
        known.is_none() || row.start_ticks() == known
    }

    /// Reads what seldom changes: control group, OOM score adjustment, network namespace.
    pub(super) fn read_labels(&mut self, host: &HostFs, buffer: &mut Buffer) {
        let pid = self.pid;
        if let Ok(text) = HostFile::single(format!("proc/{pid}/cgroup")).read(host, buffer)
            && let Some(path) = parse::cgroup(text)
        {
            self.row.set_name(ProcessName::cgroup, path);
        }
        let mut score = HostFile::single(format!("proc/{pid}/oom_score_adj"));
        if let Ok(text) = score.read(host, buffer) {
            let score = crate::text::parse_i64(text.trim_ascii());
            self.row.set_some(ProcessCell::oom_score_adj, score);
        }
        let link = host.root().join(format!("proc/{pid}/ns/net"));
        if let Ok(target) = rustix::fs::readlink(&link, Vec::new()) {
            self.row.set_some(ProcessCell::netns, parse::namespace(target.to_bytes()));
        }
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
