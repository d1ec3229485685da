//! One episode as an incident sees it: what it is about, who is convicted of it, who suffers.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::kind::{Entity, Group, Kind, Severity, text};
use ks_vocabulary::membership::is_within;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::{Culprit, Signal};
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::around::{Around, AroundOf};
use super::mechanism::WAITING;
use super::parent::Parent;

/// An onset is known this well: the windows of verdicts begin five seconds before.
const ONSET_NS: u64 = 5 * SECOND_NS;
/// A cause may be seen up to so long after its effect (`signals.md`, section 12, step 5).
const LATE_NS: u64 = 60 * SECOND_NS;
/// What begins so long after an episode was over can still belong to it.
pub(super) const LINGER_NS: u64 = 60 * SECOND_NS;
/// Sufferers kept of an episode: the three that are named, and some that were named before.
const SUFFERERS: usize = 8;
/// The likeliest causes kept of an episode: each keeps its part of the blame, and a fourth would
/// have little.
const PARENTS: usize = 3;
/// Who waits for its own pages is convicted by this counter, which tells who suffers as well.
const FAULTS: Metric = Metric::Majflt;

/// Somebody or something on the host, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) entity: Entity,
    pub(super) comm: Option<String>,
    around: Around,
}

impl Party {
    fn new(entity: &Entity, comm: Option<&String>, around_of: &AroundOf<'_>) -> Self {
        let around = if let Entity::Cgroup(group) = entity {
            Around { group: Some(group.path.clone()), ..Around::default() }
        } else {
            around_of(entity)
        };
        Self { entity: entity.clone(), comm: comm.cloned(), around }
    }

    /// Whether the other is the same. Of a control group that is gone the path alone is known, and
    /// a job that is started anew is the same job.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.entity, &other.entity) {
            (Entity::Cgroup(one), Entity::Cgroup(other)) => {
                one.hierarchy == other.hierarchy && one.path == other.path
            }
            (one, other) => one == other,
        }
    }

    /// Whether the other is the same or part of it. The control groups of a job have one path in
    /// all hierarchies and after each restart, so those are not told apart; that of everything
    /// tells nothing. A tree of processes holds what descends from its root, an executable those of
    /// its name.
    pub(super) fn holds(&self, other: &Self) -> bool {
        if self.is_same(other) {
            return true;
        }
        match (&self.entity, &other.entity) {
            (Entity::Cgroup(Group { path, .. }), _) => {
                path != b"/"
                    && other.around.group.as_ref().is_some_and(|inner| is_within(inner, path))
            }
            (Entity::ForkTree(pid, start), Entity::Process(other_pid, other_start)) => {
                (pid, start) == (other_pid, other_start)
                    || other.around.line.contains(&(*pid, *start))
            }
            (Entity::ForkTree(pid, start), Entity::ForkTree(..)) => {
                other.around.line.contains(&(*pid, *start))
            }
            (Entity::Executable(name), Entity::Process(..)) => {
                other.comm.as_ref().is_some_and(|comm| *comm == text(name))
            }
            _ => false,
        }
    }

    /// Whether it is a disk that lies on the other.
    pub(super) fn lies_on(&self, other: &Self) -> bool {
        matches!(&other.entity, Entity::Disk(name) if self.around.disks.contains(name))
    }

    /// Whether one of the two is the other or part of it.
    pub(super) fn is_related(&self, other: &Self) -> bool {
        self.holds(other) || other.holds(self)
    }

    /// Whether it is the place of the other: the same, around it, or a process right in its group.
    pub(super) fn is_at(&self, place: &Self) -> bool {
        let is_inside =
            matches!(place.entity, Entity::Cgroup(..)) && self.around.group == place.around.group;
        self.holds(place) || is_inside
    }
}

/// Who is convicted of an episode, and by what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conviction {
    pub(super) party: Party,
    pub(super) metric: Metric,
    pub(super) share: f64,
    /// It began to take more before the episode began, for certain.
    pub(super) began_before: bool,
}

impl Conviction {
    /// Whether the counter tells who waits for its own pages, not who takes them from others.
    pub(super) fn is_of_faults(&self) -> bool {
        self.metric == FAULTS
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) episode: u64,
    pub(super) kind: Kind,
    /// Its form when it was worst.
    pub(super) subtype: Option<Subtype>,
    pub(super) place: Party,
    /// The highest it reached.
    pub(super) severity: Severity,
    pub(super) onset: Timestamp,
    /// When it was over.
    pub(super) ended: Option<Timestamp>,
    /// The last that was convicted while it was worst.
    pub(super) convicted: Option<Conviction>,
    /// Who was named for it, convicted or not, while it was worst.
    pub(super) named: Vec<Party>,
    pub(super) sufferers: Vec<Party>,
    /// Episodes of its incident that may have led to it, the likeliest first.
    pub(super) parents: Vec<Parent>,
}

