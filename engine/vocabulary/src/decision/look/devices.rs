//! Numbers of disks, filesystems, interfaces and network namespaces.

use super::numbers::{Numbers, numbers};

numbers! {
    /// What a disk does.
    DiskUse {
        /// Read.
        read_bytes_per_s,
        /// Written.
        written_bytes_per_s,
        /// Reads and writes completed.
        requests_per_s,
        /// How long each took in the mean.
        wait_ms,
        /// Share of the time with a request in flight.
        busy_share,
        /// Requests in flight.
        in_flight,
        /// Over how long that was counted.
        over_s,
    }
}

numbers! {
    /// Traffic and errors of an interface.
    NicUse {
        /// Received.
        rx_bytes_per_s,
        /// Sent.
        tx_bytes_per_s,
        /// Packets received.
        rx_packets_per_s,
        /// Packets sent.
        tx_packets_per_s,
        /// Errors when receiving.
        rx_errors_per_s,
        /// Errors when sending.
        tx_errors_per_s,
        /// Received packets dropped.
        rx_dropped_per_s,
        /// Packets dropped when sending.
        tx_dropped_per_s,
        /// Its speed.
        speed_mbit,
        /// Over how long that was counted.
        over_s,
    } {
        /// There is a carrier.
        carrier: bool,
    }
}

numbers! {
    /// TCP of a network namespace.
    TcpUse {
        /// Segments sent.
        sent_per_s,
        /// Of those, sent again.
        sent_again_per_s,
        /// Segments received.
        received_per_s,
        /// Connections that met a full accept queue.
        accept_overflows_per_s,
        /// Connections dropped by a listener.
        listen_drops_per_s,
        /// Requests that met a full SYN queue and were dropped.
        syn_drops_per_s,
        /// Connections that did not come about.
        failed_per_s,
        /// Sockets in use.
        in_use,
        /// Sockets that nobody owns any more, of the whole host.
        orphans,
        /// Sockets in TIME_WAIT.
        time_wait,
        /// Sockets in CLOSE_WAIT.
        close_wait,
        /// Sockets that listen.
        listening,
        /// Pages of memory that sockets hold, of the whole host.
        memory_pages,
        /// Connections that are tracked.
        tracked,
        /// How many can be.
        tracked_max,
        /// Over how long that was counted.
        over_s,
    } {
        /// It is the namespace of the recorder.
        own: bool,
    }
}

numbers! {
    /// Room of a filesystem.
    Space {
        /// All of it.
        total_bytes,
        /// What users can have of it.
        available_bytes,
        /// Share that is used, of what users can have.
        used_share,
        /// All inodes; 0 where there is no fixed number.
        inodes,
        /// Of those, what is free.
        inodes_free,
    } {
        /// It cannot be written to.
        read_only: bool,
    }
}
