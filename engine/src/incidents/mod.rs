//! Stage 6: signals that belong together become one incident, with its likely first cause.
//!
//! An episode joins its peers, and else the incident of its likeliest cause (`link.rs`); what links
//! to nothing opens an incident of its own. Each joins one cause only: an effect that two incidents
//! share does not make them one, so two causes at once stay two. Two incidents become one where a
//! peer of both appears, or a cause of what nothing explained before; the younger goes into the
//! older. What was one is not split again. An incident closes when all of its episodes have been
//! over for a minute.
//!
//! Calling order: [`Incidents::take`] with every signal of an input, then [`Incidents::settle`]
//! once, then [`Incidents::take_said`].

mod around;
mod cause;
mod link;
mod mechanism;
mod member;
mod parent;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use ks_vocabulary::output::{Change, Defect, Incident, IncidentChange, Said, Signal};
use ks_vocabulary::time::Timestamp;

pub use around::AroundOf;
pub(crate) use around::around;
use parent::Parent;

use member::{LINGER_NS, Member};

/// Episodes kept of all open incidents. Those that are over go first where there are more.
const MEMBERS: usize = 512;

/// One incident that is not closed.
#[derive(Debug, Default)]
struct Open {
    /// By onset.
    members: Vec<Member>,
    /// As it was said last.
    said: Option<Incident>,
    /// Something came to it since.
    is_changed: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Incidents {
    /// By age.
    open: Vec<Open>,
    last_id: u64,
    left_out: u64,
    merged: Vec<Incident>,
    said: Vec<Said>,
}

impl Incidents {
    /// Takes a signal that was said at `now`; `around_of` tells where an entity is.
    pub fn take(&mut self, signal: &Signal, now: Timestamp, around_of: &AroundOf<'_>) {
        let Some((at, place)) = self.find(signal.id) else {
            if signal.change.is_over() {
                return;
            }
            if self.has_room(now) {
                return self.admit(Member::of(signal, around_of));
            }
            // One that is left out is in no incident; it is told of once.
            self.left_out += u64::from(signal.change == Change::Raised);
            return;
        };
        let open = &mut self.open[at];
        open.is_changed = true;
        let is_alone = open.members.len() == 1;
        let member = &mut open.members[place];
        if signal.change.is_over() {
            member.ended = Some(now);
        } else if member.hear(signal, is_alone, around_of) {
            let member = open.members.remove(place);
            self.bind(member, at);
        }
    }

    fn find(&self, episode: u64) -> Option<(usize, usize)> {
        self.open.iter().enumerate().find_map(|(at, open)| {
            let place = open.members.iter().position(|member| member.episode == episode)?;
            Some((at, place))
        })
    }

    /// Whether one more episode can be kept.
    fn has_room(&mut self, now: Timestamp) -> bool {
        if self.kept() >= MEMBERS {
            for open in &mut self.open {
                let first = open.members.first().map(|member| member.episode);
                open.members.retain(|member| Some(member.episode) == first || !member.is_old(now));
            }
        }
        self.kept() < MEMBERS
    }

    fn kept(&self) -> usize {
        self.open.iter().map(|open| open.members.len()).sum()
    }

    fn admit(&mut self, member: Member) {
        self.open.push(Open::default());
        self.bind(member, self.open.len() - 1);
    }

    /// Puts an episode into the incident at `home`, and that together with those it ties to it.
    fn bind(&mut self, mut member: Member, home: usize) {
        let tied = self.tied(&member, home);
        let into = tied.first().copied().unwrap_or(home);
        let merges = tied.len() > 1;
        for at in tied.into_iter().skip(1).rev() {
            self.merge(at, into);
        }
        let open = &mut self.open[into];
        if merges {
            open.relink();
        }
        member.parents.clear();
        for other in &mut open.members {
            if let Some(parent) = link::parent(other, &member) {
                member.adopt(parent);
            }
            other.parents.retain(|known| known.episode != member.episode);
            if let Some(parent) = link::parent(&member, other) {
                other.adopt(parent);
            }
        }
        open.members.push(member);
        open.members.sort_by_key(|member| (member.onset, member.episode));
        open.is_changed = true;
    }

