//! The worst moment of an episode: what it is told by once it is over.

use ks_vocabulary::kind::Severity;

use super::evaluation::Evaluation;
use super::slot::Transition;

/// A rise by so much within a severity is told as an update (`signals.md`, section 0, "Evidence").
const TOLD_RISE: f64 = 10.0;

/// What was seen of an episode when it was worst.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worst {
    /// What was seen.
    pub(super) seen: Evaluation,
    /// The highest severity so far, whose limits it was held against.
    pub(super) severity: Severity,
    past: f64,
    told_past: f64,
}

impl Worst {
    pub(super) fn new(severity: Severity, seen: &Evaluation) -> Self {
        let past = seen.past(severity);
        Self { seen: *seen, severity, past, told_past: past }
    }

    /// Takes what is seen of an episode that goes on at `severity`; the transition becomes an
    /// update where nothing else is said and it is ten times as far past its limit as was told.
    pub(super) fn take(
        &mut self,
        severity: Severity,
        seen: &Evaluation,
        transition: Transition,
    ) -> Transition {
        if severity > self.severity {
            *self = Self::new(severity, seen);
            return transition;
        }
        let past = seen.past(self.severity);
        if past > self.past {
            (self.seen, self.past) = (*seen, past);
        }
        let is_told = transition != Transition::None;
        let rises = severity == self.severity && past >= TOLD_RISE * self.told_past;
        if rises || is_told {
            self.told_past = self.told_past.max(past);
        }
        if rises && !is_told { Transition::Updated } else { transition }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::evaluation::{Held, Quantity, Relax};
    use ks_vocabulary::metric::Metric;

    fn seen(value: f64) -> Evaluation {
        let mut seen = Evaluation::default();
        let limits = [Some(1.0), Some(100.0), None, None];
        seen.grade(Quantity { metric: Metric::Load1, value, limits }, Held::Met, Relax::Event);
        seen.settle(|_| None);
        seen
    }

    fn is(worst: &Worst, value: f64) -> bool {
        worst.seen.quantities().all(|noted| (noted.quantity.value - value).abs() < 1e-9)
    }

    #[test]
    fn the_worst_is_kept_and_a_tenfold_rise_is_told_once() {
        use Transition::{None, Updated};
        let mut worst = Worst::new(Severity::Low, &seen(2.0));
        for (now, said, kept) in [
            (19.0, None, 19.0),
            (20.0, Updated, 20.0),
            (30.0, None, 30.0),
            (3.0, None, 30.0),
            (0.0, None, 30.0),
        ] {
            assert_eq!(worst.take(Severity::Low, &seen(now), None), said, "{now}");
            assert!(is(&worst, kept));
        }
    }

    #[test]
    fn a_higher_severity_begins_anew_and_a_lower_one_is_never_worse() {
        let mut worst = Worst::new(Severity::Low, &seen(50.0));
        let said = worst.take(Severity::Medium, &seen(100.0), Transition::Escalated);
        assert!(said == Transition::Escalated && is(&worst, 100.0));
        worst.take(Severity::Low, &seen(99.0), Transition::Updated);
        assert!(worst.severity == Severity::Medium && is(&worst, 100.0));
    }
}
