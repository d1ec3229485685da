//! Rows of one who decides, counted.

use serde::Serialize;

use super::{Player, Row};

/// Least share of diagnoses that have to be right, for the rules on the library.
pub const DIAGNOSES_MIN: f64 = 0.85;
/// Least share of scenarios that have to be resolved, or rightly left alone.
pub const GOOD_MIN: f64 = 0.80;

/// See the module.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Who decided.
    pub player: Player,
    /// Scenarios.
    pub scenarios: usize,
    /// Of them, where somebody who is at fault was found, and nobody where nobody is.
    pub diagnosis_right: usize,
    /// Where exactly those who are at fault were found.
    pub causes_exact: usize,
    /// Where the action was right, or none was taken where that is.
    pub action_right: usize,
    /// Resolved, or rightly left alone.
    pub good: usize,
    /// Where harm was done.
    pub harmed: usize,
    /// Turns in the median.
    pub steps_median: usize,
}

impl Summary {
    /// Counts the rows of one.
    pub fn of(player: Player, rows: &[Row]) -> Self {
        let own = || rows.iter().filter(|row| row.player == player);
        let mut steps: Vec<usize> = own().map(|row| row.steps).collect();
        steps.sort_unstable();
        Self {
            player,
            scenarios: own().count(),
            diagnosis_right: own().filter(|row| row.diagnosis_right).count(),
            causes_exact: own().filter(|row| row.causes_exact).count(),
            action_right: own().filter(|row| row.action_right).count(),
            good: own().filter(|row| row.ended.is_good()).count(),
            harmed: own().filter(|row| !row.harm.is_empty()).count(),
            steps_median: steps.get(steps.len() / 2).copied().unwrap_or(0),
        }
    }

    /// What of it is below what has to be reached.
    pub fn unmet(&self) -> Vec<String> {
        let all = self.scenarios as f64;
        let mut unmet = Vec::new();
        for (what, count, least) in [
            ("diagnoses are right", self.diagnosis_right, DIAGNOSES_MIN),
            ("scenarios are resolved or rightly left alone", self.good, GOOD_MIN),
        ] {
            if (count as f64) < least * all {
                let least = least * 100.0;
                unmet
                    .push(format!("{count} of {} {what}: {least:.0} % have to be", self.scenarios));
            }
        }
        if self.harmed > 0 {
            unmet.push(format!("harm is done in {} scenarios", self.harmed));
        }
        unmet
    }
}
