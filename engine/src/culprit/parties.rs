//! The parties among which culprits are looked for: processes, what ended processes consumed, and
//! what control groups consumed beyond the processes that are known in them.
//!
//! No part of what was consumed is in two parties, so that any set of them adds up.

use alloc::vec::Vec;

use crate::window::{
    Account, BUCKET_NS, Bundle, GroupConsumption, Known, ProcessKey, RING_BUCKETS, Window,
};
use ks_vocabulary::kind::{Entity, Group as GroupEntity};
use ks_vocabulary::membership::{belongs, is_child, is_in};
use ks_vocabulary::model::Cgroup;

use super::counter::Counter;
use super::interval::{Began, Interval};
use super::past::{Change, HISTORY_MIN, Normal, Past, SHORT_MIN, STEADY_SHARE};
use super::scratch::Scratch;

/// What a group consumed beyond its known processes counts from this share on: below it lies the
/// difference between two tables that are not read at the same instant (our judgement).
const UNSEEN_SHARE: f64 = 0.2;

/// What is asked: who is to blame for what happens to `entity`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) window: &'a Window,
    pub(crate) entity: &'a Entity,
    pub(super) interval: Interval,
}

/// Who a party is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    /// A process.
    Live(&'a Known),
    /// Processes that ended.
    Ended(&'a Bundle),
    /// Processes of a group that no reading saw, and what is charged to no process.
    Unseen,
}

/// One party.
#[derive(Debug, Clone, Copy)]
pub(super) struct Party<'a> {
    pub(super) who: Who<'a>,
    pub(super) parent: ProcessKey,
    pub(super) cgroup: &'a [u8],
    pub(super) comm: &'a [u8],
    /// What it did; once parties are netted no excess is below 0.
    pub(super) change: Change,
    /// By how much its excess may be noise, where that was not taken into account.
    slack: f64,
    /// It changed too late to be the cause.
    pub(super) is_late: bool,
}

impl<'a> Party<'a> {
    /// A process that holds so much of something finite, all of which counts.
    pub(super) fn holder(case: &Case<'a>, known: &'a Known, held: f64) -> Self {
        Self {
            who: Who::Live(known),
            parent: case.window.processes.parent(&known.row).unwrap_or_default(),
            cgroup: known.row.cgroup().unwrap_or_default(),
            comm: known.row.comm().unwrap_or_default(),
            change: Change { amount: held, level: held, excess: held, began: None },
            slack: 0.0,
            is_late: false,
        }
    }
}

/// A control group with what it did, in the unit of processes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) row: &'a Cgroup,
    pub(super) change: Change,
}

/// Everybody who did anything, siblings beside each other, and every group.
pub(super) fn gather<'a>(case: &Case<'a>, counter: Counter) -> (Vec<Party<'a>>, Vec<Group<'a>>) {
    let mut scratch = Scratch::default();
    let mut parties = Vec::new();
    live(case, counter.account, &mut scratch, &mut parties);
    if counter.account.is_flow() {
        ended(case, counter.account, &mut scratch, &mut parties);
    } else {
        gave_back(case, counter.account, &mut parties);
    }
    parties.sort_by(|one, other| siblings(one).cmp(&siblings(other)));
    for family in parties.chunk_by_mut(|one, other| siblings(one) == siblings(other)) {
        settle(family, counter.account, &case.interval);
    }
    let groups = groups(case, counter, &mut scratch);
    let unseen: Vec<Party<'_>> =
        groups.iter().filter_map(|group| unseen(case, group, &groups, &parties)).collect();
    parties.extend(unseen);
    (parties, groups)
}

fn siblings<'a>(party: &Party<'a>) -> (ProcessKey, &'a [u8], &'a [u8]) {
    (party.parent, party.cgroup, party.comm)
}

