//! The TCP sockets of one namespace, while they are listed: how many are in which state, which
//! listen, and towards which destinations local ports are in use.
//!
//! It does not know where the sockets come from, netlink or text. Its buffers serve every namespace
//! in turn.

use std::cmp::Reverse;

use ks_vocabulary::model::{
    Listener, ListenerCell, ListenerName, Netns, NetnsCell, PortUse, PortUseCell, PortUseName, Rows,
};

/// An address in network byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// Of `IPv4`.
    V4([u8; 4]),
    /// Of `IPv6`.
    V6([u8; 16]),
}

impl Address {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
        }
    }

    /// A socket of both protocols names an IPv4 peer by `::ffff:a.b.c.d`. It shares the ports of
    /// that destination with plain IPv4 sockets.
    fn unmapped(self) -> Self {
        match self {
            Self::V6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]) => {
                Self::V4([a, b, c, d])
            }
            Self::V4(_) | Self::V6(_) => self,
        }
    }
}

/// One TCP socket as the kernel lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Socket {
    /// State, a number of the kernel's `tcp_states.h`.
    pub(super) state: u8,
    pub(super) local: Address,
    pub(super) local_port: u16,
    pub(super) remote: Address,
    /// 0 where there is no remote end.
    pub(super) remote_port: u16,
    /// In LISTEN: connections that wait for accept.
    pub(super) queue: u64,
    /// In LISTEN: how many may wait.
    pub(super) backlog: Option<u64>,
    pub(super) inode: u64,
}

const CLOSE: u8 = 7;
pub(super) const ESTABLISHED: u8 = 1;
pub(super) const CLOSE_WAIT: u8 = 8;
pub(super) const LISTEN: u8 = 10;

/// The cells of the states, each with its numbers in `tcp_states.h`. A connection request is shown
/// as `SYN_RECV` (3); 12 is its number inside the kernel.
const STATES: [(NetnsCell, &[usize]); 8] = [
    (NetnsCell::established, &[1]),
    (NetnsCell::syn_sent, &[2]),
    (NetnsCell::syn_recv, &[3, 12]),
    (NetnsCell::fin_wait, &[4, 5]),
    (NetnsCell::time_wait, &[6]),
    (NetnsCell::close_wait, &[8]),
    (NetnsCell::last_ack, &[9, 11]),
    (NetnsCell::listen, &[10]),
];

/// Destinations kept of each namespace, and the fewest ports that make one worth a row.
const MOST_DESTINATIONS: usize = 16;
const FEWEST_PORTS: usize = 16;

/// Space for so many connections is kept from one listing to the next: 28 bytes each, and 8 for
/// its handle.
const KEPT_ENDS: usize = 100_000;

/// What is known of a socket that a process may have open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Handle {
    pub(super) inode: u32,
    /// State, as in [`Socket`].
    pub(super) state: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listening {
    address: Address,
    pub(super) port: u16,
    pub(super) inode: u64,
    pub(super) queue: u64,
    pub(super) backlog: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    address: Address,
    port: u16,
    local_port: u16,
    /// 0 where no process has the socket, as in TIME_WAIT.
    inode: u32,
}

impl End {
    fn ports(&self) -> (Address, u16, u16) {
        (self.address, self.port, self.local_port)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Destination {
    address: Address,
    port: u16,
    local_ports: usize,
    /// Where its connections begin among all.
    first: usize,
}

/// Collects the sockets of one listing: [`Self::clear`], [`Self::add`] each, then fill the tables.
#[derive(Debug)]
pub(super) struct Sockets {
    total: u64,
    states: [u64; 13],
    /// A bit for each port on which a socket listens.
    listening_ports: Vec<u64>,
    listening: Vec<Listening>,
    ends: Vec<End>,
    destinations: Vec<Destination>,
    handles: Vec<Handle>,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            total: 0,
            states: [0; 13],
            listening_ports: vec![0; 65_536 / 64],
            listening: Vec::new(),
            ends: Vec::new(),
            destinations: Vec::new(),
            handles: Vec::new(),
        }
    }
}

