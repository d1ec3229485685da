//! What processes ask for: the usual, which varies, and what faults add.

use super::Simulation;
use crate::demand::Demand;
use crate::host::memory::PAGE;
use crate::host::network::Link;

/// How much what a process does varies from second to second, and how long that lasts.
const VARIES: f64 = 0.12;
const REMEMBERS: f64 = 0.9;
/// How far memory swings, as a share of it, and how much of that is left after a second.
const SWING: (f64, f64) = (0.02, 0.98);

/// What a process asks for without faults.
#[derive(Debug, Clone)]
pub(super) struct Usual {
    pub(super) pid: u64,
    pub(super) demand: Demand,
    pub(super) pace: f64,
    /// How far its memory is from what it begins with, as a share of it.
    pub(super) swing: f64,
    pub(super) varies: bool,
}

impl Simulation {
    /// What each process asks for in this step.
    pub(super) fn ask(&mut self, at_s: f64) {
        let mut link = Link::default();
        let mut slower = 1.0;
        for fault in &self.faults {
            let strength = fault.strength(at_s);
            if strength <= 0.0 {
                continue;
            }
            link.loss += (fault.loss.unwrap_or(0.0) * strength).min(1.0);
            link.errors += fault.nic_errors.unwrap_or(0.0) * strength;
            link.drops += (fault.nic_drops.unwrap_or(0.0) * strength).min(1.0);
            link.syn_flood += fault.syn_flood.unwrap_or(0.0) * strength;
            link.down |= fault.link_down;
            slower += (fault.disk_slower.unwrap_or(1.0) - 1.0) * strength.min(1.0);
        }
        self.host.network.link = link;
        self.host.slow_disk(slower);
        let mut usual = self.usual.iter().peekable();
        for process in &mut self.host.processes {
            let Some(own) = usual.find(|usual| usual.pid == process.pid) else { break };
            process.demand = own.demand.times(own.pace);
            for fault in &self.faults {
                let strength = fault.strength(at_s);
                if strength > 0.0
                    && fault.target.as_deref() == Some(&process.comm)
                    && let Some(more) = &fault.demand
                {
                    process.demand.add(more, strength);
                }
            }
        }
    }

    /// The pace of what runs all the time varies from second to second.
    pub(super) fn vary(&mut self) {
        let drop = f64::sqrt(1.0 - REMEMBERS * REMEMBERS);
        for usual in self.usual.iter_mut().filter(|usual| usual.varies) {
            // The sum of four uniform numbers is nearly normal.
            let draw: f64 = (0..4).map(|_| self.random.next_f64()).sum::<f64>() - 2.0;
            let noise = draw * f64::sqrt(3.0);
            let last = libm::log(usual.pace);
            usual.pace = libm::exp(REMEMBERS * last + drop * VARIES * noise);
        }
        self.breathe();
    }

    /// The memory of what runs all the time comes and goes.
    fn breathe(&mut self) {
        let drop = f64::sqrt(1.0 - SWING.1 * SWING.1);
        let mut processes = self.host.processes.iter_mut();
        for usual in self.usual.iter_mut().filter(|usual| usual.varies) {
            let Some(process) = processes.find(|one| one.pid == usual.pid) else { return };
            let noise = 2.0 * f64::sqrt(3.0) * (self.random.next_f64() - 0.5);
            let swing = SWING.1 * usual.swing + drop * SWING.0 * noise;
            let pages = (usual.demand.memory.bytes / PAGE) as f64;
            process.memory.swing += (swing - usual.swing) * pages;
            usual.swing = swing;
        }
    }
}
