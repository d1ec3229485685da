//! Every finite resource over time: its trends, its forecast, and how earlier forecasts turned out.

use alloc::vec::Vec;

use crate::influence::LastFelt;
use crate::window::{EntityId, Window};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::lasting::{Lasting, Whose};
use ks_vocabulary::output::Turn;
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::{SECOND_NS, Timestamp, seconds};

use super::calibration::Calibration;
use super::class::Class;
use super::forecast::{Forecast, NoForecast, forecast};
use super::knowledge::{Knowledge, KnownResiduals, KnownSlopes};
use super::resources::{self, Level};
use super::slots::{Filling, Point, SLOTS, WINDOWS_NS};
use super::trend::{Refusal, Scratch, Trend};

/// Resources watched; more are left out, with a defect.
const CAP: usize = 4096;
/// A forecast that stands is said again after so long.
const SAY_EVERY_NS: u64 = 60 * SECOND_NS;
/// Forecasts kept until their resource ends, at most one in so long; then every other goes.
const KEEP_EVERY_NS: u64 = 10 * SECOND_NS;
const KEPT: usize = 128;
/// The longest window that a forecast rests on.
const LONGEST_NS: u64 = WINDOWS_NS[WINDOWS_NS.len() - 1];
/// A resource that fell by so much below its end can end again.
const RECOVERED: f64 = 0.05;

/// A forecast that waits for the truth.
#[derive(Debug, Clone, Copy)]
struct Made {
    at: Timestamp,
    point_s: f64,
    class: Class,
}

/// What a resource is read amid.
pub trait Around {
    /// Whether a signal stands on a kind and entity.
    fn stands(&self, kind: Kind, id: EntityId) -> bool;

    /// Whether what is measured of an entity may be due to something that was done.
    fn is_influenced(&self, entity: &Entity, at: Timestamp) -> bool;
}

/// One resource of one entity.
#[derive(Debug)]
pub struct Watched {
    /// Which resource.
    pub resource: Resource,
    /// Whose.
    pub entity: Entity,
    id: EntityId,
    /// Used share at the last reading.
    pub used: f64,
    /// When that was.
    pub at: Timestamp,
    filling: [Filling; WINDOWS_NS.len()],
    /// The trend over each window length.
    pub trends: [Trend; WINDOWS_NS.len()],
    /// The forecast, or why there is none.
    pub outcome: Result<Forecast, NoForecast>,
    said_at: Option<Timestamp>,
    made: Vec<Made>,
    ended: bool,
    felt: LastFelt,
}

/// See the module.
#[derive(Debug)]
pub struct Watch {
    series: Vec<Watched>,
    cursor: usize,
    scratch: Scratch,
    /// How far off forecasts were.
    pub calibration: Calibration,
    known: Vec<KnownSlopes>,
    turns: Vec<(usize, Turn)>,
    left_out: usize,
    /// Time without a reading across which no trend goes on.
    stale_ns: u64,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            series: Vec::new(),
            cursor: 0,
            scratch: Scratch::default(),
            calibration: Calibration::default(),
            known: Vec::new(),
            turns: Vec::new(),
            left_out: 0,
            stale_ns: u64::MAX,
        }
    }
}

impl Watch {
    /// Takes what was known before the run.
    pub fn load(&mut self, knowledge: &Knowledge, hostname: &str) {
        self.known.clone_from(&knowledge.slopes);
        let residuals: Vec<_> =
            knowledge.residuals.iter().map(|known| (known.class, known.values.clone())).collect();
        let other = (knowledge.host != hostname).then_some(knowledge.host.as_str());
        self.calibration.load(other, &residuals);
    }

    /// Takes a sample.
    pub fn update(&mut self, window: &Window, around: &dyn Around) {
        self.cursor = 0;
        self.left_out = 0;
        resources::read(window, &mut |level, entity| self.take(level, entity, around));
    }

    /// Takes back forecasts of what has not been read for longer than `stale_ns`.
    pub fn expire(&mut self, now: Timestamp, stale_ns: u64) {
        self.stale_ns = stale_ns;
        for (index, watched) in self.series.iter_mut().enumerate() {
            if watched.outcome.is_ok() && now.since_ns(watched.at) > stale_ns {
                watched.outcome = Err(NoForecast::Trend(Refusal::FewPoints));
                if let Some(turn) = watched.turn() {
                    self.turns.push((index, turn));
                }
            }
        }
    }

