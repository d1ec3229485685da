//! Whether what helped keeps working. Nothing waits for that: other incidents are worked on
//! meanwhile, and the target may be acted on again.

use alloc::format;
use alloc::vec::Vec;

use ks_vocabulary::decision::{Decided, DecisionSaid};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::Agent;
use crate::facts::Facts;
use crate::verify::{Course, Kept, Measured, amount};

/// Decisions that are watched at a time. No more than six actions an hour are done, so this is
/// enough; of more the oldest is let go.
const KEPT_MAX: usize = 8;
const MINUTE_NS: u64 = 60 * SECOND_NS;

impl Agent {
    /// Watches a decision that helped.
    pub(super) fn keep_watching(
        &mut self,
        decision: DecisionSaid,
        measured: Measured,
        now: Timestamp,
    ) {
        let Some(kept) = Kept::begin(decision, measured, now) else { return };
        if self.kept.len() == KEPT_MAX {
            let oldest = self.kept.remove(0);
            self.say_kept(oldest.decision, "whether it kept working was not watched to the end");
        }
        self.kept.push(kept);
    }

    /// Looks at those that are watched.
    pub(super) fn watch_kept(&mut self, facts: &dyn Facts) {
        if self.kept.is_empty() {
            return;
        }
        let mut all = core::mem::take(&mut self.kept);
        let courses: Vec<Course> = all.iter_mut().map(|kept| kept.take(facts)).collect();
        for (kept, course) in all.into_iter().zip(courses) {
            match course {
                Course::Watched => self.kept.push(kept),
                Course::Worked => {
                    let minutes = kept.until().since_ns(kept.from) / MINUTE_NS;
                    self.say_kept(kept.decision, &format!("it kept working for {minutes} minutes"));
                }
                Course::Unseen => {
                    self.say_kept(
                        kept.decision,
                        "too little was read to say whether it kept working",
                    );
                }
                Course::Stopped(level) => self.stopped_working(kept, level, facts.now()),
            }
        }
    }

    /// It gets an update with that lesson, and its incident may be looked at again.
    fn stopped_working(&mut self, kept: Kept, level: f64, now: Timestamp) {
        let minutes = now.since_ns(kept.from).div_ceil(MINUTE_NS);
        if let Some(handled) = self.handled.get_mut(&kept.decision.incident) {
            (handled.again, handled.at) = (true, now);
        }
        let Some(predicted) = kept.decision.predicted else { return };
        let level = amount(level, predicted.metric);
        let told = format!(
            "it stopped working within {minutes} minutes of its verdict: {} is at {level}",
            predicted.metric
        );
        self.say_kept(kept.decision, &told);
    }

    fn say_kept(&mut self, mut decision: DecisionSaid, told: &str) {
        let before = decision.lesson.take();
        decision.lesson = Some(match before {
            Some(before) => format!("{before}; {told}"),
            None => told.into(),
        });
        decision.change = Decided::Watched;
        self.decide_on(decision);
    }
}
