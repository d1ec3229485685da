//! The sets that can be to blame, and which of them a party is in.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::window::{Known, ProcessKey};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::{belongs, is_below};
use ks_vocabulary::model::Process;

use super::parties::{Case, Party, Who};

/// Generations of a fork tree that are looked at.
const GENERATIONS: usize = 64;
/// The slices by which systemd divides the host: everything is in one of them, so none is a
/// candidate, as the tree of the first process is none (our judgement).
const HALVES: [&[u8]; 3] = [b"/machine.slice", b"/system.slice", b"/user.slice"];

/// A candidate. Of several that hold the same the first in this order is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Set<'a> {
    /// One process, alive or ended.
    Process(ProcessKey),
    /// A control group, by its path, with those in it.
    Cgroup(&'a [u8]),
    /// A process with all that descend from it.
    ForkTree(ProcessKey),
    /// All processes of a name.
    Executable(&'a [u8]),
}

impl Set<'_> {
    /// Of sets with the same members a sort that is named before others, then the one that is
    /// nested deepest: of groups that with the longest path.
    pub(super) fn rank(&self) -> (u8, Reverse<usize>) {
        match self {
            Self::Process(_) => (0, Reverse(0)),
            Self::Cgroup(path) => (1, Reverse(path.len())),
            Self::ForkTree(_) => (2, Reverse(0)),
            Self::Executable(_) => (3, Reverse(0)),
        }
    }
}

/// The sets that a party is in.
pub(super) fn sets_of<'a>(case: &Case<'a>, party: &Party<'a>) -> Vec<Set<'a>> {
    match party.who {
        Who::Live(known) => sets_of_live(case, known),
        Who::Ended(bundle) => {
            let is_one = bundle.count == 1 && bundle.process != ProcessKey::default();
            let own = is_one.then_some(Set::Process(bundle.process));
            let parent = case.window.processes.find(bundle.parent);
            own.into_iter().chain(sets_around(case, party.cgroup, parent, party.comm)).collect()
        }
        Who::Unseen => sets_around(case, party.cgroup, None, party.comm),
    }
}

/// The sets that a process is in.
pub(super) fn sets_of_live<'a>(case: &Case<'a>, known: &'a Known) -> Vec<Set<'a>> {
    let (cgroup, comm) = (known.row.cgroup(), known.row.comm());
    let around =
        sets_around(case, cgroup.unwrap_or_default(), Some(known), comm.unwrap_or_default());
    [Set::Process(known.key())].into_iter().chain(around).collect()
}

/// The groups around one in `cgroup`, the trees of `root` and of those above it, and all of a name.
fn sets_around<'a>(
    case: &Case<'a>,
    cgroup: &'a [u8],
    root: Option<&'a Known>,
    comm: &'a [u8],
) -> Vec<Set<'a>> {
    let table = &case.window.processes;
    let groups = prefixes(cgroup).filter(|path| is_candidate(path, case.entity));
    let mut sets: Vec<Set<'a>> = groups.map(Set::Cgroup).collect();
    let above = core::iter::successors(root, |known| table.find(table.parent(&known.row)?));
    let above = above.take(GENERATIONS).filter(|known| is_root(&known.row, case.entity));
    for known in above {
        let tree = Set::ForkTree(known.key());
        if !sets.contains(&tree) {
            sets.push(tree);
        }
    }
    if !comm.is_empty() {
        sets.push(Set::Executable(comm));
    }
    sets
}

/// A path and those of all groups around it.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = (1..path.len()).filter(move |at| path[*at] == b'/').chain([path.len()]);
    ends.filter(|end| *end > 1).map(move |end| &path[..end])
}

/// Whether a control group is a part of the entity, and not all of it.
fn is_candidate(path: &[u8], entity: &Entity) -> bool {
    if let Entity::Cgroup(own) = entity {
        is_below(path, &own.path)
    } else {
        !HALVES.contains(&path)
    }
}

/// Whether a process can be the root of a fork tree: everything descends from the first one, and
/// all threads of the kernel from another.
fn is_root(row: &Process, entity: &Entity) -> bool {
    row.pid() != Some(1) && row.comm() != Some(b"kthreadd") && belongs(row, entity)
}