impl Sockets {
    /// Begins the next listing.
    pub(super) fn clear(&mut self) {
        self.total = 0;
        self.states.fill(0);
        self.listening_ports.fill(0);
        self.listening.clear();
        self.ends.clear();
        self.ends.shrink_to(KEPT_ENDS);
        self.destinations.clear();
        self.handles.clear();
        self.handles.shrink_to(KEPT_ENDS);
    }

    /// Takes one socket.
    pub(super) fn add(&mut self, socket: &Socket) {
        self.total += 1;
        if let Some(count) = self.states.get_mut(usize::from(socket.state)) {
            *count += 1;
        }
        // The kernel's inodes of sockets have 32 bits.
        let inode = u32::try_from(socket.inode).unwrap_or(0);
        if inode != 0 {
            self.handles.push(Handle { inode, state: socket.state });
        }
        if socket.state == LISTEN {
            self.listening_ports[usize::from(socket.local_port / 64)] |=
                1u64 << (socket.local_port % 64);
            self.listening.push(Listening {
                address: socket.local,
                port: socket.local_port,
                inode: socket.inode,
                queue: socket.queue,
                backlog: socket.backlog,
            });
        } else if socket.state != CLOSE
            && socket.remote_port != 0
            && !is_listening(&self.listening_ports, socket.local_port)
        {
            self.ends.push(End {
                address: socket.remote.unmapped(),
                port: socket.remote_port,
                local_port: socket.local_port,
                inode,
            });
        }
    }

    /// Every socket that a process may have open.
    pub(super) fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// Those that listen.
    pub(super) fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// How many are in CLOSE_WAIT.
    pub(super) fn close_wait(&self) -> u64 {
        self.states[usize::from(CLOSE_WAIT)]
    }

    /// Local ports in use towards the destination that has most; once ports are filled.
    pub(super) fn busiest_ports(&self) -> usize {
        self.destinations.first().map_or(0, |busiest| busiest.local_ports)
    }

    /// Inodes of the sockets that use those ports; those in TIME_WAIT have none.
    pub(super) fn busiest_inodes(&self) -> impl Iterator<Item = u32> {
        let busiest = self.destinations.first();
        let range = busiest.map_or(0..0, |of| of.first..of.first + of.local_ports);
        self.ends[range].iter().map(|end| end.inode).filter(|inode| *inode != 0)
    }

    /// Sockets taken in this listing.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Sets the cells of the states: all are known, a state without sockets is 0.
    pub(super) fn fill_states(&self, row: &mut Netns) {
        for (cell, numbers) in STATES {
            row.set(cell, numbers.iter().map(|number| self.states[*number]).sum::<u64>());
        }
    }

    /// Appends the listening sockets of namespace `netns`.
    pub(super) fn fill_listeners(&mut self, netns: u64, rows: &mut Rows<Listener>) {
        // While it is listed a socket may move to where the kernel lists it again.
        self.listening.sort_unstable();
        self.listening
            .dedup_by_key(|listening| (listening.address, listening.port, listening.inode));
        for listening in &self.listening {
            let row = rows.push();
            row.set_name(ListenerName::address, listening.address.as_bytes());
            row.set(ListenerCell::netns, netns);
            row.set(ListenerCell::port, u64::from(listening.port));
            row.set(ListenerCell::inode, listening.inode);
            row.set(ListenerCell::queue, listening.queue);
            row.set_some(ListenerCell::backlog, listening.backlog);
        }
    }

    /// Appends the destinations of namespace `netns` that use most local ports.
    pub(super) fn fill_ports(&mut self, netns: u64, rows: &mut Rows<PortUse>) {
        self.find_destinations();
        for destination in &self.destinations {
            let row = rows.push();
            row.set_name(PortUseName::address, destination.address.as_bytes());
            row.set(PortUseCell::netns, netns);
            row.set(PortUseCell::port, u64::from(destination.port));
            row.set(PortUseCell::local_ports, destination.local_ports as u64);
        }
    }

