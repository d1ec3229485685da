//! CPU time of a process, split into user and system as `/proc/PID/stat` splits it.

use ks_ebpf::layout::TaskUse;

/// User and system time told last.
///
/// The kernel knows exactly how long a process ran, and samples at clock ticks in which mode. It
/// tells the exact time in the sampled proportion, and lets neither part fall
/// (`cputime_adjust` in `kernel/sched/cputime.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct CpuSplit {
    /// In user mode.
    pub(super) user_ns: u64,
    /// In the kernel.
    pub(super) system_ns: u64,
}

impl CpuSplit {
    /// Takes what all threads used so far.
    pub(super) fn update(&mut self, used: &TaskUse) {
        if self.user_ns.saturating_add(self.system_ns) >= used.run_ns {
            return;
        }
        let system = share(used.run_ns, used.system_ns, used.user_ns);
        self.system_ns = self.system_ns.max(system);
        let user = used.run_ns.saturating_sub(self.system_ns);
        if user >= self.user_ns {
            self.user_ns = user;
        } else {
            self.system_ns = used.run_ns - self.user_ns;
        }
    }
}

/// The part of `whole` that `one` is of `one + other`; none of it is known where both are 0.
fn share(whole: u64, one: u64, other: u64) -> u64 {
    let sum = u128::from(one) + u128::from(other);
    let share = (u128::from(whole) * u128::from(one)).checked_div(sum).unwrap_or(0);
    u64::try_from(share).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn used(run_ns: u64, user_ns: u64, system_ns: u64) -> TaskUse {
        let bytes = [0; size_of::<TaskUse>()];
        let none = ks_ebpf::layout::read::<TaskUse>(&bytes).unwrap();
        TaskUse { run_ns, user_ns, system_ns, ..none }
    }

    #[test]
    fn the_exact_time_is_told_in_the_sampled_proportion() {
        let mut split = CpuSplit::default();
        split.update(&used(1000, 30, 10));
        assert_eq!(split, CpuSplit { user_ns: 750, system_ns: 250 });
        split.update(&used(1100, 30, 70));
        assert_eq!(split, CpuSplit { user_ns: 750, system_ns: 350 }, "user time does not fall");
    }

    #[test]
    fn a_process_without_samples_ran_in_user_mode() {
        let mut split = CpuSplit::default();
        split.update(&used(5, 0, 0));
        assert_eq!(split, CpuSplit { user_ns: 5, system_ns: 0 });
    }

    proptest! {
        #[test]
        fn neither_part_falls_and_both_are_the_whole(
            steps: Vec<(u32, u64, u64)>,
        ) {
            let (mut split, mut run_ns) = (CpuSplit::default(), 0);
            for (step, user_ns, system_ns) in steps {
                run_ns += u64::from(step);
                let before = split;
                split.update(&used(run_ns, user_ns, system_ns));
                prop_assert!(split.user_ns >= before.user_ns);
                prop_assert!(split.system_ns >= before.system_ns);
                prop_assert_eq!(split.user_ns + split.system_ns, run_ns);
            }
        }
    }
}
