//! The row of a process that a pass of the kernel's iterator tells of.

use ks_engine::model::{Process, ProcessCell as Cell, ProcessName, Record};

use super::cpu_split::CpuSplit;
use super::pass::Group;
use super::tracked::Seen;
use crate::clock;
use crate::tracers::name;

/// What a row cannot be made of without the passes before.
#[derive(Debug, Default)]
pub(super) struct Passed {
    split: CpuSplit,
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
        row.set(Cell::minflt, used.minor_faults);
        row.set(Cell::majflt, used.major_faults);
        row.set(Cell::delayacct_blkio_ticks, clock::user_ticks(facts.blkio_delay_ns));
        row.set(Cell::policy, u64::from(facts.policy));
        row.set(Cell::read_bytes, used.read_bytes);
        row.set(Cell::write_bytes, used.write_bytes);
        row.set(Cell::cancelled_write_bytes, used.cancelled_write_bytes);
        row.set(Cell::oom_score_adj, i64::from(facts.oom_score_adj));
        row.set_some(Cell::netns, Some(facts.netns_inode).filter(|inode| *inode > 0));
        row.set(Cell::cpu_ns, used.run_ns);
        row.set(Cell::wait_ns, self.waited_ns);
        row.set(Cell::voluntary_switches, used.voluntary);
        row.set(Cell::involuntary_switches, used.involuntary);
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
        let used = ks_ebpf::layout::TaskUse { wait_ns, ..facts.ended };
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
    fn an_id_given_again_is_another_process_and_names_are_any_bytes() {
        let (mut passed, mut row, mut scratch) = Default::default();
        Passed::fill(&mut passed, &group(1, 0), &mut row);
        assert_eq!(row.comm(), Some(b"a\n\xff".as_slice()));
        assert_eq!((row.rss_bytes(), row.netns()), (None, None));
        let later = group(5_000_000_000, 0);
        assert_eq!(passed.update(&later, &mut row, &mut scratch), (Seen::Gone, false));
    }
}
