//! One verdict of a report, gathered from what was said of it.

use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::output::{Change, Culprit, Evidence, Signal};
use ks_vocabulary::subtype::Subtype;
use serde::Serialize;

/// One verdict from raise to clear.
#[derive(Debug, Clone, Serialize)]
pub struct Episode {
    /// Number within its run, from 1.
    pub id: u64,
    /// Which run of the stream, from 1.
    pub run: u64,
    /// Which condition.
    pub kind: Kind,
    /// Which form of it.
    pub subtype: Option<Subtype>,
    /// The form in which it was raised.
    #[serde(skip)]
    pub raised_as: Option<Subtype>,
    /// How bad it was when it was raised.
    #[serde(skip)]
    pub raised: Severity,
    /// Where.
    pub entity: Entity,
    /// The highest it reached.
    pub severity: Severity,
    /// What was said of it last.
    #[serde(skip)]
    pub last: Severity,
    /// open, cleared, stale, flapping, accepted_as_normal, or ended with its run while it stood.
    pub state: &'static str,
    /// When the limit was first crossed.
    pub onset: String,
    /// When it was raised.
    pub start: String,
    /// When it cleared.
    pub end: Option<String>,
    /// When it was worst.
    pub peak: String,
    /// Each time that its severity rose after the raise.
    pub escalations: Vec<Escalation>,
    /// The quantities that decided, at the peak.
    pub evidence: Vec<Evidence>,
    /// Who consumes, at the peak.
    pub culprits: Vec<Culprit>,
    /// Who suffers, at the peak.
    pub victims: Vec<Culprit>,
    /// One sentence: where, the quantity that decided at the peak, and who is convicted.
    pub summary: String,
}

/// A rise of an episode's severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalation {
    /// When.
    pub at: String,
    /// To what.
    pub severity: Severity,
}

impl Episode {
    /// One of which nothing is told yet but where and when it began.
    pub(super) fn new(
        signal: &Signal,
        run: u64,
        (onset, start): (String, String),
        at: &str,
    ) -> Self {
        Self {
            id: signal.id,
            run,
            kind: signal.kind,
            subtype: signal.subtype,
            raised_as: signal.subtype,
            raised: signal.severity,
            entity: signal.entity.clone(),
            severity: signal.severity,
            last: signal.severity,
            state: "open",
            onset,
            start,
            end: None,
            peak: at.to_owned(),
            escalations: Vec::new(),
            evidence: Vec::new(),
            culprits: Vec::new(),
            victims: Vec::new(),
            summary: String::new(),
        }
    }

    /// Takes what was said at `at`; what is worse than before becomes the peak.
    pub(super) fn hear(&mut self, signal: &Signal, at: String) {
        self.state = match (signal.change, signal.flapping) {
            (Change::Cleared, _) => "cleared",
            (Change::AcceptedAsNormal, _) => "accepted_as_normal",
            (Change::Stale, _) => "stale",
            (Change::Ended, _) => "ended",
            (Change::Raised | Change::Escalated | Change::Updated, true) => "flapping",
            (Change::Raised | Change::Escalated | Change::Updated, false) => "open",
        };
        if signal.change == Change::Escalated {
            let (at, severity) = (at.clone(), signal.severity);
            self.escalations.push(Escalation { at, severity });
        }
        self.last = signal.severity;
        let worse = signal.severity > self.severity || signal.change == Change::Raised;
        if signal.change.is_over() {
            self.end = Some(at);
            // It is told by its worst moment.
            self.evidence.clone_from(&signal.evidence);
        } else if worse {
            self.peak = at;
            self.severity = signal.severity;
            self.subtype = signal.subtype;
            self.evidence.clone_from(&signal.evidence);
            self.culprits.clone_from(&signal.culprits);
            self.victims.clone_from(&signal.victims);
        }
        self.summary = summary(self);
    }
}

fn summary(episode: &Episode) -> String {
    let mut text = format!("{} on {}", episode.kind.word(), episode.entity);
    if let Some(decisive) = Evidence::decisive(&episode.evidence, episode.subtype) {
        let (Evidence { metric, value, .. }, unit) = (decisive, decisive.unit());
        text += &format!(": {metric} {value:.3} {unit}{}", decisive.over());
        if let Some(limit) = decisive.limit {
            text += &format!(", limit {limit}");
        }
    }
    if let Some(culprit) = episode.culprits.first().filter(|first| first.convicted) {
        let comm = culprit.comm.as_ref().map_or(String::new(), |comm| format!(" {comm}"));
        text += &format!(", by {}{comm}", culprit.entity);
    }
    text
}
