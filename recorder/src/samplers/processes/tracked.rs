//! One process between ticks: its row, and what is remembered to bring it up to date.

use ks_vocabulary::membership::group_of;
use ks_vocabulary::model::{Process, ProcessCell, ProcessName, Record};

use super::facts::Facts;
use super::files::Files;
use super::parse;
use super::pass::Group;
use super::passed::Passed;
use super::seen::Seen;
use crate::host_fs::{Buffer, HostFile, HostFs};

/// One process.
#[derive(Debug)]
pub(super) struct Tracked {
    /// Process id.
    pub(super) pid: u64,
    /// The row as last seen.
    pub(super) row: Process,
    /// The row was changed by other than a reading, and has yet to be written.
    pub(super) touched: bool,
    /// What seldom changes.
    pub(super) facts: Facts,
    by: By,
}

/// What a process is read by.
#[derive(Debug)]
enum By {
    Files(Box<Files>),
    Pass(Passed),
}

impl Tracked {
    /// A process that was just listed. One whose files are refused has a row with its id alone;
    /// `None` says that it ended since.
    pub(super) fn by_files(pid: u64, host: &HostFs, buffer: &mut Buffer) -> Option<Self> {
        let mut files = Box::new(Files::new(pid));
        let mut row = Process::default();
        row.set(ProcessCell::pid, pid);
        let mut scratch = Process::default();
        let seen = files.read(host, buffer, &mut row, &mut scratch);
        let by = By::Files(files);
        let mut tracked = Self { pid, row, touched: false, facts: Facts::default(), by };
        tracked.read_labels(host, buffer);
        (seen != Seen::Gone).then_some(tracked)
    }

    /// A process that a pass has for the first time.
    pub(super) fn by_pass(group: &Group, host: &HostFs, buffer: &mut Buffer) -> Self {
        let mut passed = Passed::default();
        let mut row = Process::default();
        passed.fill(group, &mut row);
        let mut facts = Facts::default();
        facts.tell(&row, &group.facts);
        let by = By::Pass(passed);
        let mut tracked = Self { pid: group.pid, row, touched: false, facts, by };
        tracked.read_cgroup(host, buffer);
        tracked
    }

    /// Reads what may have changed; `group` is the process of the pass that lists it, if it was
    /// a pass. `scratch` is space for a row.
    pub(super) fn read(
        &mut self,
        group: Option<&Group>,
        host: &HostFs,
        buffer: &mut Buffer,
        scratch: &mut Process,
    ) -> Seen {
        match (&mut self.by, group) {
            (By::Files(files), None) => files.read(host, buffer, &mut self.row, scratch),
            (By::Pass(passed), Some(group)) => {
                let (seen, regrouped) = passed.update(group, &mut self.row, scratch);
                if regrouped {
                    self.read_cgroup(host, buffer);
                }
                if seen != Seen::Gone {
                    self.facts.tell(&self.row, &group.facts);
                }
                seen
            }
            (By::Files(_), Some(group)) => self.switch_to_pass(group),
            (By::Pass(_), None) => self.switch_to_files(host, buffer, scratch),
        }
    }

    /// The same process, read by passes from now on.
    fn switch_to_pass(&mut self, group: &Group) -> Seen {
        let mut passed = Passed::default();
        let mut row = Process::default();
        row.row_mut().copy_from(self.row.row());
        passed.fill(group, &mut row);
        if row.start_ticks() != self.row.start_ticks() {
            return Seen::Gone;
        }
        self.row = row;
        self.facts.tell(&self.row, &group.facts);
        self.by = By::Pass(passed);
        Seen::Changed
    }

    /// The same process, read by its files from now on.
    fn switch_to_files(
        &mut self,
        host: &HostFs,
        buffer: &mut Buffer,
        scratch: &mut Process,
    ) -> Seen {
        let mut files = Box::new(Files::new(self.pid));
        let seen = files.read(host, buffer, &mut self.row, scratch);
        self.by = By::Files(files);
        seen
    }

    /// Asks the files that its facts are in. Whoever starts a process may have put it into another
    /// group since it was first seen.
    pub(super) fn ask_facts(&mut self, host: &HostFs, buffer: &mut Buffer) {
        self.read_labels(host, buffer);
        self.facts.ask(&self.row, matches!(self.by, By::Pass(_)), host, buffer);
    }

    /// Reads what seldom changes, where no pass tells of it: control group, OOM score adjustment,
    /// network namespace.
    pub(super) fn read_labels(&mut self, host: &HostFs, buffer: &mut Buffer) {
        if matches!(self.by, By::Pass(_)) {
            return;
        }
        self.read_cgroup(host, buffer);
        let pid = self.pid;
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

    fn read_cgroup(&mut self, host: &HostFs, buffer: &mut Buffer) {
        let pid = self.pid;
        if let Ok(text) = HostFile::single(format!("proc/{pid}/cgroup")).read(host, buffer)
            && let Some(path) = group_of(text)
        {
            self.row.set_name(ProcessName::cgroup, path);
        }
    }
}
