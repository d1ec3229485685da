//! What an entity as a whole did: the shares of culprits are parts of it.
//!
//! Processes that are known are not all there is: the kernel works and holds memory too, and so do
//! processes that no reading saw. Where all parties together did more, as counters that are not
//! read at one instant can say, that is the whole.

use crate::window::Account;
use ks_vocabulary::kind::Entity;

use super::counter::Counter;
use super::parties::{Case, Group};
use super::past::{Change, Past};
use super::scratch::Scratch;

/// Growth of less than this part of all that is held fills nothing (our judgement).
const LEAST_GROWTH: f64 = 0.01;

/// What the entity did, in the unit of processes; nothing where no counter of it says.
pub(super) fn of(case: &Case<'_>, counter: Counter, groups: &[Group<'_>]) -> Change {
    let mut whole = if let Entity::Cgroup(own) = case.entity {
        let mut rows = groups.iter();
        let is_own = |group: &&Group<'_>| {
            group.row.path() == Some(&own.path) && group.row.hierarchy() == Some(&own.hierarchy)
        };
        rows.find(is_own).map(|group| group.change).unwrap_or_default()
    } else {
        of_host(case, counter.account)
    };
    if !counter.account.is_flow() {
        whole.excess = whole.excess.max(LEAST_GROWTH * whole.level);
    }
    whole
}

fn of_host(case: &Case<'_>, account: Account) -> Change {
    let Some(known) = case.window.host_past.of(account) else { return Change::default() };
    let past = Past {
        ring: Some(known.ring),
        opened: Some(known.ring.first()),
        at: case.window.host_past.at(),
        present: known.present as f64,
        present_ns: known.present_ns,
        lately: 0.0,
        lately_ns: 0,
        total: 0.0,
        born: None,
        is_new: false,
    };
    past.change(account, &case.interval, &mut Scratch::default())
}
