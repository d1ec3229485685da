//! What is wrong, in the words of a diagnosis.

use crate::words::words;

words! {
    /// A diagnosis: what went wrong, as far as that decides what can be done about it.
    FailureMode {
        /// A process holds more and more memory.
        MemoryLeak "memory_leak",
        /// A process took much memory at once.
        MemoryHog "memory_hog",
        /// A control group is at its own limit of memory.
        GroupMemoryLimit "group_memory_limit",
        /// Pages go out and come back without end.
        SwapThrashing "swap_thrashing",
        /// A process takes the CPUs that others want.
        CpuHog "cpu_hog",
        /// A control group takes the CPUs that its siblings want.
        NoisyNeighbour "noisy_neighbour",
        /// Processes are started without end.
        ForkStorm "fork_storm",
        /// A control group is held back by its own quota.
        CpuQuota "cpu_quota",
        /// The hypervisor gives the CPUs to others.
        StolenCpu "stolen_cpu",
        /// Someone keeps a disk busy.
        IoHog "io_hog",
        /// A disk is slow by itself.
        SlowDevice "slow_device",
        /// Pages of files do not stay in memory.
        FaultStorm "fault_storm",
        /// Local ports run out.
        PortExhaustion "port_exhaustion",
        /// A program leaves sockets that its peers have closed.
        ConnectionLeak "connection_leak",
        /// A server accepts too slowly.
        AcceptQueue "accept_queue",
        /// More handshakes come than are taken.
        SynQueue "syn_queue",
        /// Tracked connections run out.
        Conntrack "conntrack",
        /// Memory of TCP, or sockets that nobody holds, run out.
        TcpMemory "tcp_memory",
        /// The kernel drops frames before it looks at them.
        FrameDrops "frame_drops",
        /// A link is at its speed.
        LinkSaturated "link_saturated",
        /// A link damages or loses what it carries.
        LinkFault "link_fault",
        /// Packets are lost on the way.
        PacketLoss "packet_loss",
        /// Open files run out.
        DescriptorLeak "descriptor_leak",
        /// A filesystem fills.
        SpaceFilling "space_filling",
        /// A limit of the host or of a group is met.
        ResourceLimit "resource_limit",
        /// System calls take long.
        SlowCalls "slow_calls",
        /// Work that is meant to be done, and does no harm.
        BusyByDesign "busy_by_design",
        /// It cannot be told.
        Unknown "unknown",
    }
}
