//! Waits for a CPU, summed over processes: those of batch work, which was told to wait, apart from
//! those of all others. They outlive the processes that waited.

use ks_vocabulary::model::Process;
use ks_vocabulary::time::Timestamp;

use super::history::Counters;

/// The nice level from which work is batch (`signals.md`, section 9).
const BATCH_NICE: i64 = 10;
/// `SCHED_IDLE`.
const IDLE_POLICY: u64 = 5;

/// Whether a process expects to wait.
pub fn is_batch(row: &Process) -> bool {
    row.nice().is_some_and(|nice| nice >= BATCH_NICE) || row.policy() == Some(IDLE_POLICY)
}

/// See the module.
#[derive(Debug, Default)]
pub struct Waited {
    batch_ns: u64,
    others_ns: u64,
    is_given: bool,
    history: Counters<2>,
}

impl Waited {
    /// Counts what a process waited since its counter was `before`.
    pub(super) fn count(&mut self, row: &Process, before: Option<u64>) {
        let (Some(after), Some(before)) = (row.wait_ns(), before) else { return };
        self.is_given = true;
        let waited = after.saturating_sub(before);
        let sum = if is_batch(row) { &mut self.batch_ns } else { &mut self.others_ns };
        *sum = sum.saturating_add(waited);
    }

    /// Ends a reading.
    pub(super) fn push(&mut self, at: Timestamp) {
        let given = |sum: u64| self.is_given.then_some(sum);
        self.history.push(at, [given(self.batch_ns), given(self.others_ns)]);
    }

    /// The mean number of threads that waited over a span, of batch work and of all others, by
    /// Little's law; `None` where waits are not recorded or the span is not over yet.
    pub fn over(&self, ns: u64) -> Option<(f64, f64)> {
        let mean = |counter: usize| {
            let growth = self.history.over(counter, "wait_ns", ns).ok()?;
            Some(growth.per_second() / 1e9)
        };
        Some((mean(0)?, mean(1)?))
    }
}
