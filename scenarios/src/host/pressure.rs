//! Pressure stall totals, from the states of threads in event time.
//!
//! Each thread is, at an instant, productive (it runs or waits for a CPU), stalled, or idle, and
//! independent of the others. Some: at least one is stalled. Full: one is stalled and none is
//! productive. Averages follow the kernel's rule, every two seconds.

/// The chance that none of some threads is in a state, gathered over all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct States {
    none_stalled: f64,
    none_productive: f64,
    all_idle: f64,
}

impl Default for States {
    fn default() -> Self {
        Self { none_stalled: 1.0, none_productive: 1.0, all_idle: 1.0 }
    }
}

impl States {
    /// Adds `threads` of which each is stalled and productive for these shares of the time.
    pub(crate) fn add(&mut self, threads: f64, stalled: f64, productive: f64) {
        self.add_known(threads, stalled, productive, none(threads, productive));
    }

    /// The same, where the chance that none is productive is known.
    pub(crate) fn add_known(
        &mut self,
        threads: f64,
        stalled: f64,
        productive: f64,
        none_productive: f64,
    ) {
        self.none_productive *= none_productive;
        if stalled <= 0.0 {
            self.all_idle *= none_productive;
            return;
        }
        self.none_stalled *= none(threads, stalled);
        self.all_idle *= none(threads, stalled + productive);
    }

    /// Share of the time in which at least one is stalled.
    pub(crate) fn some(&self) -> f64 {
        1.0 - self.none_stalled
    }

    /// Share of the time in which one is stalled and none is productive.
    pub(crate) fn full(&self) -> f64 {
        (self.none_productive - self.all_idle).clamp(0.0, self.some())
    }
}

/// The chance that none of some threads is in a state in which each is for a share of the time.
pub(crate) fn none(threads: f64, share: f64) -> f64 {
    if threads <= 0.0 || share <= 0.0 {
        return 1.0;
    }
    libm::pow((1.0 - share).max(0.0), threads)
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
    fn one_of_two_stalled_while_the_other_runs_is_some_and_not_full() {
        let mut states = States::default();
        states.add(1.0, 1.0, 0.0);
        states.add(1.0, 0.0, 1.0);
        assert_eq!((states.some(), states.full()), (1.0, 0.0));
    }

    #[test]
    fn one_alone_that_stalls_half_of_the_time_and_works_the_other_half_is_full_for_half() {
        let mut states = States::default();
        states.add(1.0, 0.5, 0.5);
        assert_eq!((states.some(), states.full()), (0.5, 0.5));
    }

    #[test]
    fn idle_threads_change_nothing() {
        let mut states = States::default();
        states.add(1000.0, 0.0, 0.0);
        states.add(2.0, 0.25, 0.0);
        assert!((states.some() - 0.4375).abs() < 1e-12);
        assert!((states.full() - 0.4375).abs() < 1e-12);
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
