//! Tables of the network: interfaces, TCP counters by namespace, listeners, ports, softnet.

use super::record::record;

record! {
    /// A network interface, from `net/dev` of its namespace. Link facts come from
    /// `/sys/class/net`, which shows the recorder's own namespace only.
    pub struct Nic, NicCell, NicName {
        key [name] [netns];
        name name: Key, "interface name";
        name operstate: Label, "`/sys/class/net/IF/operstate`";
        cell netns: u64, Key, "1", "inode of the network namespace";
        cell rx_bytes: u64, Counter, "bytes", "receive field 1";
        cell rx_packets: u64, Counter, "1", "receive field 2";
        cell rx_errors: u64, Counter, "1", "receive field 3";
        cell rx_dropped: u64, Counter, "1", "receive field 4";
        cell rx_fifo: u64, Counter, "1", "receive field 5";
        cell tx_bytes: u64, Counter, "bytes", "transmit field 1";
        cell tx_packets: u64, Counter, "1", "transmit field 2";
        cell tx_errors: u64, Counter, "1", "transmit field 3";
        cell tx_dropped: u64, Counter, "1", "transmit field 4";
        cell tx_carrier_errors: u64, Counter, "1", "transmit field 7";
        cell speed_mbit: u64, Label, "Mbit/s", "`speed`; absent when unknown (-1)";
        cell carrier: bool, Gauge, "1", "`carrier`; absent when the interface is down";
        cell device_type: u64, Label, "1", "`type`: ARPHRD number, 772 is loopback";
        cell has_device: bool, Label, "1", "`device` is there: hardware, or what a hypervisor gives";
        cell rx_missed: u64, Counter, "1", "`statistics/rx_missed_errors`: no buffers; of devices";
        cell rx_nohandler: u64, Counter, "1", "`statistics/rx_nohandler`, every 5 s, since 4.6";
    }
}

record! {
    /// Counters of one network namespace, from its `net/snmp`, `snmp6`, `netstat`, `sockstat`,
    /// `sockstat6` and its sockets' states. Found by header name, never by position.
    pub struct Netns, NetnsCell, NetnsName {
        key [] [netns];
        cell netns: u64, Key, "1", "inode of the network namespace";
        cell pid: u64, Label, "1", "process through which it was read";
        cell own: bool, Label, "1", "the recorder's own namespace";
        cell ip_in_receives: u64, Counter, "1", "snmp `Ip InReceives`";
        cell ip_in_discards: u64, Counter, "1", "snmp `Ip InDiscards`";
        cell ip_out_requests: u64, Counter, "1", "snmp `Ip OutRequests`";
        cell ip_out_discards: u64, Counter, "1", "snmp `Ip OutDiscards`";
        cell tcp_active_opens: u64, Counter, "1", "snmp `Tcp ActiveOpens`";
        cell tcp_passive_opens: u64, Counter, "1", "snmp `Tcp PassiveOpens`";
        cell tcp_attempt_fails: u64, Counter, "1", "snmp `Tcp AttemptFails`";
        cell tcp_estab_resets: u64, Counter, "1", "snmp `Tcp EstabResets`";
        cell tcp_curr_estab: u64, Gauge, "1", "snmp `Tcp CurrEstab`";
        cell tcp_in_segs: u64, Counter, "1", "snmp `Tcp InSegs`";
        cell tcp_out_segs: u64, Counter, "1", "snmp `Tcp OutSegs`";
        cell tcp_retrans_segs: u64, Counter, "1", "snmp `Tcp RetransSegs`";
        cell tcp_in_errs: u64, Counter, "1", "snmp `Tcp InErrs`";
        cell tcp_out_rsts: u64, Counter, "1", "snmp `Tcp OutRsts`";
        cell udp_in_errors: u64, Counter, "1", "snmp `Udp InErrors`";
        cell udp_rcvbuf_errors: u64, Counter, "1", "snmp `Udp RcvbufErrors`";
        cell udp_sndbuf_errors: u64, Counter, "1", "snmp `Udp SndbufErrors`";
        cell ip6_in_receives: u64, Counter, "1", "snmp6 `Ip6InReceives`";
        cell ip6_in_discards: u64, Counter, "1", "snmp6 `Ip6InDiscards`";
        cell ip6_out_requests: u64, Counter, "1", "snmp6 `Ip6OutRequests`";
        cell udp6_in_errors: u64, Counter, "1", "snmp6 `Udp6InErrors`";
        cell listen_overflows: u64, Counter, "1", "netstat `TcpExt ListenOverflows`: accept queue full";
        cell listen_drops: u64, Counter, "1", "netstat `TcpExt ListenDrops`";
        cell req_q_full_drop: u64, Counter, "1", "netstat `TcpExt TCPReqQFullDrop`: SYN queue full";
        cell req_q_full_do_cookies: u64, Counter, "1", "netstat `TcpExt TCPReqQFullDoCookies`";
        cell syncookies_sent: u64, Counter, "1", "netstat `TcpExt SyncookiesSent`";
        cell tcp_timeouts: u64, Counter, "1", "netstat `TcpExt TCPTimeouts`";
        cell tcp_lost_retransmit: u64, Counter, "1", "netstat `TcpExt TCPLostRetransmit`";
        cell tcp_fast_retrans: u64, Counter, "1", "netstat `TcpExt TCPFastRetrans`";
        cell tcp_syn_retrans: u64, Counter, "1", "netstat `TcpExt TCPSynRetrans`";
        cell tcp_backlog_drop: u64, Counter, "1", "netstat `TcpExt TCPBacklogDrop`";
        cell tcp_abort_on_memory: u64, Counter, "1", "netstat `TcpExt TCPAbortOnMemory`";
        cell prune_called: u64, Counter, "1", "netstat `TcpExt PruneCalled`";
        cell tw_overflow: u64, Counter, "1", "netstat `TcpExt TCPTimeWaitOverflow`";
        cell sockets_used: u64, Gauge, "1", "sockstat `sockets used`";
        cell tcp_inuse: u64, Gauge, "1", "sockstat `TCP inuse`";
        cell tcp_orphan: u64, Gauge, "1", "sockstat `TCP orphan`: of the whole host";
        cell tcp_tw: u64, Gauge, "1", "sockstat `TCP tw`: in TIME_WAIT";
        cell tcp_alloc: u64, Gauge, "1", "sockstat `TCP alloc`: of the whole host";
        cell tcp_mem_pages: u64, Gauge, "pages", "sockstat `TCP mem`: of the whole host";
        cell udp_inuse: u64, Gauge, "1", "sockstat `UDP inuse`";
        cell tcp6_inuse: u64, Gauge, "1", "sockstat6 `TCP6 inuse`";
        cell established: u64, Gauge, "1", "TCP sockets in ESTABLISHED";
        cell syn_sent: u64, Gauge, "1", "TCP sockets in SYN_SENT";
        cell syn_recv: u64, Gauge, "1", "TCP sockets in SYN_RECV";
        cell fin_wait: u64, Gauge, "1", "TCP sockets in FIN_WAIT1 or FIN_WAIT2";
        cell time_wait: u64, Gauge, "1", "TCP sockets in TIME_WAIT";
        cell close_wait: u64, Gauge, "1", "TCP sockets in CLOSE_WAIT: the peer closed, we did not";
        cell last_ack: u64, Gauge, "1", "TCP sockets in LAST_ACK or CLOSING";
        cell listen: u64, Gauge, "1", "TCP sockets in LISTEN";
        cell conntrack: u64, Gauge, "1", "`nf_conntrack_count`, own namespace only";
        cell conntrack_max: u64, Gauge, "1", "`nf_conntrack_max`";
        cell tcp_memory_pressures: u64, Counter, "1", "netstat `TcpExt TCPMemoryPressures`: entered";
        cell tcp_rcvq_drop: u64, Counter, "1", "netstat `TcpExt TCPRcvQDrop`: queue full, since 4.19";
        cell tcp_zero_window_drop: u64, Counter, "1", "netstat `TcpExt TCPZeroWindowDrop`, since 4.19";
        cell conntrack_insert_failed: u64, Counter, "1", "`stat/nf_conntrack insert_failed`, summed";
        cell conntrack_drop: u64, Counter, "1", "`stat/nf_conntrack drop`: table full, summed";
        cell conntrack_early_drop: u64, Counter, "1", "`stat/nf_conntrack early_drop`, summed";
    }
}

