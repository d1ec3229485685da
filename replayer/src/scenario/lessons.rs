//! Knowledge that a scenario begins with, learned from another one on the same host.
//!
//! The other scenario runs through the engine with this one's host and background, so that what is
//! normal there is normal here. Equal ones are learned once in a process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_scenarios::scenario::Scenario;
use ks_scenarios::units::Duration;

use super::{Error, load};
use crate::driver::{Driver, Modelled, Silent};

type Lesson = Arc<OnceLock<Knowledge>>;

/// What has been learned, by the scenario that it was learned from.
static LEARNED: Mutex<BTreeMap<String, Lesson>> = Mutex::new(BTreeMap::new());

/// What a scenario begins with; `None` where it asks for nothing.
pub(super) fn of(scenario: &Scenario) -> Result<Option<Knowledge>, Error> {
    let Some(wanted) = &scenario.knowledge else { return Ok(None) };
    let mut teacher = load(wanted.from.as_ref())?;
    if teacher.knowledge.is_some() {
        return Err(Error::Circle(wanted.from.clone()));
    }
    teacher.host = scenario.host;
    teacher.background = scenario.background;
    teacher.interval = scenario.interval;
    teacher.duration = Duration { ns: u64::from(wanted.hours) * 3_600_000_000_000 };
    let key = format!("{} {teacher:?}", wanted.seed);
    let lesson = {
        let mut learned = LEARNED.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(learned.entry(key).or_default())
    };
    Ok(Some(lesson.get_or_init(|| learn(&teacher, wanted.seed)).clone()))
}

fn learn(teacher: &Scenario, seed: u64) -> Knowledge {
    let mut driver = Driver::<Engine>::default();
    let mut simulation = teacher.simulation(seed);
    let driven = driver.run(&mut Modelled::new(&mut simulation, &mut |_, _| {}), &mut Silent);
    driven.expect("neither a modelled host nor silence fails");
    driver.machine().knowledge()
}
