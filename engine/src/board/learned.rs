//! What is learned of the quantities that a condition rests on: their baselines and trends.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::analysis::trend::Scratch;
use crate::analysis::trends::Trends;
use crate::analysis::{Baseline, Learning, Level, Moment};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp, WallTime};

use super::evaluation::Evaluation;

/// Time between two values that are learned: the windows of most verdicts are as long, so closer
/// values would hold the same readings twice.
const CADENCE_NS: u64 = 5 * SECOND_NS;
/// A value stands for at most so much time before it (our judgement).
const LONGEST_NS: u64 = 3 * CADENCE_NS;
/// Values that have to be left of the past: half of those that make a baseline (our judgement).
const WEIGHT_MIN: f64 = 150.0;

/// One quantity.
#[derive(Debug)]
pub struct Learned {
    /// Which.
    pub metric: Metric,
    /// Its last value that was learned.
    pub value: f64,
    /// What it normally is.
    pub baseline: Baseline,
    /// How it is learned.
    pub learning: Learning,
    /// Where it is heading, over the longer window lengths.
    pub trends: Box<Trends>,
    last: Option<Timestamp>,
}

/// The quantities of one place that are learned.
#[derive(Debug, Default)]
pub struct Notebook {
    learned: Vec<Learned>,
    known: Vec<(Metric, Baseline)>,
}

/// What learning needs beside the value.
pub struct Lesson<'a> {
    /// When.
    pub at: Timestamp,
    /// When, on the wall clock.
    pub wall: WallTime,
    /// A signal stands on the place.
    pub stands: bool,
    /// Something was done that may move it.
    pub is_influenced: bool,
    /// Share of its weight that a value keeps for each day.
    pub kept_a_day: f64,
    /// Room for trends.
    pub scratch: &'a mut Scratch,
}

impl Notebook {
    /// One that begins with what is known.
    pub fn with(known: Vec<(Metric, Baseline)>) -> Self {
        Self { learned: Vec::new(), known }
    }

    /// Takes the quantities of an evaluation, one reading of each in five seconds.
    pub fn learn(&mut self, seen: &Evaluation, entity: &Entity, lesson: &mut Lesson<'_>) {
        for noted in seen.quantities().filter(|noted| noted.learned) {
            let quantity = &noted.quantity;
            let at = self.position(quantity.metric, entity, lesson);
            let learned = &mut self.learned[at];
            let due =
                learned.last.is_none_or(|last| last.0 / CADENCE_NS != lesson.at.0 / CADENCE_NS);
            if due {
                learned.last = Some(lesson.at);
                learned.value = quantity.value;
                if !lesson.is_influenced {
                    let moment = Moment { mono_ns: lesson.at.0, hour: hour_of(lesson.wall) };
                    let (stands, learning) = (lesson.stands, &learned.learning);
                    learned.baseline.learn(moment, quantity.value, stands, learning);
                }
                let Lesson { at, stands, is_influenced, .. } = *lesson;
                let reading = (at, quantity.value);
                learned.trends.push(reading, is_influenced, || stands, lesson.scratch);
            }
        }
    }

    fn position(&mut self, metric: Metric, entity: &Entity, lesson: &Lesson<'_>) -> usize {
        if let Some(at) = self.learned.iter().position(|learned| learned.metric == metric) {
            return at;
        }
        let group = matches!(entity, Entity::Cgroup(..));
        let learning = Learning {
            max: metric.max(),
            weekly: !group,
            kept_a_day: lesson.kept_a_day,
            cadence_ns: CADENCE_NS,
            longest_ns: LONGEST_NS,
            weight_min: WEIGHT_MIN,
        };
        let known = self.known.iter().position(|(known, _)| *known == metric);
        let mut baseline = known.map(|at| self.known.swap_remove(at).1).unwrap_or_default();
        baseline.refresh(hour_of(lesson.wall), &learning);
        // The shorter ones are for resources; of control groups there are many.
        let trends = Box::new(Trends::of_longest(if group { 1 } else { 2 }));
        let value = f64::NAN;
        self.learned.push(Learned { metric, value, baseline, learning, trends, last: None });
        self.learned.len() - 1
    }

    /// The baseline of a quantity, where there is one.
    pub fn level(&self, metric: Metric) -> Option<Level> {
        let learned = self.learned.iter().find(|learned| learned.metric == metric)?;
        learned.baseline.level()
    }

    /// Whether enough was learned while the signal stood to take it as the normal.
    pub fn can_accept(&self) -> bool {
        self.learned.iter().all(|learned| learned.baseline.can_accept())
    }

    /// Takes what was learned while the signal stood as the normal.
    pub fn accept(&mut self, wall: WallTime) {
        for learned in &mut self.learned {
            learned.baseline.accept();
            learned.baseline.refresh(hour_of(wall), &learned.learning);
        }
    }

    /// Forgets readings, as after a gap; what was learned stays.
    pub fn restart(&mut self) {
        for learned in &mut self.learned {
            learned.baseline.restart();
            learned.trends.restart();
            learned.last = None;
        }
    }

    /// All that is known, for one that begins with it.
    pub fn into_known(mut self) -> Vec<(Metric, Baseline)> {
        self.restart();
        let learned = self.learned.into_iter().filter(|one| one.baseline.samples() > 0);
        self.known.extend(learned.map(|one| (one.metric, one.baseline)));
        self.known
    }

    /// What was known of quantities that did not come.
    pub fn unmet(&self) -> &[(Metric, Baseline)] {
        &self.known
    }

    /// Every quantity.
    pub fn iter(&self) -> core::slice::Iter<'_, Learned> {
        self.learned.iter()
    }
}

/// Hours since 1970, UTC.
fn hour_of(wall: WallTime) -> i64 {
    wall.0.div_euclid(3_600 * SECOND_NS.cast_signed())
}
