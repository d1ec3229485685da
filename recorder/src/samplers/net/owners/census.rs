//! The sockets of the namespaces that one tick listed, by their inodes: what a descriptor leads to.
//!
//! Whose they are is not known here. What a process has of each namespace is a [`Holding`].

use super::super::sockets::{CLOSE_WAIT, ESTABLISHED, Handle, LISTEN, Sockets};

/// The accept queue of a listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) inode: u32,
    pub(super) port: u64,
    pub(super) waiting: u64,
    pub(super) length: Option<u64>,
}

/// A queue of unknown length counts as half full from so many connections on (our judgement: a
/// server that keeps up has none that wait).
const WAITING: u64 = 4;

impl Queue {
    /// Whether nothing more fits: the kernel lets one more wait than the length.
    pub(super) fn is_full(&self) -> bool {
        self.length.is_some_and(|length| length > 0 && self.waiting >= length)
    }

    /// Whether it is worth to know who should accept.
    pub(super) fn is_half_full(&self) -> bool {
        self.length.filter(|length| *length > 0).map_or(self.waiting >= WAITING, |length| {
            self.waiting > 0 && self.waiting >= length.div_ceil(2)
        })
    }

    /// Whether it is fuller for its length than another; of unknown lengths by those who wait.
    fn is_fuller(&self, other: &Self) -> bool {
        let length = |queue: &Self| u128::from(queue.length.unwrap_or(1).max(1));
        u128::from(self.waiting) * length(other) > u128::from(other.waiting) * length(self)
    }
}

/// One namespace that was listed: [`Self::sort`] it once before [`Self::held`] is asked.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) netns: u64,
    /// Sockets in CLOSE_WAIT.
    pub(super) close_wait: u64,
    /// Local ports in use towards the largest destination.
    pub(super) ports: u64,
    /// Inodes of the sockets that use them.
    pub(super) busiest: Vec<u32>,
    handles: Vec<Handle>,
    queues: Vec<Queue>,
}

impl Listed {
    /// What `sockets` holds of namespace `netns`.
    pub(super) fn of(netns: u64, sockets: &Sockets) -> Self {
        let queues = sockets.listening().iter().filter_map(|listening| {
            Some(Queue {
                inode: u32::try_from(listening.inode).ok()?,
                port: u64::from(listening.port),
                waiting: listening.queue,
                length: listening.backlog,
            })
        });
        Self {
            netns,
            close_wait: sockets.close_wait(),
            ports: sockets.busiest_ports() as u64,
            busiest: sockets.busiest_inodes().collect(),
            handles: sockets.handles().to_vec(),
            queues: queues.collect(),
        }
    }

    /// Puts its sockets in order, which is left undone where nobody is asked for them.
    pub(super) fn sort(&mut self) {
        self.handles.sort_unstable();
        self.busiest.sort_unstable();
    }

    /// Whether any accept queue is half full.
    pub(super) fn has_half_full_queue(&self) -> bool {
        self.queues.iter().any(Queue::is_half_full)
    }

    /// What a process with descriptors to `inodes`, each once, has here; `earlier` are the busiest
    /// of the reading before, in order.
    pub(super) fn held(&self, inodes: &[u32], earlier: Option<&[u32]>) -> Holding {
        let mut holding = Holding::default();
        for inode in inodes {
            let Ok(at) = self.handles.binary_search_by_key(inode, |handle| handle.inode) else {
                continue;
            };
            holding.sockets += 1;
            match self.handles[at].state {
                ESTABLISHED => holding.established += 1,
                CLOSE_WAIT => holding.close_wait += 1,
                LISTEN => self.listens(*inode, &mut holding),
                _ => {}
            }
            if self.busiest.binary_search(inode).is_ok() {
                holding.local_ports += 1;
                let is_new = earlier.is_some_and(|old| old.binary_search(inode).is_err());
                holding.local_ports_new += u64::from(is_new);
            }
        }
        holding
    }

