//! All verdicts of a run: a slot for each kind and entity, coverage for each kind.
//!
//! Classifiers report to the board; the engine asks it what changed.

mod accepted;
mod coverage;
mod evaluation;
mod learned;
mod left;
mod lingering;
mod lore;
mod measured;
mod names;
mod near;
mod place;
mod placebo;
mod slot;
mod worst;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

use accepted::Accepted;
pub use coverage::Cover;
use coverage::Coverages;
pub use evaluation::{Evaluation, Held, Key, Noted, Quantity, Relax, Rule};
use learned::Lesson;
pub use learned::{Learned, Notebook};
use left::Left;
pub use near::Near;
use place::Place;
pub use slot::{PERSISTENCE_NS, Slot, Standing, Transition};

use crate::analysis::Baseline;
use crate::analysis::knowledge::{HALF_LIFE_DAYS, KnownPlacebos, kept_a_day};
use crate::analysis::trend::Scratch;
use crate::influence::Influences;
use crate::window::{EntityId, Missing};
use ks_vocabulary::decision::Windows;
use ks_vocabulary::input::{Acceptance, Config};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::lasting::Lasting;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::Coverage;
use ks_vocabulary::time::{ClockAnchor, Timestamp};

/// Ticks for which inputs may be missing before a kind goes `cannot tell`.
const PATIENCE_TICKS: u32 = 3;

/// Differences kept of one quantity.
const PLACEBOS: usize = 400;

/// Sources read every ten seconds are not stale between two readings.
const STALE_FLOOR_NS: u64 = 15_000_000_000;

/// A signal that changed, to be put into words by the engine.
#[derive(Debug)]
pub struct Changed {
    /// Which condition.
    pub kind: Kind,
    /// Where.
    pub entity: Entity,
    /// What happened.
    pub transition: Transition,
    /// Became stale.
    pub stale: bool,
    /// The signal as it is, or as it was when it cleared.
    pub standing: Standing,
    /// What was seen; once it is over, at the worst moment.
    pub seen: Evaluation,
    /// The severity whose limits that is held against.
    pub limits_of: Severity,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Board {
    now: Timestamp,
    interval_ns: u64,
    /// When the run was looked at first.
    began: Option<Timestamp>,
    stale_after_ns: u64,
    places: BTreeMap<(Kind, EntityId), Place>,
    coverage: Coverages,
    changed: Vec<Changed>,
    next_id: u64,
    hash: Sha256,
    clock: ClockAnchor,
    half_life_days: Option<f64>,
    kept_a_day: f64,
    accepts_all: bool,
    accepted: Accepted,
    /// What was done to the host and may be felt.
    pub(crate) influences: Influences,
    /// A forecast has raised something in this run.
    predicted: bool,
    known: BTreeMap<(Kind, Lasting), Vec<(Metric, Baseline)>>,
    left: Left,
    /// Until when what is told of entities that are gone stands.
    lingering: Vec<(Timestamp, EntityId)>,
    near: BTreeMap<(Kind, EntityId), (Entity, Near)>,
    /// Differences after triggers of this run, and those that were known before it.
    placebos: BTreeMap<(Kind, Metric), Vec<f64>>,
    known_placebos: Vec<KnownPlacebos>,
    /// As an action would be looked at.
    windows: Windows,
    scratch: Scratch,
}

impl Board {
    /// Begins the evaluation of a sample.
    pub fn begin(&mut self, now: Timestamp, interval_ns: u64, clock: ClockAnchor) {
        self.now = now;
        self.began.get_or_insert(now);
        self.clock = clock;
        self.kept_a_day = kept_a_day(self.half_life_days.unwrap_or(HALF_LIFE_DAYS));
        self.interval_ns = interval_ns;
        self.stale_after_ns = interval_ns.saturating_mul(u64::from(PATIENCE_TICKS));
        self.coverage.begin();
        self.end_lingering(now);
    }

