//! Memory of the host, in pages of 4 KiB: who holds it, and what is reclaimed when it gets scarce.
//!
//! `MemTotal` is the sum of its parts in each step, exactly: what is free is what no part holds.
//! kswapd works between the low and the high watermark; below the min watermark those that ask
//! reclaim themselves. Clean cache goes first, then cold anonymous pages by swappiness, then what
//! is in use. Where nothing can be reclaimed for a while a process is killed.

use super::process::Process;
use crate::grain::{Counter, whole};
use crate::shape::Shape;

/// A page is this many bytes.
pub(crate) const PAGE: u64 = 4096;
/// A huge page is this many (`Hugepagesize`).
pub(crate) const HUGE: u64 = 2 << 20;
/// `vm.swappiness`, as it comes.
pub(crate) const SWAPPINESS: f64 = 60.0;
/// Pages that one pass of direct reclaim frees (`SWAP_CLUSTER_MAX`).
const CLUSTER: f64 = 32.0;
/// Clean pages that one thread can drop a second: about 4 GB (our judgement).
const DROP_PER_S: f64 = 1e6;
/// The cache is never smaller than this share of memory: what is mapped and running.
const CACHE_FLOOR: f64 = 0.005;

/// Who holds the pages, and what was counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    /// Set aside as huge pages.
    pub(crate) huge: u64,
    /// Of the kernel, and never given back.
    pub(crate) reserved: u64,
    pub(crate) clean: u64,
    pub(crate) dirty: u64,
    pub(crate) slab_reclaimable: u64,
    pub(crate) slab_unreclaimable: u64,
    pub(crate) unevictable: u64,
    pub(crate) swap_total: u64,
    pub(crate) swappiness: f64,
    /// Share of available memory from which dirty pages are written as fast as the disk takes them
    /// (`vm.dirty_background_ratio`).
    pub(crate) dirty_background: f64,
    pub(crate) marks: Marks,
    /// Sums over the processes, kept for a step.
    pub(crate) anon: u64,
    pub(crate) swapped: u64,
    pub(crate) threads: u64,
    pub(crate) file_hot: u64,
    pub(crate) kswapd_works: bool,
    pub(crate) counted: Paging,
}

/// Watermarks of all zones together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) min: u64,
    pub(crate) low: u64,
    pub(crate) high: u64,
}

/// Counters of `/proc/vmstat`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paging {
    pub(crate) swapped_in: Counter,
    pub(crate) swapped_out: Counter,
    pub(crate) faults: Counter,
    pub(crate) major: Counter,
    pub(crate) major_s: Counter,
    pub(crate) allocated: Counter,
    pub(crate) freed: Counter,
    pub(crate) scan_kswapd: Counter,
    pub(crate) scan_direct: Counter,
    pub(crate) steal_kswapd: Counter,
    pub(crate) steal_direct: Counter,
    pub(crate) stalls: Counter,
    pub(crate) stall_s: Counter,
    pub(crate) refault_anon: Counter,
    pub(crate) refault_file: Counter,
    pub(crate) dirtied: Counter,
    pub(crate) written: Counter,
    pub(crate) cache_adds: Counter,
    pub(crate) cache_deletes: Counter,
    pub(crate) kills: u64,
}

/// What reclaim may do in a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means {
    /// Length of the step, in s.
    pub(crate) step_s: f64,
    /// Pages that the swap device takes in the step.
    pub(crate) swap_writes: u64,
    /// Threads that reclaim.
    pub(crate) threads: f64,
}

/// What was reclaimed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reclaimed {
    pub(crate) file: u64,
    pub(crate) anon: u64,
}

impl Reclaimed {
    pub(crate) fn pages(self) -> u64 {
        self.file + self.anon
    }
}

