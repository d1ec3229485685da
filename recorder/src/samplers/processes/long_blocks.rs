//! Tasks that have been in uninterruptible sleep for long.
//!
//! A task that was in it at each pass and was not switched from in between never left it: the
//! kernel's own watchdog judges so (`kernel/hung_task.c`). Each such sleep is told once.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::pass::Asleep;

/// From when on a sleep is told (our judgement: a healthy device answers within a second).
const LONG_NS: u64 = 5 * SECOND_NS;

/// The sleeps seen at the last pass.
#[derive(Debug, Default)]
pub(super) struct LongBlocks {
    known: Vec<Sleep>,
    next: Vec<Sleep>,
}

#[derive(Debug, Clone, Copy)]
struct Sleep {
    task: Asleep,
    since: Timestamp,
    told: bool,
}

impl LongBlocks {
    /// Takes the sleepers of a pass, in order, and tells each whose sleep became a long one, with
    /// how long it was seen in ns.
    pub(super) fn update(
        &mut self,
        at: Timestamp,
        asleep: &[Asleep],
        mut tell: impl FnMut(Asleep, u64),
    ) {
        self.next.clear();
        let mut known = self.known.iter().peekable();
        for task in asleep {
            let key = (task.pid, task.tid);
            while known.next_if(|sleep| (sleep.task.pid, sleep.task.tid) < key).is_some() {}
            let same = known.next_if(|sleep| sleep.task == *task).copied();
            let mut sleep = same.unwrap_or(Sleep { task: *task, since: at, told: false });
            let long_ns = at.since_ns(sleep.since);
            if long_ns >= LONG_NS && !sleep.told {
                tell(*task, long_ns);
                sleep.told = true;
            }
            self.next.push(sleep);
        }
        std::mem::swap(&mut self.known, &mut self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_told_once_and_one_that_ended_begins_anew() {
        let mut blocks = LongBlocks::default();
        let task = |tid, switches| Asleep { pid: 1, tid, switches };
        let mut told = Vec::new();
        for second in 0..13 {
            // The second task ran at second 4.
            let asleep = [task(1, 7), task(2, u64::from(second >= 4)), task(3, second)];
            let at = Timestamp(second * SECOND_NS);
            blocks.update(at, &asleep, |task, ns| told.push((second, task.tid, ns / SECOND_NS)));
        }
        assert_eq!(told, [(5, 1, 5), (9, 2, 5)]);
    }
}
