//! A scenario on other hosts, and stronger or weaker: the grid over which detection is measured.
//!
//! What processes ask for scales with what it is asked of: CPU time, threads, calls and touches of
//! memory with the CPUs, memory with the memory. The rest (requests to a disk, connections, lost
//! segments) stays.

use ks_engine::random::Random;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::demand::Demand;
use crate::grain::whole;
use crate::scenario::Scenario;
use crate::shape::Disk;
use crate::units::Bytes;

/// Hosts and intensities over which a scenario is run.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grid {
    /// The fewest and the most CPUs.
    pub cpus: [u32; 2],
    /// The least and the most memory.
    pub memory: [Bytes; 2],
    /// Hosts with swap, without, or both.
    pub swap: Vec<bool>,
    /// Devices.
    pub disks: Vec<Disk>,
    /// Factors of the strength of faults.
    pub intensities: Vec<f64>,
}

impl Default for Grid {
    fn default() -> Self {
        Self {
            cpus: [1, 64],
            memory: [Bytes { bytes: 1 << 30 }, Bytes { bytes: 256 << 30 }],
            swap: vec![true, false],
            disks: vec![Disk::Nvme, Disk::Rotating],
            intensities: vec![0.5, 1.0, 2.0, 4.0],
        }
    }
}

/// One place of the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Factor of the strength of faults.
    pub intensity: f64,
    /// Seed of the run, from which the host is drawn too.
    pub seed: u64,
}

/// Share of the seeds that a key gives: one in three.
const DRAWN: u64 = 3;

impl Grid {
    /// Every place of the grid: each seed at each intensity. The seeds are those from `first` on;
    /// one in three is drawn from `key`, so that nobody knows it beforehand.
    pub fn cells(&self, name: &str, first: u64, seeds: u32, key: &str) -> Vec<Cell> {
        let mut drawn = Random::stream(hash(key), name);
        let seeds: Vec<u64> = (0..u64::from(seeds))
            .map(|at| {
                // The largest whole numbers that a file of any kind holds exactly.
                let other = drawn.next_u64() >> 12;
                if at % DRAWN == DRAWN - 1 { other } else { first + at }
            })
            .collect();
        let of_seed = |seed: u64| {
            self.intensities.iter().map(move |intensity| Cell { intensity: *intensity, seed })
        };
        seeds.into_iter().flat_map(of_seed).collect()
    }

    /// A host of the grid, drawn from a seed: its CPUs and memory evenly by their logarithms,
    /// memory between a half and eight GiB for each CPU, as hosts are sold.
    fn host(&self, seed: u64) -> (u32, Bytes, bool, Disk) {
        let mut random = Random::stream(seed, "grid");
        let mut between = |low: f64, high: f64| low * libm::pow(high / low, random.next_f64());
        let cpus = between(f64::from(self.cpus[0]), f64::from(self.cpus[1])).round();
        let gib = (1u64 << 30) as f64;
        let memory = between(0.5, 8.0) * cpus * gib;
        let [least, most] = self.memory.map(|memory| memory.bytes as f64);
        let memory = memory.clamp(least, most.max(least));
        let cpus = u32::try_from(whole(cpus)).unwrap_or(self.cpus[1]);
        let pick = |len: usize, draw: u64| usize::try_from(draw % len.max(1) as u64).unwrap_or(0);
        let swap = self.swap.get(pick(self.swap.len(), random.next_u64())).copied();
        let disk = self.disks.get(pick(self.disks.len(), random.next_u64())).copied();
        let memory = Bytes { bytes: whole(memory) >> 20 << 20 };
        (cpus, memory, swap.unwrap_or(true), disk.unwrap_or(Disk::Nvme))
    }
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

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
        other.host.disk = disk;
        other.host.swap = Bytes { bytes: if swap { memory.bytes / 4 } else { 0 } };
        for process in &mut other.processes {
            scale(&mut process.demand, of_cpus, of_memory);
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
    fn a_third_of_the_seeds_comes_from_the_key() {
        let grid = Grid::default();
        let of = |key: &str| grid.cells("leak", 1, 21, key);
        let (one, other) = (of("a"), of("b"));
        assert_eq!(one.len(), 84);
        let differ = one.iter().zip(&other).filter(|(one, other)| one.seed != other.seed).count();
        assert_eq!(differ, 28);
        assert_eq!(one, of("a"));
        assert!(one.iter().any(|cell| cell.seed == 20) && one.iter().all(|cell| cell.seed != 3));
    }

    #[test]
    fn hosts_reach_from_end_to_end_and_what_is_asked_of_them_scales() {
        let grid = Grid::default();
        let hosts: Vec<_> = (0..400).map(|seed| grid.host(seed)).collect();
        let cpus: Vec<u32> = hosts.iter().map(|host| host.0).collect();
        assert_eq!(cpus.iter().min(), Some(&1));
        assert!((60..=64).contains(cpus.iter().max().unwrap()));
        assert!(hosts.iter().any(|host| host.1.bytes == 1 << 30));
        assert!(hosts.iter().any(|host| host.1.bytes > 200 << 30));
        for (swap, disk) in [(true, Disk::Nvme), (false, Disk::Rotating)] {
            assert!(hosts.iter().any(|host| (host.2, host.3) == (swap, disk)));
        }
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
