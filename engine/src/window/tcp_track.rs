//! What the window remembers of a network namespace: TCP, and datagrams that were lost.

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::Netns;
use ks_vocabulary::time::Timestamp;

use super::history::{Counters, Growth, Told};
use super::series::{Missing, Track};
use super::silence::Silence;
use super::trend::Trend;

/// A counter of TCP in a network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tcp {
    /// Segments sent.
    Sent,
    /// Segments sent again.
    Retransmitted,
    /// Connections that met a full accept queue.
    ListenOverflow,
    /// Connections dropped by a listener.
    ListenDrop,
    /// Requests that met a full SYN queue and were dropped.
    SynQueueDrop,
    /// Requests that met a full SYN queue and were answered with cookies.
    SynCookies,
    /// Of the segments sent again, those that ask for a connection or grant it.
    SynRetransmitted,
    /// Segments received, those included that were lost on the way to their reader.
    Received,
    /// Of those, that met a full queue of their socket.
    QueueDrop,
    /// Times sockets were pressed to give memory back.
    MemoryPressed,
    /// Connections ended for want of memory, or as orphans.
    MemoryAbort,
    /// Connections that were asked for from outside and came about.
    Accepted,
    /// Connections that were asked for, from here or outside, and did not come about.
    Failed,
    /// Connections that were not tracked, or no more, since the table was full.
    ConntrackDrop,
    /// Connections that could not be put into the table.
    ConntrackInsertFailed,
}

impl Tcp {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "OutSegs",
            Self::Retransmitted => "RetransSegs",
            Self::ListenOverflow => "ListenOverflows",
            Self::ListenDrop => "ListenDrops",
            Self::SynQueueDrop => "TCPReqQFullDrop",
            Self::SynCookies => "TCPReqQFullDoCookies",
            Self::SynRetransmitted => "TCPSynRetrans",
            Self::Received => "InSegs",
            Self::QueueDrop => "TCPBacklogDrop",
            Self::MemoryPressed => "TCPMemoryPressures",
            Self::MemoryAbort => "TCPAbortOnMemory",
            Self::Accepted => "PassiveOpens",
            Self::Failed => "AttemptFails",
            Self::ConntrackDrop => "drop",
            Self::ConntrackInsertFailed => "insert_failed",
        }
    }
}

/// How often a request for a connection is sent again until it fails, by default (kernel
/// documentation, `tcp_syn_retries`).
const TRIES: u64 = 6;

/// TCP of a network namespace.
#[derive(Debug, Clone, Default)]
pub struct TcpTrack {
    /// In the order of [`Tcp`].
    sent: Counters<7>,
    received: Counters<6>,
    /// Of a module that may be loaded and unloaded.
    conntrack: Counters<2>,
    /// Datagrams lost, and packets of any protocol received.
    datagrams: Counters<2>,
    silence: Silence,
    /// Tracked connections.
    pub tracked: Trend,
    /// Sockets in TIME_WAIT.
    pub time_wait: Trend,
}

impl TcpTrack {
    /// Growth over the shortest run of last intervals of at least `ns`.
    pub fn over(&self, what: Tcp, ns: u64) -> Result<Growth, Missing> {
        let at = what as usize;
        match what {
            Tcp::ConntrackDrop | Tcp::ConntrackInsertFailed => {
                self.conntrack.over(at - Tcp::ConntrackDrop as usize, what.name(), ns)
            }
            Tcp::Received
            | Tcp::QueueDrop
            | Tcp::MemoryPressed
            | Tcp::MemoryAbort
            | Tcp::Accepted
            | Tcp::Failed => self.received.over(at - Tcp::Received as usize, what.name(), ns),
            Tcp::Sent
            | Tcp::Retransmitted
            | Tcp::ListenOverflow
            | Tcp::ListenDrop
            | Tcp::SynQueueDrop
            | Tcp::SynCookies
            | Tcp::SynRetransmitted => self.sent.over(at, what.name(), ns),
        }
    }

    /// Segments sent again that had been part of a connection: those that ask for one are left out.
    pub fn sent_again(&self, ns: u64) -> Result<Growth, Missing> {
        let again = self.over(Tcp::Retransmitted, ns)?;
        let asked = self.asked_again(ns).map_or(0, |growth| growth.by);
        Ok(Growth { by: again.by.saturating_sub(asked), ..again })
    }

    /// Segments sent again that ask for a connection or grant it. Where the kernel does not count
    /// them, before 3.15, they are as many as attempts that failed can have made at most.
    pub fn asked_again(&self, ns: u64) -> Result<Growth, Missing> {
        let asked = self.over(Tcp::SynRetransmitted, ns);
        if !matches!(asked, Err(Missing::Field(_))) {
            return asked;
        }
        let again = self.over(Tcp::Retransmitted, ns)?;
        let failed = self.over(Tcp::Failed, ns)?;
        Ok(Growth { by: again.by.min(failed.by.saturating_mul(TRIES)), ..again })
    }

    /// Datagrams that arrived and were lost, and packets received that are no segments of TCP. The
    /// latter are at least as many as datagrams arrived, which nobody counts.
    pub fn datagrams(&self, ns: u64) -> Result<(Growth, Growth), Missing> {
        let lost = self.datagrams.over(0, "Udp InErrors", ns)?;
        let packets = self.datagrams.over(1, "Ip InReceives", ns)?;
        let segments = self.over(Tcp::Received, ns)?;
        Ok((lost, Growth { by: packets.by.saturating_sub(segments.by), ..packets }))
    }

    /// In how many readings of the last `ns` listeners refused connections, for a full accept queue
    /// or for any reason.
    pub fn told(&self, what: Tcp, ns: u64) -> Told {
        debug_assert!((what as usize) < 7, "{what:?} is counted apart");
        self.sent.told(what as usize, f64::MIN_POSITIVE, ns)
    }

    /// For how long segments have been sent again and none came; see [`Silence`].
    pub fn unanswered_ns(&self) -> u64 {
        self.silence.ns()
    }
}

impl Track<Netns> for TcpTrack {
    fn feed(&mut self, at: Timestamp, row: &Netns, _: &HostFacts) -> bool {
        let values = [
            row.tcp_out_segs(),
            row.tcp_retrans_segs(),
            row.listen_overflows(),
            row.listen_drops(),
            row.req_q_full_drop(),
            row.req_q_full_do_cookies(),
            row.tcp_syn_retrans(),
        ];
        // The second of a pair is not given by every kernel.
        let sum =
            |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other.unwrap_or(0)));
        let received = [
            row.tcp_in_segs(),
            sum(row.tcp_backlog_drop(), row.tcp_rcvq_drop()),
            row.tcp_memory_pressures(),
            row.tcp_abort_on_memory(),
            row.tcp_passive_opens(),
            row.tcp_attempt_fails(),
        ];
        self.received.push(at, received);
        let errors = sum(row.udp_in_errors(), row.udp6_in_errors());
        self.datagrams.push(at, [errors, sum(row.ip_in_receives(), row.ip6_in_receives())]);
        self.silence.push(at, [row.tcp_in_segs(), row.tcp_retrans_segs(), row.tcp_syn_retrans()]);
        let dropped = sum(row.conntrack_drop(), row.conntrack_early_drop());
        if let Some(tracked) = row.conntrack() {
            self.tracked.push(at, tracked);
        }
        if let Some(sockets) = row.tcp_tw() {
            self.time_wait.push(at, sockets);
        }
        self.conntrack.push(at, [dropped, row.conntrack_insert_failed()]);
        self.sent.push(at, values)
    }
}
