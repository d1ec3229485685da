//! `tcp_exhaustion`: a finite resource of TCP is used up.
//!
//! # What it sees
//! Of each network namespace: accept and SYN queues, local ports towards one destination, sockets
//! in TIME_WAIT, tracked connections. Of the host: file handles, orphans, memory of TCP.
//! # Why it matters
//! The next connection is refused, or waits until it times out.
//! # Evidence
//! Used shares of each resource with a limit; queues that overflowed, and how often a second;
//! connections that were not tracked, and those ended or pressed for want of memory.
//! # False positives
//! Many sockets in TIME_WAIT on a client or proxy are normal and cheap: they are low at most, and
//! never name the form where something else is worse; local ports that most of them hold are free
//! within a minute, and medium at most while they do not grow in number. Sockets in CLOSE_WAIT are
//! closed in time by most programs: only growth that goes on is told, and low. One refusal among
//! many requests is sent again by whoever asked, as is a request that has no way back
//! (`ListenDrops` counts it); two packets of a flow that race at two CPUs drop one
//! (`insert_failed`): they are low. A flood of requests that is answered with cookies refuses
//! nobody, and is medium at most. A table of connections that stays three quarters full, as with a
//! long timeout, is low as well. Orphans that the kernel ends count in `TCPAbortOnMemory`, though
//! memory is not short: low.
//! # Second source
//! What is refused or dropped at a full queue is harm itself, counted by the kernel where it
//! happens. It is medium where it comes back or is a thousandth of those that asked, or where
//! nobody is accepted at all, and wants a rate to be high. A used share is a count against a limit
//! that is read apart. While it stands it is low and from nine tenths on medium: what is left is
//! enough for whoever uses it. That it is used up soon at its pace, or that requests are refused,
//! is the second source that makes it critical; ports that sockets hold need none, since each
//! connect looks for the last ones. Two shares are low at most by themselves: an accept queue that
//! did not overflow took every connection, and a short one is full with a few that come together;
//! and sockets in TIME_WAIT beyond their limit are closed early, which refuses nobody anything
//! (kernel documentation, `tcp_max_tw_buckets`). Where nobody counts overflows the share of a queue
//! is believed. Memory of TCP is one for all namespaces, and judged once, at the host.

mod host;
mod refusals;
mod shares;

use alloc::vec::Vec;

use crate::board::{Board, Cover, Evaluation};
use crate::culprit::{Blamed, Case};
use crate::window::{LONGEST_NS, Missing, SocketUse, Tcp, TcpTrack, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Limits, Netns};
use ks_vocabulary::output::Culprit;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::{Classifier, is_absent};
use shares::{USED, USED_ALONE, accept_queue_used, ports_used, share, time_wait_used};

const KIND: Kind = Kind::TcpExhaustion;

/// See the module.
#[derive(Debug)]
pub(super) struct TcpExhaustion;

/// Growth of sockets in CLOSE_WAIT within ten minutes, at low (our judgement: a thousand
/// descriptors, the soft limit of a process, are gone within two hours).
const CLOSE_WAIT_GROWTH: u64 = 100;
const CLOSE_WAIT_LIMITS: [Option<f64>; 4] = [Some(CLOSE_WAIT_GROWTH as f64), None, None, None];
const EVENT_CLEAR_S: u64 = 120;

impl Classifier for TcpExhaustion {
    fn kind(&self) -> Kind {
        KIND
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        let Some(at) = window.netns.at().filter(|_| window.netns.is_fresh()) else {
            return board.cover(KIND, Cover::Missing(Missing::Source(window.netns.source())));
        };
        let limits = window.limits.one().ok();
        if limits.is_none() {
            board.cover(KIND, Cover::Part("ports, TIME_WAIT, orphans, memory: no limits"));
        }
        for (id, row, track) in window.netns.entities() {
            let sockets = window.sockets.of(row);
            if sockets.is_none() {
                board.cover(KIND, Cover::Part("ports and accept queues: sockets were not listed"));
            }
            let mut seen = judge_namespace(row, track, sockets, limits);
            grade_close_wait(&mut seen, window, row);
            if row.listen_overflows().is_none() {
                board.cover(KIND, Cover::Part("accept queues: no net/netstat"));
            } else if row.req_q_full_drop().is_none() && row.listen_drops().is_none() {
                board.cover(KIND, Cover::Part("SYN queues: not in net/netstat"));
            }
            board.judge(KIND, id, at, &mut seen, || Entity::Netns(row.netns().unwrap_or(0)));
        }
        host::judge(window, limits, board);
    }

