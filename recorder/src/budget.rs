//! What the recorder costs, and what it leaves out to keep to its share of a CPU.
//!
//! The cost is the CPU time of its process and the run time of its programs in the kernel. Over
//! the share it takes one step of [`ORDER`] after the other; when it has stayed well below for
//! long, it takes one back.

use ks_engine::time::{SECOND_NS, Timestamp};

/// What is left out first, second and so on: each step names what it leaves out of which source.
pub(crate) const ORDER: [(&str, &str); 5] = [
    ("bpf/syscall", "latency"),
    ("bpf/syscall", ""),
    ("bpf/scheduler", ""),
    ("bpf/page_fault", ""),
    ("bpf/memory", ""),
];
/// A share is measured over this time, which smooths over the writing of a row group.
const WINDOW_NS: u64 = 5 * SECOND_NS;
/// A step is taken back when the cost was below this part of the share, so that it does not at
/// once exceed it again (our judgement: the dearest step costs about as much as all others).
const CALM_PART: f64 = 0.5;
/// How long it must be so, at first: each time a step has to be taken again, twice as long.
const CALM_NS: u64 = 60 * SECOND_NS;
const CALM_NS_MAX: u64 = 3600 * SECOND_NS;

/// The share by default: 5 % of one CPU or, where there are many, 1 % of all (our judgement: what
/// a storm of system calls may cost before the recorder gets out of its way).
pub fn default_share() -> f64 {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    #[expect(clippy::cast_precision_loss, reason = "a number of CPUs")]
    let cpus = cpus as f64;
    (cpus / 100.0).max(0.05)
}

/// The step at which all of `source` is left out; `None` where it never is.
pub(crate) fn step_of(source: &str) -> Option<usize> {
    ORDER.iter().position(|step| *step == (source, "")).map(|at| at + 1)
}

/// The step at which the latency of system calls is left out.
pub(crate) const LATENCY_STEP: usize = 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Share of one CPU.
    share: f64,
    window: Option<(Timestamp, u64)>,
    step: usize,
    calm_since: Option<Timestamp>,
    calm_ns: u64,
    taken_back: bool,
}

impl Budget {
    pub(crate) fn new(share: f64) -> Self {
        Self { share, window: None, step: 0, calm_since: None, calm_ns: CALM_NS, taken_back: false }
    }

    /// Steps of [`ORDER`] that are taken.
    pub(crate) fn step(&self) -> usize {
        self.step
    }

    /// Takes what was spent so far. The first call begins: loading is not charged.
    pub(crate) fn charge(&mut self, now: Timestamp, spent_ns: u64) {
        let (at, before) = *self.window.get_or_insert((now, spent_ns));
        let passed_ns = now.since_ns(at);
        if passed_ns < WINDOW_NS {
            return;
        }
        self.window = Some((now, spent_ns));
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let share = spent_ns.saturating_sub(before) as f64 / passed_ns as f64;
        if share > self.share {
            self.take_step();
        } else if self.step > 0 && share < self.share * CALM_PART {
            let since = *self.calm_since.get_or_insert(at);
            if now.since_ns(since) >= self.calm_ns {
                self.step -= 1;
                self.taken_back = true;
                self.calm_since = None;
            }
        } else {
            self.calm_since = None;
        }
    }

    fn take_step(&mut self) {
        if self.step < ORDER.len() {
            self.step += 1;
            if std::mem::take(&mut self.taken_back) {
                self.calm_ns = (self.calm_ns * 2).min(CALM_NS_MAX);
            }
        }
        self.calm_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spends `percent` of a CPU for `seconds`, one charge a second.
    struct Spender(Budget, u64, u64);

    impl Spender {
        fn spend(&mut self, percent: u64, seconds: u64) -> usize {
            for _ in 0..seconds {
                self.1 += 1;
                self.2 += percent * SECOND_NS / 100;
                self.0.charge(Timestamp(self.1 * SECOND_NS), self.2);
            }
            self.0.step()
        }
    }

    fn spender(share: f64) -> Spender {
        let mut spender = Spender(Budget::new(share), 0, 7 * SECOND_NS);
        spender.spend(0, 1);
        spender
    }

    #[test]
    fn over_its_share_it_takes_one_step_every_five_seconds() {
        let mut spender = spender(0.05);
        assert_eq!(spender.spend(5, 60), 0, "just its share");
        assert_eq!(spender.spend(6, 5), 1);
        assert_eq!(spender.spend(6, 5), 2);
        assert_eq!(spender.spend(90, 60), ORDER.len());
    }

    #[test]
    fn a_step_is_taken_back_after_a_calm_minute_and_later_after_two() {
        let mut spender = spender(0.05);
        assert_eq!(spender.spend(6, 5), 1);
        assert_eq!(spender.spend(3, 300), 1, "below its share, and not far below");
        assert_eq!(spender.spend(1, 55), 1);
        assert_eq!(spender.spend(1, 5), 0);
        assert_eq!(spender.spend(6, 10), 2);
        assert_eq!(spender.spend(1, 60), 2);
        assert_eq!(spender.spend(1, 60), 1);
    }

    #[test]
    fn each_step_leaves_out_one_thing() {
        assert_eq!(ORDER[LATENCY_STEP - 1], ("bpf/syscall", "latency"));
        assert_eq!(step_of("bpf/syscall"), Some(2));
        assert_eq!(step_of("bpf/tcp"), None);
        assert!(default_share() >= 0.05);
    }
}