    fn listens(&self, inode: u32, holding: &mut Holding) {
        holding.listening += 1;
        let Some(queue) = self.queues.iter().find(|queue| queue.inode == inode) else { return };
        holding.full_queues += u64::from(queue.is_full());
        if holding.fullest.is_none_or(|fullest| queue.is_fuller(&fullest)) {
            holding.fullest = Some(*queue);
        }
    }
}

/// What a process has of a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) sockets: u64,
    pub(super) established: u64,
    pub(super) close_wait: u64,
    pub(super) listening: u64,
    pub(super) full_queues: u64,
    pub(super) fullest: Option<Queue>,
    pub(super) local_ports: u64,
    pub(super) local_ports_new: u64,
}

impl Holding {
    /// Whether a queue of it is half full.
    pub(super) fn is_pressed(&self) -> bool {
        self.fullest.is_some_and(|queue| queue.is_half_full())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sockets::{Address, Socket};
    use super::*;
    use ks_vocabulary::model::Rows;

    fn socket(state: u8, local_port: u16, remote_port: u16, inode: u64) -> Socket {
        let address = |last| Address::V4([10, 0, 0, last]);
        Socket {
            state,
            local: address(1),
            local_port,
            remote: address(9),
            remote_port,
            queue: 0,
            backlog: None,
            inode,
        }
    }

    fn listener(port: u16, inode: u64, queue: u64, backlog: Option<u64>) -> Socket {
        Socket { queue, backlog, ..socket(LISTEN, port, 0, inode) }
    }

    fn listed(all: &[Socket]) -> Listed {
        let mut sockets = Sockets::default();
        for socket in all {
            sockets.add(socket);
        }
        sockets.fill_ports(1, &mut Rows::default());
        let mut listed = Listed::of(1, &sockets);
        listed.sort();
        listed
    }

    #[test]
    fn a_process_has_what_its_descriptors_lead_to() {
        let mut all = vec![
            listener(80, 1, 64, Some(128)),
            listener(81, 2, 10, Some(10)),
            socket(ESTABLISHED, 80, 50_000, 3),
            socket(CLOSE_WAIT, 80, 50_001, 4),
        ];
        // Twenty ports, of which two are in TIME_WAIT and one in both.
        all.extend((0..20).map(|port| {
            let is_over = port >= 18;
            let state = if is_over { 6 } else { ESTABLISHED };
            socket(state, 40_000 + port, 443, if is_over { 0 } else { 100 + u64::from(port) })
        }));
        all.push(socket(6, 40_000, 443, 0));
        let listed = listed(&all);
        assert_eq!((listed.close_wait, listed.ports, listed.busiest.len()), (1, 20, 18));
        let held = listed.held(&[1, 2, 3, 4, 100, 101, 4711], Some(&[101]));
        let queue = Queue { inode: 2, port: 81, waiting: 10, length: Some(10) };
        let expected = Holding {
            sockets: 6,
            established: 3,
            close_wait: 1,
            listening: 2,
            full_queues: 1,
            fullest: Some(queue),
            local_ports: 2,
            local_ports_new: 1,
        };
        assert_eq!(held, expected);
        assert!(held.is_pressed() && listed.has_half_full_queue());
        assert_eq!(listed.held(&[100], None).local_ports_new, 0, "nothing was read before");
        assert_eq!(listed.held(&[4711], None), Holding::default());
    }

    #[test]
    fn a_queue_is_half_full_by_its_length_or_by_who_waits() {
        let half = |waiting, length| Queue { inode: 1, port: 1, waiting, length }.is_half_full();
        assert!(half(64, Some(128)) && !half(63, Some(128)));
        assert!(half(1, Some(1)) && !half(0, Some(1)) && half(2, Some(3)) && !half(1, Some(3)));
        assert!(half(4, None) && !half(3, None) && half(4, Some(0)) && !half(3, Some(0)));
        let full = |waiting| Queue { inode: 1, port: 1, waiting, length: Some(5) }.is_full();
        assert!(full(5) && full(6) && !full(4));
    }
}
