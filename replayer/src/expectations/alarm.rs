//! False alarms: what nothing explains, one for each incident, as it reaches a person.

use ks_vocabulary::kind::Kind;

use super::seen::SeenEpisode;

/// Alarms of two runs on one background are the same where they begin so close to each other.
const SAME_S: f64 = 60.0;

/// One false alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// When its first episode was raised, in seconds from the beginning of the run.
    pub start_s: f64,
    /// Where.
    pub entity: String,
    /// Kinds of its episodes.
    pub kinds: Vec<Kind>,
}

impl Alarm {
    /// Whether it is what another run on the same background raised too.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.entity == other.entity
            && self.kinds.first() == other.kinds.first()
            && (self.start_s - other.start_s).abs() <= SAME_S
    }
}

/// Puts an episode to the alarm of its incident, or makes a new one of it.
pub(super) fn add(alarms: &mut Vec<(Option<u64>, Alarm)>, episode: &SeenEpisode) {
    let known =
        alarms.iter_mut().find(|(incident, _)| incident.is_some() && *incident == episode.incident);
    match known {
        Some((_, alarm)) if alarm.kinds.contains(&episode.kind) => {}
        Some((_, alarm)) => alarm.kinds.push(episode.kind),
        None => alarms.push((
            episode.incident,
            Alarm {
                start_s: episode.start_s,
                entity: episode.entity.clone(),
                kinds: vec![episode.kind],
            },
        )),
    }
}
