//! Who asks the disk for what in a step, and what the answers mean for them.

use super::disk::{Done, Purpose, Service, Source};
use super::group::Group;
use super::memory::PAGE;
use super::{Host, STEP_S};
use crate::grain::{take_whole, whole};

/// Bytes of a request of a sequential read: the kernel reads ahead (`queue/read_ahead_kb`).
pub(super) const SCAN_BYTES: f64 = 131_072.0;
/// Share of its requests that a sequential reader waits for, while the disk is faster than it: the
/// next one is under way before it is asked for (our judgement).
const READ_AHEAD_WAITS: f64 = 0.1;
/// Share of available memory beyond which dirty pages are waited for (`vm.dirty_ratio`).
pub(crate) const DIRTY: f64 = 0.2;
/// Seconds after which a dirty page is written anyway (`vm.dirty_expire_centisecs`).
const EXPIRE_S: f64 = 30.0;
/// Bytes of a request that nobody waits for.
const GATHERED_PAGES: f64 = 64.0;

impl Host {
    fn service(&self) -> Service {
        let service = Service::of(self.shape.disk);
        Service {
            read_s: service.read_s * self.slow,
            write_s: service.write_s * self.slow,
            bytes_per_s: service.bytes_per_s / self.slow,
            ..service
        }
    }

    pub(super) fn serve_disk(&mut self) {
        let service = self.service();
        let mut sources = std::mem::take(&mut self.sources);
        sources.clear();
        for owner in 0..self.processes.len() {
            self.ask(owner, &service, &mut sources);
        }
        let flushed = self.flush_pages();
        let background = (flushed + self.disk.swap_out) * PAGE as f64 / STEP_S;
        if service.queues(&sources, background) {
            self.yield_to_others(&mut sources);
        }
        self.hold_to_limits(&mut sources);
        let done = service.serve(&mut sources, background);
        self.count(&done);
        self.wrote(&done);
        for source in &sources {
            self.hear(source);
        }
        self.sources = sources;
        self.disk.last = done;
    }

    /// Pages that the swap device takes in a step, less those that wait for it.
    pub(super) fn swap_writes(&self) -> u64 {
        let service = self.service();
        let time_s = service.write_s + GATHERED_PAGES * PAGE as f64 / service.bytes_per_s;
        let pages = 0.5 * service.servers / time_s * GATHERED_PAGES * STEP_S;
        whole(2.0 * pages - self.disk.swap_out)
    }

    fn ask(&mut self, owner: usize, service: &Service, sources: &mut Vec<Source>) {
        let file_missing = self.file_missing(owner);
        let process = &mut self.processes[owner];
        process.step = super::process::Step::default();
        if process.stopped || process.dying || process.stands_still {
            return;
        }
        let demand = &process.demand;
        let base = Source { owner, ..Source::default() };
        for (requests, is_write) in [(&demand.read, false), (&demand.sync, true)] {
            if requests.threads > 0.0 {
                let (think_s, bytes) = (requests.think.seconds(), requests.size.bytes as f64);
                let threads = requests.threads;
                sources.push(Source { threads, think_s, bytes, is_write, ..base });
            }
        }
        if demand.scan > 0.0 {
            let bytes = self.disk.read_ahead_bytes;
            let own_s = service.read_s + bytes / service.bytes_per_s;
            let think_s = (bytes / demand.scan - own_s).max(0.0);
            let reads_ahead = think_s > 0.0;
            let purpose = Purpose::Scan;
            let scan = Source { threads: 1.0, think_s, bytes, reads_ahead, purpose, ..base };
            sources.push(scan);
        }
        let hot = process.memory.hot(demand.hot());
        let missing = process.memory.hot_missing(demand.hot());
        if missing > 0.0 && demand.touches > 0.0 {
            let misses = demand.touches * missing / hot.max(1.0);
            let purpose = Purpose::SwapIn;
            sources.push(waits(base, process.threads, misses, PAGE as f64, purpose));
        }
        if file_missing > 0.0 && demand.file_touches > 0.0 {
            let misses = demand.file_touches * file_missing;
            let bytes = demand.file_read().bytes as f64;
            sources.push(waits(base, process.threads, misses, bytes, Purpose::Refault));
        }
    }

