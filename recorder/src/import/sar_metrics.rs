//! What `sadf -j` prints that a recording has columns for.
//!
//! sar keeps rates and shares of its intervals, not counters: they are added up, so that the growth
//! between two samples is what sar saw. Levels stand as they are. A section is named by its path in
//! the file. Of several entries that give one column the first counts, but for parts, which add up.

use ks_vocabulary::model::CpuCell as C;
use ks_vocabulary::model::CpuTimesCell as T;
use ks_vocabulary::model::DiskCell as D;
use ks_vocabulary::model::FilesystemCell as F;
use ks_vocabulary::model::LoadCell as L;
use ks_vocabulary::model::MemoryCell as M;
use ks_vocabulary::model::NetnsCell as N;
use ks_vocabulary::model::NicCell as I;
use ks_vocabulary::model::PressureCell as P;
use ks_vocabulary::model::SoftnetCell as S;
use ks_vocabulary::model::VmCell as V;

use super::target::{
    Target, cpu, cpus, disks, filesystems, load, memory, netns, nics, pressure, softnet, vm,
};
use Value::{GrowsBy, GrowsByCpus, Instant, Level, Real};

/// What a number of sar is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    /// A level, in so many units of its column.
    Level(u64),
    /// A level with a fraction.
    Real,
    /// A count at an instant, of which only a mean over several readings says something.
    Instant,
    /// A rate or a share: in a second its column grows by so much times the number.
    GrowsBy(f64),
    /// The same, for each CPU of the host.
    GrowsByCpus(f64),
}

/// A number of sar, and what it becomes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    /// The section it stands in.
    pub(super) section: &'static str,
    /// Its name there.
    pub(super) key: &'static str,
    /// What it is.
    pub(super) value: Value,
    /// Its column.
    pub(super) to: Target,
    /// Whether it is added to the other parts of its column.
    pub(super) is_part: bool,
}

/// The sections that are lists, and the key that tells their elements apart.
pub(super) const LISTS: &[(&str, &str)] = &[
    ("cpu-load", "cpu"),
    ("cpu-load-all", "cpu"),
    ("interrupts", "intr"),
    ("disk", "disk-device"),
    ("network.net-dev", "iface"),
    ("network.net-edev", "iface"),
    ("network.softnet", "cpu"),
    ("filesystems", "filesystem"),
];

const fn is(section: &'static str, key: &'static str, value: Value, to: Target) -> Metric {
    Metric { section, key, value, to, is_part: false }
}

const fn part(section: &'static str, key: &'static str, value: Value, to: Target) -> Metric {
    Metric { section, key, value, to, is_part: true }
}

const KILOBYTES: Value = Level(1024);
const MEGABYTES: Value = Level(1024 * 1024);
const COUNT: Value = Level(1);
/// Events a second.
const EVENTS: Value = GrowsBy(1.0);
/// Kilobytes a second, as bytes, and as sectors of 512 bytes.
const KB_AS_BYTES: Value = GrowsBy(1024.0);
const KB_AS_SECTORS: Value = GrowsBy(2.0);
/// Percents of the time: of a CPU as ticks of a millisecond, of a disk as milliseconds, of a stall
/// as microseconds.
const CPU_SHARE: Value = GrowsBy(10.0);
const SHARE_OF_CPUS: Value = GrowsByCpus(10.0);
const BUSY_SHARE: Value = GrowsBy(10.0);
const STALL_SHARE: Value = GrowsBy(10_000.0);
/// Requests in the queue, as milliseconds times requests.
const QUEUE: Value = GrowsBy(1000.0);

