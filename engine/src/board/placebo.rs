//! How a quantity went on after a signal was raised and nothing was done: what an action has to
//! beat (`statistics.md`, section 6).

use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::evaluation::Evaluation;

/// The mean after a raise begins so much later, as that after an action would, and is so long.
const BEGIN_NS: u64 = 10 * SECOND_NS;
const LENGTH_NS: u64 = 60 * SECOND_NS;
/// The mean before the raise is so long: two readings of five seconds.
const STEP_NS: u64 = 5 * SECOND_NS;

/// One measurement on one place.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Placebo {
    metric: Option<Metric>,
    /// The last two readings, five seconds apart.
    before: [Option<f64>; 2],
    last: Option<Timestamp>,
    raised: Option<(Timestamp, f64)>,
    sum: f64,
    count: u32,
}

impl Placebo {
    /// Takes an evaluation; `raised` says that a signal was raised by it. The return value is a
    /// quantity with the difference of its means, once that is complete.
    pub(super) fn take(
        &mut self,
        at: Timestamp,
        seen: &Evaluation,
        raised: bool,
    ) -> Option<(Metric, f64)> {
        let due = self.last.is_none_or(|last| last.0 / STEP_NS != at.0 / STEP_NS);
        if !due && !raised {
            return None;
        }
        let first = seen.quantities().find(|noted| noted.learned)?.quantity;
        if self.metric != Some(first.metric) {
            *self = Self { metric: Some(first.metric), ..Self::default() };
        }
        if due {
            self.last = Some(at);
            self.before = [self.before[1], Some(first.value)];
        }
        if raised {
            let [Some(one), Some(other)] = self.before else { return None };
            self.raised = Some((at, f64::midpoint(one, other)));
            (self.sum, self.count) = (0.0, 0);
        }
        let (begin, before) = self.raised?;
        let since_ns = at.since_ns(begin);
        if since_ns < BEGIN_NS {
            return None;
        }
        if since_ns <= BEGIN_NS + LENGTH_NS {
            self.sum += first.value;
            self.count += 1;
            return None;
        }
        self.raised = None;
        (self.count > 0).then(|| (first.metric, self.sum / f64::from(self.count) - before))
    }

    /// Forgets readings, as after a gap: a window with a hole measures nothing.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::super::evaluation::{Held, Quantity, Relax};
    use super::*;
    use alloc::vec::Vec;

    /// Feeds a value a second; `raised` at one of them. Gives the differences.
    fn run(raised: &[u64], value: impl Fn(u64) -> f64) -> Vec<f64> {
        let mut placebo = Placebo::default();
        let fed = (0..200).filter_map(|second| {
            let mut seen = Evaluation::default();
            let limits = [Some(1.0), None, None, None];
            let quantity = Quantity { metric: Metric::Load1, value: value(second), limits };
            seen.grade(quantity, Held::Met, Relax::Scaled);
            let at = Timestamp(second * SECOND_NS);
            placebo.take(at, &seen, raised.contains(&second))
        });
        fed.map(|(metric, by)| {
            assert_eq!(metric, Metric::Load1);
            by
        })
        .collect()
    }

    #[test]
    fn it_is_the_mean_of_a_minute_less_that_of_the_ten_seconds_before() {
        let found = run(&[50], |at| if at < 60 { 5.0 } else { 3.0 });
        assert_eq!(found, [-2.0]);
        assert_eq!(run(&[50], |_| 4.0), [0.0]);
    }

    #[test]
    fn without_enough_before_or_after_there_is_none() {
        assert!(run(&[2], |_| 4.0).is_empty(), "nothing is known of before");
        assert!(run(&[150], |_| 4.0).is_empty(), "it ends too early");
        assert!(run(&[], |_| 4.0).is_empty());
    }
}