record! {
    /// A listening TCP socket, from sock_diag or `net/tcp` and `tcp6`.
    pub struct Listener, ListenerCell, ListenerName {
        key [address] [netns, port, inode];
        name address: Key, "local address in network byte order, 4 or 16 bytes";
        cell netns: u64, Key, "1", "inode of the network namespace";
        cell port: u64, Key, "1", "local port";
        cell inode: u64, Key, "1", "inode of the socket";
        cell queue: u64, Gauge, "1", "Recv-Q: connections that wait for accept";
        cell backlog: u64, Gauge, "1", "Send-Q: length of the accept queue; absent from `net/tcp`";
    }
}

record! {
    /// A destination with the local ports in use towards it; the 16 largest of each namespace.
    pub struct PortUse, PortUseCell, PortUseName {
        key [address] [netns, port];
        name address: Key, "remote address in network byte order, 4 or 16 bytes";
        cell netns: u64, Key, "1", "inode of the network namespace";
        cell port: u64, Key, "1", "remote port";
        cell local_ports: u64, Gauge, "1", "distinct local ports in use, TIME_WAIT included";
    }
}

record! {
    /// A process with its TCP sockets in one network namespace: those with most, and who listens
    /// where a queue is half full. A socket of several processes counts for each; one in TIME_WAIT
    /// is nobody's.
    pub struct SocketOwner, SocketOwnerCell, SocketOwnerName {
        key [] [pid, start_ticks, netns];
        cell pid: u64, Key, "1", "process id";
        cell start_ticks: u64, Key, "ticks", "`stat` field 22: start after boot";
        cell netns: u64, Key, "1", "inode of the network namespace";
        cell sockets: u64, Gauge, "1", "its TCP sockets, in any state";
        cell established: u64, Gauge, "1", "of those, in ESTABLISHED";
        cell close_wait: u64, Gauge, "1", "of those, in CLOSE_WAIT";
        cell listening: u64, Gauge, "1", "of those, in LISTEN";
        cell full_queues: u64, Gauge, "1", "listening sockets whose accept queue is full";
        cell port: u64, Label, "1", "local port of the accept queue that is fullest";
        cell inode: u64, Label, "1", "inode of its socket; processes that share it have the same";
        cell queue: u64, Gauge, "1", "connections that wait for accept there";
        cell backlog: u64, Gauge, "1", "length of that queue, where it is known";
        cell local_ports: u64, Gauge, "1", "local ports it uses towards the namespace's largest destination";
        cell local_ports_new: u64, Gauge, "1", "of those, with sockets that the last reading did not see";
    }
}

record! {
    /// Packet processing of one CPU, from `net/softnet_stat`.
    pub struct Softnet, SoftnetCell, SoftnetName {
        key [] [cpu];
        cell cpu: u64, Key, "1", "field 13, or the line number on kernels without it";
        cell processed: u64, Counter, "1", "field 1: packets processed";
        cell dropped: u64, Counter, "1", "field 2: backlog queue full";
        cell time_squeeze: u64, Counter, "1", "field 3: budget ran out with work left";
    }
}
