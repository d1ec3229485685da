//! What the window remembers of an interface: its traffic, and whether it lost its carrier.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::Nic;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::history::{Counters, Growth, LONGEST_NS};
use super::series::{Missing, Track};

/// A counter of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Packets received.
    RxPackets,
    /// Received packets dropped.
    RxDropped,
    /// Receive errors.
    RxErrors,
    /// Bytes received.
    RxBytes,
    /// Packets sent.
    TxPackets,
    /// Packets dropped when sending.
    TxDropped,
    /// Transmit errors.
    TxErrors,
    /// Bytes sent.
    TxBytes,
}

/// Carrier that an interface lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostCarrier {
    /// It had been sent through steadily until then, or nobody counts what is sent.
    InUse,
    /// It had not: whoever used it is not known.
    Unused,
}

/// Over how long sending must have been steady, and how long it may pause (our judgement: whoever
/// uses an interface asks or answers; what an unused one sends of itself, when it comes up or as
/// announcements every half minute, has longer pauses).
const STEADY_NS: u64 = LONGEST_NS;
const PAUSE_NS: u64 = 10 * SECOND_NS;

/// Traffic of an interface.
#[derive(Debug, Clone, Default)]
pub struct NicTrack {
    counters: Counters<8>,
    carrier: Option<bool>,
    carried: bool,
    /// Carrier was lost between the last two readings, after it had carried traffic.
    pub lost_carrier: Option<LostCarrier>,
    /// Packets for which the device had no room: missed, and not fitting its queue.
    overruns: Counters<2>,
}

impl NicTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: Traffic, ns: u64) -> Result<Growth, Missing> {
        self.counters.over(what as usize, "net/dev", ns)
    }

    fn was_used(&self) -> LostCarrier {
        let sent = Traffic::TxPackets as usize;
        if self.counters.pause_ns(sent, STEADY_NS).is_none_or(|pause_ns| pause_ns <= PAUSE_NS) {
            LostCarrier::InUse
        } else {
            LostCarrier::Unused
        }
    }

    /// Packets over a span for which the device had no room; `None` where it does not tell.
    pub fn overruns(&self, ns: u64) -> Option<u64> {
        let of = |counter| self.overruns.over(counter, "net/dev", ns).ok();
        Some(of(0)?.by.saturating_add(of(1).map_or(0, |growth| growth.by)))
    }
}

impl Track<Nic> for NicTrack {
    fn feed(&mut self, at: Timestamp, row: &Nic, _: &HostFacts) -> bool {
        let values = [
            row.rx_packets(),
            row.rx_dropped(),
            row.rx_errors(),
            row.rx_bytes(),
            row.tx_packets(),
            row.tx_dropped(),
            row.tx_errors(),
            row.tx_bytes(),
        ];
        let is_lost = self.carried && self.carrier == Some(true) && row.carrier() != Some(true);
        // Asked before the reading in which it is lost, which may have nothing sent in it.
        self.lost_carrier = is_lost.then(|| self.was_used());
        let went_back = self.counters.push(at, values);
        self.overruns.push(at, [row.rx_missed(), row.rx_fifo()]);
        let moved = [Traffic::RxPackets, Traffic::TxPackets]
            .into_iter()
            .any(|what| self.over(what, 1).is_ok_and(|growth| growth.by > 0));
        self.carried |= moved && row.carrier() == Some(true);
        self.carrier = row.carrier();
        went_back
    }
}