impl Member {
    pub(super) fn of(signal: &Signal, around_of: &AroundOf<'_>) -> Self {
        let mut member = Self {
            episode: signal.id,
            kind: signal.kind,
            subtype: signal.subtype,
            place: Party::new(&signal.entity, None, around_of),
            severity: signal.severity,
            onset: signal.onset_ns,
            ended: None,
            convicted: None,
            named: Vec::new(),
            sufferers: Vec::new(),
            parents: Vec::new(),
        };
        member.hear(signal, true, around_of);
        member
    }

    /// Takes what is said of it; true where that changes what its links rest on. Towards its end a
    /// condition can take any form and have anybody for a culprit, so one that has company keeps
    /// the form, and everyone the culprit, that it had when it was worst.
    pub(super) fn hear(
        &mut self,
        signal: &Signal,
        is_alone: bool,
        around_of: &AroundOf<'_>,
    ) -> bool {
        let (is_worse, is_as_bad) =
            (signal.severity > self.severity, signal.severity >= self.severity);
        self.severity = self.severity.max(signal.severity);
        let mut changed = false;
        if (is_worse || is_alone) && self.subtype != signal.subtype {
            self.subtype = signal.subtype;
            changed = true;
        }
        let named = signal.culprits.iter().filter(|culprit| culprit.metric == FAULTS);
        for culprit in signal.victims.iter().chain(named) {
            let party = Party::new(&culprit.entity, culprit.comm.as_ref(), around_of);
            if self.sufferers.len() < SUFFERERS && !self.sufferers.contains(&party) {
                self.sufferers.push(party);
                changed = true;
            }
        }
        if is_as_bad || self.named.is_empty() {
            changed |= self.name(signal, around_of);
        }
        if self.kind == Kind::LoadMismatch && is_waiting(self.subtype) {
            // CPU time convicts nobody of making others wait for something else than a CPU.
            self.convicted = None;
        } else if is_as_bad || self.convicted.is_none() {
            changed |= self.convict(signal, around_of);
        }
        changed
    }

    /// Takes who is named; true where those are others. A steady hog has no part in it.
    fn name(&mut self, signal: &Signal, around_of: &AroundOf<'_>) -> bool {
        let culprits = signal.culprits.iter().filter(|culprit| !culprit.resident);
        let named = culprits
            .map(|culprit| Party::new(&culprit.entity, culprit.comm.as_ref(), around_of))
            .collect();
        let known = core::mem::replace(&mut self.named, named);
        known != self.named
    }

    fn convict(&mut self, signal: &Signal, around_of: &AroundOf<'_>) -> bool {
        let convicted = signal.culprits.iter().find(|culprit| may_be_first(culprit));
        let Some(culprit) = convicted else { return false };
        let party = Party::new(&culprit.entity, culprit.comm.as_ref(), around_of);
        let is_other = self.convicted.as_ref().is_none_or(|known| known.party != party);
        let (metric, share, began_before) = (culprit.metric, culprit.share, culprit.began_before);
        self.convicted = Some(Conviction { party, metric, share, began_before });
        is_other
    }

    /// Whether it began before the other for certain: the ranges of their onsets do not overlap.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.onset.plus_ns(2 * ONSET_NS) < other.onset
    }

    /// Whether by their times it can have led to the other.
    pub(super) fn may_lead_to(&self, effect: &Self) -> bool {
        self.onset <= effect.onset.plus_ns(LATE_NS) && self.lasts_until(effect)
    }

    /// Whether the two were at the same time, or nearly so.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        self.lasts_until(other) && other.lasts_until(self)
    }

    /// Whether nothing that begins at `now` can belong to it.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        self.ended.is_some_and(|end| now > end.plus_ns(LINGER_NS))
    }

    fn lasts_until(&self, later: &Self) -> bool {
        self.ended.is_none_or(|end| later.onset <= end.plus_ns(LINGER_NS))
    }

    /// Keeps a likely cause, in place of what was known of the same episode.
    pub(super) fn adopt(&mut self, parent: Parent) {
        self.parents.retain(|known| known.episode != parent.episode);
        self.parents.push(parent);
        self.parents.sort_unstable();
        self.parents.truncate(PARENTS);
    }

    /// Whether a known mechanism tells how it came about.
    pub(super) fn is_explained(&self) -> bool {
        self.parents.iter().any(Parent::is_mechanism)
    }

    /// Its part in what an incident is worth: each severity counts twice the one below (our
    /// judgement).
    pub(super) fn weight(&self) -> f64 {
        f64::from(1u32 << self.severity.index())
    }
}

/// A steady hog is never a first cause.
fn may_be_first(culprit: &Culprit) -> bool {
    culprit.convicted && !culprit.resident
}

fn is_waiting(subtype: Option<Subtype>) -> bool {
    subtype.is_some_and(|subtype| WAITING.contains(&subtype))
}
