//! Every form of action, one row each; `registry.rs` says what a row holds.
//!
//! What is not here is not offered: no SIGKILL, no signal to a group, no service control, no
//! realtime class, no firewall rule, no deletion, no swap off, no move between control groups.

mod form;

pub use form::{Field, Form};

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::kind::Kind;

use super::cpu_set::CpuSet;
use super::io::{IoLevel, IoLimit};
use super::number::{
    CacheLevel, ConntrackMax, Count, DirtyPercent, FinTimeout, HighPort, LinkSpeed, LowPort,
    MemoryHigh, NetdevBacklog, Nice, OomScore, Percent, Pids, ReadAhead, Reclaim, Somaxconn,
    StopTime, SwapLimit, Swappiness, SynBacklog, WatchTime, Weight,
};
use super::parameter::Parameter;
use super::registry::{Unresolved, catalogue, named};
use super::risk::{Blast, Risk, Undo};
use super::scheduling::Class;
use super::target::{DiskRef, GroupRef, MountRef, NicRef, ProcessRef, Target};

catalogue! {
    LowerProcessPriority "lower_process_priority" { process: ProcessRef, nice: Nice }
        "renice -n {nice} -p {process}"
        Process Reversible Exact [Scheduler LoadMismatch]
        "Raises the nice level of a process: those of its autogroup or CPU group wait less.";
    LowerAutogroupPriority "lower_autogroup_priority" { process: ProcessRef, nice: Nice }
        "autogroup -n {nice} -p {process}" => "{nice}"
        Session Reversible Exact [Scheduler LoadMismatch]
        "Raises the nice level of the session of a process: other sessions wait less.";
    DemoteSchedulingClass "demote_scheduling_class" { process: ProcessRef, class: Class }
        "chrt {class} -p 0 {process}"
        Process Reversible Exact [Scheduler]
        "Puts a process into the batch class, which does not preempt, or the idle class.";
    SetCpuAffinity "set_cpu_affinity" { process: ProcessRef, cpus: CpuSet }
        "taskset -c -p {cpus} {process}"
        Process Reversible Exact [Scheduler LoadMismatch]
        "Keeps a process to some CPUs: the others are left to the rest.";
    ThrottleCpu "throttle_cpu" { process: ProcessRef, percent: Percent }
        "cpulimit -p {process} -l {percent}" => "{percent}000 100000"
        Process Reversible Exact [Scheduler LoadMismatch]
        "Limits a process that has a control group of its own to a share of a CPU.";
    LimitCgroupCpu "limit_cgroup_cpu" { group: GroupRef, percent: Percent }
        "cgset -r cpu.max={percent}000:100000 {group}" => "{percent}000 100000"
        Cgroup Reversible Exact [Scheduler LoadMismatch]
        "Limits a control group to a share of a CPU: it is throttled, others stall less.";
    LowerCpuWeight "lower_cpu_weight" { group: GroupRef, weight: Weight }
        "cgset -r cpu.weight={weight} {group}" => "{weight}"
        Cgroup Reversible Exact [Scheduler]
        "Lowers the CPU share of a control group among its siblings.";
    LimitCgroupPids "limit_cgroup_pids" { group: GroupRef, max: Pids }
        "cgset -r pids.max={max} {group}" => "{max}"
        Cgroup Reversible Exact [LoadMismatch]
        "Limits the tasks of a control group: its forks fail beyond.";
    PauseProcess "pause_process" { process: ProcessRef, lasts: StopTime }
        "kill -STOP {process}"
        Process Disruptive Exact [
            MemoryPressure LoadMismatch IoCongestion SwapThrashing BlockDeviceSaturation Scheduler
        ]
        "Stops a process for a time; calls that wait may end with EINTR, watchdogs may bite.";
    ResumeProcess "resume_process" { process: ProcessRef }
        "kill -CONT {process}"
        Process Reversible None []
        "Lets a process go on that was paused.";
    FreezeCgroup "freeze_cgroup" { group: GroupRef, lasts: StopTime }
        "cgset -r cgroup.freeze=1 {group}" => "1"
        Cgroup Disruptive Exact [
            MemoryPressure LoadMismatch IoCongestion SwapThrashing BlockDeviceSaturation Scheduler
        ]
        "Stops a control group for a time; a member that waits for a device stops later.";
    ThawCgroup "thaw_cgroup" { group: GroupRef }
        "cgset -r cgroup.freeze=0 {group}" => "0"
        Cgroup Reversible None []
        "Lets a control group go on that was frozen.";
    TerminateProcess "terminate_process" { process: ProcessRef }
        "kill -TERM {process}"
        Process Disruptive None [MemoryPressure SwapThrashing]
        "Asks a process to end: its memory is freed, and its supervisor may start it again.";

    LowerIoPriority "lower_io_priority" { process: ProcessRef, level: IoLevel }
        "ionice {level} -p {process}"
        Process Reversible Exact [IoCongestion BlockDeviceSaturation]
        "Lowers the I/O priority of a process, where the disk's scheduler heeds it.";
    LowerIoWeight "lower_io_weight" { group: GroupRef, weight: Weight }
        "cgset -r io.weight={weight} {group}" => "{weight}"
        Cgroup Reversible Exact [IoCongestion]
        "Lowers the I/O share of a control group, where bfq or io.cost shares a disk.";
    ThrottleIo "throttle_io" { group: GroupRef, disk: DiskRef, limit: IoLimit }
        "cgset -r io.max={disk}:{limit} {group}" => "{disk} {limit}"
        Cgroup Reversible Exact [IoCongestion BlockDeviceSaturation]
        "Limits the bytes or requests of a control group to a disk: they wait before issue.";
    FlushBuffers "flush_buffers" { mount: MountRef }
        "sync -f {mount}"
        Device Reversible None [IoCongestion]
        "Writes what is dirty of a filesystem: a short rise of writes, then fewer dirty pages.";
    LowerDirtyBackground "lower_dirty_background" { percent: DirtyPercent }
        "sysctl -w vm.dirty_background_ratio={percent}" => "{percent}"
        Host Reversible Exact [IoCongestion]
        "Begins to write dirty pages earlier: smaller bursts.";
    ReduceReadahead "reduce_readahead" { disk: DiskRef, kb: ReadAhead }
        "blockdev --setra-kb {kb} {disk}" => "{kb}"
        Device Reversible Exact [BlockDeviceSaturation]
        "Reads less ahead: fewer bytes for reads at random, more requests for others.";

    ReduceSwappiness "reduce_swappiness" { value: Swappiness }
        "sysctl -w vm.swappiness={value}" => "{value}"
        Host Reversible Exact [SwapThrashing]
        "Swaps less; files may be read again more often.";
    ClearPageCache "clear_page_cache" { level: CacheLevel }
        "sysctl -w vm.drop_caches={level}" => "{level}"
        Host Disruptive None [PageFault]
        "Drops clean caches, which available memory counts as free already: reads rise.";
    // On anonymous memory without swap it is a standstill and no brake: 0 MiB in 30 s.
    LimitCgroupMemoryHigh "limit_cgroup_memory_high" { group: GroupRef, bytes: MemoryHigh }
        "cgset -r memory.high={bytes} {group}" => "{bytes}"
        Cgroup Disruptive Exact [MemoryPressure SwapThrashing]
        "Holds a control group back above a size: its own pressure rises, the host's falls.";
    ReclaimCgroupMemory "reclaim_cgroup_memory" { group: GroupRef, bytes: Reclaim }
        "cgset -r memory.reclaim={bytes} {group}" => "{bytes}"
        Cgroup Reversible None [MemoryPressure]
        "Takes pages from a control group, which fault back when they are used.";
    LimitCgroupSwap "limit_cgroup_swap" { group: GroupRef, bytes: SwapLimit }
        "cgset -r memory.swap.max={bytes} {group}" => "{bytes}"
        Cgroup Reversible Exact [SwapThrashing]
        "Limits what a control group has in swap: the rest of it stays in memory.";
    RaiseOomScore "raise_oom_score" { process: ProcessRef, adj: OomScore }
        "choom -n {adj} -p {process}" => "{adj}"
        Process Reversible Exact [MemoryPressure]
        "Makes a process likelier to be killed when memory runs out, and changes nothing else.";

    IncreaseTcpBacklog "increase_tcp_backlog" { value: SynBacklog }
        "sysctl -w net.ipv4.tcp_max_syn_backlog={value}" => "{value}"
        Host Reversible Exact [TcpExhaustion]
        "Takes more half-open connections, where no SYN cookies are sent.";
    IncreaseSomaxconn "increase_somaxconn" { value: Somaxconn }
        "sysctl -w net.core.somaxconn={value}" => "{value}"
        Host Reversible Exact [TcpExhaustion]
        "Allows longer accept queues to sockets that listen afterwards.";
    ReduceFinTimeout "reduce_fin_timeout" { seconds: FinTimeout }
        "sysctl -w net.ipv4.tcp_fin_timeout={seconds}" => "{seconds}"
        Host Reversible Exact [TcpExhaustion]
        "Ends orphans in FIN_WAIT_2 earlier; TIME_WAIT does not heed it.";
    WidenPortRange "widen_port_range" { low: LowPort, high: HighPort }
        "sysctl -w net.ipv4.ip_local_port_range={low}:{high}" => "{low} {high}"
        Host Reversible Exact [TcpExhaustion]
        "Gives outgoing connections more local ports.";
    EnableTwReuse "enable_tw_reuse"
        "sysctl -w net.ipv4.tcp_tw_reuse=1" => "1"
        Host Reversible Exact [TcpExhaustion]
        "Lets outgoing connections take ports that are in TIME_WAIT.";
    RaiseConntrackMax "raise_conntrack_max" { value: ConntrackMax }
        "sysctl -w net.netfilter.nf_conntrack_max={value}" => "{value}"
        Host Reversible Exact [TcpExhaustion]
        "Tracks more connections, each for some 320 bytes of kernel memory.";
    RaiseNetdevBacklog "raise_netdev_backlog" { value: NetdevBacklog }
        "sysctl -w net.core.netdev_max_backlog={value}" => "{value}"
        Host Reversible Exact [NetworkDegradation]
        "Queues more received frames for each CPU before they are dropped.";
    ForceNetworkSpeed "force_network_speed" { nic: NicRef, mbit: LinkSpeed }
        "ethtool -s {nic} speed {mbit} duplex full autoneg on"
        Interface Disruptive Exact [NetworkDegradation]
        "Advertises one speed only: the link is down while it is agreed on.";

    ListTopMemory "list_top_memory" { count: Count }
        "info top-memory -n {count}"
        Host Info None []
        "Lists the processes that hold most memory.";
    ListTopCpu "list_top_cpu" { count: Count }
        "info top-cpu -n {count}"
        Host Info None []
        "Lists the processes that use most CPU.";
    CheckIoActivity "check_io_activity" { count: Count }
        "info io-activity -n {count}"
        Host Info None []
        "Lists the processes and disks that read and write most.";
    CheckNetworkStats "check_network_stats"
        "info network-stats"
        Host Info None []
        "Shows rates and errors of each network interface.";
    CheckTcpStats "check_tcp_stats"
        "info tcp-stats"
        Host Info None []
        "Shows the counters of TCP and of sockets.";
    MonitorSwap "monitor_swap" { lasts: WatchTime }
        "info swap -t {lasts}"
        Host Info None []
        "Counts for a time what goes out to swap and comes back.";
    ListBlockedTasks "list_blocked_tasks" { count: Count }
        "info blocked-tasks -n {count}"
        Host Info None []
        "Lists tasks that wait for a device, and what they wait in.";
    ShowCgroupUsage "show_cgroup_usage" { group: GroupRef }
        "info cgroup {group}"
        Cgroup Info None []
        "Shows what a control group uses, and its pressure.";
    ShowProcess "show_process" { process: ProcessRef }
        "info process {process}"
        Process Info None []
        "Shows the state, limits and scheduling of a process.";
    CheckDiskSpace "check_disk_space"
        "info disk-space"
        Host Info None []
        "Shows what is used of each filesystem.";
    ListSockets "list_sockets" { process: ProcessRef }
        "info sockets {process}"
        Process Info None []
        "Counts the sockets of a process by their state.";
    CheckPressure "check_pressure"
        "info pressure"
        Host Info None []
        "Shows the pressure of the host and of control groups.";
}