    /// The incidents that an episode of the one at `home` belongs to, by age.
    fn tied(&self, member: &Member, home: usize) -> Vec<usize> {
        let mut tied = vec![home];
        let mut likeliest: Option<(Parent, usize)> = None;
        let mut has_peer = false;
        for (at, open) in self.open.iter().enumerate() {
            for other in &open.members {
                let is_peer = link::are_peers(member, other);
                has_peer |= is_peer;
                // What is explained has its cause already.
                let explains = !other.is_explained() && link::mechanism(member, other).is_some();
                if is_peer || explains {
                    tied.push(at);
                }
                let parent = link::mechanism(other, member).map(|parent| (parent, at));
                likeliest = likeliest.into_iter().chain(parent).min();
            }
        }
        // One that has company stays with it: its cause has been found, or it is a cause itself.
        let is_alone = !has_peer && self.open[home].members.is_empty();
        tied.extend(likeliest.filter(|_| is_alone).map(|(_, at)| at));
        tied.sort_unstable();
        tied.dedup();
        tied
    }

    fn merge(&mut self, at: usize, into: usize) {
        let gone = self.open.remove(at);
        let older = &mut self.open[into];
        older.members.extend(gone.members);
        // One that was not said yet vanishes unseen.
        if let Some(mut said) = gone.said {
            said.change = IncidentChange::Closed;
            said.merged_into = older.said.as_ref().map(|older| older.id);
            self.merged.push(said);
        }
    }

    /// Finds out what is to be said at `now`, and closes what has been over for long enough.
    pub fn settle(&mut self, now: Timestamp) {
        if self.left_out > 0 {
            let problem = format!("{} episodes more than are kept", self.left_out);
            self.said.push(Said::Defect(Defect { place: "incidents", problem }));
            self.left_out = 0;
        }
        for open in &mut self.open {
            if core::mem::take(&mut open.is_changed) {
                self.said.extend(open.tell(&mut self.last_id).map(Said::Incident));
            }
        }
        self.said.extend(self.merged.drain(..).map(Said::Incident));
        let said = &mut self.said;
        self.open.retain(|open| {
            let closed = open.close(now);
            let stays = closed.is_none();
            said.extend(closed.map(Said::Incident));
            stays
        });
    }

    /// Ends everything, with the run.
    pub fn end_all(&mut self, now: Timestamp) {
        for mut open in core::mem::take(&mut self.open) {
            for member in &mut open.members {
                member.ended.get_or_insert(now);
            }
            let ended =
                open.closed().map(|last| Incident { change: IncidentChange::Ended, ..last });
            self.said.extend(ended.map(Said::Incident));
        }
    }

    /// Takes what is to be said.
    pub fn take_said(&mut self) -> Vec<Said> {
        core::mem::take(&mut self.said)
    }
}

impl Open {
    /// Looks for causes among members that were in different incidents before.
    fn relink(&mut self) {
        for at in 0..self.members.len() {
            let links = |other| link::parent(other, &self.members[at]);
            let parents: Vec<Parent> = self.members.iter().filter_map(links).collect();
            for parent in parents {
                self.members[at].adopt(parent);
            }
        }
    }

    /// What is to be said of it: that it was opened, or that it has other episodes, another
    /// severity, or other likely causes than was said before.
    fn tell(&mut self, last_id: &mut u64) -> Option<Incident> {
        let told = if let Some(said) = &self.said {
            let told = self.describe(said.id, IncidentChange::Updated);
            if is_alike(said, &told) {
                return None;
            }
            told
        } else {
            *last_id += 1;
            self.describe(*last_id, IncidentChange::Opened)
        };
        self.said = Some(told.clone());
        Some(told)
    }

    /// That it is over, if all of its episodes have been over for long enough.
    fn close(&self, now: Timestamp) -> Option<Incident> {
        self.closed()
            .filter(|closed| closed.end_ns.is_some_and(|end| now >= end.plus_ns(LINGER_NS)))
    }

    /// Its last word, if all of its episodes are over.
    fn closed(&self) -> Option<Incident> {
        let said = self.said.as_ref()?;
        let ends = self.members.iter().map(|member| member.ended);
        let end = ends.reduce(|one, other| Some(one?.max(other?))).flatten()?;
        let mut told = self.describe(said.id, IncidentChange::Closed);
        told.end_ns = Some(end);
        Some(told)
    }

    fn describe(&self, id: u64, change: IncidentChange) -> Incident {
        Incident {
            id,
            change,
            merged_into: None,
            start_ns: self.members.first().map_or(Timestamp::default(), |first| first.onset),
            end_ns: None,
            severity: self.members.iter().map(|member| member.severity).max(),
            episodes: self.members.iter().map(|member| member.episode).collect(),
            causes: cause::rank(&self.members),
        }
    }
}

/// Whether two tell people the same: scores that shift a little are not worth a line.
fn is_alike(one: &Incident, other: &Incident) -> bool {
    let causes = |incident: &Incident| -> Vec<_> {
        incident.causes.iter().map(|cause| (cause.entity.clone(), cause.kind)).collect()
    };
    one.episodes == other.episodes && one.severity == other.severity && causes(one) == causes(other)
}
