//! One incident of a report, gathered from what was said of it.

use ks_vocabulary::kind::Severity;
use ks_vocabulary::output::{self, Cause, IncidentChange};
use ks_vocabulary::time::Timestamp;
use serde::Serialize;

/// Signals that belong together.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Incident {
    /// Number within its run, from 1.
    pub id: u64,
    /// Which run of the stream, from 1.
    pub run: u64,
    /// open, closed, or ended with its run while it was open.
    pub state: &'static str,
    /// The earliest onset of its episodes.
    pub start: String,
    /// When the last of its episodes was over.
    pub end: Option<String>,
    /// The highest that any of its episodes reached.
    pub severity: Option<Severity>,
    /// Numbers of its episodes, by onset.
    pub episodes: Vec<u64>,
    /// Likely first causes, likeliest first.
    pub causes: Vec<Cause>,
}

impl Incident {
    /// Takes what was said last. The engine lets go of old episodes of a long incident; here they
    /// stay in the list.
    pub(super) fn hear(
        &mut self,
        said: &output::Incident,
        run: u64,
        time: impl Fn(Timestamp) -> String,
    ) {
        let mut episodes = std::mem::take(&mut self.episodes);
        episodes.retain(|known| !said.episodes.contains(known));
        episodes.extend(&said.episodes);
        *self = Self {
            id: said.id,
            run,
            state: match said.change {
                IncidentChange::Opened | IncidentChange::Updated => "open",
                IncidentChange::Closed => "closed",
                IncidentChange::Ended => "ended",
            },
            start: time(said.start_ns),
            end: said.end_ns.map(&time),
            severity: said.severity,
            episodes,
            causes: said.causes.clone(),
        };
    }
}
