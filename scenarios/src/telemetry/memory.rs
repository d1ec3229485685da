//! `/proc/meminfo`, `/proc/vmstat`, `/proc/swaps`, `/proc/zoneinfo`.

use ks_vocabulary::model::{MemoryCell, Sample, SwapCell, SwapName, VmCell, ZoneCell, ZoneName};

use crate::host::Host;
use crate::host::memory::{HUGE, Memory, PAGE};

pub(super) fn fill(host: &mut Host, sample: &mut Sample) {
    host.memory.recount(&host.processes);
    fill_memory(host, sample);
    fill_vm(host, sample);
    let memory = &host.memory;
    let row = sample.swaps.push();
    if memory.swap_total == 0 {
        sample.swaps.pop();
        sample.swaps.set_read(ks_vocabulary::model::ReadTimes::default());
        return;
    }
    row.set_name(SwapName::name, b"/swapfile");
    row.set(SwapCell::size_bytes, memory.swap_total * PAGE);
    row.set(SwapCell::used_bytes, memory.swapped * PAGE);
    row.set(SwapCell::priority, -2i64);
}

fn fill_memory(host: &Host, sample: &mut Sample) {
    use MemoryCell as Cell;
    let memory = &host.memory;
    let mapped: u64 = host.processes.iter().map(|process| process.memory.mapped).sum();
    let hot_file = memory.file_hot.min(memory.cache());
    let hot_anon = memory.anon / 2;
    let cells = [
        (Cell::total_bytes, memory.total),
        (Cell::free_bytes, memory.free()),
        (Cell::available_bytes, memory.available()),
        (Cell::cached_bytes, memory.cache()),
        (Cell::active_bytes, hot_file + hot_anon),
        (Cell::inactive_bytes, memory.cache() - hot_file + memory.anon - hot_anon),
        (Cell::active_anon_bytes, hot_anon),
        (Cell::inactive_anon_bytes, memory.anon - hot_anon),
        (Cell::active_file_bytes, hot_file),
        (Cell::inactive_file_bytes, memory.cache() - hot_file),
        (Cell::unevictable_bytes, memory.unevictable),
        (Cell::mlocked_bytes, memory.unevictable),
        (Cell::swap_total_bytes, memory.swap_total),
        (Cell::swap_free_bytes, memory.swap_free()),
        (Cell::dirty_bytes, memory.dirty),
        (Cell::anon_bytes, memory.anon),
        (Cell::mapped_bytes, mapped.min(memory.cache())),
        (Cell::slab_reclaimable_bytes, memory.slab_reclaimable),
        (Cell::slab_unreclaimable_bytes, memory.slab_unreclaimable),
        (Cell::kernel_stack_bytes, memory.stacks()),
        (Cell::page_tables_bytes, memory.tables()),
        (Cell::commit_limit_bytes, memory.swap_total + memory.total / 2),
        (Cell::committed_bytes, memory.anon + memory.swapped),
    ];
    let row = sample.memory.push();
    for (cell, pages) in cells {
        row.set(cell, pages * PAGE);
    }
    row.set(Cell::hugetlb_bytes, memory.huge * PAGE);
    row.set(Cell::huge_pages, memory.huge * PAGE / HUGE);
    row.set(Cell::huge_page_bytes, HUGE);
    row.set(Cell::huge_pages_free, 0u64);
    let none =
        [Cell::buffers_bytes, Cell::swap_cached_bytes, Cell::shmem_bytes, Cell::writeback_bytes];
    for cell in none {
        row.set(cell, 0u64);
    }
}

fn fill_vm(host: &Host, sample: &mut Sample) {
    use VmCell as Cell;
    let (memory, disk) = (&host.memory, &host.disk);
    let paging = &memory.counted;
    let row = sample.vm.push();
    let counters = [
        (Cell::pswpin, paging.swapped_in),
        (Cell::pswpout, paging.swapped_out),
        (Cell::pgfault, paging.faults),
        (Cell::pgmajfault, paging.major),
        (Cell::pgalloc, paging.allocated),
        (Cell::pgfree, paging.freed),
        (Cell::pgscan_kswapd, paging.scan_kswapd),
        (Cell::pgscan_direct, paging.scan_direct),
        (Cell::pgsteal_kswapd, paging.steal_kswapd),
        (Cell::pgsteal_direct, paging.steal_direct),
        (Cell::allocstall, paging.stalls),
        (Cell::refault_anon, paging.refault_anon),
        (Cell::refault_file, paging.refault_file),
        (Cell::activate, paging.refault_file),
        (Cell::nr_dirtied, paging.dirtied),
        (Cell::nr_written, paging.written),
    ];
    for (cell, counter) in counters {
        row.set(cell, counter.value());
    }
    row.set(Cell::pgpgin_kb, disk.read_bytes.by(1024.0));
    row.set(Cell::pgpgout_kb, disk.write_bytes.by(1024.0));
    row.set(Cell::oom_kill, paging.kills);
    row.set(Cell::nr_dirty, memory.dirty);
    row.set(Cell::nr_writeback, 0u64);
    row.set(Cell::nr_dirty_threshold, memory.available() / 5);
    row.set(Cell::nr_dirty_background_threshold, memory.available() / 10);
}

/// One zone stands for all of them.
pub(super) fn fill_zones(host: &Host, sample: &mut Sample) {
    let memory: &Memory = &host.memory;
    let row = sample.zones.push();
    row.set_name(ZoneName::zone, b"Normal");
    row.set(ZoneCell::node, 0u64);
    row.set(ZoneCell::free_pages, memory.free());
    row.set(ZoneCell::min_pages, memory.marks.min);
    row.set(ZoneCell::low_pages, memory.marks.low);
    row.set(ZoneCell::high_pages, memory.marks.high);
    row.set(ZoneCell::managed_pages, memory.total);
}
