//! Whose the TCP sockets are: `/proc/PID/fd` held against the sockets that were listed.
//!
//! It is asked when it matters, that is when ports, accept queues or sockets in CLOSE_WAIT of a
//! namespace are many, and else once a minute of the few processes with most descriptors. A table
//! that is read is of exactly the namespaces that were listed in its tick.

mod census;
mod walk;

use std::collections::BTreeMap;

use ks_vocabulary::model::{
    Process, ReadTimes, Rows, Sample, SocketOwner, SocketOwnerCell as Cell,
};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::pace::is_due;
use super::patient_file::PatientFile;
use super::sockets::Sockets;
use crate::absence::Absence;
use crate::budget::Step;
use crate::host_fs::HostFile;
use crate::sampler::{Context, State};
use crate::samplers::processes::parse_stat;
use crate::text::{fields, parse_u64};
use census::{Holding, Listed};
use walk::{Outcome, Walk};

pub(super) const SOURCE: &str = "socket_owners";
const HIDDEN: &str = "other users' processes are hidden: needs CAP_SYS_PTRACE";
const CUT: &str = "not all processes were asked: 50 ms a reading";

/// Owners kept, those with most sockets; beside them each with a half full queue.
const KEPT: usize = 32;
/// From this share of the ports on it matters whose they are: half of where a verdict begins.
const PORTS_SHARE: f64 = 0.25;
/// And above so many sockets in CLOSE_WAIT (our judgement: they pass within seconds, or are left).
const CLOSE_WAIT: u64 = 50;
/// How often it is asked when it matters, at the pace of listing, and when not.
const PRESSED_NS: u64 = 2 * SECOND_NS;
const CALM_NS: u64 = 60 * SECOND_NS;
/// A walk is repeated no sooner than after so many times its duration: 0.5 % of a CPU.
const REST: u64 = 200;
/// The reading before is forgotten after this time: the namespace is gone.
const FORGET_NS: u64 = 10 * CALM_NS;

/// The last reading of a namespace.
#[derive(Debug)]
struct Earlier {
    at: Timestamp,
    busiest: Vec<u32>,
}

/// Asks for owners: [`Self::take`] each namespace that is listed, then [`Self::sample`].
#[derive(Debug)]
pub(super) struct Owners {
    listed: Vec<Listed>,
    earlier: BTreeMap<u64, Earlier>,
    walk: Walk,
    took_ns: u64,
    range: PatientFile,
}

impl Default for Owners {
    fn default() -> Self {
        let range = HostFile::single("proc/sys/net/ipv4/ip_local_port_range");
        Self {
            listed: Vec::new(),
            earlier: BTreeMap::new(),
            walk: Walk::default(),
            took_ns: 0,
            range: PatientFile::new(range),
        }
    }
}

impl Owners {
    /// Namespace `netns` was listed, and its destinations are found.
    pub(super) fn take(&mut self, netns: u64, sockets: &Sockets) {
        self.listed.push(Listed::of(netns, sockets));
    }

    /// Asks whose the sockets are, if that is due for any namespace of this tick.
    pub(super) fn sample(&mut self, context: &mut Context<'_>, rows: &mut Sample) {
        let listed = std::mem::take(&mut self.listed);
        if !context.host.is_live() {
            return context.states.absent(SOURCE, Absence::Root);
        }
        let ports = self.port_count(context);
        let rest_ns = self.took_ns.saturating_mul(REST);
        let is_due_after = |of: &Listed, period_ns: u64| {
            let last = self.earlier.get(&of.netns).map(|earlier| earlier.at);
            is_due(last, context.tick, period_ns.max(rest_ns))
        };
        let pressed = listed.iter().any(|of| is_pressed(of, ports) && is_due_after(of, PRESSED_NS));
        if pressed || listed.iter().any(|of| is_due_after(of, CALM_NS)) {
            context.unless_shed(Step::OpenFiles, &[SOURCE], |context| {
                self.read(context, listed, !pressed, &mut rows.socket_owners);
            });
        }
    }

