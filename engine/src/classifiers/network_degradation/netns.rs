//! Network namespaces: segments sent again, unanswered or dropped at their socket, lost datagrams.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::window::{Missing, Tcp, TcpTrack, Window};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::{SECOND_NS, seconds};

use super::{DROPS, KIND, PACKET_FLOOR, Ratio, grade_ratio, lost_share};

/// Share of segments sent again (our judgement).
pub(super) const RETRANSMITS: [f64; 4] = [0.01, 0.03, 0.10, 0.25];
/// Names of that share in the evidence, one for each window.
const RETRANSMIT_METRICS: [Metric; 3] =
    [Metric::RetransmitRatio5s, Metric::RetransmitRatio10s, Metric::RetransmitRatio30s];
/// With fewer segments in its window a share says nothing (our judgement).
const SEGMENT_FLOOR: u64 = 200;
/// Over which time what is low or medium at most is a share.
const SHARE_NS: u64 = 5 * SECOND_NS;
/// Seconds in which segments are sent again and none came, at medium (our judgement: the
/// persistence of high, in which a connection makes five tries).
const UNANSWERED_S: f64 = 10.0;

pub(super) fn judge(window: &Window, board: &mut Board) {
    let missing = Cover::Missing(Missing::Source(window.netns.source()));
    let Some(at) = window.netns.at().filter(|_| window.netns.is_fresh()) else {
        return board.cover(KIND, missing);
    };
    for (id, row, track) in window.netns.entities() {
        if row.tcp_out_segs().is_none() || row.tcp_retrans_segs().is_none() {
            let part = Cover::Part("retransmits of a network namespace: no net/snmp");
            board.cover(KIND, if row.own() == Some(false) { part } else { missing });
            continue;
        }
        let mut seen = Evaluation::of(Subtype::Retransmits);
        grade_ratio(&mut seen, RETRANSMITS, |at, ns| {
            Some(Ratio::of(RETRANSMIT_METRICS[at], retransmit_ratio(track, ns)?))
        });
        grade_asking(&mut seen, track);
        grade_silence(&mut seen, track);
        grade_drops(&mut seen, Metric::QueueDropRatio5s, queue_drop_ratio(track));
        grade_drops(&mut seen, Metric::UdpErrorRatio5s, datagram_loss(track));
        board.judge(KIND, id, at, &mut seen, || Entity::Netns(row.netns().unwrap_or(0)));
    }
}

/// Share of the segments of connections that was sent again.
pub(super) fn retransmit_ratio(track: &TcpTrack, ns: u64) -> Option<f64> {
    let sent = track.over(Tcp::Sent, ns).ok()?;
    let again = track.sent_again(ns).ok()?;
    // The kernel leaves what it sends again out of what it sent.
    lost_share(again.by, sent.by, SEGMENT_FLOOR, sent.ns)
}

/// Requests for a connection that are sent again: whom they ask may be off, which is no loss.
fn grade_asking(seen: &mut Evaluation, track: &TcpTrack) {
    let asked = track.asked_again(SHARE_NS).ok();
    let Some(asked) = asked else { return };
    if asked.by == 0 {
        return seen.none_of(Metric::SynRetransmitRatio5s);
    }
    let Ok(sent) = track.over(Tcp::Sent, SHARE_NS) else { return };
    let Some(value) = lost_share(asked.by, sent.by, SEGMENT_FLOOR, sent.ns) else { return };
    let limits = [Some(RETRANSMITS[0]), None, None, None];
    let metric = Metric::SynRetransmitRatio5s;
    seen.grade(Quantity { metric, value, limits }, Held::Met, Relax::Scaled);
}

/// Nothing comes back: that is loss without a floor. Whether it is the path or its other end is not
/// known: medium at most.
fn grade_silence(seen: &mut Evaluation, track: &TcpTrack) {
    let value = seconds(track.unanswered_ns());
    if value > 0.0 {
        let limits = [Some(UNANSWERED_S), Some(UNANSWERED_S), None, None];
        let quantity = Quantity { metric: Metric::UnansweredS, value, limits };
        seen.grade(quantity, Held::Met, Relax::Event);
    } else {
        seen.none_of(Metric::UnansweredS);
    }
}

/// Share of segments that met a full queue of their socket: they arrived, and are sent again.
fn queue_drop_ratio(track: &TcpTrack) -> Option<f64> {
    let lost = track.over(Tcp::QueueDrop, SHARE_NS).ok().filter(|lost| lost.by > 0)?;
    let received = track.over(Tcp::Received, SHARE_NS).ok()?;
    let passed = received.by.saturating_sub(lost.by);
    lost_share(lost.by, passed, SEGMENT_FLOOR, received.ns)
}

/// Share of datagrams that arrived and were lost. It is at least so much: packets that are neither
/// datagrams nor segments count as passed.
fn datagram_loss(track: &TcpTrack) -> Option<f64> {
    let (lost, packets) = track.datagrams(SHARE_NS).ok().filter(|(lost, _)| lost.by > 0)?;
    let passed = packets.by.saturating_sub(lost.by);
    lost_share(lost.by, passed, PACKET_FLOOR, packets.ns)
}

/// Whose reader is slow is not known, and nothing else tells of it: medium at most.
fn grade_drops(seen: &mut Evaluation, metric: Metric, share: Option<f64>) {
    let Some(value) = share else { return };
    let before = seen.mask();
    let limits = [Some(DROPS[0]), Some(DROPS[1]), None, None];
    seen.grade(Quantity { metric, value, limits }, Held::Met, Relax::Scaled);
    if seen.mask() > before {
        seen.subtype = Some(Subtype::Drops);
    }
}
