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
//! never name the form where something else is worse. Sockets in CLOSE_WAIT are closed in time by
//! most programs: only growth that goes on is told, and low. A flood of requests that is answered
//! with cookies ends at medium, and one overflow at a restart clears after two minutes.
//! # Second source
//! What is refused or dropped at a full queue is harm itself, counted by the kernel where it
//! happens, and wants a rate to be high. A used share is a count against a limit that is read
//! apart: the next request fails, whether or not somebody waits. Two shares are low at most by
//! themselves: an accept queue that did not overflow took every connection, and a short one is full
//! with a few that come together; and sockets in TIME_WAIT beyond their limit are closed early,
//! which refuses nobody anything (kernel documentation, `tcp_max_tw_buckets`). Where nobody counts
//! overflows the share of a queue is believed.

mod host;
mod refusals;

use alloc::vec::Vec;

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case};
use crate::window::{Growth, LONGEST_NS, Missing, SocketUse, Tcp, TcpTrack, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Limits, Netns};
use ks_vocabulary::output::Culprit;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::{Classifier, is_absent};

const KIND: Kind = Kind::TcpExhaustion;

/// See the module.
#[derive(Debug)]
pub(super) struct TcpExhaustion;

/// Used share of any resource: medium is the USE method's, the others are our judgement.
const USED: [Option<f64>; 4] = [Some(0.5), Some(0.7), Some(0.85), Some(0.95)];
/// The same of what is no harm by itself.
const USED_ALONE: [Option<f64>; 4] = [USED[0], None, None, None];
/// Growth of sockets in CLOSE_WAIT within ten minutes, at low (our judgement: a thousand
/// descriptors, the soft limit of a process, are gone within two hours).
const CLOSE_WAIT_GROWTH: u64 = 100;
const CLOSE_WAIT_LIMITS: [Option<f64>; 4] = [Some(CLOSE_WAIT_GROWTH as f64), None, None, None];
/// Overflows of accept queues a second at high and critical (our judgement); one is medium
/// (pmieconf `tcplistenoverflows`, `tcpqfulldrops`).
const OVERFLOWS: [f64; 2] = [10.0, 100.0];
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
    let resources = [
        (Subtype::Ports, Metric::PortsUsedShare, ports_used(sockets, limits), USED),
        (Subtype::TimeWait, Metric::TimeWaitShare, time_wait_used(row, limits), USED_ALONE),
        (Subtype::Conntrack, Metric::ConntrackShare, tracked, USED),
        (Subtype::AcceptQueue, Metric::AcceptQueueShare, accept_queue_used(sockets), queues),
    ];
    grade_shares(&mut seen, &resources);
    grade_queues(&mut seen, track);
    refusals::grade(&mut seen, track);
    seen
}

/// Whether an accept queue overflowed lately; `None` where nobody tells.
fn overflowed(track: &TcpTrack) -> Option<bool> {
    let mut spans = [LONGEST_NS, 10 * SECOND_NS, 1].into_iter();
    let longest = spans.find_map(|ns| track.over(Tcp::ListenOverflow, ns).ok())?;
    Some(longest.by > 0)
}

/// A resource that can be used up: its form, its name, its used share, limits of that.
type Resource = (Subtype, Metric, Option<f64>, [Option<f64>; 4]);

/// Grades each share that is known; the one that reaches the highest severity names the subtype,
/// and of those the fullest.
fn grade_shares(seen: &mut Evaluation, resources: &[Resource]) {
    let mut worst = (0, 0.0);
    for (subtype, metric, value, limits) in resources {
        let Some(value) = *value else { continue };
        let quantity = Quantity { metric: *metric, value, limits: *limits };
        seen.grade(quantity, Held::Counts, Relax::Share);
        let reached = limits.iter().flatten().filter(|limit| value >= **limit).count();
        if (reached, value) > worst {
            worst = (reached, value);
            seen.subtype = Some(*subtype);
        }
    }
}

fn share(used: Option<u64>, limit: Option<u64>) -> Option<f64> {
    Some(used? as f64 / limit.filter(|limit| *limit > 0)? as f64)
}

/// Local ports in use towards the destination that has most of them.
fn ports_used(sockets: Option<SocketUse>, limits: Option<&Limits>) -> Option<f64> {
    let (first, last) = (limits?.local_port_first()?, limits?.local_port_last()?);
    share(sockets?.local_ports, Some(last.checked_sub(first)?.saturating_add(1)))
}

fn time_wait_used(row: &Netns, limits: Option<&Limits>) -> Option<f64> {
    share(row.tcp_tw(), limits?.tcp_max_tw_buckets())
}

/// The fullest accept queue.
fn accept_queue_used(sockets: Option<SocketUse>) -> Option<f64> {
    let (queue, room) = sockets?.accept_queue?;
    share(Some(queue), Some(room))
}

/// How often accept queues overflowed, and which queues did since the last reading. They name the
/// form unless a resource is as full as that is bad.
fn grade_queues(seen: &mut Evaluation, track: &TcpTrack) {
    let mut worst = seen.mask();
    let rates = [
        (Severity::High, 10, OVERFLOWS[0], Metric::Overflows10s),
        (Severity::Critical, 30, OVERFLOWS[1], Metric::Overflows30s),
    ];
    for (severity, window_s, limit, metric) in rates {
        let Ok(growth) = track.over(Tcp::ListenOverflow, window_s * SECOND_NS) else { continue };
        let rate = growth.per_second();
        seen.met(severity, rate >= limit);
        if rate > 0.0 {
            let mut limits = [None; 4];
            limits[severity.index()] = Some(limit);
            seen.note_with(metric, rate, limits);
        }
        if seen.mask() > worst {
            worst = seen.mask();
            seen.subtype = Some(Subtype::AcceptQueue);
        }
    }
    // What is not given, or has yet to be read twice, counts nothing, and is no evidence.
    let counted = |what| track.over(what, 1).ok().map(|growth: Growth| growth.by);
    let grown = |what| counted(what).unwrap_or(0);
    // A SYN that meets the end of `tcp_max_syn_backlog` without cookies is told in `ListenDrops`
    // alone, which counts what accept queues refused as well (`tcp_conn_request`).
    let other_drops = counted(Tcp::ListenDrop).zip(counted(Tcp::ListenOverflow));
    let other_drops = other_drops.map_or(0, |(drops, full)| drops.saturating_sub(full));
    let events = [
        (Subtype::AcceptQueue, Metric::AcceptQueueOverflows, grown(Tcp::ListenOverflow)),
        (Subtype::SynQueue, Metric::SynQueueDrops, grown(Tcp::SynQueueDrop).max(other_drops)),
        (Subtype::SynCookies, Metric::SynQueueCookies, grown(Tcp::SynCookies)),
    ];
    for (subtype, metric, count) in events {
        if count > 0 {
            seen.note_with(metric, count as f64, [None, Some(1.0), None, None]);
            seen.event(Severity::Medium, true, EVENT_CLEAR_S);
        }
        if seen.mask() > worst {
            worst = seen.mask();
            seen.subtype = Some(subtype);
        }
    }
}

#[cfg(test)]
mod tests;
