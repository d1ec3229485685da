//! Hosts and strengths over which detection is measured.

use ks_vocabulary::random::Random;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::grain::whole;
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
    pub(crate) fn host(&self, seed: u64) -> (u32, Bytes, bool, Disk) {
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
    fn hosts_reach_from_end_to_end() {
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
    }
}
