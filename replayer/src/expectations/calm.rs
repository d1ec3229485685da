//! Time in which nothing was wrong, and what was raised in it.
//!
//! Runs of one seed on one host share their random background, however strong their faults are. So
//! their calm time is independent once only, as are the alarms that it raises in several of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Verdict;
use super::alarm::Alarm;

/// False alarms over the time in which nothing was wrong.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Calm {
    /// Hours replayed.
    pub hours: f64,
    /// Hours that are independent: of the runs of one background the longest counts.
    pub independent_hours: f64,
    /// Incidents of medium or above in the hours replayed.
    #[serde(rename = "false")]
    pub false_: u64,
    /// Those that are independent: the same one in several runs of one background counts once.
    pub independent_false: u64,
    /// Exact upper 95 % limit of the independent ones, by the independent hour (Poisson); `None`
    /// without an hour.
    pub per_hour_at_most: Option<f64>,
}

/// Calm time and alarms by background.
#[derive(Debug, Clone, Default)]
pub(super) struct Backgrounds {
    replayed_s: f64,
    alarms: u64,
    all: BTreeMap<String, Background>,
}

#[derive(Debug, Clone, Default)]
struct Background {
    calm_s: f64,
    alarms: Vec<Alarm>,
}

impl Backgrounds {
    /// Adds a run on a background.
    pub(super) fn add(&mut self, background: &str, verdict: &Verdict) {
        self.replayed_s += verdict.calm_s;
        self.alarms += verdict.false_alarms.len() as u64;
        let own = self.all.entry(background.to_owned()).or_default();
        own.calm_s = own.calm_s.max(verdict.calm_s);
        // Each alarm of an earlier run stands for one of this run only.
        let mut earlier = own.alarms.clone();
        for alarm in &verdict.false_alarms {
            match earlier.iter().position(|other| other.is_same(alarm)) {
                Some(at) => drop(earlier.swap_remove(at)),
                None => own.alarms.push(alarm.clone()),
            }
        }
    }

    /// What they come to.
    pub(super) fn calm(&self) -> Calm {
        let hours = self.all.values().map(|one| one.calm_s).sum::<f64>() / 3600.0;
        let independent_false = self.all.values().map(|one| one.alarms.len() as u64).sum();
        let rounded = |value: f64, parts: f64| (value * parts).round() / parts;
        let most = poisson_upper(independent_false) / hours;
        Calm {
            hours: rounded(self.replayed_s / 3600.0, 100.0),
            independent_hours: rounded(hours, 100.0),
            false_: self.alarms,
            independent_false,
            per_hour_at_most: (hours > 0.0).then(|| rounded(most, 1e4)),
        }
    }
}

/// The largest mean of a Poisson distribution that gives `count` or fewer with a chance of at least
/// 5 %: its exact upper 95 % limit, found by bisection.
fn poisson_upper(count: u64) -> f64 {
    let at_most = |mean: f64| {
        let mut term = (-mean).exp();
        let mut sum = term;
        for k in 1..=count {
            term *= mean / k as f64;
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 10.0 + 3.0 * count as f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if at_most(middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use ks_vocabulary::kind::Kind;

    use super::*;

    /// Half the 95 % quantile of chi-square with 2 (n + 1) degrees of freedom.
    #[test]
    fn the_limit_is_that_of_the_tables() {
        for (count, expected) in [(0, 2.9957), (1, 4.7439), (2, 6.2958), (10, 16.9622)] {
            let found = poisson_upper(count);
            assert!((found - expected).abs() < 1e-3, "{count}: {found}");
        }
    }

    fn run(hours: f64, starts_s: &[f64]) -> Verdict {
        let alarm = |start_s: &f64| Alarm {
            start_s: *start_s,
            entity: "host".to_owned(),
            kinds: vec![Kind::Syscall],
        };
        Verdict {
            calm_s: hours * 3600.0,
            false_alarms: starts_s.iter().map(alarm).collect(),
            ..Verdict::default()
        }
    }

    fn calm(runs: &[(&str, Verdict)]) -> Calm {
        let mut backgrounds = Backgrounds::default();
        for (background, verdict) in runs {
            backgrounds.add(background, verdict);
        }
        backgrounds.calm()
    }

    #[test]
    fn a_background_counts_once_however_many_intensities_run_on_it() {
        let found = calm(&[("a", run(1.0, &[])), ("a", run(2.0, &[])), ("b", run(2.0, &[]))]);
        assert!((found.hours - 5.0).abs() < 1e-9 && (found.independent_hours - 4.0).abs() < 1e-9);
        let most = found.per_hour_at_most.unwrap();
        assert!((most - 0.7489).abs() < 1e-3, "{most}");
        assert_eq!(calm(&[]).per_hour_at_most, None);
    }

    #[test]
    fn an_alarm_that_several_runs_of_a_background_raise_counts_once() {
        let same = calm(&[("a", run(2.0, &[100.0])), ("a", run(2.0, &[130.0]))]);
        assert_eq!((same.false_, same.independent_false), (2, 1));
        let most = same.per_hour_at_most.unwrap();
        assert!((most - 2.372).abs() < 1e-3, "{most}");
        let others = calm(&[
            ("a", run(2.0, &[100.0])),
            ("a", run(2.0, &[110.0, 150.0, 600.0])),
            ("b", run(2.0, &[100.0])),
        ]);
        assert_eq!((others.false_, others.independent_false), (5, 4));
    }
}