    fn find_destinations(&mut self) {
        // A connection may have been taken before the listener that accepted it.
        let ports = &self.listening_ports;
        self.ends.retain(|end| !is_listening(ports, end.local_port));
        self.ends.sort_unstable();
        // Of the sockets that share a port the last stays: it is in TIME_WAIT only if all are.
        self.ends.dedup_by(|later, kept| {
            let same = later.ports() == kept.ports();
            if same {
                kept.inode = later.inode;
            }
            same
        });
        self.destinations.clear();
        let mut first = 0;
        for run in self.ends.chunk_by(|a, b| (a.address, a.port) == (b.address, b.port)) {
            let (End { address, port, .. }, local_ports) = (run[0], run.len());
            if local_ports >= FEWEST_PORTS {
                self.destinations.push(Destination { address, port, local_ports, first });
            }
            first += local_ports;
        }
        self.destinations.sort_unstable_by_key(|of| (Reverse(of.local_ports), of.address, of.port));
        self.destinations.truncate(MOST_DESTINATIONS);
    }
}

fn is_listening(ports: &[u64], port: u16) -> bool {
    (ports[usize::from(port / 64)] >> (port % 64)) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const ANY: Address = Address::V4([0; 4]);

    fn connection(state: u8, local_port: u16, remote: Address, remote_port: u16) -> Socket {
        let local = Address::V4([10, 0, 0, 1]);
        Socket { state, local, local_port, remote, remote_port, queue: 0, backlog: None, inode: 9 }
    }

    fn listener(address: Address, port: u16, inode: u64, queue: u64) -> Socket {
        Socket {
            local: address,
            queue,
            backlog: Some(128),
            inode,
            ..connection(LISTEN, port, ANY, 0)
        }
    }

    fn ports(sockets: &mut Sockets) -> Vec<(Vec<u8>, u64, u64)> {
        let mut rows = Rows::default();
        sockets.fill_ports(1, &mut rows);
        rows.sort();
        let row = |row: &PortUse| {
            (row.address().unwrap().to_vec(), row.port().unwrap(), row.local_ports().unwrap())
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn states_are_counted_and_none_is_missing() {
        let mut sockets = Sockets::default();
        for state in 0..=255 {
            sockets.add(&connection(state, 1, ANY, 0));
        }
        let mut row = Netns::default();
        sockets.fill_states(&mut row);
        assert_eq!(
            (row.established(), row.syn_sent(), row.syn_recv()),
            (Some(1), Some(1), Some(2))
        );
        assert_eq!((row.fin_wait(), row.time_wait()), (Some(2), Some(1)));
        assert_eq!((row.close_wait(), row.last_ack(), row.listen()), (Some(1), Some(2), Some(1)));
        assert_eq!(sockets.total(), 256);
        sockets.clear();
        let mut row = Netns::default();
        sockets.fill_states(&mut row);
        assert_eq!((row.established(), row.listen(), sockets.total()), (Some(0), Some(0), 0));
    }

    #[test]
    fn listeners_on_one_port_are_apart_and_a_socket_listed_twice_is_one() {
        let mut sockets = Sockets::default();
        sockets.add(&listener(ANY, 80, 12, 0));
        sockets.add(&listener(Address::V6([0; 16]), 80, 13, 7));
        sockets.add(&listener(ANY, 80, 11, 3));
        sockets.add(&listener(ANY, 80, 12, 1));
        let mut rows = Rows::default();
        sockets.fill_listeners(5, &mut rows);
        rows.sort();
        let found: Vec<_> = rows
            .iter()
            .map(|row: &Listener| (row.address().unwrap().len(), row.inode().unwrap()))
            .collect();
        assert_eq!(found, [(4, 11), (4, 12), (16, 13)]);
        let last = &rows.as_slice()[2];
        assert_eq!((last.netns(), last.port()), (Some(5), Some(80)));
        assert_eq!((last.queue(), last.backlog()), (Some(7), Some(128)));
    }

    #[test]
    fn sixteen_distinct_local_ports_make_a_destination() {
        let (few, many) = (Address::V4([10, 0, 0, 8]), Address::V4([10, 0, 0, 9]));
        let mut sockets = Sockets::default();
        for port in 0..16 {
            sockets.add(&connection(6, 40_000 + port, many, 443));
            sockets.add(&connection(1, 40_000 + port, many, 443));
            sockets.add(&connection(1, 40_000 + port / 2, few, 443));
            sockets.add(&connection(1, 40_000 + port % 15, many, 444));
        }
        assert_eq!(ports(&mut sockets), [(vec![10, 0, 0, 9], 443, 16)]);
    }

    #[test]
    fn accepted_connections_use_no_local_ports_whichever_is_listed_first() {
        let client = Address::V4([10, 0, 0, 7]);
        for listener_first in [false, true] {
            let mut sockets = Sockets::default();
            if listener_first {
                sockets.add(&listener(ANY, 443, 1, 0));
            }
            for port in 0..100 {
                sockets.add(&connection(1, 443, client, 50_000 + port));
                sockets.add(&connection(3, 443, client, 50_000));
                sockets.add(&connection(CLOSE, 30_000 + port, client, 80));
                sockets.add(&connection(1, 30_000 + port, client, 0));
            }
            if !listener_first {
                sockets.add(&listener(ANY, 443, 1, 0));
            }
            assert!(ports(&mut sockets).is_empty());
        }
    }

    #[test]
    fn an_ipv4_peer_of_a_socket_of_both_protocols_is_the_same_destination() {
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9];
        let mut sockets = Sockets::default();
        for port in 0..10 {
            sockets.add(&connection(1, 40_000 + port, Address::V4([10, 0, 0, 9]), 443));
            sockets.add(&connection(1, 50_000 + port, Address::V6(mapped), 443));
        }
        assert_eq!(ports(&mut sockets), [(vec![10, 0, 0, 9], 443, 20)]);
    }

    #[test]
    fn of_equal_destinations_those_with_the_smallest_keys_are_kept() {
        let mut sockets = Sockets::default();
        for host in (0..40).rev() {
            let ports = if host == 30 { 17 } else { 16 };
            for port in 0..ports {
                sockets.add(&connection(1, 40_000 + port, Address::V4([10, 0, 0, host]), 443));
            }
        }
        let hosts: Vec<u8> = ports(&mut sockets).iter().map(|(address, ..)| address[3]).collect();
        let expected: Vec<u8> = (0..15).chain([30]).collect();
        assert_eq!(hosts, expected);
    }

    proptest! {
        #[test]
        fn ports_are_those_of_a_naive_count(
            ends in proptest::collection::vec((0u8..4, 0u16..3, 0u16..40), 0..400),
            listening in proptest::collection::vec(0u16..40, 0..5),
        ) {
            let mut sockets = Sockets::default();
            let mut naive: BTreeMap<(Vec<u8>, u64), BTreeSet<u16>> = BTreeMap::new();
            for (host, port, local_port) in ends {
                let remote = Address::V4([10, 0, 0, host]);
                sockets.add(&connection(1, local_port, remote, port));
                if port != 0 && !listening.contains(&local_port) {
                    let key = (vec![10, 0, 0, host], u64::from(port));
                    naive.entry(key).or_default().insert(local_port);
                }
            }
            for port in listening {
                sockets.add(&listener(ANY, port, 1, 0));
            }
            let expected: Vec<_> = naive
                .into_iter()
                .filter(|(_, ports)| ports.len() >= FEWEST_PORTS)
                .map(|((address, port), ports)| (address, port, ports.len() as u64))
                .collect();
            prop_assert_eq!(ports(&mut sockets), expected);
        }
    }
}
