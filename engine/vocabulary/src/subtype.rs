//! The forms of conditions.

use crate::metric::Metric;
use crate::words::words;

words! {
    /// A form of a condition.
    Subtype {
        /// Connections wait too long to be accepted.
        AcceptQueue "accept_queue",
        /// The demand sleeps uninterruptibly.
        Blocked "blocked",
        /// The link of an interface went down.
        CarrierLost "carrier_lost",
        /// A program leaves sockets that its peers have closed.
        CloseWait "close_wait",
        /// Tracked connections are used up.
        Conntrack "conntrack",
        /// The demand is work for the CPUs.
        CpuBound "cpu_bound",
        /// Packets are dropped.
        Drops "drops",
        /// Packets are damaged.
        Errors "errors",
        /// File handles are used up.
        FileHandles "file_handles",
        /// There is demand, and CPUs are idle.
        IdleMismatch "idle_mismatch",
        /// The demand is batch work that was told to wait.
        Niced "niced",
        /// Tasks are killed for want of memory.
        OomKill "oom_kill",
        /// Sockets that nobody holds are too many.
        Orphans "orphans",
        /// Local ports are used up.
        Ports "ports",
        /// A forecast alone: the end of a resource is near.
        Predicted "predicted",
        /// Calls are refused for want of a resource.
        Refused "refused",
        /// A limit is nearly reached.
        ResourceLimit "resource_limit",
        /// Segments are sent again.
        Retransmits "retransmits",
        /// Calls take long.
        Slow "slow",
        /// The kernel drops packets before it has looked at them.
        Softnet "softnet",
        /// The hypervisor gives the CPU to others.
        Stolen "stolen",
        /// Handshakes go on by cookies, since the queue is full.
        SynCookies "syn_cookies",
        /// Handshakes are dropped, since the queue is full.
        SynQueue "syn_queue",
        /// Memory of TCP is used up.
        TcpMemory "tcp_memory",
        /// A control group has used up its quota.
        Throttled "throttled",
        /// Sockets in TIME_WAIT are too many.
        TimeWait "time_wait",
        /// A link is at its speed.
        Utilisation "utilisation",
    }
}

impl Subtype {
    /// Whether a quantity is the one by which this form is told.
    pub fn is_told_by(self, metric: Metric) -> bool {
        let own: &[Metric] = match self {
            Self::AcceptQueue => &[Metric::AcceptQueueShare, Metric::AcceptQueueOverflows],
            Self::Blocked => &[Metric::BlockedShare, Metric::StuckTasks30s, Metric::HungTasks],
            Self::CarrierLost => &[Metric::CarrierLost],
            Self::CloseWait => &[Metric::CloseWaitGrowth],
            Self::Conntrack => {
                &[Metric::ConntrackShare, Metric::ConntrackDrops, Metric::ConntrackInsertsFailed10s]
            }
            Self::Errors => &[Metric::Errors5s, Metric::Errors10s, Metric::ErrorRatio10s],
            Self::FileHandles => &[Metric::FileHandlesShare],
            Self::OomKill => &[Metric::OomKills],
            Self::Orphans => &[Metric::OrphansShare, Metric::TcpMemoryAborts],
            Self::Ports => &[Metric::PortsUsedShare],
            Self::Refused => &[Metric::RefusedCalls],
            Self::Softnet => &[
                Metric::SoftnetDropRatio5s,
                Metric::SoftnetDropRatio10s,
                Metric::SoftnetDropRatio30s,
            ],
            Self::SynQueue => {
                &[Metric::SynQueueDrops, Metric::SynQueueDrops10s, Metric::SynQueueCookies]
            }
            Self::TcpMemory => {
                &[Metric::TcpMemoryShare, Metric::TcpMemoryPressures, Metric::TcpMemoryAborts]
            }
            Self::Throttled => &[Metric::ThrottledShare5s, Metric::ThrottledShare10s],
            Self::TimeWait => &[Metric::TimeWaitShare],
            // Several quantities of their conditions tell these, or none that has a limit.
            Self::CpuBound
            | Self::Drops
            | Self::IdleMismatch
            | Self::Niced
            | Self::Predicted
            | Self::ResourceLimit
            | Self::Retransmits
            | Self::Slow
            | Self::Stolen
            | Self::SynCookies
            | Self::Utilisation => &[],
        };
        own.contains(&metric)
    }
}
