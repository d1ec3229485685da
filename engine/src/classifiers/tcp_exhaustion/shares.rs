//! Used shares of what TCP has a limited number of, and what is known beside them.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::classifiers::soon::is_soon;
use crate::window::{SocketUse, TcpTrack};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Limits, Netns};
use ks_vocabulary::subtype::Subtype;

/// Used share of a resource that is used up soon at its pace, or of which requests were refused:
/// medium is the USE method's, the others are our judgement.
pub(super) const USED: [Option<f64>; 4] = [Some(0.5), Some(0.7), Some(0.85), Some(0.95)];
/// The same of what stays as it is and refuses nobody (our judgement: what is left is enough for
/// whoever uses it, until a tenth is a burst).
const STEADY: [Option<f64>; 4] = [USED[0], Some(0.9), USED[3], None];
/// The same of local ports, whose last part is searched for at each connect: near the end it takes
/// long, and fails, before all are used (`__inet_hash_connect`).
const PORTS: [Option<f64>; 4] = [USED[0], Some(0.9), None, USED[3]];
/// The same of what is no harm by itself.
pub(super) const USED_ALONE: [Option<f64>; 4] = [USED[0], None, None, None];
/// Ports are mostly of sockets in TIME_WAIT where fewer of them than this part can have another
/// (our judgement: as whose ports are asked for).
const HELD_PART: f64 = 0.5;

/// A resource that can be used up: its form, its name, its used share, limits of that.
pub(super) type Resource = (Subtype, Metric, Option<f64>, [Option<f64>; 4]);

/// Grades each share that is known; the one that reaches the highest severity names the subtype,
/// and of those the fullest.
pub(super) fn grade(seen: &mut Evaluation, resources: &[Resource]) {
    let mut worst = (0, 0.0);
    for (subtype, metric, value, limits) in resources {
        let Some(value) = *value else { continue };
        let quantity = Quantity { metric: *metric, value, limits: *limits };
        seen.grade(quantity, Held::Counts, Relax::Share);
        let reached = limits.iter().rposition(|limit| limit.is_some_and(|limit| value >= limit));
        let reached = reached.map_or(0, |level| level + 1);
        if (reached, value) > worst {
            worst = (reached, value);
            seen.subtype = Some(*subtype);
        }
    }
}

pub(super) fn share(used: Option<u64>, limit: Option<u64>) -> Option<f64> {
    Some(used? as f64 / limit.filter(|limit| *limit > 0)? as f64)
}

/// Limits of a share where it is full in so long, and where requests were refused or not: harm
/// above high wants a second source.
pub(super) fn limits(full_in_ns: Option<u64>, is_refused: bool) -> [Option<f64>; 4] {
    if is_soon(full_in_ns) || is_refused { USED } else { STEADY }
}

/// Limits of the share of local ports, of which so many are in use. Sockets in TIME_WAIT end by
/// themselves within a minute, and a connect may take their ports before (`tcp_tw_reuse`): they are
/// as good as used where they have grown in number lately.
pub(super) fn port_limits(
    (row, track): (&Netns, &TcpTrack),
    ports: Option<SocketUse>,
    limits: Option<&Limits>,
) -> [Option<f64>; 4] {
    // All sockets that are not in TIME_WAIT; every namespace has those of IPv4.
    let held = row.tcp_inuse().map(|held| held.saturating_add(row.tcp6_inuse().unwrap_or(0)));
    let used = ports.and_then(|of| of.local_ports);
    let is_held = held.zip(used).is_none_or(|(held, used)| held as f64 >= HELD_PART * used as f64);
    let ends_ns = ports_of(limits).and_then(|ports| track.time_wait.full_in_ns(ports));
    match () {
        () if is_held => PORTS,
        () if is_soon(ends_ns) => USED,
        () => [PORTS[0], PORTS[1], None, None],
    }
}

/// Local ports in use towards the destination that has most of them.
pub(super) fn ports_used(sockets: Option<SocketUse>, limits: Option<&Limits>) -> Option<f64> {
    share(sockets?.local_ports, ports_of(limits))
}

/// How many local ports there are.
fn ports_of(limits: Option<&Limits>) -> Option<u64> {
    let (first, last) = (limits?.local_port_first()?, limits?.local_port_last()?);
    Some(last.checked_sub(first)?.saturating_add(1))
}

pub(super) fn time_wait_used(row: &Netns, limits: Option<&Limits>) -> Option<f64> {
    share(row.tcp_tw(), limits?.tcp_max_tw_buckets())
}

/// The fullest accept queue.
pub(super) fn accept_queue_used(sockets: Option<SocketUse>) -> Option<f64> {
    let (queue, room) = sockets?.accept_queue?;
    share(Some(queue), Some(room))
}