/// See the module.
pub(super) const METRICS: &[Metric] = &[
    // CPUs: `user` is what the kernel counts, `usr` is without the guests.
    is("cpu-load", "user", SHARE_OF_CPUS, cpu(C::user_ticks)),
    part("cpu-load", "usr", SHARE_OF_CPUS, cpu(C::user_ticks)),
    part("cpu-load", "guest", SHARE_OF_CPUS, cpu(C::user_ticks)),
    is("cpu-load", "guest", SHARE_OF_CPUS, cpu(C::guest_ticks)),
    part("cpu-load", "nice", SHARE_OF_CPUS, cpu(C::nice_ticks)),
    part("cpu-load", "gnice", SHARE_OF_CPUS, cpu(C::nice_ticks)),
    is("cpu-load", "gnice", SHARE_OF_CPUS, cpu(C::guest_nice_ticks)),
    is("cpu-load", "system", SHARE_OF_CPUS, cpu(C::system_ticks)),
    is("cpu-load", "sys", SHARE_OF_CPUS, cpu(C::system_ticks)),
    is("cpu-load", "irq", SHARE_OF_CPUS, cpu(C::irq_ticks)),
    is("cpu-load", "soft", SHARE_OF_CPUS, cpu(C::softirq_ticks)),
    is("cpu-load", "iowait", SHARE_OF_CPUS, cpu(C::iowait_ticks)),
    is("cpu-load", "steal", SHARE_OF_CPUS, cpu(C::steal_ticks)),
    is("cpu-load", "idle", SHARE_OF_CPUS, cpu(C::idle_ticks)),
    is("cpu-load", "user", CPU_SHARE, cpus(T::user_ticks)),
    part("cpu-load", "usr", CPU_SHARE, cpus(T::user_ticks)),
    part("cpu-load", "guest", CPU_SHARE, cpus(T::user_ticks)),
    part("cpu-load", "nice", CPU_SHARE, cpus(T::nice_ticks)),
    part("cpu-load", "gnice", CPU_SHARE, cpus(T::nice_ticks)),
    is("cpu-load", "system", CPU_SHARE, cpus(T::system_ticks)),
    is("cpu-load", "sys", CPU_SHARE, cpus(T::system_ticks)),
    is("cpu-load", "irq", CPU_SHARE, cpus(T::irq_ticks)),
    is("cpu-load", "soft", CPU_SHARE, cpus(T::softirq_ticks)),
    is("cpu-load", "iowait", CPU_SHARE, cpus(T::iowait_ticks)),
    is("cpu-load", "steal", CPU_SHARE, cpus(T::steal_ticks)),
    is("cpu-load", "idle", CPU_SHARE, cpus(T::idle_ticks)),
    is("process-and-context-switch", "proc", EVENTS, cpu(C::forks)),
    is("process-and-context-switch", "cswch", EVENTS, cpu(C::context_switches)),
    is("interrupts", "all", EVENTS, cpu(C::interrupts)),
    is("interrupts", "value", EVENTS, cpu(C::interrupts)),
    // `runq-sz` leaves out the task that reads it.
    is("queue", "runq-sz", Instant, cpu(C::procs_running)),
    is("queue", "blocked", COUNT, cpu(C::procs_blocked)),
    is("queue", "plist-sz", COUNT, load(L::tasks)),
    is("queue", "ldavg-1", Real, load(L::load1)),
    is("queue", "ldavg-5", Real, load(L::load5)),
    is("queue", "ldavg-15", Real, load(L::load15)),
    // Memory and paging.
    is("memory", "memfree", KILOBYTES, memory(M::free_bytes)),
    is("memory", "avail", KILOBYTES, memory(M::available_bytes)),
    is("memory", "buffers", KILOBYTES, memory(M::buffers_bytes)),
    is("memory", "cached", KILOBYTES, memory(M::cached_bytes)),
    is("memory", "commit", KILOBYTES, memory(M::committed_bytes)),
    is("memory", "active", KILOBYTES, memory(M::active_bytes)),
    is("memory", "inactive", KILOBYTES, memory(M::inactive_bytes)),
    is("memory", "dirty", KILOBYTES, memory(M::dirty_bytes)),
    is("memory", "anonpg", KILOBYTES, memory(M::anon_bytes)),
    is("memory", "kstack", KILOBYTES, memory(M::kernel_stack_bytes)),
    is("memory", "pgtbl", KILOBYTES, memory(M::page_tables_bytes)),
    is("memory", "vmused", KILOBYTES, memory(M::vmalloc_used_bytes)),
    is("memory", "swpfree", KILOBYTES, memory(M::swap_free_bytes)),
    part("memory", "swpfree", KILOBYTES, memory(M::swap_total_bytes)),
    part("memory", "swpused", KILOBYTES, memory(M::swap_total_bytes)),
    is("memory", "swpcad", KILOBYTES, memory(M::swap_cached_bytes)),
    is("swap-pages", "pswpin", EVENTS, vm(V::pswpin)),
    is("swap-pages", "pswpout", EVENTS, vm(V::pswpout)),
    is("paging", "pgpgin", EVENTS, vm(V::pgpgin_kb)),
    is("paging", "pgpgout", EVENTS, vm(V::pgpgout_kb)),
    is("paging", "fault", EVENTS, vm(V::pgfault)),
    is("paging", "majflt", EVENTS, vm(V::pgmajfault)),
    is("paging", "pgfree", EVENTS, vm(V::pgfree)),
    is("paging", "pgscank", EVENTS, vm(V::pgscan_kswapd)),
    is("paging", "pgscand", EVENTS, vm(V::pgscan_direct)),
    // Pressure: the means over 10, 60 and 300 s are for people.
    is("psi.psi-cpu", "some_avg", STALL_SHARE, pressure(P::cpu_some_total_us)),
    is("psi.psi-cpu", "some_avg10", Real, pressure(P::cpu_some_avg10)),
    is("psi.psi-cpu", "some_avg60", Real, pressure(P::cpu_some_avg60)),
    is("psi.psi-cpu", "some_avg300", Real, pressure(P::cpu_some_avg300)),
    is("psi.psi-mem", "some_avg", STALL_SHARE, pressure(P::memory_some_total_us)),
    is("psi.psi-mem", "some_avg10", Real, pressure(P::memory_some_avg10)),
    is("psi.psi-mem", "some_avg60", Real, pressure(P::memory_some_avg60)),
    is("psi.psi-mem", "some_avg300", Real, pressure(P::memory_some_avg300)),
    is("psi.psi-mem", "full_avg", STALL_SHARE, pressure(P::memory_full_total_us)),
    is("psi.psi-mem", "full_avg10", Real, pressure(P::memory_full_avg10)),
    is("psi.psi-io", "some_avg", STALL_SHARE, pressure(P::io_some_total_us)),
    is("psi.psi-io", "some_avg10", Real, pressure(P::io_some_avg10)),
    is("psi.psi-io", "some_avg60", Real, pressure(P::io_some_avg60)),
    is("psi.psi-io", "some_avg300", Real, pressure(P::io_some_avg300)),
    is("psi.psi-io", "full_avg", STALL_SHARE, pressure(P::io_full_total_us)),
    is("psi.psi-io", "full_avg10", Real, pressure(P::io_full_avg10)),
    // Disks: `tps` and `await` do not tell reads from writes, and are left out.
    is("disk", "rkB", KB_AS_SECTORS, disks(D::read_sectors)),
    is("disk", "rd_sec", EVENTS, disks(D::read_sectors)),
    is("disk", "wkB", KB_AS_SECTORS, disks(D::write_sectors)),
    is("disk", "wr_sec", EVENTS, disks(D::write_sectors)),
    is("disk", "dkB", KB_AS_SECTORS, disks(D::discard_sectors)),
    is("disk", "aqu-sz", QUEUE, disks(D::queue_ms)),
    is("disk", "avgqu-sz", QUEUE, disks(D::queue_ms)),
    is("disk", "util-percent", BUSY_SHARE, disks(D::io_ms)),
    // Filesystems.
    is("filesystems", "MBfsfree", MEGABYTES, filesystems(F::free_bytes)),
    part("filesystems", "MBfsfree", MEGABYTES, filesystems(F::total_bytes)),
    part("filesystems", "MBfsused", MEGABYTES, filesystems(F::total_bytes)),
    is("filesystems", "Ifree", COUNT, filesystems(F::inodes_free)),
    part("filesystems", "Ifree", COUNT, filesystems(F::inodes)),
    part("filesystems", "Iused", COUNT, filesystems(F::inodes)),
    // Network.
    is("network.net-dev", "rxpck", EVENTS, nics(I::rx_packets)),
    is("network.net-dev", "txpck", EVENTS, nics(I::tx_packets)),
    is("network.net-dev", "rxkB", KB_AS_BYTES, nics(I::rx_bytes)),
    is("network.net-dev", "txkB", KB_AS_BYTES, nics(I::tx_bytes)),
    is("network.net-edev", "rxerr", EVENTS, nics(I::rx_errors)),
    is("network.net-edev", "txerr", EVENTS, nics(I::tx_errors)),
    is("network.net-edev", "rxdrop", EVENTS, nics(I::rx_dropped)),
    is("network.net-edev", "txdrop", EVENTS, nics(I::tx_dropped)),
    is("network.net-edev", "rxfifo", EVENTS, nics(I::rx_fifo)),
    is("network.net-edev", "txcarr", EVENTS, nics(I::tx_carrier_errors)),
    is("network.net-ip", "irec", EVENTS, netns(N::ip_in_receives)),
    is("network.net-ip", "orq", EVENTS, netns(N::ip_out_requests)),
    is("network.net-eip", "idisc", EVENTS, netns(N::ip_in_discards)),
    is("network.net-eip", "odisc", EVENTS, netns(N::ip_out_discards)),
    is("network.net-ip6", "irec6", EVENTS, netns(N::ip6_in_receives)),
    is("network.net-ip6", "orq6", EVENTS, netns(N::ip6_out_requests)),
    is("network.net-eip6", "idisc6", EVENTS, netns(N::ip6_in_discards)),
    is("network.net-tcp", "active", EVENTS, netns(N::tcp_active_opens)),
    is("network.net-tcp", "passive", EVENTS, netns(N::tcp_passive_opens)),
    is("network.net-tcp", "iseg", EVENTS, netns(N::tcp_in_segs)),
    is("network.net-tcp", "oseg", EVENTS, netns(N::tcp_out_segs)),
    is("network.net-etcp", "atmptf", EVENTS, netns(N::tcp_attempt_fails)),
    is("network.net-etcp", "estres", EVENTS, netns(N::tcp_estab_resets)),
    is("network.net-etcp", "retrans", EVENTS, netns(N::tcp_retrans_segs)),
    // Since sysstat 12.7.6.
    is("network.net-etcp", "retrseg", EVENTS, netns(N::tcp_retrans_segs)),
    is("network.net-etcp", "isegerr", EVENTS, netns(N::tcp_in_errs)),
    is("network.net-etcp", "orsts", EVENTS, netns(N::tcp_out_rsts)),
    is("network.net-udp", "idgmerr", EVENTS, netns(N::udp_in_errors)),
    is("network.net-udp6", "idgmer6", EVENTS, netns(N::udp6_in_errors)),
    is("network.net-sock", "totsck", COUNT, netns(N::sockets_used)),
    is("network.net-sock", "tcpsck", COUNT, netns(N::tcp_inuse)),
    is("network.net-sock", "udpsck", COUNT, netns(N::udp_inuse)),
    is("network.net-sock", "tcp-tw", COUNT, netns(N::tcp_tw)),
    is("network.net-sock6", "tcp6sck", COUNT, netns(N::tcp6_inuse)),
    is("network.softnet", "total", EVENTS, softnet(S::processed)),
    is("network.softnet", "dropd", EVENTS, softnet(S::dropped)),
    is("network.softnet", "squeezd", EVENTS, softnet(S::time_squeeze)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{CellType, Class};

    #[test]
    fn each_number_fits_the_column_that_it_becomes() {
        for metric in METRICS {
            let column = metric.to.table.schema().unwrap().cells[metric.to.cell];
            let (cell_type, class) = match metric.value {
                Level(_) | Instant => (CellType::U64, Class::Gauge),
                Real => (CellType::F64, Class::Gauge),
                GrowsBy(_) | GrowsByCpus(_) => (CellType::U64, Class::Counter),
            };
            let found = (column.cell_type, column.class);
            assert_eq!(found, (cell_type, class), "{}.{}", metric.section, metric.key);
        }
    }

    #[test]
    fn no_number_becomes_one_column_twice() {
        for (at, metric) in METRICS.iter().enumerate() {
            let twin = METRICS[..at].iter().any(|other| {
                (other.section, other.key, other.to) == (metric.section, metric.key, metric.to)
            });
            assert!(!twin, "{}.{}", metric.section, metric.key);
        }
    }
}