    /// When that resource was read last whose forecast will be stale first.
    pub fn oldest_fresh(&self) -> Option<Timestamp> {
        let forecasts = self.series.iter().filter(|watched| watched.outcome.is_ok());
        forecasts.map(|watched| watched.at).min()
    }

    /// Takes one level; those of one sample come in the same order as those of the one before.
    pub fn take(&mut self, level: Level, entity: &dyn Fn() -> Entity, around: &dyn Around) {
        let Some(index) = self.find(&level, entity) else { return };
        self.cursor = index + 1;
        let watched = &mut self.series[index];
        if level.at.since_ns(watched.at) > self.stale_ns {
            watched.restart();
        }
        watched.used = level.used;
        watched.at = level.at;
        if around.is_influenced(&watched.entity, level.at) {
            watched.felt.feel(level.at);
        }
        watched.score(&level, &mut self.calibration);
        if watched.push(level.at, level.used, &mut self.scratch, around) {
            let threshold = watched.resource.threshold(&watched.entity);
            let horizon_ns = watched.resource.horizon_ns();
            let (trends, known) = (&watched.trends, &self.calibration);
            watched.outcome = forecast(trends, threshold, horizon_ns, known);
            if let Some(turn) = watched.turn() {
                self.turns.push((index, turn));
            }
        }
    }

    /// Where the series of a level is. They come in the same order at each sample, so the next one
    /// is nearly always the one meant.
    fn find(&mut self, level: &Level, entity: &dyn Fn() -> Entity) -> Option<usize> {
        let is = |watched: &Watched| (watched.resource, watched.id) == (level.resource, level.id);
        if self.series.get(self.cursor).is_some_and(is) {
            return Some(self.cursor);
        }
        if let Some(at) = self.series.iter().position(is) {
            return Some(at);
        }
        if self.series.len() == CAP {
            self.left_out += 1;
            return None;
        }
        let mut watched = Watched::new(level, entity());
        let lasting = Lasting::of(&watched.entity);
        let is_own = |known: &&KnownSlopes| {
            lasting.as_ref().is_some_and(|own| known.is_of(level.resource, own))
        };
        for known in self.known.iter().filter(is_own) {
            if let Some(trend) = watched.trends.get_mut(usize::from(known.window)) {
                known.values.iter().for_each(|slope| trend.learn(*slope));
            }
        }
        let at = self.cursor.min(self.series.len());
        self.series.insert(at, watched);
        for (index, _) in self.turns.iter_mut().filter(|(index, _)| *index >= at) {
            *index += 1;
        }
        Some(at)
    }

    /// Forgets what belongs to entities that are gone.
    pub fn forget(&mut self, gone: &[EntityId]) {
        if !gone.is_empty() {
            self.series.retain(|watched| !gone.contains(&watched.id));
        }
    }

    /// Forgets readings, as after a gap; what was learned stays.
    pub fn restart(&mut self) {
        self.series.iter_mut().for_each(Watched::restart);
    }

    /// Takes the forecasts that came, changed or went with the last sample.
    pub fn take_turns(&mut self) -> Vec<(usize, Turn)> {
        core::mem::take(&mut self.turns)
    }

    /// Resources beyond the cap in the last sample.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Every resource.
    pub fn series(&self) -> &[Watched] {
        &self.series
    }

    /// Adds what is known by now; entities that did not come keep what was known of them.
    pub fn store(&self, knowledge: &mut Knowledge) {
        for watched in &self.series {
            let Some(lasting) = Lasting::of(&watched.entity) else { continue };
            for (window, trend) in (0..).zip(&watched.trends) {
                let values = trend.history().to_vec();
                let entity = Whose::Known(lasting.clone());
                let known = KnownSlopes { resource: watched.resource, entity, window, values };
                if !known.values.is_empty() {
                    knowledge.slopes.push(known);
                }
            }
        }
        let came = |known: &&KnownSlopes| {
            !self.series.iter().any(|watched| {
                let own = Lasting::of(&watched.entity);
                own.is_some_and(|own| known.is_of(watched.resource, &own))
            })
        };
        let known = self.known.iter().filter(|known| known.entity.known().is_some());
        knowledge.slopes.extend(known.filter(came).cloned());
        let own = self.calibration.own();
        let own = own.map(|(class, values)| KnownResiduals { class, values: values.to_vec() });
        knowledge.residuals.extend(own);
    }

