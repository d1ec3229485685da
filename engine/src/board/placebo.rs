//! How a quantity went on after a signal was raised and nothing was done: what an action has to
//! beat (`statistics.md`, section 6).

use crate::time::{SECOND_NS, Timestamp};

use super::evaluation::Evaluation;

/// The mean after a raise begins so much later, as that after an action would, and is so long.
const BEGIN_NS: u64 = 10 * SECOND_NS;
const LENGTH_NS: u64 = 60 * SECOND_NS;
/// The mean before the raise is so long: two readings of five seconds.
const STEP_NS: u64 = 5 * SECOND_NS;

/// One measurement on one place.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Placebo {
    metric: Option<&'static str>,
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
    ) -> Option<(&'static str, f64)> {
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
