//! What a classifier says of one entity at one reading.

use crate::mutation;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::past_limit;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

mod two_keys;

pub use two_keys::Rule;
use two_keys::{CLAUSES, Clause};

/// Whether a severity's predicate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Held {
    /// It does not.
    #[default]
    No,
    /// It does at this reading; persistence decides.
    Counts,
    /// It does, and over its persistence: a mean over at least D needs no count on top.
    Met,
    /// Discrete harm was counted: raised at once.
    Event,
}

/// How a limit is relaxed for a signal that stands, and whether a baseline gates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relax {
    /// Rates, latencies and stall shares: 80 % of the limit, and the own baseline is a second key.
    Scaled,
    /// Used shares of finite resources: 0.05 below the limit, and no baseline excuses them.
    Share,
    /// Rates of discrete harm: 80 % of the limit, and no baseline excuses them.
    Event,
}

impl Relax {
    /// The limit at which a standing signal goes on.
    pub fn limit(self, limit: f64) -> f64 {
        match self {
            Self::Scaled | Self::Event => limit * 0.8,
            Self::Share => limit - 0.05,
        }
    }
}

/// One quantity with its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// Which.
    pub metric: Metric,
    /// Value at this reading.
    pub value: f64,
    /// Limit of each severity, where the quantity has one.
    pub limits: [Option<f64>; 4],
}

/// Quantities an evaluation can carry.
pub(super) const QUANTITIES: usize = 20;

/// Counts of nothing that an evaluation can carry.
const NONE_OF: usize = 12;

/// A quantity of an evaluation, for the predicates that rest on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(Option<u8>);

/// A quantity as noted.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    /// The quantity.
    pub quantity: Quantity,
    /// The 95th percentile of its baseline, where it has one.
    pub baseline_p95: Option<f64>,
    /// Its baseline is learned: a predicate rests on it that has a second key.
    pub learned: bool,
    graded: Option<([Held; 4], Relax)>,
}

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evaluation {
    /// Whether each severity's predicate holds, the second keys left out until they are turned.
    pub held: [Held; 4],
    /// Predicates without a second key.
    plain: [Held; 4],
    /// What holds at critical and does harm: a count of it, or a resource that is used up.
    harm: Held,
    /// What holds of counted harm.
    counted: [Held; 4],
    /// Severities that this condition knows at all.
    levels: [bool; 4],
    /// The relaxed predicate of each severity holds.
    relaxed: [bool; 4],
    /// A predicate of its own says that a standing signal goes on.
    kept: bool,
    /// The highest severity that is not discrete harm, where a second source knows of none.
    most: Option<Severity>,
    /// What it lowered has no baseline where it holds.
    is_bare: bool,
    /// Form of the condition.
    pub subtype: Option<Subtype>,
    /// How long after the last event the signal stands, where an event was counted.
    pub event_clear_ns: Option<u64>,
    quantities: [Option<Noted>; QUANTITIES],
    count: usize,
    /// What is counted, and was counted and not found.
    none_of: [Option<Metric>; NONE_OF],
    clauses: [Option<Clause>; CLAUSES],
    clause_count: usize,
}

impl Evaluation {
    /// Nothing seen yet, of a condition in this form.
    pub fn of(subtype: Subtype) -> Self {
        Self { subtype: Some(subtype), ..Self::default() }
    }

    /// Adds a quantity to the evidence; the twenty-first and later are left out.
    pub fn note(&mut self, metric: Metric, value: f64) -> Key {
        self.note_with(metric, value, [None; 4])
    }

    /// Adds a quantity with its limits to the evidence.
    pub fn note_with(&mut self, metric: Metric, value: f64, limits: [Option<f64>; 4]) -> Key {
        self.add(Quantity { metric, value, limits }, None)
    }

    /// What is counted was read, and there is none of it: that is no evidence, but whoever follows
    /// the quantity has to know it from one that was not read.
    pub fn none_of(&mut self, metric: Metric) {
        let free = self.none_of.iter_mut().find(|known| known.is_none());
        debug_assert!(free.is_some(), "{metric} is one count too many");
        if let Some(free) = free {
            *free = Some(metric);
        }
    }

    /// A quantity as it was read, whether it is evidence or not.
    pub(super) fn read(&self) -> impl Iterator<Item = Quantity> {
        let none_of = self.none_of.iter().flatten().map(|metric| Quantity {
            metric: *metric,
            value: 0.0,
            limits: [None; 4],
        });
        self.quantities().map(|noted| noted.quantity).chain(none_of)
    }

