//! One pass of the kernel's iterator over tasks, gathered into processes.
//!
//! What a process used is the sum over its threads and what ended threads left. Rows of files and
//! what became of a process since are not known here.

use ks_ebpf::layout::{ProcessRow, TaskUse};
use ks_ebpf::processes::{ProcessIterator, Rows};

use super::listing::own_start_ticks;
use crate::absence::Absence;
use crate::clock;

/// The kernel's bit of uninterruptible sleep, and that of tasks that do not count as load
/// (`TASK_UNINTERRUPTIBLE` and `TASK_NOLOAD` in `include/linux/sched.h`).
const UNINTERRUPTIBLE: u32 = 0x2;
const NO_LOAD: u32 = 0x400;
/// States that count as uninterruptible: frozen, and waiting for a real-time lock.
const FROZEN: u32 = 0x8000;
const RT_LOCK_WAIT: u32 = 0x1000;
/// The bits that are reported, the lowest first (`task_index_to_char`).
const REPORTED: u32 = 0x7f;
const LETTERS: &[u8; 8] = b"RSDTtXZP";

/// One process of a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Process id.
    pub(super) pid: u64,
    /// What the kernel tells of the process.
    pub(super) facts: ProcessRow,
    /// What all threads used.
    pub(super) used: TaskUse,
    /// The leader's state, as `/proc/PID/stat` names it.
    pub(super) state: u8,
}

/// One task in uninterruptible sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asleep {
    /// Its process.
    pub(super) pid: u64,
    /// Its own id.
    pub(super) tid: u64,
    /// How often it was switched from: as long as that stays it has not run.
    pub(super) switches: u64,
}

/// Reads passes, each into the space of the one before.
#[derive(Debug)]
pub(super) struct Pass {
    iterator: ProcessIterator,
    bytes: Vec<u8>,
    groups: Vec<Group>,
    asleep: Vec<Asleep>,
}

impl Pass {
    /// Passes of `iterator`, if it tells of this process what `/proc` does: ids differ in a PID
    /// namespace, and so do start times in a time namespace.
    pub(super) fn checked(iterator: ProcessIterator) -> Result<Self, Absence> {
        let mut pass = Self { iterator, bytes: Vec::new(), groups: Vec::new(), asleep: Vec::new() };
        pass.read()?;
        let own = pass.find(u64::from(std::process::id()));
        let started = own.map(|own| clock::user_ticks(own.facts.start_ns));
        if started.is_none() || started != own_start_ticks() {
            return Err(Absence::Off("process ids or start times are those of a namespace"));
        }
        Ok(pass)
    }

    /// Reads all tasks as they are now.
    pub(super) fn read(&mut self) -> Result<(), Absence> {
        self.iterator.read(&mut self.bytes).map_err(Absence::Tracer)?;
        gather(&self.bytes, &mut self.groups, &mut self.asleep);
        Ok(())
    }

    /// Every process, in the order of their ids.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Tasks in uninterruptible sleep, by process and task.
    pub(super) fn asleep(&self) -> &[Asleep] {
        &self.asleep
    }

    /// One process.
    pub(super) fn find(&self, pid: u64) -> Option<&Group> {
        let found = self.groups.binary_search_by_key(&pid, |group| group.pid);
        found.ok().map(|at| &self.groups[at])
    }
}

fn gather(bytes: &[u8], groups: &mut Vec<Group>, asleep: &mut Vec<Asleep>) {
    groups.clear();
    asleep.clear();
    for (task, process) in Rows(bytes) {
        let pid = u64::from(task.process);
        if let Some(facts) = process {
            groups.push(Group { pid, facts, used: facts.ended, state: letter(task.state) });
        }
        if letter(task.state) == b'D' {
            let switches = task.usage.voluntary.wrapping_add(task.usage.involuntary);
            asleep.push(Asleep { pid, tid: u64::from(task.task), switches });
        }
    }
    // An id that the kernel gave again can precede that of its process.
    groups.sort_unstable_by_key(|group| group.pid);
    asleep.sort_unstable_by_key(|asleep| (asleep.pid, asleep.tid));
    let mut last = 0;
    for (task, _) in Rows(bytes) {
        let pid = u64::from(task.process);
        if groups.get(last).is_none_or(|group| group.pid != pid) {
            // A thread whose process ended during the pass belongs to none.
            let Ok(at) = groups.binary_search_by_key(&pid, |group| group.pid) else { continue };
            last = at;
        }
        add(&mut groups[last].used, &task.usage);
    }
}