fn live<'a>(
    case: &Case<'a>,
    account: Account,
    scratch: &mut Scratch,
    parties: &mut Vec<Party<'a>>,
) {
    let table = &case.window.processes;
    let Some(at) = table.at() else { return };
    for known in table.iter().filter(|known| belongs(&known.row, case.entity)) {
        let present = if account.is_flow() { known.present(at) } else { known.total() };
        let born = known.started(case.window.host());
        let past = Past {
            ring: table.leaders.ring(account, known.id),
            opened: table.leaders.opened(),
            at,
            present: present.of(account) as f64,
            present_ns: table.present_ns(),
            lately: known.consumption(at).of(account) as f64,
            lately_ns: table.lately_ns(known),
            total: known.total().of(account) as f64,
            born,
            is_new: born.is_some_and(|born| born >= case.interval.begin),
        };
        let change = past.change(account, &case.interval, scratch);
        if !change.is_nothing() {
            parties.push(Party {
                who: Who::Live(known),
                parent: table.parent(&known.row).unwrap_or_default(),
                cgroup: known.row.cgroup().unwrap_or_default(),
                comm: known.row.comm().unwrap_or_default(),
                change,
                slack: 0.0,
                is_late: false,
            });
        }
    }
}

/// What ended processes consumed, held against the median of what those before them did: workers
/// that end and are started again all the time are no change.
fn ended<'a>(
    case: &Case<'a>,
    account: Account,
    scratch: &mut Scratch,
    parties: &mut Vec<Party<'a>>,
) {
    let table = &case.window.processes;
    let Some(at) = table.at() else { return };
    let first = case.interval.first_bucket();
    let closed = (at.0 / BUCKET_NS).saturating_sub(first);
    let buckets = closed as f64 + table.present_ns() as f64 / BUCKET_NS as f64;
    for bundle in table.ended.iter() {
        let cgroup = group_of(case.window, bundle);
        if !is_in(cgroup, case.entity) {
            continue;
        }
        let amount: f64 = bundle.amounts(account, first, u64::MAX).map(|(_, amount)| amount).sum();
        let normal = usual(case, bundle, account, scratch).filter(|_| !case.interval.counts_all());
        let per_bucket = normal.map_or(0.0, |normal| normal.per_bucket);
        let excess = amount - per_bucket * buckets;
        let mut above = bundle.amounts(account, first, u64::MAX);
        let began = above.find(|(_, amount)| *amount > per_bucket);
        let began = began.map(|(bucket, _)| Began::within(bucket, at));
        let change = Change { amount, level: 0.0, excess, began };
        if !change.is_nothing() {
            parties.push(Party {
                who: Who::Ended(bundle),
                parent: bundle.parent,
                cgroup,
                comm: &bundle.comm,
                change,
                slack: normal.map_or(0.0, |normal| normal.slack(buckets)),
                is_late: false,
            });
        }
    }
}

/// What processes held that ended since: of what their siblings hold more, so much took its place.
fn gave_back<'a>(case: &Case<'a>, account: Account, parties: &mut Vec<Party<'a>>) {
    let first = case.interval.first_bucket();
    for bundle in case.window.processes.ended.iter() {
        let cgroup = group_of(case.window, bundle);
        let held: f64 = bundle.amounts(account, first, u64::MAX).map(|(_, held)| held).sum();
        if held > 0.0 && is_in(cgroup, case.entity) {
            parties.push(Party {
                who: Who::Ended(bundle),
                parent: bundle.parent,
                cgroup,
                comm: &bundle.comm,
                change: Change { amount: 0.0, level: 0.0, excess: -held, began: None },
                slack: 0.0,
                is_late: false,
            });
        }
    }
}

/// The control group of a bundle; empty where it is gone and was known by its inode only.
fn group_of<'a>(window: &'a Window, bundle: &'a Bundle) -> &'a [u8] {
    if bundle.cgroup_inode == 0 {
        return &bundle.cgroup;
    }
    let mut rows = window.cgroups.entities().map(|(_, row, _)| row);
    let row = rows.find(|row| row.inode() == Some(bundle.cgroup_inode));
    row.and_then(Cgroup::path).unwrap_or_default()
}

/// What ended processes of a bundle usually consumed; `None` where there were none before.
fn usual(
    case: &Case<'_>,
    bundle: &Bundle,
    account: Account,
    scratch: &mut Scratch,
) -> Option<Normal> {
    let begin = bundle.first()?;
    let (first, onset) = (case.interval.first_bucket(), case.interval.onset_bucket());
    // What ended soon after the recording began was there before it, so its past may be short.
    let opened = case.window.processes.leaders.opened()?;
    let end = if first >= begin + HISTORY_MIN {
        first
    } else if begin <= opened + 1 && onset >= begin + SHORT_MIN {
        onset
    } else {
        return None;
    };
    // No more of the past is kept; times that lie centuries apart are no more of it.
    let begin = begin.max(end.saturating_sub(RING_BUCKETS as u64));
    let values = &mut scratch.values;
    values.clear();
    values.resize(usize::try_from(end - begin).ok()?, 0.0);
    for (bucket, amount) in bundle.amounts(account, begin, end) {
        if let Some(value) = usize::try_from(bucket - begin).ok().and_then(|at| values.get_mut(at))
        {
            *value = amount;
        }
    }
    Normal::of(values, &mut scratch.order)
}

