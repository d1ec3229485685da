//! The allowed forms: what the canonical text of each action looks like.
//!
//! Bounds stand here once more than in the types, on purpose: a mistake in one place does not open
//! the other.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::action::ActionKind;

use super::template::pattern;

/// One allowed form.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// Its number, from 1.
    pub number: usize,
    /// The action that it is the text of.
    pub kind: ActionKind,
    /// What it looks like, with holes.
    pub template: &'static str,
    /// The same as an anchored regular expression.
    pub pattern: String,
}

/// All of them.
pub(super) fn all() -> Vec<Allowed> {
    let numbered = (1..).zip(TEMPLATES);
    let each = numbered.map(|(number, (kind, template))| Allowed {
        number,
        kind,
        template,
        pattern: pattern(template),
    });
    each.collect()
}

use ActionKind as Is;

const TEMPLATES: [(ActionKind, &str); 50] = [
    (Is::LowerProcessPriority, "renice -n <1-19> -p <pid>"),
    (Is::LowerAutogroupPriority, "autogroup -n <1-19> -p <pid>"),
    (Is::DemoteSchedulingClass, "chrt -b -p 0 <pid>"),
    (Is::DemoteSchedulingClass, "chrt -i -p 0 <pid>"),
    (Is::SetCpuAffinity, "taskset -c -p <cpus> <pid>"),
    (Is::ThrottleCpu, "cpulimit -p <pid> -l <1-100>"),
    (Is::LimitCgroupCpu, "cgset -r cpu.max=<1-100>000:100000 <group>"),
    (Is::LowerCpuWeight, "cgset -r cpu.weight=<1-99> <group>"),
    (Is::LimitCgroupPids, "cgset -r pids.max=<1-4194304> <group>"),
    (Is::PauseProcess, "kill -STOP <pid>"),
    (Is::ResumeProcess, "kill -CONT <pid>"),
    (Is::FreezeCgroup, "cgset -r cgroup.freeze=1 <group>"),
    (Is::ThawCgroup, "cgset -r cgroup.freeze=0 <group>"),
    (Is::TerminateProcess, "kill -TERM <pid>"),
    (Is::LowerIoPriority, "ionice -c 2 -n <4-7> -p <pid>"),
    (Is::LowerIoPriority, "ionice -c 3 -p <pid>"),
    (Is::LowerIoWeight, "cgset -r io.weight=<1-99> <group>"),
    (Is::ThrottleIo, "cgset -r io.max=<disk>:rbps=<65536-17592186044416> <group>"),
    (Is::ThrottleIo, "cgset -r io.max=<disk>:wbps=<65536-17592186044416> <group>"),
    (Is::ThrottleIo, "cgset -r io.max=<disk>:riops=<10-10000000> <group>"),
    (Is::ThrottleIo, "cgset -r io.max=<disk>:wiops=<10-10000000> <group>"),
    (Is::FlushBuffers, "sync -f <mount>"),
    (Is::LowerDirtyBackground, "sysctl -w vm.dirty_background_ratio=<1-20>"),
    (Is::ReduceReadahead, "blockdev --setra-kb <16-4096> <disk>"),
    (Is::ReduceSwappiness, "sysctl -w vm.swappiness=<1-100>"),
    (Is::ClearPageCache, "sysctl -w vm.drop_caches=<1-3>"),
    (Is::LimitCgroupMemoryHigh, "cgset -r memory.high=<16777216-17592186044416> <group>"),
    (Is::ReclaimCgroupMemory, "cgset -r memory.reclaim=<4096-17592186044416> <group>"),
    (Is::LimitCgroupSwap, "cgset -r memory.swap.max=<4096-17592186044416> <group>"),
    (Is::RaiseOomScore, "choom -n <1-900> -p <pid>"),
    (Is::IncreaseTcpBacklog, "sysctl -w net.ipv4.tcp_max_syn_backlog=<128-65536>"),
    (Is::IncreaseSomaxconn, "sysctl -w net.core.somaxconn=<128-65535>"),
    (Is::ReduceFinTimeout, "sysctl -w net.ipv4.tcp_fin_timeout=<15-60>"),
    (Is::WidenPortRange, "sysctl -w net.ipv4.ip_local_port_range=<1024-32768>:<32769-65535>"),
    (Is::EnableTwReuse, "sysctl -w net.ipv4.tcp_tw_reuse=1"),
    (Is::RaiseConntrackMax, "sysctl -w net.netfilter.nf_conntrack_max=<1024-16777216>"),
    (Is::RaiseNetdevBacklog, "sysctl -w net.core.netdev_max_backlog=<128-65536>"),
    (
        Is::ForceNetworkSpeed,
        "ethtool -s <interface> speed <100|1000|2500|5000|10000|25000|40000|50000|100000|200000\
         |400000> duplex full autoneg on",
    ),
    (Is::ListTopMemory, "info top-memory -n <1-50>"),
    (Is::ListTopCpu, "info top-cpu -n <1-50>"),
    (Is::CheckIoActivity, "info io-activity -n <1-50>"),
    (Is::CheckNetworkStats, "info network-stats"),
    (Is::CheckTcpStats, "info tcp-stats"),
    (Is::MonitorSwap, "info swap -t <1-10>"),
    (Is::ListBlockedTasks, "info blocked-tasks -n <1-50>"),
    (Is::ShowCgroupUsage, "info cgroup <group#>"),
    (Is::ShowProcess, "info process <process#>"),
    (Is::CheckDiskSpace, "info disk-space"),
    (Is::ListSockets, "info sockets <process#>"),
    (Is::CheckPressure, "info pressure"),
];
