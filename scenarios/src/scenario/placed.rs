//! A scenario on another host, and stronger or weaker: at a place of its grid.
//!
//! What processes ask for scales with what it is asked of: CPU time, threads, calls and touches of
//! memory with the CPUs, memory with the memory. The rest (requests to a disk, connections, lost
//! segments) stays.

use super::Scenario;
use crate::demand::Demand;
use crate::grain::whole;
use crate::grid::Cell;
use crate::units::Bytes;

impl Scenario {
    /// The same on the host and at the strength of a place of its grid.
    #[must_use]
    pub fn within(&self, cell: &Cell) -> Self {
        let (cpus, memory, swap, disk) = self.grid.host(cell.seed);
        let mut other = self.clone();
        let of_cpus = f64::from(cpus) / f64::from(self.host.cpus);
        let of_memory = memory.bytes as f64 / self.host.memory.bytes as f64;
        other.host.cpus = cpus;
        other.host.memory = memory;
        other.host.huge_pages = times(other.host.huge_pages, of_memory);
        other.host.disk = disk;
        other.host.swap = Bytes { bytes: if swap { memory.bytes / 4 } else { 0 } };
        for process in &mut other.processes {
            scale(&mut process.demand, of_cpus, of_memory);
            process.swapped = times(process.swapped, of_memory);
            process.threads = (process.threads * of_cpus.max(1.0)).ceil();
        }
        for group in &mut other.groups {
            group.cpus = group.cpus.map(|cpus| cpus * of_cpus);
            group.memory = group.memory.map(|memory| times(memory, of_memory));
        }
        for fault in &mut other.faults {
            fault.intensity *= cell.intensity;
            if let Some(demand) = &mut fault.demand {
                scale(demand, of_cpus, of_memory);
            }
        }
        other
    }
}

fn times(bytes: Bytes, factor: f64) -> Bytes {
    Bytes { bytes: whole(bytes.bytes as f64 * factor) }
}

fn scale(demand: &mut Demand, of_cpus: f64, of_memory: f64) {
    demand.cpu *= of_cpus;
    demand.spin *= of_cpus;
    demand.calls *= of_cpus;
    demand.minor_faults *= of_cpus;
    demand.touches *= of_cpus;
    demand.file_touches *= of_cpus;
    demand.leak *= of_memory;
    demand.memory = times(demand.memory, of_memory);
    demand.file_hot = times(demand.file_hot, of_memory);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_host_scales_with_it() {
        let text = "summary = \"s\"\nduration = \"5m\"\n\
            process = [{ name = \"a\", demand = { spin = 4.0, leak = 1e6 } }]\n\
            fault = [{ at = \"1m\", target = \"a\", demand = { spin = 8.0 } }]";
        let scenario = Scenario::parse(text, "a.toml").unwrap();
        for seed in 0..20 {
            let other = scenario.within(&Cell { intensity: 2.0, seed });
            let per_cpu = other.processes[0].demand.spin / f64::from(other.host.cpus);
            assert!((per_cpu - 1.0).abs() < 1e-9);
            let share = other.processes[0].demand.leak / other.host.memory.bytes as f64;
            assert!((share * (8u64 << 30) as f64 - 1e6).abs() < 1.0);
            assert!((other.faults[0].intensity - 2.0).abs() < 1e-9);
        }
    }
}