/// Nets what siblings did: work that went from one worker of a pool to another is no change of the
/// pool, and neither are workers that start as others end. They began when the first of them did.
fn settle(family: &mut [Party<'_>], account: Account, interval: &Interval) {
    let sum = |of: fn(&Party<'_>) -> f64| -> f64 { family.iter().map(of).sum() };
    let net = sum(|party| party.change.excess);
    let risen = sum(|party| party.change.excess.max(0.0));
    let steady = if account.is_flow() { sum(|party| party.change.amount) } else { 0.0 };
    let is_change = net > sum(|party| party.slack).max(STEADY_SHARE * steady);
    let factor = if is_change && risen > 0.0 { (net / risen).min(1.0) } else { 0.0 };
    let mut grew = family.iter().filter(|party| party.change.excess > 0.0);
    let late = |party: &Party<'_>| party.change.began.is_some_and(|at| interval.is_late(&at));
    let is_late = grew.all(late);
    for party in family {
        party.change.excess = party.change.excess.max(0.0) * factor;
        party.is_late = is_late;
    }
}

fn groups<'a>(case: &Case<'a>, counter: Counter, scratch: &mut Scratch) -> Vec<Group<'a>> {
    let account = counter.account;
    let table = &case.window.cgroups;
    let past = &case.window.group_leaders;
    let (Some(at), Some(factor)) = (table.at(), counter.group_factor(case.window.host())) else {
        return Vec::new();
    };
    let given = |row: &Cgroup| {
        GroupConsumption::is_given(row, account)
            && row.path().is_some_and(|path| path != b"/" && is_in(path, case.entity))
    };
    let rows = table.entities().filter(|(_, row, _)| given(row));
    let groups = rows.map(|(id, row, track)| {
        let since = track.since().unwrap_or(at);
        let total = track.total(row).of(account) as f64;
        let flow = track.present(row).of(account) as f64;
        let group = Past {
            ring: past.leaders.ring(account, id),
            opened: past.leaders.opened(),
            at,
            present: if account.is_flow() { flow } else { total },
            present_ns: past.present_ns(at),
            lately: track.consumption(row).of(account) as f64,
            lately_ns: past.lately_ns(at, track),
            total,
            born: Some(since),
            is_new: past.is_late(track) && since >= case.interval.begin,
        };
        Group { row, change: group.change(account, &case.interval, scratch).times(factor) }
    });
    groups.collect()
}

/// What a group did beyond the groups and the processes in it: its counters know processes that
/// lived between two readings, and memory that is no process's own. A group in which no process is
/// known is of another hierarchy than the table of processes names, unless processes are hidden.
fn unseen<'a>(
    case: &Case<'a>,
    group: &Group<'a>,
    groups: &[Group<'a>],
    parties: &[Party<'a>],
) -> Option<Party<'a>> {
    let path = group.row.path()?;
    let whole = group.change.excess;
    if whole <= 0.0 {
        return None;
    }
    let inner = groups.iter().filter(|inner| is_child(inner.row, Some(group.row)));
    let inner: f64 = inner.map(|inner| inner.change.excess.max(0.0)).sum();
    let direct = parties.iter().filter(|party| party.cgroup == path);
    let direct: f64 = direct.map(|party| party.change.excess).sum();
    let excess = whole - inner - direct;
    let entity = Entity::Cgroup(GroupEntity::at(path));
    let table = &case.window.processes;
    if excess < UNSEEN_SHARE * whole
        || !case.window.hides_processes
            && !table.iter().any(|known| belongs(&known.row, &entity))
            && !table.ended.iter().any(|bundle| is_in(group_of(case.window, bundle), &entity))
    {
        return None;
    }
    let change = Change { amount: excess, excess, ..group.change };
    let is_late = change.began.is_some_and(|began| case.interval.is_late(&began));
    let parent = ProcessKey::default();
    let slack = 0.0;
    Some(Party { who: Who::Unseen, parent, cgroup: path, comm: b"", change, slack, is_late })
}
