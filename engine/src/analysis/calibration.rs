//! How far off forecasts were, and the interval that follows.
//!
//! Residuals are ln(actual / predicted) of the time to a limit. They are kept apart by how steady
//! the slope was, since a forecast from a steady line is better than one from a restless one
//! (`docs/decisions/0006-analysis.md`), and by source: this host's own, another's, and those
//! shipped, which come from made-up leaks. Sources are never pooled (`statistics.md`, section 5).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use ks_statistics::conformal::{self, Band};

use super::class::Class;
use super::shipped;

/// The interval misses with this probability, both sides together.
pub const ALPHA: f64 = 0.1;
/// Residuals kept of one class; the oldest goes first.
const KEPT: usize = 400;

/// Where residuals come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source<'a> {
    /// Forecasts on this host.
    Host,
    /// Forecasts on another host, by name.
    Other(&'a str),
    /// Made-up leaks.
    Synthetic,
}

/// Residuals in ascending order, with their order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Residuals(Vec<f64>);

impl Residuals {
    fn push(&mut self, residual: f64) {
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(residual);
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibration {
    /// This host's own.
    own: BTreeMap<Class, Residuals>,
    /// Another host's, with its name.
    other: Option<(String, BTreeMap<Class, Residuals>)>,
}

/// An interval with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval<'a> {
    /// Factors on the point forecast.
    pub band: Band,
    /// Residuals it rests on.
    pub count: usize,
    /// Where they come from.
    pub source: Source<'a>,
}

impl Calibration {
    /// Adds a residual of this host; one that is not finite is left out.
    pub fn learn(&mut self, class: Class, residual: f64) {
        if residual.is_finite() {
            self.own.entry(class).or_default().push(residual);
        }
    }

    /// The interval of a class from the best source that has enough; else how many there are.
    pub fn interval(&self, class: Class) -> Result<Interval<'_>, usize> {
        let own = self.own.get(&class).map(Residuals::sorted).unwrap_or_default();
        if let Some(band) = conformal::band(&own, ALPHA) {
            return Ok(Interval { band, count: own.len(), source: Source::Host });
        }
        if let Some((host, residuals)) = &self.other
            && let Some(known) = residuals.get(&class)
        {
            let sorted = known.sorted();
            if let Some(band) = conformal::band(&sorted, ALPHA) {
                return Ok(Interval { band, count: sorted.len(), source: Source::Other(host) });
            }
        }
        let shipped = shipped::residuals(class);
        match conformal::band(shipped, ALPHA) {
            Some(band) => Ok(Interval { band, count: shipped.len(), source: Source::Synthetic }),
            None => Err(own.len()),
        }
    }

    /// This host's own residuals, by class.
    pub fn own(&self) -> impl Iterator<Item = (Class, &[f64])> {
        self.own.iter().map(|(class, residuals)| (*class, residuals.0.as_slice()))
    }

    /// Takes what is known, of this host or of another.
    pub fn load(&mut self, other: Option<&str>, known: &[(Class, Vec<f64>)]) {
        let mut residuals: BTreeMap<Class, Residuals> = BTreeMap::new();
        for (class, values) in known {
            let kept = residuals.entry(*class).or_default();
            values.iter().filter(|value| value.is_finite()).for_each(|value| kept.push(*value));
        }
        match other {
            None => self.own = residuals,
            Some(host) => self.other = Some((host.into(), residuals)),
        }
    }
}
