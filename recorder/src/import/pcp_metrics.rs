//! The metrics of Performance Co-Pilot that a recording has columns for.
//!
//! Values are those of `pmrep -r`: counters as the kernel counts them, in the units of PCP's Linux
//! agent (`pminfo -d`): milliseconds of CPU and disk, kilobytes of memory and disk. Where several
//! metrics give one column the first that has a value counts, but for parts, which are added up.

use ks_vocabulary::model::CpuCell as C;
use ks_vocabulary::model::CpuTimesCell as T;
use ks_vocabulary::model::DiskCell as D;
use ks_vocabulary::model::FileHandlesCell as H;
use ks_vocabulary::model::FilesystemCell as F;
use ks_vocabulary::model::LoadCell as L;
use ks_vocabulary::model::MemoryCell as M;
use ks_vocabulary::model::NetnsCell as N;
use ks_vocabulary::model::NicCell as I;
use ks_vocabulary::model::PressureCell as P;
use ks_vocabulary::model::SoftnetCell as S;
use ks_vocabulary::model::VmCell as V;

use super::metric::{HostFact, Metric, fact, host, instant, mount, one_of, part, reading};
use super::target::{
    cpu, cpus, disks, file_handles, filesystems, load, memory, netns, nics, pressure, softnet, vm,
};
use super::units::Unit::{ByteRate, Count, Flag, Kilobytes, Limit, Real, SectorPairs};

