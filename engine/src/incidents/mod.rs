//! Stage 6: signals that belong together become one incident, with its likely first cause.
//!
//! Episodes are linked by what [`mechanism`] says; linked ones are one incident, and two that
//! nothing links stay two however near in time they are. A later episode that links two incidents
//! merges the younger into the older.

mod cause;
mod mechanism;
mod member;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use crate::output::{Incident, IncidentChange, Signal};
use crate::time::{SECOND_NS, Timestamp};

use member::Member;

/// An incident ends when its last episode has been over for so long.
const LINGER_NS: u64 = 60 * SECOND_NS;
/// Episodes of one incident; those that are over go first where there are more.
const MEMBERS: usize = 256;

/// One incident that is not closed.
#[derive(Debug, Default)]
struct Open {
    id: u64,
    members: Vec<Member>,
    /// When the last of its episodes was over.
    quiet_since: Option<Timestamp>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Incidents {
    open: Vec<Open>,
    last_id: u64,
    said: Vec<Incident>,
}

impl Incidents {
    /// Takes a signal that was said at `now`.
    pub fn take(&mut self, signal: &Signal, now: Timestamp) {
        let known = self.open.iter().position(|open| open.holds(signal.id));
        let at = match known {
            Some(at) => {
                self.open[at].update(signal, now);
                at
            }
            None if signal.change.is_over() => return,
            None => self.admit(Member::of(signal)),
        };
        let at = self.merge(at);
        let opened = known.is_none() && self.open[at].members.len() == 1;
        let change = if opened { IncidentChange::Opened } else { IncidentChange::Updated };
        let said = self.open[at].say(change, None);
        self.said.push(said);
    }

    /// A new episode joins the oldest incident that it is linked to, or opens one.
    fn admit(&mut self, member: Member) -> usize {
        let linked = self.open.iter().position(|open| open.is_linked(&member));
        let at = linked.unwrap_or_else(|| {
            self.last_id += 1;
            self.open.push(Open { id: self.last_id, ..Open::default() });
            self.open.len() - 1
        });
        self.open[at].add(member);
        at
    }

    /// Merges incidents that the one at `at` is linked to; gives the place of what stands then.
    fn merge(&mut self, mut at: usize) -> usize {
        loop {
            let other = (0..self.open.len())
                .find(|other| *other != at && self.open[*other].is_linked_to(&self.open[at]));
            let Some(other) = other else { return at };
            let (older, younger) = (at.min(other), at.max(other));
            let gone = self.open.remove(younger);
            let into = self.open[older].id;
            self.said.push(gone.say(IncidentChange::Closed, Some(into)));
            for member in gone.members {
                self.open[older].add(member);
            }
            at = older;
        }
    }

    /// Closes incidents that have been quiet for long enough.
    pub fn age(&mut self, now: Timestamp) {
        let over =
            |open: &Open| open.quiet_since.is_some_and(|since| now.since_ns(since) >= LINGER_NS);
        if self.open.iter().any(over) {
            let said = self.open.iter().filter(|open| over(open));
            self.said.extend(said.map(|open| open.say(IncidentChange::Closed, None)));
            self.open.retain(|open| !over(open));
        }
    }

    /// Takes what is to be said.
    pub fn take_said(&mut self) -> Vec<Incident> {
        core::mem::take(&mut self.said)
    }

    /// Forgets everything but the numbering, for a new run.
    pub fn reset(&mut self) {
        *self = Self { last_id: self.last_id, ..Self::default() };
    }
}

impl Open {
    fn holds(&self, episode: u64) -> bool {
        self.members.iter().any(|member| member.episode == episode)
    }

    fn is_linked(&self, member: &Member) -> bool {
        self.members.iter().any(|known| mechanism::linked(known, member))
    }

    fn is_linked_to(&self, other: &Self) -> bool {
        self.members.iter().any(|member| other.is_linked(member))
    }

    fn add(&mut self, member: Member) {
        self.quiet_since = None;
        if self.members.len() == MEMBERS {
            let over = self.members.iter().position(|member| !member.open).unwrap_or(0);
            self.members.remove(over);
        }
        let at = self.members.partition_point(|known| {
            (known.onset, known.episode) <= (member.onset, member.episode)
        });
        self.members.insert(at, member);
    }

    fn update(&mut self, signal: &Signal, now: Timestamp) {
        let own = self.members.iter_mut().find(|member| member.episode == signal.id);
        if let Some(member) = own {
            member.update(signal);
        }
        let quiet = self.members.iter().all(|member| !member.open);
        self.quiet_since = quiet.then(|| self.quiet_since.unwrap_or(now));
    }

    fn say(&self, change: IncidentChange, merged_into: Option<u64>) -> Incident {
        let over = change == IncidentChange::Closed && merged_into.is_none();
        Incident {
            id: self.id,
            change,
            merged_into,
            start_ns: self.members.first().map_or(Timestamp::default(), |first| first.onset),
            end_ns: self.quiet_since.filter(|_| over),
            severity: self.members.iter().map(|member| member.severity).max(),
            episodes: self.members.iter().map(|member| member.episode).collect(),
            causes: cause::rank(&self.members),
        }
    }
}