fn add(sum: &mut TaskUse, one: &TaskUse) {
    sum.user_ns = sum.user_ns.wrapping_add(one.user_ns);
    sum.system_ns = sum.system_ns.wrapping_add(one.system_ns);
    sum.run_ns = sum.run_ns.wrapping_add(one.run_ns);
    sum.wait_ns = sum.wait_ns.wrapping_add(one.wait_ns);
    sum.minor_faults = sum.minor_faults.wrapping_add(one.minor_faults);
    sum.major_faults = sum.major_faults.wrapping_add(one.major_faults);
    sum.voluntary = sum.voluntary.wrapping_add(one.voluntary);
    sum.involuntary = sum.involuntary.wrapping_add(one.involuntary);
    sum.read_bytes = sum.read_bytes.wrapping_add(one.read_bytes);
    sum.write_bytes = sum.write_bytes.wrapping_add(one.write_bytes);
    sum.cancelled_write_bytes = sum.cancelled_write_bytes.wrapping_add(one.cancelled_write_bytes);
}

/// The letter of a state in `/proc/PID/stat` (`__task_state_index` in `include/linux/sched.h`).
fn letter(state: u32) -> u8 {
    if state & (UNINTERRUPTIBLE | NO_LOAD) == UNINTERRUPTIBLE | NO_LOAD {
        return b'I';
    }
    if state & (FROZEN | RT_LOCK_WAIT) != 0 {
        return b'D';
    }
    let highest = u32::BITS - (state & REPORTED).leading_zeros();
    LETTERS[usize::try_from(highest).expect("it is at most 7")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_ebpf::layout::TaskRow;

    fn number(bytes: &mut [u8], at: usize, value: u64, width: usize) {
        bytes[at..at + width].copy_from_slice(&value.to_ne_bytes()[..width]);
    }

    /// A task that ran for `run_ns`, with what its process's ended threads ran where it leads.
    fn task(process: u64, task: u64, state: u64, run_ns: u64, ended_ns: Option<u64>) -> Vec<u8> {
        let mut bytes = vec![0; size_of::<TaskRow>()];
        number(&mut bytes, 0, process, 4);
        number(&mut bytes, 4, task, 4);
        number(&mut bytes, 8, state, 4);
        number(&mut bytes, 12, u64::from(ended_ns.is_some()), 4);
        number(&mut bytes, 16 + 16, run_ns, 8);
        if let Some(ended_ns) = ended_ns {
            let mut row = vec![0; size_of::<ProcessRow>()];
            number(&mut row, 16, ended_ns, 8);
            bytes.extend(row);
        }
        bytes
    }

    #[test]
    fn threads_and_what_ended_ones_left_are_summed_whatever_their_order() {
        let rows = [
            task(9, 5, 2, 1, None),
            task(7, 7, 0, 10, Some(100)),
            task(7, 8, 0, 20, None),
            task(9, 9, 1, 2, Some(0)),
            task(4, 10, 0, 3, None),
        ];
        let (mut groups, mut asleep) = (Vec::new(), Vec::new());
        gather(&rows.concat(), &mut groups, &mut asleep);
        let ran: Vec<_> = groups.iter().map(|group| (group.pid, group.used.run_ns)).collect();
        assert_eq!(ran, [(7, 130), (9, 3)], "the thread of no process is left out");
        assert_eq!(asleep, [Asleep { pid: 9, tid: 5, switches: 0 }]);
        assert_eq!((groups[0].state, groups[1].state), (b'R', b'S'));
    }

    #[test]
    fn states_have_the_letters_of_proc() {
        for (state, expected) in [
            (0, b'R'),
            (0x1, b'S'),
            (0x2, b'D'),
            (0x402, b'I'),
            (0x2001, b'S'),
            (0x4, b'T'),
            (0x8, b't'),
            (0x10, b'X'),
            (0x20, b'Z'),
            (0x40, b'P'),
            (0x8000, b'D'),
            (0x1000, b'D'),
            (0x102, b'D'),
            (0x80 | 0x20, b'Z'),
        ] {
            assert_eq!(letter(state), expected, "{state:#x}");
        }
    }
}