impl Memory {
    /// Memory of this size with the kernel's watermarks: `min_free_kbytes` is 4 x the root of the
    /// kilobytes times 4, low a quarter above it or a thousandth of memory, high twice as far.
    pub(crate) fn new(shape: &Shape) -> Self {
        let total = shape.memory.bytes / PAGE;
        let huge = shape.huge_pages.bytes / HUGE * (HUGE / PAGE);
        let ordinary = total - huge;
        let kilobytes = (shape.memory.bytes / 1024) as f64;
        let min_kb = libm::sqrt(kilobytes * 16.0).clamp(128.0, 262_144.0);
        let min = whole(min_kb / 4.0);
        let gap = (min / 4).max(total / 1000);
        Self {
            total,
            huge,
            reserved: ordinary / 60 + 20_000.min(ordinary / 40),
            slab_reclaimable: ordinary / 80,
            slab_unreclaimable: ordinary / 160,
            swap_total: shape.swap.bytes / PAGE,
            swappiness: SWAPPINESS,
            dirty_background: 0.1,
            marks: Marks { min, low: min + gap, high: min + 2 * gap },
            ..Self::default()
        }
    }

    /// Pages of the page tables: one for each 512 pages that are mapped.
    pub(crate) fn tables(&self) -> u64 {
        (self.anon + self.swapped) / 512 + 8 * self.threads.min(self.total / 4096) / 4
    }

    /// Pages of the kernel's stacks: 16 KiB for each thread.
    pub(crate) fn stacks(&self) -> u64 {
        4 * self.threads
    }

    /// Pages that are held by anything.
    pub(crate) fn used(&self) -> u64 {
        self.huge
            + self.reserved
            + self.anon
            + self.cache()
            + self.slab_reclaimable
            + self.slab_unreclaimable
            + self.unevictable
            + self.tables()
            + self.stacks()
    }

    /// Pages of the page cache.
    pub(crate) fn cache(&self) -> u64 {
        self.clean + self.dirty
    }

    /// `MemFree`.
    pub(crate) fn free(&self) -> u64 {
        self.total.saturating_sub(self.used())
    }

    /// `SwapFree`.
    pub(crate) fn swap_free(&self) -> u64 {
        self.swap_total.saturating_sub(self.swapped)
    }

    /// `MemAvailable` by the kernel's formula (`si_mem_available`): what is free above the high
    /// watermark, and of cache and slab what exceeds the half, or the low watermark.
    pub(crate) fn available(&self) -> u64 {
        let part = |pages: u64| pages - (pages / 2).min(self.marks.low);
        let free = self.free() + part(self.cache()) + part(self.slab_reclaimable);
        free.saturating_sub(self.marks.high)
    }

    /// Takes the sums over the processes anew.
    pub(crate) fn recount(&mut self, processes: &[Process]) {
        let sum = |pages: fn(&Process) -> u64| processes.iter().map(pages).sum();
        self.anon = sum(|process| process.memory.anon);
        self.swapped = sum(|process| process.memory.swapped);
        self.threads = whole(processes.iter().map(|process| process.threads).sum());
        self.file_hot = whole(
            processes.iter().map(|process| process.demand.file_hot.bytes as f64).sum::<f64>()
                / PAGE as f64,
        );
    }

    /// Pages of cache that reclaim cannot drop.
    fn floor(&self) -> u64 {
        whole(CACHE_FLOOR * (self.total - self.huge) as f64)
    }

    /// Share of reclaim that falls on anonymous pages: none while the cache is larger than what is
    /// used of it, else by swappiness of 200 (`get_scan_count`).
    fn anon_share(&self) -> f64 {
        if self.swap_free() == 0 {
            return 0.0;
        }
        let plenty = self.file_hot + self.total / 50;
        if self.clean > plenty { 0.0 } else { self.swappiness / 200.0 }
    }

    /// Reclaims up to `pages`.
    pub(crate) fn reclaim(
        &mut self,
        pages: u64,
        means: Means,
        processes: &mut [Process],
    ) -> Reclaimed {
        let fast = whole(DROP_PER_S * means.step_s * means.threads.max(1.0));
        let pages = pages.min(fast);
        let share = self.anon_share();
        let droppable = self.clean.saturating_sub(self.floor());
        let most_anon = self.swap_free().min(means.swap_writes).min(self.anon);
        let wanted_anon = whole(pages as f64 * share);
        let mut anon = wanted_anon.min(most_anon);
        let file = (pages - anon).min(droppable);
        if share > 0.0 {
            anon = (pages - file).min(most_anon);
        }
        self.clean -= file;
        self.counted.cache_deletes.add(file as f64);
        self.counted.swapped_out.add(anon as f64);
        swap_out(processes, anon);
        self.recount_anon(processes);
        self.counted.freed.add((file + anon) as f64);
        Reclaimed { file, anon }
    }

