//! How often each system call was made, and how often it failed.
//!
//! The kernel counts by CPU in 32 bits, which wrap; the totals here do not.

use ks_ebpf::layout::{SYSCALL_NUMBERS, SyscallCpu};
use ks_vocabulary::model::{Rows, SyscallCount, SyscallCountCell as Cell};

/// Calls, and those of them that failed.
type Pair<T> = [T; 2];

/// Counts as they were written last.
#[derive(Debug, Default)]
pub(super) struct CallCounts {
    /// By CPU and number, wrapping at 2^32.
    before: Vec<Vec<Pair<u32>>>,
    totals: Vec<Pair<u64>>,
}

impl CallCounts {
    /// Writes the calls that were made since they were written last.
    pub(super) fn push(&mut self, cpus: &[SyscallCpu], rows: &mut Rows<SyscallCount>) {
        self.totals.resize(SYSCALL_NUMBERS, [0; 2]);
        self.before.resize_with(cpus.len(), || vec![[0; 2]; SYSCALL_NUMBERS]);
        for (number, total) in self.totals.iter_mut().enumerate() {
            let mut grown = [0; 2];
            for (cpu, before) in cpus.iter().zip(&mut self.before) {
                let now = [cpu.counts[number], cpu.failures[number]];
                for ((grown, now), before) in grown.iter_mut().zip(now).zip(&mut before[number]) {
                    *grown += u64::from(now.wrapping_sub(*before));
                    *before = now;
                }
            }
            if grown != [0; 2] {
                *total = [total[0] + grown[0], total[1] + grown[1]];
                let row = rows.push();
                row.set(Cell::number, number as u64);
                row.set(Cell::calls, total[0]);
                row.set(Cell::failed, total[1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_ebpf::layout::read;

    fn cpu(calls: u32, failures: u32) -> SyscallCpu {
        let mut cpu: SyscallCpu = read(&vec![0; size_of::<SyscallCpu>()]).unwrap();
        cpu.counts[7] = calls;
        cpu.failures[7] = failures;
        cpu
    }

    #[test]
    fn counts_of_all_cpus_go_on_when_the_kernels_wrap() {
        let mut counts = CallCounts::default();
        let mut told = |cpus: &[SyscallCpu]| {
            let mut rows = Rows::default();
            counts.push(cpus, &mut rows);
            let row = |row: &SyscallCount| (row.number(), row.calls(), row.failed());
            rows.iter().map(row).collect::<Vec<_>>()
        };
        let all = u64::from(u32::MAX);
        let cpus = vec![cpu(u32::MAX, 1), cpu(1, 0)];
        assert_eq!(told(&cpus), [(Some(7), Some(all + 1), Some(1))]);
        assert_eq!(told(&cpus), [], "nothing was called");
        let cpus = vec![cpu(1, 3), cpu(1, 1)];
        assert_eq!(told(&cpus), [(Some(7), Some(all + 3), Some(4))]);
    }
}
