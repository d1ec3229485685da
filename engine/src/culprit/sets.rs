//! Which set of parties is to blame: steps 2 and 4 of `signals.md`, section 12.
//!
//! A process, a control group, a fork tree and an executable are each one candidate. A candidate is
//! held against what lies outside of it, never against what it is part of or what is part of it.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::window::Account;

use super::NAMED;
use super::candidates::{Set, sets_of};
use super::crowd::Crowd;
use super::parties::{Case, Group, Party, Who};

/// A candidate with less than this share of all is not convicted.
pub(crate) const CONVICT_SHARE: f64 = 0.4;
/// Nor is one with less than so many times what the next outside of it has.
pub(crate) const CONVICT_LEAD: f64 = 2.0;
/// A smaller candidate is named in place of one around it if it has this share of it (J).
const ENCLOSED_SHARE: f64 = 0.8;

/// A party that changed, with the sets that it is in, by their numbers.
#[derive(Debug, Clone)]
struct Member<'a> {
    party: &'a Party<'a>,
    sets: Vec<usize>,
}

impl Member<'_> {
    fn is_in(&self, set: usize) -> bool {
        self.sets.contains(&set)
    }

    fn excess(&self) -> f64 {
        self.party.change.excess
    }

    /// How many processes it is.
    fn count(&self) -> u64 {
        match self.party.who {
            Who::Ended(bundle) => bundle.count,
            Who::Live(_) | Who::Unseen => 1,
        }
    }
}

/// A candidate that is named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick<'a> {
    pub(super) set: Set<'a>,
    number: usize,
    /// Its share of what all parties have above the usual.
    pub(super) share: f64,
    pub(super) is_convicted: bool,
}

/// What a candidate holds.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    excess: f64,
    processes: u64,
}

/// All who changed, and all sets of them.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    members: Vec<Member<'a>>,
    sets: Vec<Set<'a>>,
    crowd: Crowd,
    may_convict: bool,
    total: f64,
    /// Where processes are hidden from the recorder, the groups whose own counters know of all that
    /// is in them: nobody else is convicted.
    counted: Option<Vec<&'a [u8]>>,
}

impl<'a> Trial<'a> {
    /// Of those who changed in time to be a cause; where none did, of all who changed, and nobody
    /// is convicted then.
    pub(super) fn new(case: &Case<'a>, account: Account, parties: &'a [Party<'a>]) -> Self {
        let recorder = case.window.host().recorder_pid;
        let is_own = |party: &Party<'_>| match party.who {
            Who::Live(known) => known.row.pid() == Some(recorder),
            Who::Ended(_) | Who::Unseen => false,
        };
        let changed = parties.iter().filter(|party| party.change.excess > 0.0 && !is_own(party));
        let (late, timely): (Vec<&'a Party<'a>>, Vec<&'a Party<'a>>) =
            changed.partition(|party| party.is_late);
        let may_convict = !timely.is_empty();
        let chosen = if may_convict { timely } else { late };
        let total = chosen.iter().map(|party| party.change.excess).sum::<f64>();
        let mut numbers: BTreeMap<Set<'a>, usize> = BTreeMap::new();
        let mut sets = Vec::new();
        let mut members = Vec::new();
        for party in chosen {
            let own = sets_of(case, party).into_iter().map(|set| {
                *numbers.entry(set).or_insert_with(|| {
                    sets.push(set);
                    sets.len() - 1
                })
            });
            members.push(Member { party, sets: own.collect() });
        }
        let crowd = Crowd::count(case, account, parties, &numbers);
        for member in &mut members {
            member
                .sets
                .retain(|set| matches!(sets[*set], Set::Process(_)) || !crowd.is_nearly_all(*set));
        }
        let counted = case.window.hides_processes.then(Vec::new);
        Self { members, sets, crowd, may_convict, total, counted }
    }

