//! What the engine has said: signals, incidents and forecasts, as the agent may refer to them.
//! Nothing later than the present is in it, since nothing else was said.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::kind::Entity;
use ks_vocabulary::metric::{Metric, Witness};
use ks_vocabulary::output::{ForecastSaid, Incident, IncidentChange, Said, Signal, Turn};
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::Timestamp;

/// Signals that are remembered; those that are over go first.
const SIGNALS_MAX: usize = 1_024;
/// Incidents that are remembered, likewise.
const INCIDENTS_MAX: usize = 256;

/// A signal as it was said last.
#[derive(Debug, Clone)]
pub struct Known {
    /// What was said.
    pub signal: Signal,
    /// When.
    pub at: Timestamp,
}

impl Known {
    /// Whether it stands, with its inputs at hand.
    pub fn stands(&self) -> bool {
        use ks_vocabulary::output::Change;
        !self.signal.change.is_over() && self.signal.change != Change::Stale
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ledger {
    signals: BTreeMap<u64, Known>,
    incidents: BTreeMap<u64, Incident>,
    forecasts: BTreeMap<(String, Resource), ForecastSaid>,
}

impl Ledger {
    /// Takes what was said at `at`.
    pub fn hear(&mut self, said: &Said, at: Timestamp) {
        match said {
            Said::Signal(signal) => {
                self.signals.insert(signal.id, Known { signal: signal.clone(), at });
                bound(&mut self.signals, SIGNALS_MAX, |known| known.signal.change.is_over());
            }
            Said::Incident(incident) => {
                self.incidents.insert(incident.id, incident.clone());
                bound(&mut self.incidents, INCIDENTS_MAX, is_closed);
            }
            Said::Forecast(forecast) => {
                let key = (forecast.entity.to_string(), forecast.resource);
                if forecast.change == Turn::Withdrawn {
                    self.forecasts.remove(&key);
                } else {
                    self.forecasts.insert(key, (**forecast).clone());
                }
            }
            Said::Coverage(_)
            | Said::Defect(_)
            | Said::Digest(_)
            | Said::Request(_)
            | Said::Step(_)
            | Said::Decision(_)
            | Said::End(_) => {}
        }
    }

    /// A signal, by its number.
    pub fn signal(&self, id: u64) -> Option<&Known> {
        self.signals.get(&id)
    }

    /// All signals that are remembered, by number.
    pub fn signals(&self) -> impl DoubleEndedIterator<Item = &Known> {
        self.signals.values()
    }

    /// An incident, by its number.
    pub fn incident(&self, id: u64) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// Incidents that are open, by number.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| !is_closed(incident))
    }

    /// Signals of an incident that stand.
    pub fn standing(&self, incident: u64) -> impl Iterator<Item = &Known> {
        let episodes = self.incidents.get(&incident).map(|incident| &incident.episodes[..]);
        let episodes = episodes.unwrap_or_default().iter();
        episodes.filter_map(|id| self.signals.get(id)).filter(|known| known.stands())
    }

    /// The forecast of a resource of an entity, while it stands.
    pub fn forecast(&self, entity: &Entity, resource: Resource) -> Option<&ForecastSaid> {
        self.forecasts.get(&(entity.to_string(), resource))
    }

    /// All forecasts that stand.
    pub fn forecasts(&self) -> impl Iterator<Item = &ForecastSaid> {
        self.forecasts.values()
    }

    /// Who witnesses what some signals say, each once: quantities that have reached their limits,
    /// and the counters that convict.
    pub fn witnesses(&self, ids: &[u64]) -> Vec<Witness> {
        let known = ids.iter().filter_map(|id| self.signals.get(id)).map(|known| &known.signal);
        let mut all: Vec<Witness> = known.flat_map(told_by).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Forgets everything, as with the beginning of another run.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

fn told_by(signal: &Signal) -> impl Iterator<Item = Witness> {
    let is_told = |one: &&ks_vocabulary::output::Evidence| {
        // A forecast has no limit: that it was made is what it says.
        one.past_limit().is_some() || one.limit.is_none()
    };
    let quantities = signal.evidence.iter().filter(is_told).map(|one| one.metric);
    let convicting = signal.culprits.iter().filter(|one| one.convicted).map(|one| one.metric);
    quantities.chain(convicting).map(Metric::source)
}

fn is_closed(incident: &Incident) -> bool {
    matches!(incident.change, IncidentChange::Closed | IncidentChange::Ended)
}

/// Keeps a map to its bound: what is over goes first, then the oldest.
fn bound<T>(map: &mut BTreeMap<u64, T>, most: usize, is_over: impl Fn(&T) -> bool) {
    while map.len() > most {
        let over = map.iter().find(|(_, value)| is_over(value)).map(|(id, _)| *id);
        match over.or_else(|| map.keys().next().copied()) {
            Some(id) => map.remove(&id),
            None => return,
        };
    }
}
