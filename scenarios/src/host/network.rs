//! The network of the host's one namespace: segments, retransmits, accept queues, local ports.
//!
//! Lost segments are sent again; goodput is what is not. An accept queue holds the smaller of the
//! backlog and `somaxconn`, and what comes on top overflows. A local port stays taken for 60 s
//! after its connection was closed from here (TIME_WAIT). Who connects closes after a step.

use std::collections::VecDeque;

use super::process::Process;
use crate::grain::{Counter, whole};

/// `net.ipv4.ip_local_port_range`, as it comes.
const PORTS: (u64, u64) = (32_768, 60_999);
/// Seconds that a closed connection keeps its port.
const TIME_WAIT_S: usize = 60;
/// `net.core.somaxconn`, as it comes.
const SOMAXCONN: f64 = 4096.0;
/// `net.ipv4.tcp_max_syn_backlog`, as it comes.
const SYN_BACKLOG: f64 = 1024.0;
/// Half-open connections that a listener holds before it answers with cookies: by its backlog,
/// whatever the sysctl says.
const SYN_QUEUE: f64 = 1024.0;
/// Share of `tcp_max_syn_backlog` from which on requests are refused where no cookies are sent.
const SYN_FULL: f64 = 0.75;
/// Seconds for which a half-open connection is waited for.
const SYN_S: f64 = 31.0;

/// What happens to segments on the way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Link {
    /// Share of segments that are lost.
    pub(crate) loss: f64,
    /// Received frames a second that are damaged.
    pub(crate) errors: f64,
    /// Share of received frames that the host drops.
    pub(crate) drops: f64,
    /// Connection requests a second that are never completed.
    pub(crate) syn_flood: f64,
    /// The cable is out.
    pub(crate) down: bool,
}

/// State and counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Network {
    pub(crate) link: Link,
    pub(crate) speed_mbit: u64,
    pub(crate) rx_bytes: Counter,
    pub(crate) tx_bytes: Counter,
    pub(crate) rx_packets: Counter,
    pub(crate) tx_packets: Counter,
    pub(crate) rx_errors: Counter,
    pub(crate) rx_dropped: Counter,
    pub(crate) in_segments: Counter,
    pub(crate) out_segments: Counter,
    pub(crate) retransmits: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) active_opens: Counter,
    pub(crate) passive_opens: Counter,
    pub(crate) overflows: Counter,
    pub(crate) cookies: Counter,
    /// Requests that were refused for want of a place among the half-open ones.
    pub(crate) refused: Counter,
    pub(crate) no_port: Counter,
    pub(crate) half_open: f64,
    pub(crate) established: f64,
    pub(crate) close_wait: f64,
    pub(crate) queues: Vec<Queue>,
    /// `net.ipv4.ip_local_port_range`.
    pub(crate) ports: (u64, u64),
    /// `net.core.somaxconn`.
    pub(crate) somaxconn: f64,
    /// `net.ipv4.tcp_max_syn_backlog`, which counts while no cookies are sent.
    pub(crate) syn_backlog: f64,
    /// `net.ipv4.tcp_syncookies`.
    pub(crate) sends_cookies: bool,
    /// Share of the requests that were refused in the last step.
    refusing: f64,
    /// `net.ipv4.tcp_tw_reuse`.
    pub(crate) reuses: bool,
    /// Until when the link is agreed on, in s since boot.
    pub(crate) down_until_s: f64,
    pub(super) time_wait: VecDeque<f64>,
    pub(super) closing: f64,
}

/// The accept queue of one listening socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queue {
    /// Process that listens.
    pub(crate) pid: u64,
    pub(crate) port: u64,
    pub(crate) backlog: f64,
    pub(crate) waiting: f64,
}

impl Network {
    /// One as kernels set it up.
    pub(crate) fn new(speed_mbit: u64, sends_cookies: bool) -> Self {
        let (ports, somaxconn, syn_backlog) = (PORTS, SOMAXCONN, SYN_BACKLOG);
        let down_until_s = f64::NEG_INFINITY;
        let limits = Self { ports, somaxconn, syn_backlog, ..Self::default() };
        Self { speed_mbit, sends_cookies, down_until_s, ..limits }
    }

    /// A process begins to listen: its queue is as long as both limits allow now.
    pub(crate) fn listen(&mut self, pid: u64, port: u64, backlog: f64) {
        let backlog = backlog.min(self.somaxconn);
        self.queues.push(Queue { pid, port, backlog, waiting: 0.0 });
    }

    fn port_count(&self) -> f64 {
        (self.ports.1 - self.ports.0 + 1) as f64
    }

    /// Connections in TIME_WAIT.
    pub(crate) fn time_wait(&self) -> f64 {
        self.time_wait.iter().sum::<f64>() + self.closing
    }