    fn add(&mut self, quantity: Quantity, graded: Option<([Held; 4], Relax)>) -> Key {
        debug_assert!(quantity.value.is_finite(), "{} is {}", quantity.metric, quantity.value);
        if self.count == QUANTITIES || !quantity.value.is_finite() {
            return Key(None);
        }
        let learned = graded.is_some_and(|(_, relax)| relax == Relax::Scaled)
            && quantity.limits[..Severity::Critical.index()].iter().any(Option::is_some);
        let noted = Noted { quantity, baseline_p95: None, learned, graded };
        self.quantities[self.count] = Some(noted);
        self.count += 1;
        Key(u8::try_from(self.count - 1).ok())
    }

    /// Holds a quantity against the limit of each severity, notes it as evidence, and keeps a
    /// standing signal while its lowest limit, relaxed, is reached and no quantity has a lower one.
    pub fn grade(&mut self, quantity: Quantity, held: Held, relax: Relax) -> Key {
        self.grade_each(quantity, [held; 4], relax)
    }

    /// As [`Evaluation::grade`], where it differs between the severities what reaching their limits
    /// amounts to.
    pub fn grade_each(&mut self, quantity: Quantity, held: [Held; 4], relax: Relax) -> Key {
        let quantity = Quantity { limits: mutation::limits(quantity.limits), ..quantity };
        let key = self.add(quantity, Some((held, relax)));
        for severity in Severity::ALL {
            if let Some(limit) = quantity.limits[severity.index()] {
                let reached = quantity.value >= limit;
                let held = if reached { held[severity.index()] } else { Held::No };
                raise(&mut self.held, severity, held);
                self.levels[severity.index()] = true;
                if relax != Relax::Scaled || severity == Severity::Critical {
                    raise(&mut self.plain, severity, held);
                }
                if relax != Relax::Scaled {
                    self.harms(severity, held);
                }
                if relax == Relax::Event {
                    raise(&mut self.counted, severity, held);
                }
            }
        }
        key
    }

    /// These severities are judged, though nothing can be held against their limits yet.
    pub fn know(&mut self, severities: [bool; 4]) -> &mut Self {
        for (level, known) in self.levels.iter_mut().zip(severities) {
            *level |= known;
        }
        self
    }

    /// A severity's predicate, judged by counting readings. At critical it says that a resource is
    /// used up, which is harm: a rate, a latency or a load is `keyed`.
    pub fn counts(&mut self, severity: Severity, holds: bool) -> &mut Self {
        let held = if holds { Held::Counts } else { Held::No };
        self.harms(severity, held);
        self.set(severity, held)
    }

    /// A severity's predicate over a quantity that is a mean over its persistence.
    pub fn met(&mut self, severity: Severity, holds: bool) -> &mut Self {
        self.set(severity, if holds { Held::Met } else { Held::No })
    }

    /// A severity's predicate over a count of discrete harm; it clears `clear_s` after the last.
    pub fn event(&mut self, severity: Severity, holds: bool, clear_s: u64) -> &mut Self {
        if holds {
            let clear_ns = clear_s * SECOND_NS;
            self.event_clear_ns = Some(self.event_clear_ns.unwrap_or(0).max(clear_ns));
        }
        let held = if holds { Held::Event } else { Held::No };
        self.harms(severity, held);
        raise(&mut self.counted, severity, held);
        self.set(severity, held)
    }

    /// A severity's predicate over counted harm that is no event by itself: a rate of it, or that
    /// there is any. Who calls the condition normal is told of it all the same.
    pub fn suffers(&mut self, severity: Severity, held: Held) -> &mut Self {
        self.harms(severity, held);
        raise(&mut self.counted, severity, held);
        self.set(severity, held)
    }

    /// Asks a second source whether there is harm, one that does not rest on the same counter.
    /// Where it knows of none nothing above `most` holds, but for what was counted as discrete
    /// harm; where it was not read (`None`) the first is believed.
    pub fn second(&mut self, agrees: Option<bool>, most: Severity) -> &mut Self {
        if agrees == Some(false) {
            self.most = Some(self.most.map_or(most, |known| known.min(most)));
        }
        self
    }

    /// A relaxed predicate: where it holds a standing signal goes on.
    pub fn keep(&mut self, holds: bool) -> &mut Self {
        self.kept |= holds;
        self
    }