/// See the module.
pub(super) const METRICS: &[Metric] = &[
    // The host.
    host("kernel.uname.nodename", HostFact::Name),
    host("kernel.uname.release", HostFact::Kernel),
    host("kernel.uname.machine", HostFact::Machine),
    // `/proc/stat`: a tick of an import is a millisecond.
    reading("kernel.all.cpu.user", Count, cpu(C::user_ticks)),
    reading("kernel.all.cpu.nice", Count, cpu(C::nice_ticks)),
    reading("kernel.all.cpu.sys", Count, cpu(C::system_ticks)),
    reading("kernel.all.cpu.idle", Count, cpu(C::idle_ticks)),
    reading("kernel.all.cpu.wait.total", Count, cpu(C::iowait_ticks)),
    reading("kernel.all.cpu.irq.hard", Count, cpu(C::irq_ticks)),
    reading("kernel.all.cpu.irq.soft", Count, cpu(C::softirq_ticks)),
    reading("kernel.all.cpu.steal", Count, cpu(C::steal_ticks)),
    reading("kernel.all.cpu.guest", Count, cpu(C::guest_ticks)),
    reading("kernel.all.cpu.guest_nice", Count, cpu(C::guest_nice_ticks)),
    fact("hinv.ncpu", Count, cpu(C::cpus_online)),
    reading("kernel.all.intr", Count, cpu(C::interrupts)),
    reading("kernel.all.pswitch", Count, cpu(C::context_switches)),
    reading("kernel.all.sysfork", Count, cpu(C::forks)),
    instant("kernel.all.running", Count, cpu(C::procs_running)),
    reading("kernel.all.blocked", Count, cpu(C::procs_blocked)),
    reading("kernel.percpu.cpu.user", Count, cpus(T::user_ticks)),
    reading("kernel.percpu.cpu.nice", Count, cpus(T::nice_ticks)),
    reading("kernel.percpu.cpu.sys", Count, cpus(T::system_ticks)),
    reading("kernel.percpu.cpu.idle", Count, cpus(T::idle_ticks)),
    reading("kernel.percpu.cpu.wait.total", Count, cpus(T::iowait_ticks)),
    reading("kernel.percpu.cpu.irq.hard", Count, cpus(T::irq_ticks)),
    reading("kernel.percpu.cpu.irq.soft", Count, cpus(T::softirq_ticks)),
    reading("kernel.percpu.cpu.steal", Count, cpus(T::steal_ticks)),
    // `/proc/loadavg`.
    one_of("kernel.all.load", "1 minute", Real, load(L::load1)),
    one_of("kernel.all.load", "5 minute", Real, load(L::load5)),
    one_of("kernel.all.load", "15 minute", Real, load(L::load15)),
    reading("kernel.all.runnable", Count, load(L::tasks_runnable)),
    reading("kernel.all.nprocs", Count, load(L::tasks)),
    // `/proc/meminfo`.
    fact("mem.physmem", Kilobytes, memory(M::total_bytes)),
    reading("mem.util.free", Kilobytes, memory(M::free_bytes)),
    reading("mem.util.available", Kilobytes, memory(M::available_bytes)),
    reading("mem.util.bufmem", Kilobytes, memory(M::buffers_bytes)),
    reading("mem.util.cached", Kilobytes, memory(M::cached_bytes)),
    reading("mem.util.swapCached", Kilobytes, memory(M::swap_cached_bytes)),
    reading("mem.util.active", Kilobytes, memory(M::active_bytes)),
    reading("mem.util.inactive", Kilobytes, memory(M::inactive_bytes)),
    reading("mem.util.active_anon", Kilobytes, memory(M::active_anon_bytes)),
    reading("mem.util.inactive_anon", Kilobytes, memory(M::inactive_anon_bytes)),
    reading("mem.util.active_file", Kilobytes, memory(M::active_file_bytes)),
    reading("mem.util.inactive_file", Kilobytes, memory(M::inactive_file_bytes)),
    reading("mem.util.unevictable", Kilobytes, memory(M::unevictable_bytes)),
    reading("mem.util.mlocked", Kilobytes, memory(M::mlocked_bytes)),
    reading("mem.util.swapTotal", Kilobytes, memory(M::swap_total_bytes)),
    reading("mem.util.swapFree", Kilobytes, memory(M::swap_free_bytes)),
    reading("mem.util.dirty", Kilobytes, memory(M::dirty_bytes)),
    reading("mem.util.writeback", Kilobytes, memory(M::writeback_bytes)),
    reading("mem.util.anonpages", Kilobytes, memory(M::anon_bytes)),
    reading("mem.util.mapped", Kilobytes, memory(M::mapped_bytes)),
    reading("mem.util.shmem", Kilobytes, memory(M::shmem_bytes)),
    reading("mem.util.slabReclaimable", Kilobytes, memory(M::slab_reclaimable_bytes)),
    reading("mem.util.slabUnreclaimable", Kilobytes, memory(M::slab_unreclaimable_bytes)),
    reading("mem.util.kernelStack", Kilobytes, memory(M::kernel_stack_bytes)),
    reading("mem.util.pageTables", Kilobytes, memory(M::page_tables_bytes)),
    reading("mem.util.commitLimit", Kilobytes, memory(M::commit_limit_bytes)),
    reading("mem.util.committed_AS", Kilobytes, memory(M::committed_bytes)),
    reading("mem.util.vmallocUsed", Kilobytes, memory(M::vmalloc_used_bytes)),
    reading("mem.util.anonhugepages", Kilobytes, memory(M::anon_huge_pages_bytes)),
    reading("mem.util.hugepagesTotal", Count, memory(M::huge_pages)),
    reading("mem.util.hugepagesFree", Count, memory(M::huge_pages_free)),
    fact("hinv.hugepagesize", Count, memory(M::huge_page_bytes)),
    // `/proc/vmstat`.
    reading("mem.vmstat.pgpgin", Count, vm(V::pgpgin_kb)),
    reading("mem.vmstat.pgpgout", Count, vm(V::pgpgout_kb)),
    reading("mem.vmstat.pswpin", Count, vm(V::pswpin)),
    reading("mem.vmstat.pswpout", Count, vm(V::pswpout)),
    reading("swap.pagesin", Count, vm(V::pswpin)),
    reading("swap.pagesout", Count, vm(V::pswpout)),
    reading("mem.vmstat.pgfault", Count, vm(V::pgfault)),
    reading("mem.vmstat.pgmajfault", Count, vm(V::pgmajfault)),
    reading("mem.vmstat.pgfree", Count, vm(V::pgfree)),
    reading("mem.vmstat.pgactivate", Count, vm(V::pgactivate)),
    reading("mem.vmstat.pgdeactivate", Count, vm(V::pgdeactivate)),
    reading("mem.vmstat.pgscan_kswapd", Count, vm(V::pgscan_kswapd)),
    reading("mem.vmstat.pgscan_kswapd_total", Count, vm(V::pgscan_kswapd)),
    reading("mem.vmstat.pgscan_direct", Count, vm(V::pgscan_direct)),
    reading("mem.vmstat.pgscan_direct_total", Count, vm(V::pgscan_direct)),
    reading("mem.vmstat.pgsteal_kswapd", Count, vm(V::pgsteal_kswapd)),
    reading("mem.vmstat.pgsteal_direct", Count, vm(V::pgsteal_direct)),
    reading("mem.vmstat.allocstall", Count, vm(V::allocstall)),
    part("mem.vmstat.allocstall_dma", Count, vm(V::allocstall)),
    part("mem.vmstat.allocstall_dma32", Count, vm(V::allocstall)),
    part("mem.vmstat.allocstall_normal", Count, vm(V::allocstall)),
    part("mem.vmstat.allocstall_high", Count, vm(V::allocstall)),
    part("mem.vmstat.allocstall_movable", Count, vm(V::allocstall)),
    reading("mem.vmstat.workingset_refault_anon", Count, vm(V::refault_anon)),
    reading("mem.vmstat.workingset_refault_file", Count, vm(V::refault_file)),
    reading("mem.vmstat.workingset_refault", Count, vm(V::refault_file)),
    reading("mem.vmstat.workingset_activate", Count, vm(V::activate)),
    reading("mem.vmstat.oom_kill", Count, vm(V::oom_kill)),
    reading("mem.vmstat.compact_stall", Count, vm(V::compact_stall)),
    reading("mem.vmstat.thp_fault_alloc", Count, vm(V::thp_fault_alloc)),
    reading("mem.vmstat.drop_pagecache", Count, vm(V::drop_pagecache)),
    reading("mem.vmstat.numa_miss", Count, vm(V::numa_miss)),
    reading("mem.vmstat.nr_dirtied", Count, vm(V::nr_dirtied)),
    reading("mem.vmstat.nr_written", Count, vm(V::nr_written)),
    reading("mem.vmstat.nr_dirty", Count, vm(V::nr_dirty)),
    reading("mem.vmstat.nr_writeback", Count, vm(V::nr_writeback)),
    // `/proc/pressure`.
    reading("kernel.all.pressure.cpu.some.total", Count, pressure(P::cpu_some_total_us)),
    reading("kernel.all.pressure.memory.some.total", Count, pressure(P::memory_some_total_us)),
    reading("kernel.all.pressure.memory.full.total", Count, pressure(P::memory_full_total_us)),
    reading("kernel.all.pressure.io.some.total", Count, pressure(P::io_some_total_us)),
    reading("kernel.all.pressure.io.full.total", Count, pressure(P::io_full_total_us)),
    reading("kernel.all.pressure.irq.full.total", Count, pressure(P::irq_full_total_us)),
    // `/proc/diskstats`.
    reading("disk.dev.read", Count, disks(D::reads)),
    reading("disk.dev.read_merge", Count, disks(D::reads_merged)),
    reading("disk.dev.read_bytes", SectorPairs, disks(D::read_sectors)),
    reading("disk.dev.read_rawactive", Count, disks(D::read_ms)),
    reading("disk.dev.write", Count, disks(D::writes)),
    reading("disk.dev.write_merge", Count, disks(D::writes_merged)),
    reading("disk.dev.write_bytes", SectorPairs, disks(D::write_sectors)),
    reading("disk.dev.write_rawactive", Count, disks(D::write_ms)),
    reading("disk.dev.inflight", Count, disks(D::in_flight)),
    reading("disk.dev.avactive", Count, disks(D::io_ms)),
    reading("disk.dev.aveq", Count, disks(D::queue_ms)),
    reading("disk.dev.discard", Count, disks(D::discards)),
    reading("disk.dev.discard_bytes", SectorPairs, disks(D::discard_sectors)),
    reading("disk.dev.discard_rawactive", Count, disks(D::discard_ms)),
    reading("disk.dev.flush", Count, disks(D::flushes)),
    reading("disk.dev.flush_rawactive", Count, disks(D::flush_ms)),
    fact("disk.dev.capacity", SectorPairs, disks(D::size_sectors)),
    // Filesystems.
    mount("filesys.mountdir"),
    fact("filesys.capacity", Kilobytes, filesystems(F::total_bytes)),
    reading("filesys.free", Kilobytes, filesystems(F::free_bytes)),
    reading("filesys.avail", Kilobytes, filesystems(F::available_bytes)),
    fact("filesys.maxfiles", Count, filesystems(F::inodes)),
    reading("filesys.freefiles", Count, filesystems(F::inodes_free)),
    fact("filesys.readonly", Flag, filesystems(F::read_only)),
    // `net/dev`.
    reading("network.interface.in.bytes", Count, nics(I::rx_bytes)),
    reading("network.interface.in.packets", Count, nics(I::rx_packets)),
    reading("network.interface.in.errors", Count, nics(I::rx_errors)),
    reading("network.interface.in.drops", Count, nics(I::rx_dropped)),
    reading("network.interface.in.fifo", Count, nics(I::rx_fifo)),
    reading("network.interface.out.bytes", Count, nics(I::tx_bytes)),
    reading("network.interface.out.packets", Count, nics(I::tx_packets)),
    reading("network.interface.out.errors", Count, nics(I::tx_errors)),
    reading("network.interface.out.drops", Count, nics(I::tx_dropped)),
    reading("network.interface.out.carrier", Count, nics(I::tx_carrier_errors)),
    fact("network.interface.baudrate", ByteRate, nics(I::speed_mbit)),
    fact("network.interface.type", Count, nics(I::device_type)),
    // `net/snmp` and `net/snmp6`.
    reading("network.ip.inreceives", Count, netns(N::ip_in_receives)),
    reading("network.ip.indiscards", Count, netns(N::ip_in_discards)),
    reading("network.ip.outrequests", Count, netns(N::ip_out_requests)),
    reading("network.ip.outdiscards", Count, netns(N::ip_out_discards)),
    reading("network.tcp.activeopens", Count, netns(N::tcp_active_opens)),
    reading("network.tcp.passiveopens", Count, netns(N::tcp_passive_opens)),
    reading("network.tcp.attemptfails", Count, netns(N::tcp_attempt_fails)),
    reading("network.tcp.estabresets", Count, netns(N::tcp_estab_resets)),
    reading("network.tcp.currestab", Count, netns(N::tcp_curr_estab)),
    reading("network.tcp.insegs", Count, netns(N::tcp_in_segs)),
    reading("network.tcp.outsegs", Count, netns(N::tcp_out_segs)),
    reading("network.tcp.retranssegs", Count, netns(N::tcp_retrans_segs)),
    reading("network.tcp.inerrs", Count, netns(N::tcp_in_errs)),
    reading("network.tcp.outrsts", Count, netns(N::tcp_out_rsts)),
    reading("network.udp.inerrors", Count, netns(N::udp_in_errors)),
    reading("network.udp.recvbuferrors", Count, netns(N::udp_rcvbuf_errors)),
    reading("network.udp.sndbuferrors", Count, netns(N::udp_sndbuf_errors)),
    reading("network.ip6.inreceives", Count, netns(N::ip6_in_receives)),
    reading("network.ip6.indiscards", Count, netns(N::ip6_in_discards)),
    reading("network.ip6.outrequests", Count, netns(N::ip6_out_requests)),
    reading("network.udp6.inerrors", Count, netns(N::udp6_in_errors)),
    // `net/netstat`.
    reading("network.tcp.listenoverflows", Count, netns(N::listen_overflows)),
    reading("network.tcp.listendrops", Count, netns(N::listen_drops)),
    reading("network.tcp.reqqfulldrop", Count, netns(N::req_q_full_drop)),
    reading("network.tcp.reqqfulldocookies", Count, netns(N::req_q_full_do_cookies)),
    reading("network.tcp.syncookiessent", Count, netns(N::syncookies_sent)),
    reading("network.tcp.timeouts", Count, netns(N::tcp_timeouts)),
    reading("network.tcp.lostretransmit", Count, netns(N::tcp_lost_retransmit)),
    reading("network.tcp.fastretrans", Count, netns(N::tcp_fast_retrans)),
    reading("network.tcp.synretrans", Count, netns(N::tcp_syn_retrans)),
    reading("network.tcp.backlogdrop", Count, netns(N::tcp_backlog_drop)),
    reading("network.tcp.abortonmemory", Count, netns(N::tcp_abort_on_memory)),
    reading("network.tcp.prunecalled", Count, netns(N::prune_called)),
    reading("network.tcp.timewaitoverflow", Count, netns(N::tw_overflow)),
    // `net/sockstat`, and states of sockets. That sockets listen says that all were listed, and
    // PCP has no lengths of their queues: `network.tcpconn.listen` is left out.
    reading("network.sockstat.total", Count, netns(N::sockets_used)),
    reading("network.sockstat.tcp.inuse", Count, netns(N::tcp_inuse)),
    reading("network.sockstat.tcp.orphan", Count, netns(N::tcp_orphan)),
    reading("network.sockstat.tcp.tw", Count, netns(N::tcp_tw)),
    reading("network.sockstat.tcp.alloc", Count, netns(N::tcp_alloc)),
    reading("network.sockstat.tcp.mem", Count, netns(N::tcp_mem_pages)),
    reading("network.sockstat.udp.inuse", Count, netns(N::udp_inuse)),
    reading("network.sockstat.tcp6.inuse", Count, netns(N::tcp6_inuse)),
    reading("network.tcpconn.established", Count, netns(N::established)),
    reading("network.tcpconn.syn_sent", Count, netns(N::syn_sent)),
    reading("network.tcpconn.syn_recv", Count, netns(N::syn_recv)),
    part("network.tcpconn.fin_wait1", Count, netns(N::fin_wait)),
    part("network.tcpconn.fin_wait2", Count, netns(N::fin_wait)),
    reading("network.tcpconn.time_wait", Count, netns(N::time_wait)),
    reading("network.tcpconn.close_wait", Count, netns(N::close_wait)),
    part("network.tcpconn.last_ack", Count, netns(N::last_ack)),
    part("network.tcpconn.closing", Count, netns(N::last_ack)),
    // `net/softnet_stat`.
    reading("network.softnet.percpu.processed", Count, softnet(S::processed)),
    reading("network.softnet.percpu.dropped", Count, softnet(S::dropped)),
    reading("network.softnet.percpu.time_squeeze", Count, softnet(S::time_squeeze)),
    // `/proc/sys/fs/file-nr`.
    reading("vfs.files.count", Count, file_handles(H::allocated)),
    reading("vfs.files.free", Count, file_handles(H::unused)),
    reading("vfs.files.max", Limit, file_handles(H::max)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::metric::To;
    use ks_vocabulary::model::CellType;

    #[test]
    fn each_metric_fits_the_type_of_its_column() {
        for metric in METRICS {
            let To::Cell(target) = metric.to else { continue };
            let expected = match metric.unit {
                Real => CellType::F64,
                Flag => CellType::Bool,
                Count | Limit | Kilobytes | SectorPairs | ByteRate => CellType::U64,
            };
            let cells = target.table.schema().unwrap().cells;
            assert_eq!(cells[target.cell].cell_type, expected, "{}", metric.name);
        }
    }

    #[test]
    fn no_metric_stands_twice() {
        for (at, metric) in METRICS.iter().enumerate() {
            let twin = METRICS[..at]
                .iter()
                .any(|other| (other.name, other.instance) == (metric.name, metric.instance));
            assert!(!twin, "{}", metric.name);
        }
    }
}