    /// Local ports in use towards the destination that is connected to.
    pub(crate) fn ports_used(&self) -> f64 {
        self.time_wait().min(self.port_count())
    }

    /// Advances by a step.
    pub(crate) fn step(&mut self, processes: &mut [Process], step_s: f64) {
        let alive = !self.link.down;
        for process in processes.iter_mut() {
            let demand = process.demand;
            let served = served(process);
            if demand.segments > 0.0 && alive {
                self.carry(demand.segments * served * step_s, demand.segment().bytes as f64);
            }
            process.connecting = if demand.connects > 0.0 {
                self.connect(demand.connects * served * step_s)
            } else {
                0.0
            };
            if demand.unclosed > 0.0 {
                let left = demand.unclosed * step_s;
                process.counted.close_wait.add(left);
                process.counted.open_files.add(left);
                self.close_wait += left;
            }
            if demand.arrivals > 0.0 && alive {
                let accepts = demand.accepts * served * process.answered * step_s;
                let arrived = demand.arrivals * step_s;
                let refused = arrived * self.refusing;
                self.refused.add(refused);
                self.accept(process.pid, arrived - refused, accepts);
            }
        }
        self.flood(step_s);
    }

    /// A second is over: connections closed a minute ago give their ports back.
    pub(crate) fn second(&mut self) {
        self.time_wait.push_back(std::mem::take(&mut self.closing));
        if self.time_wait.len() > TIME_WAIT_S {
            self.time_wait.pop_front();
        }
    }

    fn carry(&mut self, segments: f64, bytes: f64) {
        let again = segments * self.link.loss;
        let frames = segments + again;
        self.out_segments.add(frames);
        self.retransmits.add(again);
        // One in ten losses is not noticed by later segments, and waits for the timer.
        self.timeouts.add(0.1 * again);
        self.in_segments.add(segments);
        self.tx_packets.add(frames);
        self.tx_bytes.add(frames * (bytes + 66.0));
        let dropped = segments * self.link.drops;
        self.rx_packets.add(segments - dropped);
        self.rx_dropped.add(dropped);
        self.rx_bytes.add((segments - dropped) * (bytes + 66.0));
    }

    /// Opens connections, and closes them at once. Returns how many could be.
    fn connect(&mut self, wanted: f64) -> f64 {
        let room = (self.port_count() - self.time_wait()).max(0.0);
        let mut opened = wanted.min(room);
        if self.reuses {
            // A port that has been closed for a second is taken again, and waits anew.
            let mut short = wanted - opened;
            for closed in &mut self.time_wait {
                let again = short.min(*closed);
                *closed -= again;
                short -= again;
            }
            opened = wanted - short;
        }
        self.no_port.add(wanted - opened);
        self.active_opens.add(opened);
        self.closing += opened;
        opened
    }

    fn accept(&mut self, pid: u64, arrived: f64, accepts: f64) {
        let Some(queue) = self.queues.iter_mut().find(|queue| queue.pid == pid) else { return };
        let waiting = queue.waiting + arrived - accepts.min(queue.waiting + arrived);
        let room = queue.backlog + 1.0;
        queue.waiting = waiting.min(room);
        self.overflows.add(waiting - queue.waiting);
        self.passive_opens.add(arrived - (waiting - queue.waiting));
    }

    fn flood(&mut self, step_s: f64) {
        let arrived = self.link.syn_flood * step_s;
        let most = if self.sends_cookies { SYN_QUEUE } else { SYN_FULL * self.syn_backlog };
        let room = (most - self.half_open).max(0.0);
        self.half_open += arrived.min(room) - self.half_open * step_s / SYN_S;
        self.half_open = self.half_open.clamp(0.0, most);
        let over = (arrived - room).max(0.0);
        if self.sends_cookies {
            self.cookies.add(over);
        } else {
            self.refused.add(over);
            self.refusing = over / arrived.max(f64::MIN_POSITIVE);
        }
        self.rx_errors.add(self.link.errors * step_s);
        self.in_segments.add(arrived);
        self.rx_packets.add(arrived);
        self.rx_bytes.add(arrived * 60.0);
    }

    /// Sockets in use.
    pub(crate) fn sockets(&self) -> u64 {
        whole(self.established + self.close_wait + self.queues.len() as f64)
    }
}

/// Share of what it wanted to do that a process could do with the CPU it had.
fn served(process: &Process) -> f64 {
    let wanted = process.step.ran + process.step.waited;
    if process.stopped || process.dying || process.stands_still {
        0.0
    } else if wanted > 0.0 {
        (process.step.ran / wanted).clamp(0.05, 1.0)
    } else {
        1.0
    }
}