    /// Share of the files that a process uses which is not in memory: on the host, or in what its
    /// group may hold beside the memory of its members.
    fn file_missing(&self, owner: usize) -> f64 {
        let process = &self.processes[owner];
        let all = self.memory.file_hot as f64;
        if all <= 0.0 {
            return 0.0;
        }
        let of_host = 1.0 - (self.memory.clean as f64 / all).min(1.0);
        let Some(room) = self.file_room(process.group) else { return of_host };
        let members = self.processes.iter().filter(|one| one.group == process.group);
        let own: f64 = members.map(|one| one.demand.file_hot.bytes as f64).sum();
        let own = own / PAGE as f64;
        let of_group = if own > 0.0 { 1.0 - (room as f64 / own).min(1.0) } else { 0.0 };
        of_host.max(of_group)
    }

    /// Pages of files that a group may hold; `None` where nothing limits it.
    fn file_room(&self, group: usize) -> Option<u64> {
        let Group { memory_max, memory_high, .. } = &self.groups[group];
        let max = memory_max.iter().chain(memory_high).min()?;
        let members = self.processes.iter().filter(|one| one.group == group);
        Some(max.saturating_sub(members.map(|one| one.memory.anon).sum()))
    }

    /// Requests beyond the limit of a group wait before they are issued.
    fn hold_to_limits(&self, sources: &mut [Source]) {
        let group = |source: &Source| self.processes[source.owner].group;
        for at in 0..sources.len() {
            let source = sources[at];
            let own = group(&source);
            let alike = sources
                .iter()
                .filter(|other| group(other) == own && other.is_write == source.is_write);
            let threads: f64 = alike.map(|other| other.threads).sum();
            let rate = self.groups[own].io_max.rate(source.bytes, source.is_write);
            let rate = rate * source.threads / threads.max(f64::MIN_POSITIVE);
            let wants = source.threads / source.think_s.max(1e-5);
            if rate < wants {
                let throttled_s = source.threads / rate - source.think_s;
                sources[at].throttled_s = throttled_s.max(0.0);
            }
        }
    }

    /// Dirty pages that are to be written in this step.
    fn flush_pages(&self) -> f64 {
        let dirty = self.memory.dirty as f64;
        let available = self.memory.available() as f64;
        if dirty > self.memory.dirty_background * available {
            return dirty;
        }
        (dirty * STEP_S / EXPIRE_S).max(self.disk.flush.min(dirty))
    }

    /// Share of writes into the page cache that are let through: beyond the limit, what is written
    /// out makes room.
    pub(super) fn write_room(&self) -> f64 {
        let limit = DIRTY * self.memory.available() as f64;
        (limit - self.memory.dirty as f64).max(0.0)
    }

    fn count(&mut self, done: &Done) {
        let disk = &mut self.disk;
        disk.reads.add(done.reads * STEP_S);
        disk.read_bytes.add(done.read_bytes * STEP_S);
        disk.read_s.add(done.reads * STEP_S * done.await_s);
        disk.writes.add(done.writes * STEP_S);
        disk.write_bytes.add(done.write_bytes * STEP_S);
        disk.write_s.add(done.writes * STEP_S * done.await_s);
        disk.busy_s.add(done.busy * STEP_S);
        disk.queue_s.add(done.in_flight * STEP_S);
        disk.held_s.add((done.reads + done.writes) * STEP_S * done.held_s);
        self.recent.reads.0 += done.reads * STEP_S;
        self.recent.reads.1 += done.reads * STEP_S * done.await_s;
        self.recent.writes.0 += done.writes * STEP_S;
        self.recent.writes.1 += done.writes * STEP_S * done.await_s;
    }

    /// What was written of the background: pages that were swapped out first, then dirty ones.
    fn wrote(&mut self, done: &Done) {
        let pages = done.background_bytes * STEP_S / PAGE as f64;
        let swapped = pages.min(self.disk.swap_out);
        self.disk.swap_out -= swapped;
        let flushed = whole(pages - swapped).min(self.memory.dirty);
        self.disk.flush = (self.disk.flush - flushed as f64).max(0.0);
        self.memory.dirty -= flushed;
        self.memory.clean += flushed;
        self.memory.counted.written.add(flushed as f64);
    }

