//! Puts culprits into words: which entity, how much of what, and since when.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::kind::{Entity, Group as GroupEntity, text};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::unit::Unit;

use super::NAMED;
use super::candidates::Set;
use super::counter::Counter;
use super::interval::Began;
use super::parties::{Case, Group, Party, Who, gather};
use super::past::Change;
use super::sets::{Pick, Trial};
use super::whole;

/// A steady hog is worth a line from this share of all consumption on (our judgement).
const RESIDENT_SHARE: f64 = 0.2;

/// A group that takes more than this share of it is the only one, but for those around it.
const MOST: f64 = 0.5;

/// The culprits of a case by one counter, most first; a steady hog comes last.
pub(super) fn culprits(case: &Case<'_>, counter: Counter) -> Vec<Culprit> {
    let (parties, groups) = gather(case, counter);
    let whole = whole::of(case, counter, &groups);
    let trial = Trial::new(case, counter.account, &parties).of_whole(whole.excess);
    let trial = trial.with_groups(&groups);
    let total = total(&parties).max(whole.level);
    let picks = trial.picks();
    // Beside what is new a group that holds it would be told twice.
    let of_group = || picks.is_empty().then(|| resident_group(case, counter, &groups, total));
    let resident = resident(case, counter, &parties, total).or_else(|| of_group().flatten());
    let room = NAMED - usize::from(resident.is_some());
    let named = picks.iter().take(room).map(|pick| {
        let group = group_of(pick, &groups);
        Sentence { case, counter, pick, group }.culprit(trial.inside(pick))
    });
    named.chain(resident).collect()
}

/// Those who hold what is finite, most first, as parts of `whole` where they hold less than that.
pub(super) fn holders(
    case: &Case<'_>,
    counter: Counter,
    parties: &[Party<'_>],
    whole: f64,
) -> Vec<Culprit> {
    let trial = Trial::new(case, counter.account, parties).of_whole(whole);
    let picks = trial.picks();
    let named = picks.iter().take(NAMED).map(|pick| {
        let inside = trial.inside(pick);
        Sentence { case, counter, pick, group: None }.culprit(inside)
    });
    named.collect()
}

/// The counters of the control group that is named, if they are known.
fn group_of<'a>(pick: &Pick<'_>, groups: &[Group<'a>]) -> Option<Group<'a>> {
    let Set::Cgroup(path) = pick.set else { return None };
    groups.iter().find(|group| group.row.path() == Some(path)).copied()
}

/// What is known of one that is named.
struct Sentence<'a> {
    case: &'a Case<'a>,
    counter: Counter,
    pick: &'a Pick<'a>,
    group: Option<Group<'a>>,
}

impl Sentence<'_> {
    fn culprit<'p>(&self, parties: impl Iterator<Item = &'p Party<'p>>) -> Culprit {
        let mut sum = 0.0;
        let mut began: Option<Began> = None;
        let mut name = None;
        for party in parties {
            let change = &party.change;
            let is_flow = self.counter.account.is_flow();
            sum += if is_flow { change.amount } else { change.excess };
            name = name.or(Some(party.comm));
            // A set began when the first in it did.
            began = match (began, change.began) {
                (Some(one), Some(other)) if other.at >= one.at => Some(one),
                (one, other) => other.or(one),
            };
        }
        let (amount, unit) = self.amount(sum);
        Culprit {
            entity: self.entity(),
            comm: self.comm(name),
            metric: self.counter.metric,
            amount,
            unit,
            share: self.pick.share,
            convicted: self.pick.is_convicted,
            resident: false,
            began_ns: began.map(|began| began.at),
            began_before: began.is_some_and(|began| self.case.interval.is_before(&began)),
        }
    }

    /// The amount with its unit: of a control group that of its own counter, in its unit.
    fn amount(&self, sum: f64) -> (f64, Unit) {
        let is_group = matches!(self.pick.set, Set::Cgroup(_));
        let factor = self.counter.group_factor(self.case.window.host());
        let Some(factor) = factor.filter(|_| is_group) else {
            return (sum, self.counter.metric.unit());
        };
        let is_flow = self.counter.account.is_flow();
        let own = |group: Group<'_>| {
            if is_flow { group.change.amount } else { group.change.excess }
        };
        let own = self.group.map_or(0.0, own);
        (own.max(sum) / factor, self.counter.group_unit)
    }

    fn entity(&self) -> Entity {
        match (self.pick.set, self.group) {
            (Set::Process((pid, start)), _) => Entity::Process(pid, start),
            (Set::ForkTree((pid, start)), _) => Entity::ForkTree(pid, start),
            (Set::Executable(name), _) => Entity::Executable(name.to_vec()),
            (Set::Cgroup(_), Some(group)) => cgroup_entity(group.row),
            (Set::Cgroup(path), None) => {
                let rows = self.case.window.cgroups.entities();
                let mut found = rows.map(|(_, row, _)| row).filter(|row| row.path() == Some(path));
                let unknown = || Entity::Cgroup(GroupEntity::at(path));
                found.next().map_or_else(unknown, cgroup_entity)
            }
        }
    }

    /// Name of the process, or of the root of the tree.
    fn comm(&self, name: Option<&[u8]>) -> Option<String> {
        match self.pick.set {
            Set::Process(_) => name.filter(|name| !name.is_empty()).map(text),
            Set::ForkTree(root) => {
                let root = self.case.window.processes.find(root)?;
                root.row.comm().map(text)
            }
            Set::Cgroup(_) | Set::Executable(_) => None,
        }
    }
}