    /// A forecast puts a physical limit near: at least medium, by itself over its persistence.
    pub fn predict(&mut self) {
        if self.plain[Severity::Medium.index()..].iter().all(|held| *held == Held::No)
            && self.held[Severity::Medium.index()..].iter().all(|held| *held == Held::No)
        {
            self.subtype = Some(Subtype::Predicted);
        }
        self.met(Severity::Medium, true);
    }

    /// Whether a standing signal goes on: the predicate of the lowest severity that is judged
    /// holds with its limits relaxed. Asked after [`Evaluation::settle`].
    pub fn keeps(&self) -> bool {
        let lowest = self.levels.iter().position(|known| *known);
        self.kept || lowest.is_some_and(|lowest| self.relaxed[lowest])
    }

    /// The condition is normal where it stands: only harm counts, and what was counted of it from
    /// high on. Asked after [`Evaluation::settle`].
    pub fn keep_harm(&mut self) {
        self.harm = self.harm();
        let high = Severity::High.index();
        let is_high = self.held[high] != Held::No;
        self.held = [Held::No; 4];
        if is_high {
            self.held[high] = self.counted[high];
        }
        raise(&mut self.held, Severity::Critical, self.harm);
        self.relaxed = [false; 4];
        self.kept = false;
    }

    /// Critical congestion became normal: it holds where a lower severity does as well, whose
    /// baseline it has then outgrown. Asked after [`Evaluation::settle`].
    pub fn keep_outgrown(&mut self) {
        let critical = Severity::Critical.index();
        if self.held[..critical].iter().all(|held| *held == Held::No) {
            self.held[critical] = self.harm();
        }
    }

    /// Whether harm is done, and not just congestion. Asked after [`Evaluation::settle`].
    pub fn is_harmful(&self) -> bool {
        self.harm() != Held::No
    }

    /// Where harm was counted at any severity, a rate of it that is critical is harm too.
    fn harm(&self) -> Held {
        let held = self.held[Severity::Critical.index()];
        let is_counted = self.held.contains(&Held::Event);
        if held == Held::No || is_counted { held } else { self.harm }
    }

    fn harms(&mut self, severity: Severity, held: Held) {
        if severity == Severity::Critical {
            self.harm = self.harm.max(held);
        }
    }

    fn set(&mut self, severity: Severity, held: Held) -> &mut Self {
        self.levels[severity.index()] = true;
        raise(&mut self.plain, severity, held);
        raise(&mut self.held, severity, held);
        self
    }

    /// Whether anything holds that no baseline could excuse: what is lowered for want of a second
    /// source is excused with what it is lowered to.
    pub fn is_absolute(&self) -> bool {
        let most = self.most.unwrap_or(Severity::High).min(Severity::High);
        let mut lower = Severity::ALL.into_iter().zip(self.plain).take(Severity::Critical.index());
        let is_plain =
            |(severity, held)| held == Held::Event || held != Held::No && severity <= most;
        self.is_harmful() || self.is_bare || lower.any(is_plain)
    }

    /// Whether the condition knows `severity`, or a lower one to fall to.
    pub fn has_level(&self, severity: Severity) -> bool {
        self.levels[..=severity.index()].iter().any(|known| *known)
    }

    /// One bit for each severity whose predicate holds, or that of a higher one.
    pub fn mask(&self) -> u8 {
        let mut mask = 0;
        for severity in Severity::ALL {
            let higher = self.held[severity.index()..].iter().any(|held| *held != Held::No);
            mask |= u8::from(higher) << severity.index();
        }
        mask
    }

    /// How far the quantity that is furthest past its limit of `severity` is past it, as a multiple
    /// of the limit; 0 where that severity does not hold.
    pub fn past(&self, severity: Severity) -> f64 {
        if self.mask() >> severity.index() & 1 == 0 {
            return 0.0;
        }
        let past = self.quantities().filter_map(|noted| {
            let Quantity { metric, value, limits } = noted.quantity;
            past_limit(metric, value, limits[severity.index()]?)
        });
        past.fold(1.0, f64::max)
    }

    /// The quantities noted.
    pub fn quantities(&self) -> impl Iterator<Item = &Noted> {
        self.quantities[..self.count].iter().flatten()
    }
}

/// Of several predicates of one severity the strongest counts.
fn raise(held: &mut [Held; 4], severity: Severity, by: Held) {
    let known = &mut held[severity.index()];
    *known = by.max(*known);
}

#[cfg(test)]
mod tests;