    /// Who listens where the accept queue is full, who uses the ports, who opens files. Of sockets
    /// in TIME_WAIT, tracked connections and SYN queues nobody is the owner.
    fn blame(&self, case: &Case<'_>) -> Blamed {
        let culprits = if let Entity::Netns(inode) = case.entity {
            blame_in(case, *inode)
        } else {
            host::blame(case)
        };
        Blamed { culprits, ..Blamed::default() }
    }
}

/// The owners of what namespace `inode` is short of.
fn blame_in(case: &Case<'_>, inode: u64) -> Vec<Culprit> {
    let window = case.window;
    let mut known = window.netns.entities();
    let Some((_, row, track)) = known.find(|(_, row, _)| row.netns() == Some(inode)) else {
        return Vec::new();
    };
    let (sockets, limits) = (window.sockets.of(row), window.limits.one().ok());
    let mut seen = judge_namespace(row, track, sockets, limits);
    grade_close_wait(&mut seen, window, row);
    let overflowed = overflowed(track) == Some(true);
    // What stands without a cause in this reading is an overflow that was, or a share that fell.
    let form =
        if seen.mask() == 0 && overflowed { Some(Subtype::AcceptQueue) } else { seen.subtype };
    match form {
        Some(Subtype::AcceptQueue) => case.by_accept_queues(inode),
        Some(Subtype::Ports) => {
            case.by_local_ports(inode, sockets.and_then(|of| of.local_ports).unwrap_or(0))
        }
        Some(Subtype::CloseWait) => {
            let count = window.close_waits.growth(row).map_or(0, |(_, count)| count);
            case.by_close_wait_in(inode, count)
        }
        _ => Vec::new(),
    }
}

/// Sockets that a program leaves in CLOSE_WAIT grow in number and never fall.
fn grade_close_wait(seen: &mut Evaluation, window: &Window, row: &Netns) {
    let Some((grown, _)) = window.close_waits.growth(row) else { return };
    if seen.mask() == 0 && grown >= CLOSE_WAIT_GROWTH {
        seen.subtype = Some(Subtype::CloseWait);
    }
    seen.note_with(Metric::CloseWaitGrowth, grown as f64, CLOSE_WAIT_LIMITS);
    seen.counts(Severity::Low, grown >= CLOSE_WAIT_GROWTH);
}

fn judge_namespace(
    row: &Netns,
    track: &TcpTrack,
    sockets: Option<SocketUse>,
    limits: Option<&Limits>,
) -> Evaluation {
    let mut seen = Evaluation::default();
    seen.know([true; 4]);
    let queues = if overflowed(track) == Some(false) { USED_ALONE } else { USED };
    let tracked = share(row.conntrack(), row.conntrack_max());
    let ends = row.conntrack_max().and_then(|max| track.tracked.full_in_ns(max));
    let tracking = shares::limits(ends, refusals::tracking_fails(track));
    let ports = shares::port_limits((row, track), sockets, limits);
    let resources = [
        (Subtype::Ports, Metric::PortsUsedShare, ports_used(sockets, limits), ports),
        (Subtype::TimeWait, Metric::TimeWaitShare, time_wait_used(row, limits), USED_ALONE),
        (Subtype::Conntrack, Metric::ConntrackShare, tracked, tracking),
        (Subtype::AcceptQueue, Metric::AcceptQueueShare, accept_queue_used(sockets), queues),
    ];
    shares::grade(&mut seen, &resources);
    refusals::grade(&mut seen, track);
    seen
}

/// Whether an accept queue overflowed lately; `None` where nobody tells.
fn overflowed(track: &TcpTrack) -> Option<bool> {
    let mut spans = [LONGEST_NS, 10 * SECOND_NS, 1].into_iter();
    let longest = spans.find_map(|ns| track.over(Tcp::ListenOverflow, ns).ok())?;
    Some(longest.by > 0)
}

#[cfg(test)]
mod tests;
