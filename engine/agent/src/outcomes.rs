//! What came of actions so far, in numbers, and whether that is enough to act without being asked
//! (`statistics.md`, section 7).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ks_statistics::beta::Beta;
use ks_statistics::posterior::Posterior;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::Upshot;
use ks_vocabulary::input::CarriedOutcomes;

/// Fewer real outcomes are too few to judge by: a reversible action may be tried.
const EXPLORED: f64 = 10.0;
/// The share of successes that has to be exceeded, and how surely.
const RATE_TARGET: f64 = 0.6;
const SURELY: f64 = 0.9;

/// What is known of a form of action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Those that resolved their incident.
    pub successes: f64,
    /// Those of which the outcome is known: resolved, improved, without effect, worse.
    pub trials: f64,
    /// The effect in robust standard deviations of what happens without it, towards better.
    pub effect: Posterior,
}

impl Default for Record {
    fn default() -> Self {
        Self { successes: 0.0, trials: 0.0, effect: Posterior::PRIOR }
    }
}

impl Record {
    /// Probability that the rate of success is above the target.
    pub fn surely(&self) -> f64 {
        Beta::of_rate(self.successes, self.trials).map_or(0.0, |rate| 1.0 - rate.cdf(RATE_TARGET))
    }

    /// The rate of success that is expected.
    pub fn rate(&self) -> f64 {
        Beta::of_rate(self.successes, self.trials).map_or(0.5, Beta::mean)
    }

    /// Whether there are too few outcomes to judge by.
    pub fn is_exploring(&self) -> bool {
        self.trials < EXPLORED
    }

    /// Whether it may be done without being asked.
    pub fn opens(&self) -> bool {
        self.surely() >= SURELY
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Outcomes {
    records: BTreeMap<ActionKind, Record>,
}

impl Outcomes {
    /// What is known of a form.
    pub fn of(&self, action: ActionKind) -> Record {
        self.records.get(&action).copied().unwrap_or_default()
    }

    /// Counts an outcome. Those that cannot be told count for nothing; `better_sd` is the effect
    /// towards better, where it was held against what happens without an action.
    pub fn count(&mut self, action: ActionKind, upshot: Upshot, better_sd: Option<f64>) {
        let is_success = match upshot {
            Upshot::Resolved => true,
            Upshot::Improved | Upshot::NoEffect | Upshot::Worse => false,
            Upshot::Inconclusive
            | Upshot::NotApplied
            | Upshot::Superseded
            | Upshot::RolledBack
            | Upshot::Indeterminate
            | Upshot::Withheld
            | Upshot::DryRun => return,
        };
        let record = self.records.entry(action).or_default();
        record.trials += 1.0;
        record.successes += f64::from(u8::from(is_success));
        if let Some(better_sd) = better_sd {
            record.effect = record.effect.after(better_sd);
        }
    }

    /// What the next run has to know.
    pub fn carry(&self) -> Vec<CarriedOutcomes> {
        let each = self.records.iter().map(|(action, record)| CarriedOutcomes {
            action: *action,
            successes: record.successes,
            trials: record.trials,
            effect: [
                record.effect.mean,
                record.effect.kappa,
                record.effect.alpha,
                record.effect.beta,
            ],
        });
        each.collect()
    }

    /// Goes on with what the run before knew.
    pub fn resume(&mut self, carried: &[CarriedOutcomes]) {
        for known in carried {
            let [mean, kappa, alpha, beta] = known.effect;
            let effect = Posterior { mean, kappa, alpha, beta };
            let (successes, trials) = (known.successes, known.trials);
            self.records.insert(known.action, Record { successes, trials, effect });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(successes: u32, trials: u32) -> Record {
        let mut outcomes = Outcomes::default();
        for at in 0..trials {
            let upshot = if at < successes { Upshot::Resolved } else { Upshot::NoEffect };
            outcomes.count(ActionKind::LowerCpuWeight, upshot, None);
        }
        outcomes.of(ActionKind::LowerCpuWeight)
    }

    #[test]
    fn the_gate_asks_for_certainty_and_not_for_a_mean() {
        assert!(!after(3, 4).opens(), "three of four is 75 % and says little");
        assert!(after(9, 10).opens() && after(30, 40).opens());
        assert!(!after(7, 10).opens());
        assert!(after(9, 9).is_exploring() && !after(9, 10).is_exploring());
        assert!(!Record::default().opens());
    }

    #[test]
    fn what_cannot_be_told_counts_for_nothing() {
        let mut outcomes = Outcomes::default();
        for upshot in [Upshot::Inconclusive, Upshot::DryRun, Upshot::NotApplied, Upshot::Superseded]
        {
            outcomes.count(ActionKind::LowerCpuWeight, upshot, Some(9.0));
        }
        assert_eq!(outcomes.of(ActionKind::LowerCpuWeight), Record::default());
    }

    #[test]
    fn it_goes_on_over_a_restart() {
        let mut before = Outcomes::default();
        before.count(ActionKind::LowerCpuWeight, Upshot::Resolved, Some(2.5));
        let mut after = Outcomes::default();
        after.resume(&before.carry());
        assert_eq!(after.of(ActionKind::LowerCpuWeight), before.of(ActionKind::LowerCpuWeight));
    }
}
