//! Incidents for people.

use ks_replayer::report::Incident;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::{self, Cause, IncidentChange};

use super::words::Times;
use crate::plain::Page;

/// Lines of evidence that are shown of the likeliest cause; programs get all of them.
const LINES: usize = 5;

/// An incident as it is opened or closed.
pub(super) fn line(said: &output::Incident, at: &str) -> String {
    let change = match (said.change, said.merged_into) {
        (_, Some(_)) => "merged",
        (IncidentChange::Closed, None) => "closed",
        (IncidentChange::Updated, None) => "updated",
        (IncidentChange::Opened, None) => "opened",
        (IncidentChange::Ended, None) => "open at the end",
    };
    let mut text = format!("{at} {change:7} incident {}", said.id);
    if let Some(into) = said.merged_into {
        text += &format!(" into {into}");
    } else {
        text += &format!(", {}", episodes(&said.episodes));
        if let Some(cause) = said.causes.first() {
            text += &format!(": likely first cause {}", named(cause));
        }
    }
    text
}

/// All incidents, each with its likely first causes, likeliest first.
pub(crate) fn blocks(incidents: &[Incident], times: &Times, page: &mut Page) {
    for one in incidents {
        let severity = one.severity.map_or("", |severity| severity.word()).to_uppercase();
        let until =
            one.end.as_ref().map_or(String::new(), |end| format!(" until {}", times.at(end)));
        let numbers: Vec<String> = one.episodes.iter().map(u64::to_string).collect();
        let (episodes, numbers) = (episodes(&one.episodes), numbers.join(", "));
        let run = if one.run > 1 { format!(" of run {}", one.run) } else { String::new() };
        page.line(format_args!(
            "INCIDENT {}{run} {severity}, {}: {episodes} ({numbers})",
            one.id, one.state
        ));
        page.line(format_args!("         since {}{until}", times.at(&one.start)));
        for (place, cause) in one.causes.iter().enumerate() {
            if place == 0 {
                page.line(format_args!("         likely first cause: {}", named(cause)));
                for line in cause.evidence.iter().take(LINES) {
                    page.line(format_args!("           {line}"));
                }
            } else {
                page.line(format_args!("         or: {}", named(cause)));
            }
        }
    }
    if !incidents.is_empty() {
        page.gap();
    }
}

fn episodes(ids: &[u64]) -> String {
    if ids.len() == 1 { "1 episode".to_owned() } else { format!("{} episodes", ids.len()) }
}

/// Who, of what, and how likely; of a place, where nobody is convicted, what begins there.
pub(super) fn named(cause: &Cause) -> String {
    let (kind, entity) = (cause.kind.word(), &cause.entity);
    let comm = cause.comm.as_ref().map_or(String::new(), |comm| format!(" {comm}"));
    let acts = matches!(
        entity,
        Entity::Process(..) | Entity::ForkTree(..) | Entity::Executable(..) | Entity::Cgroup(..)
    );
    if acts {
        format!("{entity}{comm}, {kind} (score {:.2})", cause.score)
    } else {
        format!("{kind} on {entity}, culprit unknown (score {:.2})", cause.score)
    }
}
