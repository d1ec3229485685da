//! Packets that an interface dropped, and who else missed them.

use core::cell::OnceCell;

use crate::board::Evaluation;
use crate::window::{NicTrack, Traffic, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Nic;
use ks_vocabulary::time::SECOND_NS;

use super::netns::{RETRANSMITS, retransmit_ratio};
use super::{DROPS, FLOOR_NS, PACKET_FLOOR, Ratio, grade_ratio, lost_share};

/// Over which times a witness of lost packets is asked: the second where the first has yet to fill.
const LOSS_NS: [u64; 2] = [10 * SECOND_NS, 5 * SECOND_NS];

/// With so many packets a second that an interface without a device fails to send, they are more
/// than the broadcasts of its network (our judgement).
const FLOOD: f64 = 1_000.0;

/// With so many packets in its window that the device says it missed a share says enough, however
/// few passed (our judgement). In windows beyond the longest as many more are asked for.
const MISSED_FLOOR: u64 = 20;

/// One of the two directions of an interface.
struct Direction {
    packets: Traffic,
    dropped: Traffic,
    metrics: [Metric; 3],
}

const RECEIVING: Direction = Direction {
    packets: Traffic::RxPackets,
    dropped: Traffic::RxDropped,
    metrics: [Metric::RxDropRatio5s, Metric::RxDropRatio10s, Metric::RxDropRatio30s],
};
const SENDING: Direction = Direction {
    packets: Traffic::TxPackets,
    dropped: Traffic::TxDropped,
    metrics: [Metric::TxDropRatio5s, Metric::TxDropRatio10s, Metric::TxDropRatio30s],
};

/// Who else can tell that packets were missed. `None` is that nobody tells: then what an interface
/// counts is believed.
pub(super) struct Witnesses<'a> {
    window: &'a Window,
    /// Asked for the first interface that drops, and the same for all.
    has_no_room: OnceCell<Option<bool>>,
}

impl<'a> Witnesses<'a> {
    pub(super) fn new(window: &'a Window) -> Self {
        Self { window, has_no_room: OnceCell::new() }
    }

    /// Whether a CPU had no room for packets, or TCP of the namespace sends again.
    fn miss(&self, netns: Option<u64>) -> Option<bool> {
        let room = *self.has_no_room.get_or_init(|| has_no_room(self.window));
        if room == Some(true) {
            return room;
        }
        self.sends_again(netns).or(room)
    }

    /// Whether TCP of a namespace sends again more than is low. With few segments it does not.
    pub(super) fn sends_again(&self, netns: Option<u64>) -> Option<bool> {
        let mut known = self.window.netns.entities();
        let (_, row, track) = known.find(|(_, row, _)| row.netns() == netns)?;
        row.tcp_out_segs().and(row.tcp_retrans_segs())?;
        let share = lately(|ns| retransmit_ratio(track, ns));
        Some(share.is_some_and(|share| share >= RETRANSMITS[0]))
    }
}

/// Whether the queue of some CPU was too short for its packets. What other CPUs process, as of
/// loopback, makes no room for it.
fn has_no_room(window: &Window) -> Option<bool> {
    window.softnet.at()?;
    Some(window.softnet.entities().any(|(_, _, track)| {
        let share = lately(|ns| {
            let (taken, lost) = track.over(ns).ok()?;
            lost_share(lost.by, taken.by, PACKET_FLOOR, taken.ns)
        });
        share.is_some_and(|share| share >= DROPS[0])
    }))
}

fn lately<T>(ask: impl Fn(u64) -> Option<T>) -> Option<T> {
    LOSS_NS.into_iter().find_map(ask)
}

/// Whether what was received and dropped was wanted: the device had no room for it, or others miss
/// it. A device that does not say is believed.
fn is_wanted(row: &Nic, track: &NicTrack, witnesses: &Witnesses<'_>) -> bool {
    let overruns = lately(|ns| track.overruns(ns));
    let untold = row.has_device() != Some(false) && overruns.is_none();
    let overruns = overruns.is_some_and(|packets| packets > 0);
    let is_dropped = || {
        let dropped = lately(|ns| track.over(Traffic::RxDropped, ns).ok());
        dropped.is_some_and(|growth| growth.by > 0)
    };
    untold || overruns || is_dropped() && witnesses.miss(row.netns()) != Some(false)
}

/// Whether what could not be sent may be no more than the broadcasts of a network, which a bridge
/// sends to each of its ports: nobody takes anything from an interface without a device, what is
/// dropped there is little, and nothing is sent again.
fn is_flood(row: &Nic, track: &NicTrack, witnesses: &Witnesses<'_>) -> bool {
    let lately = |what| track.over(what, 1).ok();
    row.has_device() == Some(false)
        && lately(Traffic::TxPackets).is_some_and(|sent| sent.by == 0)
        && lately(Traffic::TxDropped).is_some_and(|dropped| dropped.per_second() < FLOOD)
        && witnesses.sends_again(row.netns()) == Some(false)
}

/// Grades the dropped share of the worse direction.
pub(super) fn grade(seen: &mut Evaluation, row: &Nic, track: &NicTrack, witnesses: &Witnesses<'_>) {
    // Most interfaces are too quiet for it to matter.
    let wanted = OnceCell::new();
    let is_wanted = || *wanted.get_or_init(|| is_wanted(row, track, witnesses));
    let flood = OnceCell::new();
    let is_flood = || *flood.get_or_init(|| is_flood(row, track, witnesses));
    grade_ratio(seen, DROPS, |at, ns| {
        let received = ratio(track, &RECEIVING, at, ns).and_then(|ratio| {
            // The first window is that of low and medium, and what is low may be unwanted.
            let is_asked = at > 0 || ratio.value >= DROPS[Severity::Medium.index()];
            let most = if is_asked && !is_wanted() { Severity::Low } else { Severity::Critical };
            (at == 0 || most > Severity::Low).then_some(Ratio { most, ..ratio })
        });
        let sent = ratio(track, &SENDING, at, ns).and_then(|ratio| {
            let is_asked = ratio.value >= DROPS[Severity::Medium.index()];
            let most = if is_asked && is_flood() { Severity::Low } else { Severity::Critical };
            (at == 0 || most > Severity::Low).then_some(Ratio { most, ..ratio })
        });
        [received, sent].into_iter().flatten().max_by(Ratio::cmp_by(DROPS))
    });
}

/// Share of the packets of a direction that was dropped in a window.
fn ratio(track: &NicTrack, direction: &Direction, window: usize, ns: u64) -> Option<Ratio> {
    let packets = track.over(direction.packets, ns).ok()?;
    let dropped = track.over(direction.dropped, ns).ok()?;
    // Frames that nobody asked for are dropped on a quiet interface too, and are not missed.
    let missed = track.overruns(ns).filter(|_| matches!(direction.dropped, Traffic::RxDropped));
    let few = MISSED_FLOOR.saturating_mul((packets.ns / FLOOR_NS).max(1));
    let floor = if missed.is_some_and(|missed| missed >= few) { few } else { PACKET_FLOOR };
    let value = lost_share(dropped.by, packets.by, floor, packets.ns)?;
    Some(Ratio::of(direction.metrics[window], value))
}