/// What live processes do.
fn total(parties: &[Party<'_>]) -> f64 {
    let live = parties.iter().filter(|party| matches!(party.who, Who::Live(_)));
    live.map(|party| party.change.level).sum()
}

/// The process that takes most of what it takes as ever, if that is much.
fn resident(
    case: &Case<'_>,
    counter: Counter,
    parties: &[Party<'_>],
    total: f64,
) -> Option<Culprit> {
    let recorder = case.window.host().recorder_pid;
    let steady = parties.iter().filter_map(|party| {
        let Who::Live(known) = party.who else { return None };
        let is_steady = party.change.excess <= 0.0 && known.row.pid() != Some(recorder);
        is_steady.then_some((party, known))
    });
    let most = steady.max_by(|(one, known), (other, last)| {
        let order = one.change.level.total_cmp(&other.change.level);
        order.then_with(|| last.key().cmp(&known.key()))
    });
    let (party, known) = most.filter(|(party, _)| {
        party.change.level > 0.0 && party.change.level >= RESIDENT_SHARE * total
    })?;
    let (pid, start) = known.key();
    let share = party.change.level / total;
    let comm = known.row.comm().map(text);
    Some(level(counter, Entity::Process(pid, start), comm, &party.change, share))
}

/// The innermost group that consumes most of all and does so as ever: of many small processes none
/// is worth a line.
fn resident_group(
    case: &Case<'_>,
    counter: Counter,
    groups: &[Group<'_>],
    total: f64,
) -> Option<Culprit> {
    let own = if let Entity::Cgroup(own) = case.entity { Some(own.path.as_slice()) } else { None };
    let most = groups.iter().filter(|group| {
        let Change { level, excess, .. } = group.change;
        excess <= 0.0 && level > 0.0 && level > MOST * total && group.row.path() != own
    });
    let most = most.filter(|_| counter.account.is_flow());
    let group = most.max_by_key(|group| group.row.path().map_or(0, <[u8]>::len))?;
    let share = (group.change.level / total).min(1.0);
    let entity = cgroup_entity(group.row);
    Some(level(counter, entity, None, &group.change, share))
}

/// One that takes as much as ever.
fn level(
    counter: Counter,
    entity: Entity,
    comm: Option<String>,
    change: &Change,
    share: f64,
) -> Culprit {
    Culprit {
        entity,
        comm,
        metric: counter.level_metric,
        amount: change.amount,
        unit: counter.level_metric.unit(),
        share,
        convicted: false,
        resident: true,
        began_ns: None,
        began_before: false,
    }
}
