//! Pressure stall totals, by the kernel's rule: states of each CPU, weighted by its non-idle time.
//!
//! A thread that stalls sits on a CPU. That CPU is in `some` while one of its threads stalls, and
//! in `full` while none of the others is productive (runs, or could run). The total is the mean
//! over the CPUs, each weighted by the time in which it is not idle (`kernel/sched/psi.c`), so that
//! a reader that waits alone on an idle host is a host that waits. Threads are independent of each
//! other, and balanced over the CPUs. Averages follow the kernel's rule, every two seconds.

/// The stalls of some threads, gathered over all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct States {
    /// Threads that stall for a part of the time.
    stalling: f64,
    /// The chance that none of them stalls.
    none_stalls: f64,
    /// Threads that are productive, on average.
    productive: f64,
}

impl Default for States {
    fn default() -> Self {
        Self { stalling: 0.0, none_stalls: 1.0, productive: 0.0 }
    }
}

impl States {
    /// Adds a process whose threads, together, stall and are productive for so many seconds a
    /// second. As few of them stall as can.
    pub(crate) fn add(&mut self, stalled: f64, productive: f64) {
        self.productive += productive;
        if stalled <= 0.0 {
            return;
        }
        let threads = libm::ceil(stalled - 1e-9).max(1.0);
        self.stalling += threads;
        self.none_stalls *= libm::pow((1.0 - stalled / threads).max(0.0), threads);
    }

    /// Shares of the time in `some` and in `full` on so many CPUs.
    pub(crate) fn shares(&self, cpus: f64) -> (f64, f64) {
        if self.stalling <= 0.0 {
            return (0.0, 0.0);
        }
        let busy = (self.productive / cpus).min(1.0);
        let hit = self.stalling.min(cpus);
        // The stalls of the CPUs that have any, spread evenly over them.
        let some = 1.0 - libm::pow(self.none_stalls, 1.0 / hit);
        let full = some * (1.0 - busy);
        let not_idle = some + (1.0 - some) * busy;
        let weights = hit * not_idle + (cpus - hit) * busy;
        if weights <= 0.0 {
            return (0.0, 0.0);
        }
        let weighted = |share: f64| (hit * not_idle * share / weights).min(1.0);
        (weighted(some), weighted(full))
    }
}

/// Totals and averages of one line of a pressure file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Line {
    total_us: f64,
    at_update: f64,
    averages: [f64; 3],
}

/// Seconds of each average.
const SPANS_S: [f64; 3] = [10.0, 60.0, 300.0];
/// Seconds between two updates of the averages.
pub(crate) const UPDATE_S: f64 = 2.0;

impl Line {
    /// Adds a share of a step.
    pub(crate) fn add(&mut self, share: f64, step_s: f64) {
        self.total_us += share.clamp(0.0, 1.0) * step_s * 1e6;
    }

    /// Updates the averages: once in two seconds.
    pub(crate) fn update(&mut self) {
        let share = (self.total_us - self.at_update) / (UPDATE_S * 1e6);
        self.at_update = self.total_us;
        for (average, span_s) in self.averages.iter_mut().zip(SPANS_S) {
            let keep = libm::exp(-UPDATE_S / span_s);
            *average = *average * keep + 100.0 * share * (1.0 - keep);
        }
    }

    /// The total in whole microseconds.
    pub(crate) fn total_us(&self) -> u64 {
        crate::grain::whole(self.total_us)
    }

    /// The averages in percent, to the hundredth, as the file has them.
    pub(crate) fn averages(&self) -> [f64; 3] {
        self.averages.map(|average| libm::floor(average * 100.0) / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stalls_on_a_cpu_that_another_uses_is_some_and_not_full() {
        let mut states = States::default();
        states.add(1.0, 0.0);
        states.add(0.0, 1.0);
        assert_eq!(states.shares(1.0), (1.0, 0.0));
    }

    #[test]
    fn one_alone_that_stalls_half_of_the_time_is_full_for_half() {
        let mut states = States::default();
        states.add(0.5, 0.0);
        assert_eq!(states.shares(1.0), (0.5, 0.5));
        assert_eq!(states.shares(8.0), (0.5, 0.5), "idle CPUs weigh nothing");
    }

    #[test]
    fn busy_cpus_outweigh_one_that_stalls() {
        let mut states = States::default();
        states.add(0.5, 0.0);
        states.add(0.0, 2.0);
        let (some, full) = states.shares(4.0);
        assert!((some - 0.1667).abs() < 0.01 && (full - 0.0833).abs() < 0.01, "{some} {full}");
    }

    #[test]
    fn full_is_never_more_than_some_and_neither_more_than_all_of_the_time() {
        for stalled in [0.01, 0.5, 1.0, 7.3, 100.0] {
            for productive in [0.0, 0.5, 3.0, 50.0] {
                let mut states = States::default();
                states.add(stalled, productive);
                let (some, full) = states.shares(4.0);
                assert!(0.0 <= full && full <= some && some <= 1.0, "{some} {full}");
            }
        }
    }

    #[test]
    fn averages_come_close_to_the_share_after_their_span() {
        let mut line = Line::default();
        for _ in 0..30 {
            for _ in 0..20 {
                line.add(0.3, 0.1);
            }
            line.update();
        }
        let [avg10, avg60, _] = line.averages();
        assert!((29.0..=30.0).contains(&avg10) && (18.0..20.0).contains(&avg60));
        assert_eq!(line.total_us(), 18_000_000);
    }
}