    /// The same with groups that say themselves what they did.
    pub(super) fn with_groups(self, groups: &[Group<'a>]) -> Self {
        let paths = || groups.iter().filter_map(|group| group.row.path()).collect();
        Self { counted: self.counted.map(|_| paths()), ..self }
    }

    /// The same, where those who changed hold no more than a part of `whole`.
    pub(super) fn of_whole(self, whole: f64) -> Self {
        Self { total: self.total.max(whole), ..self }
    }

    /// The candidates to name, most first: the one that is convicted, or else each that is too
    /// large beside the first for either to be; then single processes.
    pub(super) fn picks(&self) -> Vec<Pick<'a>> {
        let mut rest: Vec<&Member<'a>> = self.members.iter().collect();
        let mut picks: Vec<Pick<'a>> = Vec::new();
        let mut first_excess = 0.0;
        while picks.len() < NAMED {
            let Some((number, excess, passes)) = self.choose(&rest) else { break };
            if picks.is_empty() {
                first_excess = excess;
            } else if excess * CONVICT_LEAD <= first_excess {
                break;
            }
            let is_convicted = passes && self.may_convict && picks.is_empty();
            picks.push(self.pick(number, excess, is_convicted));
            rest.retain(|member| !member.is_in(number));
            if is_convicted {
                break;
            }
        }
        let mut single: Vec<(f64, usize)> =
            self.members.iter().filter_map(|m| self.single(m)).collect();
        single.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (excess, number) in single {
            if picks.len() < NAMED && picks.iter().all(|pick| pick.number != number) {
                picks.push(self.pick(number, excess, false));
            }
        }
        picks
    }

    /// The parties in a candidate that is named.
    pub(super) fn inside(&self, pick: &Pick<'_>) -> impl Iterator<Item = &'a Party<'a>> {
        let number = pick.number;
        let inside = self.members.iter().filter(move |member| member.is_in(number));
        inside.map(|member| member.party)
    }

    fn pick(&self, number: usize, excess: f64, is_convicted: bool) -> Pick<'a> {
        Pick { set: self.sets[number], number, share: excess / self.total, is_convicted }
    }

    /// Excess and number of a member that is just one process.
    fn single(&self, member: &Member<'a>) -> Option<(f64, usize)> {
        let is_process = |number: &&usize| matches!(self.sets[**number], Set::Process(_));
        Some((member.excess(), *member.sets.iter().find(is_process)?))
    }

    fn held<'m>(&self, members: impl Iterator<Item = &'m Member<'a>>) -> Vec<Held>
    where
        'a: 'm,
    {
        let mut sums = vec![Held::default(); self.sets.len()];
        for member in members {
            for set in &member.sets {
                sums[*set].excess += member.excess();
                sums[*set].processes = sums[*set].processes.saturating_add(member.count());
            }
        }
        sums
    }

    /// Whether all that a candidate did is known.
    fn is_known_whole(&self, set: usize) -> bool {
        let Some(counted) = &self.counted else { return true };
        matches!(self.sets[set], Set::Cgroup(path) if counted.contains(&path))
    }

    /// The largest candidate that passes for convicted, else the largest, with its excess and
    /// whether it passes; in its place the smallest in it that holds nearly as much.
    fn choose(&self, members: &[&Member<'a>]) -> Option<(usize, f64, bool)> {
        let sums = self.held(members.iter().copied());
        let mut order: Vec<usize> =
            (0..sums.len()).filter(|set| sums[*set].processes > 0).collect();
        order.sort_by(|one, other| {
            let most = sums[*other].excess.total_cmp(&sums[*one].excess);
            most.then_with(|| self.sets[*one].cmp(&self.sets[*other]))
        });
        let passing = order.iter().copied().find(|set| {
            let excess = sums[*set].excess;
            let outside = members.iter().copied().filter(|member| !member.is_in(*set));
            self.is_known_whole(*set)
                && excess >= CONVICT_SHARE * self.total
                && self.held(outside).iter().all(|other| excess >= CONVICT_LEAD * other.excess)
        });
        let around = passing.or(order.first().copied())?;
        let most = sums[around].excess;
        let inner = order.iter().copied();
        let inner = inner.filter(|set| passing.is_none() || self.is_known_whole(*set));
        let inner = inner.filter(|set| sums[*set].excess >= ENCLOSED_SHARE * most);
        let inner = inner.filter(|set| is_enclosed(members, *set, around));
        // Of equally small ones that which holds most, then the first of their order: as sorted.
        let least = inner.min_by_key(|set| {
            let (sort, depth) = self.sets[*set].rank();
            (sums[*set].processes, sort, self.crowd.size(*set), depth)
        })?;
        Some((least, sums[least].excess, passing.is_some()))
    }
}

/// Whether nearly all that a set holds is in another too. Of some who ended the control group is
/// not known any more, so that a tree of theirs is in its group but for them.
fn is_enclosed(members: &[&Member<'_>], set: usize, around: usize) -> bool {
    let inside = || members.iter().filter(|member| member.is_in(set));
    let all: f64 = inside().map(|member| member.excess()).sum();
    let outside = inside().filter(|member| !member.is_in(around));
    let outside: f64 = outside.map(|member| member.excess()).sum();
    outside <= (1.0 - ENCLOSED_SHARE) * all
}