    fn read(
        &mut self,
        context: &mut Context<'_>,
        mut listed: Vec<Listed>,
        is_calm: bool,
        rows: &mut Rows<SocketOwner>,
    ) {
        let begin_ns = context.elapsed_ns();
        for of in &mut listed {
            of.sort();
        }
        let mut found = Vec::new();
        let earlier = &self.earlier;
        let outcome = self.walk.run(context, is_calm, |pid, inodes| {
            let before = found.len();
            for of in &listed {
                let old = earlier.get(&of.netns).map(|earlier| earlier.busiest.as_slice());
                let holding = of.held(inodes, old);
                if holding.sockets > 0 {
                    found.push((pid, of.netns, old.is_some(), holding));
                }
            }
            found.len() > before
        });
        match outcome {
            Ok(outcome) => {
                fill(context, found, rows);
                rows.sort();
                rows.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
                context.states.set(SOURCE, state(outcome));
            }
            Err(absence) => context.states.absent(SOURCE, absence),
        }
        self.took_ns = u64::try_from(context.elapsed_ns() - begin_ns).unwrap_or(0);
        let tick = context.tick;
        self.earlier.retain(|_, earlier| tick.since_ns(earlier.at) < FORGET_NS);
        for of in listed {
            self.earlier.insert(of.netns, Earlier { at: tick, busiest: of.busiest });
        }
    }

    /// Local ports that a namespace has, by the setting of our own.
    fn port_count(&mut self, context: &mut Context<'_>) -> Option<u64> {
        let text = self.range.read(context.host, context.buffer, context.tick).ok()?;
        let mut ends = fields(text).filter_map(parse_u64);
        let (first, last) = (ends.next()?, ends.next()?);
        Some(last.checked_sub(first)?.saturating_add(1))
    }
}

/// Whether it matters whose the sockets are.
fn is_pressed(of: &Listed, ports: Option<u64>) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "numbers of ports")]
    let used = ports.map_or(0.0, |ports| of.ports as f64 / ports as f64);
    used >= PORTS_SHARE || of.close_wait > CLOSE_WAIT || of.has_half_full_queue()
}

fn state(outcome: Outcome) -> State {
    match outcome {
        Outcome { hidden: true, .. } => State::Limited(HIDDEN),
        Outcome { cut: true, .. } => State::Limited(CUT),
        Outcome { .. } => State::On,
    }
}

/// A process, a namespace, whether that was read before, and what it has there.
type Found = (u64, u64, bool, Holding);

/// Appends those with most sockets, and each with a half full queue, unless they ended meanwhile.
fn fill(context: &mut Context<'_>, mut found: Vec<Found>, rows: &mut Rows<SocketOwner>) {
    found.sort_unstable_by_key(|(pid, netns, _, holding)| {
        (std::cmp::Reverse(holding.sockets), *pid, *netns)
    });
    let kept = found.iter().enumerate().filter(|(at, of)| *at < KEPT || of.3.is_pressed());
    for (_, (pid, netns, is_read_again, holding)) in kept {
        let Some(start_ticks) = start_ticks(context, *pid) else { continue };
        let row = rows.push();
        row.set(Cell::pid, *pid);
        row.set(Cell::start_ticks, start_ticks);
        row.set(Cell::netns, *netns);
        row.set(Cell::sockets, holding.sockets);
        row.set(Cell::established, holding.established);
        row.set(Cell::close_wait, holding.close_wait);
        row.set(Cell::listening, holding.listening);
        row.set(Cell::full_queues, holding.full_queues);
        if let Some(queue) = holding.fullest {
            row.set(Cell::port, queue.port);
            row.set(Cell::inode, u64::from(queue.inode));
            row.set(Cell::queue, queue.waiting);
            row.set_some(Cell::backlog, queue.length);
        }
        row.set(Cell::local_ports, holding.local_ports);
        row.set_some(Cell::local_ports_new, is_read_again.then_some(holding.local_ports_new));
    }
}

fn start_ticks(context: &mut Context<'_>, pid: u64) -> Option<u64> {
    let mut file = HostFile::single(format!("proc/{pid}/stat"));
    let mut row = Process::default();
    parse_stat(file.read(context.host, context.buffer).ok()?, &mut row)?;
    row.start_ticks()
}

#[cfg(test)]
mod tests;
