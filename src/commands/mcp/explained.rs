//! The trace of an incident, as `ks explain` tells it to programs, with handles for its causes.

use std::cmp::Reverse;

use ks_agent::handles::Handles;
use ks_replayer::report::{Episode, Incident, Report};
use ks_vocabulary::kind::{Entity, text};
use serde_json::{Value, json};

use super::clean::{self, Long};

/// Steps and decisions that are told, the last ones: the whole is what `ks explain` is for.
const STEPS_MAX: usize = 48;
const DECISIONS_MAX: usize = 16;

/// The trace of an incident, or of the worst of the last run. The error says why there is none.
pub(super) fn explained(
    report: &Report,
    asked: Option<u64>,
    names: &mut Handles,
) -> Result<Value, String> {
    let incident = chosen(report, asked)?;
    let own = (incident.run, incident.id);
    let (steps, fewer) =
        last(report.steps.iter().filter(|step| (step.run, step.incident) == own), STEPS_MAX);
    let decisions = report.decisions.iter().filter(|one| (one.run, one.incident) == own);
    let (decisions, without) = last(decisions, DECISIONS_MAX);
    let mut value = json!({
        "incident": incident,
        "steps": steps,
        "decisions": decisions,
        "truncated": fewer + without,
    });
    clean::clean(&mut value, &Long::of(long_names(report, incident)));
    if let Some(causes) = value["incident"]["causes"].as_array_mut() {
        for (told, cause) in causes.iter_mut().zip(&incident.causes) {
            told["handle"] = Value::String(names.of(&cause.entity));
        }
    }
    Ok(value)
}

fn chosen(report: &Report, asked: Option<u64>) -> Result<&Incident, String> {
    let all = &report.incidents;
    let Some(last) = all.last() else { return Err("there is no incident at that time".into()) };
    match asked {
        Some(id) => all
            .iter()
            .rfind(|one| one.id == id)
            .ok_or_else(|| format!("there is no incident {id} at that time")),
        None => {
            let own = all.iter().filter(|one| one.run == last.run);
            Ok(own.max_by_key(|one| (one.severity, Reverse(one.id))).unwrap_or(last))
        }
    }
}

/// The last of a list, and how many are left out.
fn last<T>(all: impl Iterator<Item = T>, most: usize) -> (Vec<T>, usize) {
    let mut all: Vec<T> = all.collect();
    let left_out = all.len().saturating_sub(most);
    (all.split_off(left_out), left_out)
}

/// The names that sentences about an incident may hold.
fn long_names(report: &Report, incident: &Incident) -> Vec<String> {
    let is_own =
        |one: &&Episode| one.run == incident.run && incident.episodes.contains(&one.id);
    let episodes = report.episodes.iter().filter(is_own).flat_map(|one| {
        let parties = one.culprits.iter().chain(&one.victims).map(|party| &party.entity);
        parties.chain([&one.entity])
    });
    let causes = incident.causes.iter().map(|cause| &cause.entity);
    let targets = report.decisions.iter().filter_map(|one| one.target.as_ref());
    episodes.chain(causes).chain(targets).filter_map(given).collect()
}

/// What somebody on the host has named an entity.
fn given(entity: &Entity) -> Option<String> {
    match entity {
        Entity::Disk(name)
        | Entity::Nic(name)
        | Entity::NicOf(_, name)
        | Entity::Filesystem(name)
        | Entity::Executable(name) => Some(text(name)),
        Entity::Cgroup(group) => Some(text(&group.path)),
        Entity::Host | Entity::Netns(_) | Entity::Process(..) | Entity::ForkTree(..) => None,
    }
}
