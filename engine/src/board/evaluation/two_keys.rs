//! The second key: a predicate that a baseline has to agree with.
//!
//! A quantity above its limit is a verdict only where it is above its own trigger level as well
//! (`signals.md`, section 1, "Combination"). Critical limits and events have one key.

use crate::analysis::Level;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;

use super::{Evaluation, Held, Key, Noted, QUANTITIES, Relax, raise};

/// Predicates of an evaluation that have a second key.
pub(super) const CLAUSES: usize = 8;

/// A second key of a predicate, turned by the baseline of a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// At least its trigger level; holds without a baseline.
    Level(Key),
    /// At least so many times its own median; without a baseline the last value decides.
    Median(Key, u8, bool),
}

/// A predicate with its second keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause {
    /// Which severity it is of; `None` keeps a standing signal.
    severity: Option<Severity>,
    held: Held,
    rules: [Option<Rule>; 2],
}

impl Evaluation {
    /// A severity's predicate that rests on a quantity: its baseline is the second key, but at
    /// critical, where the limit decides alone.
    pub fn keyed(&mut self, key: Key, severity: Severity, held: Held, holds: bool) -> &mut Self {
        let held = if holds { held } else { Held::No };
        if severity == Severity::Critical {
            return self.set(severity, held);
        }
        self.ruled(severity, held, [Some(Rule::Level(key)), None])
    }

    /// A severity's predicate with second keys of its own; all of them must turn.
    pub fn ruled(&mut self, severity: Severity, held: Held, rules: [Option<Rule>; 2]) -> &mut Self {
        self.levels[severity.index()] = true;
        self.clause(Some(severity), held, rules);
        if held != Held::No {
            raise(&mut self.held, severity, held);
        }
        self
    }

    fn clause(&mut self, severity: Option<Severity>, held: Held, rules: [Option<Rule>; 2]) {
        for rule in rules.into_iter().flatten() {
            let (Rule::Level(key) | Rule::Median(key, ..)) = rule;
            let noted = key.0.and_then(|at| self.quantities[usize::from(at)].as_mut());
            if let Some(noted) = noted {
                noted.learned = true;
            }
        }
        if held == Held::No {
            return;
        }
        assert!(self.clause_count < CLAUSES, "a classifier states few predicates");
        self.clauses[self.clause_count] = Some(Clause { severity, held, rules });
        self.clause_count += 1;
    }

    /// A relaxed predicate that rests on a quantity, with its baseline as the second key.
    pub fn keep_keyed(&mut self, key: Key, holds: bool) -> &mut Self {
        let held = if holds { Held::Counts } else { Held::No };
        self.clause(None, held, [Some(Rule::Level(key)), None]);
        self
    }

    /// Turns the second keys, once, by what is known of the baselines of its quantities.
    pub fn settle(&mut self, level_of: impl Fn(Metric) -> Option<Level>) {
        let mut levels = [None; QUANTITIES];
        let quantities = &mut self.quantities[..self.count];
        for (noted, level) in quantities.iter_mut().flatten().zip(&mut levels) {
            if noted.learned {
                *level = level_of(noted.quantity.metric);
                noted.baseline_p95 = level.map(|level: Level| level.p95);
            }
        }
        self.held = self.plain;
        self.relaxed = [false; 4];
        let mut reached = [false; 4];
        for (noted, level) in self.quantities[..self.count].iter().flatten().zip(&levels) {
            let Some((held, relax)) = noted.graded else { continue };
            let turned = level.is_none_or(|level| noted.quantity.value >= level.trigger);
            for severity in Severity::ALL {
                let Some(limit) = noted.quantity.limits[severity.index()] else { continue };
                let gated = relax == Relax::Scaled && severity != Severity::Critical;
                let free = turned || !gated;
                reached[severity.index()] |= noted.quantity.value >= limit;
                if free && noted.quantity.value >= limit {
                    raise(&mut self.held, severity, held[severity.index()]);
                }
                self.relaxed[severity.index()] |=
                    free && noted.quantity.value >= relax.limit(limit);
            }
        }
        for clause in self.clauses[..self.clause_count].iter().flatten() {
            if let Some(severity) = clause.severity {
                reached[severity.index()] = true;
            }
            if !clause.rules.iter().flatten().all(|rule| rule.turns(&self.quantities, &levels)) {
                continue;
            }
            match clause.severity {
                Some(severity) => raise(&mut self.held, severity, clause.held),
                None => self.kept = true,
            }
        }
        if let Some(most) = self.most {
            self.is_bare = false;
            self.lower_to(most, reached[most.index()]);
        }
    }

    /// What holds above `most` without an event holds at `most`, unless a baseline excuses that:
    /// the predicate of `most` is met as well, and held nothing.
    fn lower_to(&mut self, most: Severity, is_met: bool) {
        let is_excused = is_met && self.held[most.index()] == Held::No;
        for severity in Severity::ALL.into_iter().filter(|severity| *severity > most) {
            let held = self.held[severity.index()];
            if held != Held::Event {
                self.held[severity.index()] = Held::No;
                self.is_bare |= held != Held::No && !is_met;
                if !is_excused {
                    raise(&mut self.held, most, held);
                }
            }
        }
    }
}

impl Rule {
    fn turns(
        self,
        quantities: &[Option<Noted>; QUANTITIES],
        levels: &[Option<Level>; QUANTITIES],
    ) -> bool {
        let (Self::Level(key) | Self::Median(key, ..)) = self;
        let Some(at) = key.0.map(usize::from) else { return true };
        let Some(noted) = &quantities[at] else { return true };
        match (self, levels[at]) {
            (Self::Level(_), None) => true,
            (Self::Level(_), Some(level)) => noted.quantity.value >= level.trigger,
            (Self::Median(.., without), None) => without,
            (Self::Median(_, times, _), Some(level)) => {
                noted.quantity.value >= f64::from(times) * level.p50
            }
        }
    }
}
