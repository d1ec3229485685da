//! The row of a process that a pass of the kernel's iterator tells of.

use ks_ebpf::layout::TaskUse;
use ks_vocabulary::model::{Process, ProcessCell as Cell, ProcessName, Record};

use super::cpu_split::CpuSplit;
use super::pass::Group;
use super::seen::Seen;
use crate::clock;
use crate::tracers::name;

type Get = fn(&TaskUse) -> u64;

/// Counters of which ended threads leave theirs to the process.
const COUNTERS: [(Cell, Get); 8] = [
    (Cell::minflt, |used| used.minor_faults),
    (Cell::majflt, |used| used.major_faults),
    (Cell::read_bytes, |used| used.read_bytes),
    (Cell::write_bytes, |used| used.write_bytes),
    (Cell::cancelled_write_bytes, |used| used.cancelled_write_bytes),
    (Cell::cpu_ns, |used| used.run_ns),
    (Cell::voluntary_switches, |used| used.voluntary),
    (Cell::involuntary_switches, |used| used.involuntary),
];

/// What a row cannot be made of without the passes before.
#[derive(Debug, Default)]
pub(super) struct Passed {
    split: CpuSplit,
    /// The most of each counter so far. A thread that ends while a pass goes on is in neither its
    /// own row nor what ended threads left, and a counter does not fall.
    most: [u64; COUNTERS.len()],
    /// Waits of the threads there were last, and those of all passes: a thread that ends takes its
    /// waits with it, and a counter does not fall.
    waited_last_ns: u64,
    waited_ns: u64,
    groups: u64,
}

impl Passed {
    /// Brings `row` up to date; also tells whether the process is in other control groups than
    /// before. `scratch` is space for a row.
    pub(super) fn update(
        &mut self,
        group: &Group,
        row: &mut Process,
        scratch: &mut Process,
    ) -> (Seen, bool) {
        if row.start_ticks() != Some(clock::user_ticks(group.facts.start_ns)) {
            return (Seen::Gone, false);
        }
        let regrouped = self.groups != group.facts.groups;
        scratch.row_mut().copy_from(row.row());
        self.fill(group, scratch);
        if scratch == row && !regrouped {
            return (Seen::Same, false);
        }
        std::mem::swap(scratch, row);
        (Seen::Changed, regrouped)
    }

    /// Sets every cell that a pass tells of.
    pub(super) fn fill(&mut self, group: &Group, row: &mut Process) {
        let (facts, used) = (&group.facts, &group.used);
        self.groups = facts.groups;
        self.split.update(used);
        self.waited_ns += used.wait_ns.saturating_sub(self.waited_last_ns);
        self.waited_last_ns = used.wait_ns;
        row.set_name(ProcessName::comm, name(&facts.comm));
        row.set(Cell::pid, group.pid);
        row.set(Cell::start_ticks, clock::user_ticks(facts.start_ns));
        row.set(Cell::ppid, u64::from(facts.parent));
        row.set(Cell::state, u64::from(group.state));
        row.set(Cell::nice, i64::from(facts.nice));
        row.set(Cell::threads, u64::from(facts.threads));
        row.set(Cell::utime_ticks, clock::user_ticks(self.split.user_ns));
        row.set(Cell::stime_ticks, clock::user_ticks(self.split.system_ns));
        row.set(Cell::delayacct_blkio_ticks, clock::user_ticks(facts.blkio_delay_ns));
        row.set(Cell::policy, u64::from(facts.policy));
        row.set(Cell::oom_score_adj, i64::from(facts.oom_score_adj));
        row.set_some(Cell::netns, Some(facts.netns_inode).filter(|inode| *inode > 0));
        row.set(Cell::wait_ns, self.waited_ns);
        for ((cell, get), most) in COUNTERS.iter().zip(&mut self.most) {
            *most = (*most).max(get(used));
            row.set(*cell, *most);
        }
        fill_memory(group, row);
    }
}

/// Memory, which a kernel thread and a zombie have none of.
fn fill_memory(group: &Group, row: &mut Process) {
    let facts = &group.facts;
    let bytes = |pages: u64| {
        (facts.has_memory != 0).then(|| pages.saturating_mul(rustix::param::page_size() as u64))
    };
    let resident = facts.file_pages + facts.anon_pages + facts.shared_pages;
    row.set_some(Cell::rss_bytes, bytes(resident));
    row.set_some(Cell::rss_anon_bytes, bytes(facts.anon_pages));
    row.set_some(Cell::rss_file_bytes, bytes(facts.file_pages));
    row.set_some(Cell::rss_shmem_bytes, bytes(facts.shared_pages));
    row.set_some(Cell::swap_bytes, bytes(facts.swap_pages));
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_ebpf::layout::{ProcessRow, read};

    fn group(start_ns: u64, wait_ns: u64) -> Group {
        let bytes = [0; size_of::<ProcessRow>()];
        let facts: ProcessRow = read(&bytes).unwrap();
        let used = TaskUse { wait_ns, ..facts.ended };
        let facts = ProcessRow { start_ns, comm: *b"a\n\xff\0\0\0\0\0\0\0\0\0\0\0\0\0", ..facts };
        Group { pid: 7, facts, used, state: b'S' }
    }

    #[test]
    fn waits_do_not_fall_when_a_thread_takes_its_own_with_it() {
        let (mut passed, mut row, mut scratch) = Default::default();
        Passed::fill(&mut passed, &group(1, 100), &mut row);
        assert_eq!(passed.update(&group(1, 40), &mut row, &mut scratch), (Seen::Same, false));
        assert_eq!(row.wait_ns(), Some(100));
        assert_eq!(passed.update(&group(1, 45), &mut row, &mut scratch), (Seen::Changed, false));
        assert_eq!(row.wait_ns(), Some(105));
    }

    #[test]
    fn no_counter_falls_when_a_pass_misses_a_thread_that_ends() {
        let (mut passed, mut row, mut scratch) = Default::default();
        let with = |bytes: u64| {
            let mut group = group(1, 0);
            group.used.read_bytes = bytes;
            group
        };
        Passed::fill(&mut passed, &with(4096), &mut row);
        assert_eq!(passed.update(&with(1), &mut row, &mut scratch), (Seen::Same, false));
        assert_eq!(passed.update(&with(4097), &mut row, &mut scratch), (Seen::Changed, false));
        assert_eq!(row.read_bytes(), Some(4097));
    }

    #[test]
    fn an_id_given_again_is_another_process_and_names_are_any_bytes() {
        let (mut passed, mut row, mut scratch) = Default::default();
        Passed::fill(&mut passed, &group(1, 0), &mut row);
        assert_eq!(row.comm(), Some(b"a\n\xff".as_slice()));
        assert_eq!((row.rss_bytes(), row.netns()), (None, None));
        let later = group(5_000_000_000, 0);
        assert_eq!(passed.update(&later, &mut row, &mut scratch), (Seen::Gone, false));
    }
}
