//! Every finite resource over time.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::window::{EntityId, Window};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::{Lasting, Whose};
use ks_vocabulary::output::Turn;
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::{Timestamp, seconds};

use super::calibration::Calibration;
use super::forecast::Forecast;
use super::knowledge::{Knowledge, KnownResiduals, KnownSlopes};
use super::resources::{self, Level};
use super::trend::Scratch;
use super::watched::{Around, Watched};

/// Resources watched; more are left out, with a defect.
const CAP: usize = 4096;
/// Resources of which slopes are kept once their entities are gone; those that went first are given
/// up first (our judgement: most groups of single jobs never come back).
const LEFT: usize = 256;

/// See the module.
#[derive(Debug)]
pub struct Watch {
    series: Vec<Watched>,
    cursor: usize,
    scratch: Scratch,
    /// How far off forecasts were.
    pub calibration: Calibration,
    known: Vec<KnownSlopes>,
    /// Those of them that are gone since the run began, in the order in which they went.
    left: VecDeque<(Resource, Lasting)>,
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
            left: VecDeque::new(),
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
                self.turns.extend(watched.withdraw().map(|turn| (index, turn)));
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
        let turn = watched.read(&level, around, &mut self.scratch, &mut self.calibration);
        self.turns.extend(turn.map(|turn| (index, turn)));
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
            if let Some(trend) = watched.trends.windows.get_mut(usize::from(known.window)) {
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

    /// Forgets what belongs to entities that are gone, but the slopes of those that may come back.
    pub fn forget(&mut self, gone: &[EntityId]) {
        if gone.is_empty() {
            return;
        }
        let is_gone = |watched: &mut Watched| gone.contains(&watched.id);
        let left: Vec<Watched> = self.series.extract_if(.., is_gone).collect();
        for watched in &left {
            if let Some(lasting) = Lasting::of(&watched.entity) {
                self.keep(watched, lasting);
            }
        }
    }

    fn keep(&mut self, watched: &Watched, lasting: Lasting) {
        let slopes = slopes_of(watched, &lasting);
        if slopes.is_empty() {
            return;
        }
        let resource = watched.resource;
        self.known.retain(|known| !known.is_of(resource, &lasting));
        self.known.extend(slopes);
        let key = (resource, lasting);
        self.left.retain(|known| *known != key);
        self.left.push_back(key);
        if self.left.len() > LEFT
            && let Some((resource, oldest)) = self.left.pop_front()
        {
            self.known.retain(|known| !known.is_of(resource, &oldest));
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
            knowledge.slopes.extend(slopes_of(watched, &lasting));
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

    /// Forecasts whose upper end is near enough to raise their kind; those that rest on less than
    /// the gate asks for raise nothing.
    pub fn near(&self) -> impl Iterator<Item = (Resource, &Entity, EntityId, &Forecast)> {
        self.series.iter().filter_map(|watched| {
            let made = watched.outcome.as_ref().ok()?;
            let is_near = made.high_s <= seconds(watched.resource.horizon_ns());
            let near = is_near && made.basis.is_none();
            near.then_some((watched.resource, &watched.entity, watched.id, made))
        })
    }
}

/// What was learned of how a resource moves, by the length of the window.
fn slopes_of(watched: &Watched, entity: &Lasting) -> Vec<KnownSlopes> {
    let windows = (0..).zip(&watched.trends.windows);
    let slopes = windows.map(|(window, trend)| KnownSlopes {
        resource: watched.resource,
        entity: Whose::Known(entity.clone()),
        window,
        values: trend.history().to_vec(),
    });
    slopes.filter(|known| !known.values.is_empty()).collect()
}

#[cfg(test)]
mod tests;