    fn recount_anon(&mut self, processes: &[Process]) {
        self.anon = processes.iter().map(|process| process.memory.anon).sum();
        self.swapped = processes.iter().map(|process| process.memory.swapped).sum();
    }

    /// kswapd: from the low watermark until the high one is reached. The return value is the pages
    /// that it freed, each of which costs it CPU time.
    pub(crate) fn kswapd(&mut self, means: Means, processes: &mut [Process]) -> u64 {
        let free = self.free();
        self.kswapd_works = free < self.marks.low || self.kswapd_works && free < self.marks.high;
        if !self.kswapd_works {
            return 0;
        }
        let wanted = self.marks.high + self.marks.high / 8 - free.min(self.marks.high);
        let freed = self.reclaim(wanted, means, processes).pages();
        self.counted.scan_kswapd.add(scanned(wanted, freed));
        self.counted.steal_kswapd.add(freed as f64);
        freed
    }

    /// Reclaim by those that ask, for `pages` that are not free.
    pub(crate) fn direct(&mut self, pages: u64, means: Means, processes: &mut [Process]) -> u64 {
        let freed = self.reclaim(pages, means, processes).pages();
        self.counted.scan_direct.add(scanned(pages, freed));
        self.counted.steal_direct.add(freed as f64);
        self.counted.stalls.add((pages as f64 / CLUSTER).max(1.0));
        freed
    }

    /// Drops what nobody has written to: pages of files, slab, or both.
    pub(crate) fn clear(&mut self, cache: bool, slab: bool) {
        if cache {
            let dropped = self.clean.saturating_sub(self.floor());
            self.clean -= dropped;
            self.counted.cache_deletes.add(dropped as f64);
            self.counted.freed.add(dropped as f64);
        }
        if slab {
            self.slab_reclaimable /= 2;
        }
    }

    /// Whether anything is left that reclaim could take.
    pub(crate) fn is_exhausted(&self) -> bool {
        let droppable = self.clean.saturating_sub(self.floor());
        droppable < self.total / 2000 && (self.swap_free() == 0 || self.anon == 0)
    }
}

/// Pages that were looked at: the less is found, the more of them.
fn scanned(wanted: u64, freed: u64) -> f64 {
    let missed = wanted.saturating_sub(freed) as f64;
    freed as f64 * 1.3 + missed * 4.0
}

/// Swaps pages out: of all processes in proportion to what is cold, then to what is there.
fn swap_out(processes: &mut [Process], pages: u64) {
    let may = |process: &Process| if process.memory.stays { 0 } else { process.memory.anon };
    let cold = |process: &Process| {
        let hot = whole(process.memory.hot(process.demand.hot()));
        may(process).saturating_sub(hot)
    };
    let left = pages - take(processes, pages, cold);
    if left > 0 {
        take(processes, left, may);
    }
}

/// Takes pages in proportion to `part`; the return value is how many.
fn take(processes: &mut [Process], pages: u64, part: impl Fn(&Process) -> u64) -> u64 {
    let all: u64 = processes.iter().map(&part).sum();
    let pages = pages.min(all);
    if pages == 0 {
        return 0;
    }
    let (mut seen, mut taken) = (0u64, 0u64);
    for process in processes.iter_mut() {
        seen += part(process);
        // Rounding is carried from one to the next, so that the sum is what was asked.
        let upto = u128::from(seen) * u128::from(pages) / u128::from(all);
        let own = u64::try_from(upto).unwrap_or(pages) - taken;
        let own = own.min(process.memory.anon);
        process.memory.anon -= own;
        process.memory.swapped += own;
        taken += own;
    }
    taken
}