    fn hear(&mut self, source: &Source) {
        let process = &mut self.processes[source.owner];
        let served = source.rate * STEP_S;
        let waits = if source.reads_ahead { READ_AHEAD_WAITS } else { 1.0 };
        let waited_s = source.response_s + source.throttled_s;
        let blocked = (source.rate * waited_s).min(source.threads) * waits;
        let bytes = served * source.bytes;
        process.counted.block_s.add(blocked * STEP_S);
        process.counted.voluntary.add(served);
        let group = process.group;
        if source.is_write {
            process.counted.write_bytes.add(bytes);
        } else {
            process.counted.read_bytes.add(bytes);
        }
        match source.purpose {
            Purpose::File | Purpose::Scan => {
                process.step.io += blocked;
                self.recent.storage.0 += served;
                self.recent.storage.1 += served * source.response_s;
                let is_large = source.bytes >= SCAN_BYTES && !source.is_write;
                if is_large || source.purpose == Purpose::Scan {
                    self.fill_cache(group, bytes);
                }
            }
            Purpose::SwapIn => {
                process.step.memory += blocked;
                process.step.memory_io += blocked;
                process.counted.major.add(served);
                process.memory.growing += served;
                let free = self.memory.free();
                let process = &mut self.processes[source.owner];
                let back = take_whole(&mut process.memory.growing);
                let back = back.min(process.memory.swapped).min(free);
                process.memory.swapped -= back;
                process.memory.anon += back;
                self.memory.anon += back;
                self.memory.swapped -= back;
                self.memory.counted.swapped_in.add(back as f64);
                self.memory.counted.refault_anon.add(back as f64);
                self.fault(group, served, source.response_s);
            }
            Purpose::Refault => {
                process.step.memory += blocked;
                process.step.memory_io += blocked;
                process.counted.major.add(served);
                self.memory.counted.refault_file.add(bytes / PAGE as f64);
                self.groups[group].counted.refaults.add(bytes / PAGE as f64);
                self.fill_cache(group, bytes);
                self.fault(group, served, source.response_s);
            }
        }
        self.charge(group, source, bytes);
    }

    fn fault(&mut self, group: usize, faults: f64, response_s: f64) {
        self.memory.counted.major.add(faults);
        self.memory.counted.major_s.add(faults * response_s);
        self.memory.counted.faults.add(faults);
        self.recent.faults.0 += faults;
        self.recent.faults.1 += faults * response_s;
        self.each_group(group, |group| {
            group.counted.major.add(faults);
            group.counted.faults.add(faults);
        });
    }

    fn charge(&mut self, group: usize, source: &Source, bytes: f64) {
        let served = source.rate * STEP_S;
        self.each_group(group, |group| {
            if source.is_write {
                group.counted.write_bytes.add(bytes);
                group.counted.writes.add(served);
            } else {
                group.counted.read_bytes.add(bytes);
                group.counted.reads.add(served);
            }
        });
    }

    /// A group and all above it.
    pub(super) fn each_group(&mut self, group: usize, mut each: impl FnMut(&mut Group)) {
        let mut next = Some(group);
        while let Some(at) = next {
            each(&mut self.groups[at]);
            next = self.groups[at].parent;
        }
    }

    /// Bytes that were read into the page cache: what does not fit takes the place of other pages.
    pub(super) fn fill_cache(&mut self, group: usize, bytes: f64) {
        let pages = whole(bytes / PAGE as f64);
        let room = self.memory.free().saturating_sub(self.memory.marks.min);
        let own = self.file_room(group).unwrap_or(u64::MAX);
        let added = pages.min(room).min(own.saturating_sub(self.groups[group].file));
        self.memory.clean += added;
        self.memory.counted.cache_adds.add(pages as f64);
        self.memory.counted.cache_deletes.add((pages - added) as f64);
        self.memory.counted.allocated.add(pages as f64);
        self.groups[group].file += added;
    }
}

/// Threads that wait for pages: `misses` a second where nothing held them up.
fn waits(base: Source, threads: f64, misses: f64, bytes: f64, purpose: Purpose) -> Source {
    let threads = threads.max(1.0);
    Source { threads, think_s: threads / misses, bytes, purpose, ..base }
}