    /// Takes what was seen of one entity at the reading of time `at`.
    pub fn judge(
        &mut self,
        kind: Kind,
        id: EntityId,
        at: Timestamp,
        seen: &mut Evaluation,
        entity: impl FnOnce() -> Entity,
    ) {
        self.coverage.cover(kind, Cover::Ok);
        let (known, left) = (&mut self.known, &mut self.left);
        let began = self.began.unwrap_or(at);
        let place = self.places.entry((kind, id)).or_insert_with(|| {
            let entity = entity();
            let key = Lasting::of(&entity).map(|lasting| (kind, lasting));
            let learned = key.and_then(|key| left.take(&key).or_else(|| known.remove(&key)));
            Place::new(entity, at, learned.unwrap_or_default(), began)
        });
        let stands = place.slot.standing().is_some();
        let is_influenced = self.influences.touch(&place.entity, at);
        let mut lesson = Lesson {
            at,
            wall: self.clock.at(at),
            stands: stands && !self.accepts_all,
            is_influenced,
            kept_a_day: self.kept_a_day,
            scratch: &mut self.scratch,
        };
        place.notebook.learn(seen, &place.entity, &mut lesson);
        seen.settle(|metric| place.notebook.level(metric));
        if !self.near.is_empty()
            && let Some((_, near)) = self.near.get(&(kind, id))
        {
            near.tell(seen);
            self.predicted = true;
        }
        place.names.hash(kind, &place.entity, seen, &mut self.hash);
        place.judged = at;
        let before = place.slot.standing().copied();
        let wall = self.clock.at(at);
        let is_accepted = self.accepted.holds(kind, &place.entity, wall);
        if is_accepted {
            seen.keep_harm();
        } else if place.is_outgrown_only {
            seen.keep_outgrown();
        }
        place.slot.tick_ns = self.interval_ns;
        let transition = place.feed((at, wall), seen, &mut self.next_id, is_accepted);
        let transition = place.remember(seen, transition);
        let raised = transition == Transition::Raised;
        for (metric, by) in place.placebo.take(self.windows, at, seen, raised, is_influenced) {
            let kept = self.placebos.entry((kind, metric)).or_default();
            if kept.len() >= PLACEBOS {
                kept.remove(0);
            }
            kept.push(by);
        }
        if let Some(standing) = place.slot.standing().copied().or(before)
            && transition != Transition::None
        {
            self.changed.push(place.change(kind, transition, standing, seen));
        }
    }

    /// Takes the conditions that the configuration calls normal, in place of those it did before.
    pub fn configure(&mut self, config: &Config) {
        self.accepted.configure(config);
        self.windows = config.agent.windows;
    }

    /// An operator calls a condition normal.
    pub fn accept(&mut self, acceptance: Acceptance) {
        self.accepted.say(acceptance);
    }

    /// What operators called normal while runs lasted.
    pub fn said_normal(&self) -> Vec<Acceptance> {
        self.accepted.said()
    }

    /// What is called normal, by the configuration or by word.
    pub fn accepted(&self) -> impl Iterator<Item = &Acceptance> {
        self.accepted.all()
    }

    /// Whether a condition that is called normal was ever judged.
    pub fn has_met(&self, acceptance: &Acceptance) -> bool {
        self.accepted.has_met(acceptance)
    }

    /// Says what can be told of `kind`; of several answers the worst counts, of equals the first.
    pub fn cover(&mut self, kind: Kind, cover: Cover) {
        self.coverage.cover(kind, cover);
    }

    /// Says the same of every kind that is judged.
    pub fn cover_judged(&mut self, cover: Cover) {
        self.coverage.cover_judged(cover);
    }

    /// Ends everything, with the run.
    pub fn end_all(&mut self) {
        for ((kind, _), place) in core::mem::take(&mut self.places) {
            self.changed.extend(ended(kind, place, Transition::Ended));
        }
    }

    /// Time without a reading after which what rests on it is stale.
    pub fn stale_after_ns(&self) -> u64 {
        self.stale_after_ns.max(STALE_FLOOR_NS)
    }

    /// Marks signals whose inputs are missing for more than three ticks.
    pub fn age(&mut self, now: Timestamp) {
        let stale_after_ns = self.stale_after_ns();
        for ((kind, _), place) in &mut self.places {
            if now.since_ns(place.judged) > stale_after_ns && place.slot.mark_stale() {
                let Some(standing) = place.slot.standing().copied() else { continue };
                let told = place.worst.map(|worst| worst.seen).unwrap_or_default();
                let changed = place.change(*kind, Transition::Updated, standing, &told);
                self.changed.push(Changed { stale: true, ..changed });
            }
        }
    }

    /// When that signal was judged last which will be stale first; `None` where all that stand are.
    pub fn oldest_fresh(&self) -> Option<Timestamp> {
        let is_fresh = |place: &&Place| place.slot.standing().is_some_and(|signal| !signal.stale);
        self.places.values().filter(is_fresh).map(|place| place.judged).min()
    }

    /// Windows restart after a gap; signals that stand go on standing.
    pub fn restart(&mut self) {
        for place in self.places.values_mut() {
            place.restart();
        }
    }

    /// Whether any signal stands that can be judged.
    pub fn any_standing(&self) -> bool {
        let standing = |place: &Place| place.slot.standing().is_some_and(|signal| !signal.stale);
        self.places.values().any(standing)
    }

    /// What changed since the last call, in the order in which it was judged.
    pub fn take_changed(&mut self) -> Vec<Changed> {
        core::mem::take(&mut self.changed)
    }

    /// Coverage that changed; `explain` puts a missing input into words.
    pub fn take_coverage(&mut self, explain: impl Fn(Missing) -> String) -> Vec<Coverage> {
        self.coverage.take(explain)
    }

    /// The hash of everything judged since the last call.
    pub fn take_hash(&mut self) -> String {
        ks_vocabulary::journal::hex(&self.hash.finalize_reset())
    }
}

/// The end of what stood in a place, if anything did.
fn ended(kind: Kind, mut place: Place, transition: Transition) -> Option<Changed> {
    let standing = place.slot.end()?;
    let seen = place.worst.map(|worst| worst.seen).unwrap_or_default();
    Some(place.change(kind, transition, standing, &seen))
}

#[cfg(test)]
mod tests;
