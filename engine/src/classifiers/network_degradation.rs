//! `network_degradation`: packets are lost, damaged or sent again.
//!
//! # What it sees
//! Errors, drops, utilisation and carrier of each interface; TCP segments sent again in each
//! network namespace, or dropped at a full queue of their socket, or that get no answer at all;
//! datagrams lost there; packets for which the CPUs of the host had no room in their queues.
//! # Why it matters
//! What is lost arrives late, if at all, and whoever sent it sends less from then on.
//! # Evidence
//! Errors a second, the dropped share of the worse direction, the share sent again, each over 5,
//! 10 and 30 s; the share of datagrams lost; utilisation of the busier direction; loss of carrier;
//! for how long segments are sent again and none come.
//! # False positives
//! `rx_dropped` counts frames of protocols that nobody asked for, and Wi-Fi drops as a habit.
//! Errors of loopback are not looked at. Without a known speed (virtual links, other namespaces)
//! there is no utilisation, nor where a link is used for more than all of it. Frames that an idle
//! member of a bond got (`rx_nohandler`) are no drops: the kernel counts them apart. A port that is
//! unplugged and through which nothing was sent steadily is low: frames that it heard, or sent when
//! it came up (neighbour discovery, RFC 4861), are nobody's use. Requests for a connection that are
//! sent again ask hosts that may be off, as probes of dead servers do: they are low, and no part of
//! what a path loses (kernel, `TCPSynRetrans`, which `RetransSegs` includes; where it is not
//! counted, what attempts that failed can have sent again, `AttemptFails`). A member of a bond that
//! loses its carrier looks like the loss of an only link, since nobody records who belongs to a
//! bond. Broadcasts are sent to the tap of a guest that is paused, and packets to tunnels whose
//! other end is off: what an interface without a device fails to send is low where nothing else
//! goes through it, TCP sends nothing again and it is too little to be more than that.
//! # Second source
//! What is sent and lost, or sent again, is the harm itself. What was received and dropped is low
//! at most where the device says that it missed nothing (`rx_missed_errors`), no CPU was short of
//! room and TCP sends nothing again: then it was wanted by nobody (kernel documentation,
//! `statistics.rst`, of `rx_dropped`). The CPU that lost most of its packets is asked, since each
//! has a queue of its own (`enqueue_to_backlog`). Where none of them tells, what was counted is
//! believed; what the device says it missed is a share however few packets there are. Errors are
//! medium and high only as a share of the packets, by which few do on a quiet link, and at an
//! interface without a device only where TCP sends again. Lost datagrams are those that no reader
//! took in time or whose sum was wrong (RFC 4113, `udpInErrors`), which nobody else tells: medium
//! at most. So is TCP without an answer: segments came steadily, none come, and for ten seconds and
//! more what was sent is sent again. That is loss however little is sent, since retries are ever
//! further apart (RFC 6298).

mod lost;
mod netns;
mod nic;

use core::cmp::Ordering;

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::window::{HOST, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::Classifier;

const KIND: Kind = Kind::NetworkDegradation;

/// Dropped share of packets, of an interface's direction and of softnet (our judgement).
const DROPS: [f64; 4] = [0.001, 0.01, 0.05, 0.20];
/// With fewer packets in its window, what was lost among them, a share says nothing
/// (our judgement). In windows beyond the longest, which cadences of a minute make, as many more
/// are asked for: else a segment or two a second would do.
const PACKET_FLOOR: u64 = 1_000;
const FLOOR_NS: u64 = 30 * SECOND_NS;
/// The persistence of the severities in seconds, and which of them have to last so long.
const WINDOWS: [(u64, [bool; 4]); 3] = [
    (5, [true, true, false, false]),
    (10, [false, false, true, false]),
    (30, [false, false, false, true]),
];
/// Names of its ratio in the evidence, one for each of [`WINDOWS`].
const SOFTNET_METRICS: [Metric; 3] =
    [Metric::SoftnetDropRatio5s, Metric::SoftnetDropRatio10s, Metric::SoftnetDropRatio30s];

/// See the module.
#[derive(Debug)]
pub(super) struct NetworkDegradation;

impl Classifier for NetworkDegradation {
    fn kind(&self) -> Kind {
        KIND
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        nic::judge(window, board);
        netns::judge(window, board);
        judge_softnet(window, board);
    }
}

fn judge_softnet(window: &Window, board: &mut Board) {
    let Some(at) = window.softnet.at().filter(|_| window.softnet.is_fresh()) else {
        return board.cover(KIND, Cover::Part("softnet drops: no net/softnet_stat"));
    };
    let mut seen = Evaluation::default();
    grade_ratio(&mut seen, DROPS, |at, ns| {
        Some(Ratio::of(SOFTNET_METRICS[at], softnet_ratio(window, ns)?))
    });
    seen.subtype = Some(Subtype::Softnet);
    board.judge(KIND, HOST, at, &mut seen, || Entity::Host);
}

/// Packets dropped for each one processed, over all CPUs.
fn softnet_ratio(window: &Window, ns: u64) -> Option<f64> {
    let (mut processed, mut dropped, mut over_ns) = (0u64, 0u64, ns);
    for (_, _, track) in window.softnet.entities() {
        // A CPU that has just come online has no window yet: the others are judged without it.
        let Ok((taken, lost)) = track.over(ns) else { continue };
        processed = processed.saturating_add(taken.by);
        dropped = dropped.saturating_add(lost.by);
        over_ns = over_ns.max(taken.ns);
    }
    lost_share(dropped, processed, PACKET_FLOOR, over_ns)
}

/// Share of all that was lost, where there was enough of it in `ns`. What was lost is no part of
/// what got through: where all is lost nothing does.
fn lost_share(lost: u64, passed: u64, floor: u64, ns: u64) -> Option<f64> {
    let all = lost.saturating_add(passed);
    let floor = floor.saturating_mul((ns / FLOOR_NS).max(1));
    (all >= floor).then(|| lost as f64 / all as f64)
}

/// A share of what was lost.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    metric: Metric,
    value: f64,
    /// The worst that it may be called by what else is known.
    most: Severity,
}

impl Ratio {
    fn of(metric: Metric, value: f64) -> Self {
        Self { metric, value, most: Severity::Critical }
    }

    /// Orders ratios by the severity that they reach, and then by their value.
    fn cmp_by(limits: [f64; 4]) -> impl Fn(&Self, &Self) -> Ordering {
        let reached = move |ratio: &Self| {
            let limits = &limits[..=ratio.most.index()];
            limits.iter().filter(|limit| ratio.value >= **limit).count()
        };
        move |one, other| reached(one).cmp(&reached(other)).then(one.value.total_cmp(&other.value))
    }
}

/// Grades a ratio over each of [`WINDOWS`].
///
/// Where it is not given, because the window has yet to fill or is below its floor, nothing is met:
/// a quiet direction is judged by its errors alone. It is not `cannot tell`, since then every idle
/// host would be.
fn grade_ratio(
    seen: &mut Evaluation,
    limits: [f64; 4],
    ratio: impl Fn(usize, u64) -> Option<Ratio>,
) {
    seen.know([true; 4]);
    for (at, (window_s, levels)) in WINDOWS.iter().enumerate() {
        let Some(Ratio { metric, value, most }) = ratio(at, window_s * SECOND_NS) else { continue };
        let limits = core::array::from_fn(|level| {
            (levels[level] && level <= most.index()).then_some(limits[level])
        });
        seen.grade(Quantity { metric, value, limits }, Held::Met, Relax::Scaled);
    }
}

#[cfg(test)]
mod tests;
