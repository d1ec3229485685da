//! One resource of one entity over time: its trends, its forecast, and how earlier ones turned out.

use alloc::vec::Vec;

use crate::window::EntityId;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::output::Turn;
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::{SECOND_NS, Timestamp, seconds};

use super::calibration::Calibration;
use super::class::Class;
use super::forecast::{Forecast, NoForecast, Question, forecast};
use super::resources::Level;
use super::slots::Point;
use super::trend::{Refusal, Scratch};
use super::trends::Trends;

/// A forecast that stands is said again after so long.
const SAY_EVERY_NS: u64 = 60 * SECOND_NS;
/// Forecasts kept until their resource ends, at most one in so long; then every other goes.
const KEEP_EVERY_NS: u64 = 10 * SECOND_NS;
const KEPT: usize = 128;
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
    pub(super) id: EntityId,
    /// Used share at the last reading.
    pub used: f64,
    /// When that was.
    pub at: Timestamp,
    /// Where it is heading.
    pub trends: Trends,
    /// The forecast, or why there is none.
    pub outcome: Result<Forecast, NoForecast>,
    said_at: Option<Timestamp>,
    made: Vec<Made>,
    ended: bool,
}

impl Watched {
    pub(super) fn new(level: &Level, entity: Entity) -> Self {
        Self {
            resource: level.resource,
            entity,
            id: level.id,
            used: level.used,
            at: level.at,
            trends: Trends::default(),
            outcome: Err(NoForecast::Trend(Refusal::FewPoints)),
            said_at: None,
            made: Vec::new(),
            ended: false,
        }
    }

    pub(super) fn restart(&mut self) {
        self.trends.restart();
        self.made.clear();
        self.outcome = Err(NoForecast::Trend(Refusal::FewPoints));
    }

    /// Takes a reading; the return value is what there is to say of its forecast.
    pub(super) fn read(
        &mut self,
        level: &Level,
        around: &dyn Around,
        scratch: &mut Scratch,
        calibration: &mut Calibration,
    ) -> Option<Turn> {
        (self.used, self.at) = (level.used, level.at);
        let is_influenced = around.is_influenced(&self.entity, level.at);
        if is_influenced {
            // What comes otherwise because something was done says nothing of a forecast.
            self.made.clear();
        }
        self.score(level, calibration);
        let stands = || around.stands(self.resource.kind(), self.id);
        let last = Point { at: level.at, value: level.used };
        if self.trends.push((level.at, level.used), is_influenced, stands, scratch) {
            let asked = Question {
                threshold: self.resource.threshold(&self.entity),
                horizon_ns: self.resource.horizon_ns(),
                calibration,
                last,
            };
            self.outcome = forecast(&self.trends.windows, &asked);
            return self.turn();
        }
        if self.outcome.as_ref().is_ok_and(|made| made.is_fallen(last)) {
            self.outcome = Err(NoForecast::Trend(Refusal::JustFell));
            return self.turn();
        }
        None
    }

    /// Takes its forecast back.
    pub(super) fn withdraw(&mut self) -> Option<Turn> {
        self.outcome = Err(NoForecast::Trend(Refusal::FewPoints));
        self.turn()
    }

    /// Where the resource ended, the forecast made half way there is held against the truth: one
    /// for each end, as `statistics.md` scores them.
    fn score(&mut self, level: &Level, calibration: &mut Calibration) {
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
        let made = self.outcome.as_ref().ok();
        let is_calm = |made: &&Forecast| {
            made.basis.is_none() && !self.trends.may_rest_on_what_was_done(made.at)
        };
        let Some(made) = made.filter(is_calm) else {
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
