//! What of a process seldom changes: session, user, executable, how it may be scheduled.
//!
//! What the iterator tells of it costs nothing and is taken at each pass. The rest takes files and
//! calls, so it is asked once of a process that lived through a tick, again at a keyframe where its
//! name or its control group is another, and of those with most descriptors while a signal stands.

mod text;

use ks_ebpf::layout::{MARK_KERNEL, MARK_RESET_ON_FORK, ProcessRow};
use ks_vocabulary::model::{Process, ProcessFacts, ProcessFactsCell as Cell, Record, Rows};

use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::priorities;

/// Processes whose files are asked at one tick, so that none takes long for them (our judgement:
/// about a millisecond).
pub(super) const ASKED: usize = 32;

/// Facts of one process.
#[derive(Debug, Default)]
pub(super) struct Facts {
    row: ProcessFacts,
    /// What the pass before told.
    told: Option<Told>,
    /// Name and control group when its files were asked.
    asked: Option<[Vec<u8>; 2]>,
    /// Its files are to be asked.
    wanted: bool,
    /// It was there at a tick before.
    is_old: bool,
    /// The row differs from the one written last.
    changed: bool,
}

/// What the iterator tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    session: u32,
    user: u32,
    autogroup: u32,
    autogroup_nice: i32,
    io_priority: u32,
    marks: u32,
}

impl Facts {
    /// Takes what a pass tells of the process of `row`.
    pub(super) fn tell(&mut self, row: &Process, process: &ProcessRow) {
        let told = Told {
            session: process.session,
            user: process.user,
            autogroup: process.autogroup,
            autogroup_nice: process.autogroup_nice,
            io_priority: process.io_priority,
            marks: process.marks,
        };
        if self.told != Some(told) {
            self.told = Some(told);
            set_key(row, &mut self.row);
            told.fill(&mut self.row);
            self.changed = true;
        }
    }

    /// Has the files asked at the next tick.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether the files are to be asked. One that was just born may be about to become another
    /// program, or to end.
    pub(super) fn is_due(&mut self, process: &Process, keyframe: bool, is_first: bool) -> bool {
        let is_old = std::mem::replace(&mut self.is_old, true) || is_first;
        self.wanted |= match &self.asked {
            None => true,
            Some([comm, cgroup]) => {
                keyframe && (comm, cgroup) != (&name(process.comm()), &name(process.cgroup()))
            }
        };
        is_old && self.wanted
    }

    /// Asks the files; those that the iterator stands for, too, where it told nothing.
    pub(super) fn ask(
        &mut self,
        process: &Process,
        by_pass: bool,
        host: &HostFs,
        buffer: &mut Buffer,
    ) {
        self.wanted = false;
        self.asked = Some([name(process.comm()), name(process.cgroup())]);
        let mut row = ProcessFacts::default();
        set_key(process, &mut row);
        let told = self.told.filter(|_| by_pass);
        if told.is_none() {
            if !read_stat(process, host, buffer, &mut row) {
                return;
            }
            read_scheduling(process, host, buffer, &mut row);
        }
        read_status(process, host, buffer, &mut row);
        if let Some(told) = told {
            told.fill(&mut row);
        }
        if row.is_kernel() != Some(true) {
            read_exe(process, host, &mut row);
        }
        self.changed |= row != self.row;
        self.row = row;
    }

    /// Writes the row, if it is news or all are due. One of which nothing is known yet has none.
    pub(super) fn write(&mut self, keyframe: bool, rows: &mut Rows<ProcessFacts>) {
        let is_known = self.row.pid().is_some();
        if is_known && (std::mem::take(&mut self.changed) || keyframe) {
            rows.push_copy(&self.row);
        }
    }
}

impl Told {
    fn fill(self, row: &mut ProcessFacts) {
        row.set(Cell::session, u64::from(self.session));
        row.set(Cell::uid, u64::from(self.user));
        row.set(Cell::is_kernel, self.marks & MARK_KERNEL != 0);
        row.set(Cell::reset_on_fork, self.marks & MARK_RESET_ON_FORK != 0);
        row.set(Cell::io_priority, priorities::of_class(u64::from(self.io_priority)));
        let autogroup = Some((u64::from(self.autogroup), i64::from(self.autogroup_nice)));
        set_autogroup(autogroup.filter(|(id, _)| *id > 0), row);
    }
}

fn name(name: Option<&[u8]>) -> Vec<u8> {
    name.unwrap_or_default().to_vec()
}

fn set_key(process: &Process, row: &mut ProcessFacts) {
    row.set_some(Cell::pid, process.pid());
    row.set_some(Cell::start_ticks, process.start_ticks());
}

fn set_autogroup(autogroup: Option<(u64, i64)>, row: &mut ProcessFacts) {
    let mut cells = row.row_mut();
    cells.unset_cell(Cell::autogroup as usize);
    cells.unset_cell(Cell::autogroup_nice as usize);
    row.set_some(Cell::autogroup, autogroup.map(|(id, _)| id));
    row.set_some(Cell::autogroup_nice, autogroup.map(|(_, nice)| nice));
}

fn file(process: &Process, name: &str) -> HostFile {
    HostFile::single(format!("proc/{}/{name}", process.pid().unwrap_or(0)))
}

/// False where the process is gone, or another has its id.
fn read_stat(
    process: &Process,
    host: &HostFs,
    buffer: &mut Buffer,
    row: &mut ProcessFacts,
) -> bool {
    let text = file(process, "stat").read(host, buffer);
    let Some(stat) = text.ok().and_then(text::stat) else { return false };
    row.set(Cell::session, stat.session);
    row.set(Cell::is_kernel, stat.is_kernel);
    process.start_ticks() == Some(stat.start_ticks)
}

fn read_status(process: &Process, host: &HostFs, buffer: &mut Buffer, row: &mut ProcessFacts) {
    if let Ok(text) = file(process, "status").read(host, buffer) {
        text::status(text, row);
    }
}

fn read_scheduling(process: &Process, host: &HostFs, buffer: &mut Buffer, row: &mut ProcessFacts) {
    if let Ok(text) = file(process, "autogroup").read(host, buffer) {
        set_autogroup(text::autogroup(text), row);
    }
    if let Some(pid) = process.pid().filter(|_| host.is_live()) {
        row.set_some(Cell::reset_on_fork, priorities::resets_on_fork(pid));
        row.set_some(Cell::io_priority, priorities::io_priority(pid));
    }
}

/// The executable, which a copied tree can only name.
fn read_exe(process: &Process, host: &HostFs, row: &mut ProcessFacts) {
    let Some(pid) = process.pid().filter(|_| host.is_live()) else { return };
    let Some((device, inode)) = crate::executable::of(pid) else { return };
    row.set(Cell::exe_device, device);
    row.set(Cell::exe_inode, inode);
}

#[cfg(test)]
mod tests;