    /// Forecasts whose upper end is near enough to raise their kind.
    pub fn near(&self) -> impl Iterator<Item = (Resource, &Entity, EntityId, &Forecast)> {
        self.series.iter().filter_map(|watched| {
            let made = watched.outcome.as_ref().ok()?;
            let near = made.high_s <= seconds(watched.resource.horizon_ns());
            near.then_some((watched.resource, &watched.entity, watched.id, made))
        })
    }
}

impl Watched {
    fn new(level: &Level, entity: Entity) -> Self {
        Self {
            resource: level.resource,
            entity,
            id: level.id,
            used: level.used,
            at: level.at,
            filling: Default::default(),
            trends: Default::default(),
            outcome: Err(NoForecast::Trend(Refusal::FewPoints)),
            said_at: None,
            made: Vec::new(),
            ended: false,
            felt: LastFelt::default(),
        }
    }

    fn restart(&mut self) {
        self.filling.iter_mut().for_each(Filling::clear);
        self.trends.iter_mut().for_each(Trend::restart);
        self.made.clear();
        self.outcome = Err(NoForecast::Trend(Refusal::FewPoints));
    }

    /// Feeds the slots, each length with the medians of the one before it; true where a window was
    /// looked at.
    fn push(
        &mut self,
        at: Timestamp,
        used: f64,
        scratch: &mut Scratch,
        around: &dyn Around,
    ) -> bool {
        let mut point = Point { at, value: used };
        let mut looked = false;
        let lengths = self.filling.iter_mut().zip(&mut self.trends).zip(WINDOWS_NS);
        for ((filling, trend), window_ns) in lengths {
            let slot_ns = window_ns / SLOTS as u64;
            let Some(done) = filling.push(slot_ns, point.at, point.value) else { break };
            let stands = around.stands(self.resource.kind(), self.id);
            let spoilt = stands || self.felt.spoils(at, window_ns);
            looked |= trend.push(done, window_ns, spoilt, scratch);
            point = done;
        }
        looked
    }

    /// Where the resource ended, the forecast made half way there is held against the truth: one
    /// for each end, as `statistics.md` scores them. What came otherwise because something was done
    /// says nothing of a forecast.
    fn score(&mut self, level: &Level, calibration: &mut Calibration) {
        if self.felt.spoils(level.at, 0) {
            self.made.clear();
        }
        let threshold = self.resource.threshold(&self.entity);
        if level.used < threshold - RECOVERED {
            self.ended = false;
        }
        if level.used < threshold || self.ended {
            return;
        }
        self.ended = true;
        let made = core::mem::take(&mut self.made);
        let Some(first) = made.first() else { return };
        let half = Timestamp(level.at.0 - level.at.since_ns(first.at) / 2);
        let Some(scored) = made.iter().find(|made| made.at >= half) else { return };
        let actual_s = seconds(level.at.since_ns(scored.at));
        if actual_s > 0.0 {
            calibration.learn(scored.class, libm::log(actual_s / scored.point_s));
        }
    }

    fn keep(&mut self) {
        let made = self.outcome.as_ref().ok().filter(|made| !self.felt.spoils(made.at, LONGEST_NS));
        let Some(made) = made else {
            self.made.clear();
            return;
        };
        let last = self.made.last().map(|made| made.at);
        if last.is_some_and(|last| made.at.since_ns(last) < KEEP_EVERY_NS) {
            return;
        }
        if self.made.len() == KEPT {
            let mut at = 0;
            self.made.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.made.push(Made { at: made.at, point_s: made.point_s, class: made.class });
    }

    fn turn(&mut self) -> Option<Turn> {
        self.keep();
        match (&self.outcome, self.said_at) {
            (Ok(_), None) => {
                self.said_at = Some(self.at);
                Some(Turn::Made)
            }
            (Ok(_), Some(said)) if self.at.since_ns(said) >= SAY_EVERY_NS => {
                self.said_at = Some(self.at);
                Some(Turn::Renewed)
            }
            (Err(_), Some(_)) => {
                self.said_at = None;
                Some(Turn::Withdrawn)
            }
            (Ok(_), Some(_)) | (Err(_), None) => None,
        }
    }
}

#[cfg(test)]
mod tests;
