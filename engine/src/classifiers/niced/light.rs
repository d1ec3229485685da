//! Control groups that give way to others: by their weight, or since all in them is batch work.
//!
//! One of the least weight does whatever holds beside it. One that has far less than most of those
//! beside it does as long as none of these waits: where one does, weights kept nobody from harm.

use alloc::vec::Vec;

use crate::classifiers::alone::{Alone, waits};
use crate::window::Window;
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::model::Cgroup;

use super::is_all;

/// The least weight that a group can be given; below it is the idle policy (kernel documentation,
/// `cpu.weight` and `cpu.idle`).
const LEAST_WEIGHT: u64 = 1;
/// So many times the weight of a group those beside it have where it gives way (our judgement: of
/// five CPUs it is left one).
const TIMES: u64 = 4;

/// Where a group lies, its weight, and whether it waits.
type Weighed<'a> = (&'a [u8], u64, bool);

/// Finds them.
pub(super) fn of(window: &Window) -> Alone<'_> {
    let rows = window.cgroups.entities();
    let weighed = rows.filter_map(|(_, row, track)| weighed(row, waits(track)));
    let mut weighed: Vec<Weighed<'_>> = weighed.collect();
    weighed.sort_unstable();
    Alone::of(window, |row, track| {
        if row.cpu_weight().is_some_and(|weight| weight <= LEAST_WEIGHT) {
            return true;
        }
        let outweighed = || row.cpu_weight().is_some_and(|weight| gives_way(row, weight, &weighed));
        waits(track) && (outweighed() || is_all(window, &cgroup_entity(row)))
    })
}

fn weighed(row: &Cgroup, waits: bool) -> Option<Weighed<'_>> {
    Some((parent(row.path()?)?, row.cpu_weight()?, waits))
}

/// Whether most of those beside a group outweigh it, and none of these waits.
fn gives_way(row: &Cgroup, weight: u64, weighed: &[Weighed<'_>]) -> bool {
    let Some(parent) = row.path().and_then(parent) else { return false };
    let place = |weight: u64| weighed.partition_point(|one| (one.0, one.1) < (parent, weight));
    let end = weighed.partition_point(|one| one.0 <= parent);
    let all = end - place(0) - 1;
    let heavy = &weighed[place(weight.saturating_mul(TIMES))..end];
    heavy.len() * 2 > all && heavy.iter().all(|(.., waits)| !waits)
}

/// The path of the group around one; the root has none.
fn parent(path: &[u8]) -> Option<&[u8]> {
    let at = path.iter().rposition(|byte| *byte == b'/')?;
    (path.len() > 1).then(|| &path[..at])
}
