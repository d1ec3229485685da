//! The first layer of safety: what each action has to find before it can be planned, what it is
//! carried out as, and what puts it back. One file for each action; those that only look are
//! answered from what was recorded.
//!
//! A plan is made of the facts at hand. It is made again when it is carried out, and one that
//! comes out otherwise is stale.

mod clear_page_cache;
mod demote_scheduling_class;
mod enable_tw_reuse;
mod flush_buffers;
mod force_network_speed;
mod freeze_cgroup;
mod group_target;
mod increase_somaxconn;
mod increase_tcp_backlog;
mod kernel_parameter;
mod limit_cgroup_cpu;
mod limit_cgroup_memory_high;
mod limit_cgroup_pids;
mod limit_cgroup_swap;
mod lower_autogroup_priority;
mod lower_cpu_weight;
mod lower_dirty_background;
mod lower_io_priority;
mod lower_io_weight;
mod lower_process_priority;
mod pause_process;
mod process_target;
mod raise_conntrack_max;
mod raise_netdev_backlog;
mod raise_oom_score;
mod reclaim_cgroup_memory;
mod reduce_fin_timeout;
mod reduce_readahead;
mod reduce_swappiness;
mod resume_process;
mod set_cpu_affinity;
mod terminate_process;
mod thaw_cgroup;
mod throttle_cpu;
mod throttle_io;
mod watchdog;
mod widen_port_range;

use ks_vocabulary::action::{Action, ActionKind};
use ks_vocabulary::decision::Plan;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::facts::Facts;
use crate::unfit::{Unfit, need};

/// A page: the kernel rounds limits of memory down to it.
const PAGE_BYTES: u64 = 4096;

/// When an action helps, and when it cannot, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// It helps where this holds.
    pub helps: &'static str,
    /// It cannot help, or does harm, where this holds.
    pub cannot: &'static str,
}

/// What an action is about beside its own parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The disk of the condition.
    pub disk: Option<&'a [u8]>,
    /// The filesystem of the condition.
    pub mount: Option<&'a [u8]>,
}

/// What an action is carried out as on the host as it is; the error is why it does not fit. Those
/// that only look have nothing to carry out.
#[expect(clippy::wildcard_enum_match_arm, reason = "of_host has the rest")]
pub fn plan(action: &Action, about: About<'_>, facts: &dyn Facts) -> Result<Plan, Unfit> {
    match action {
        Action::LowerProcessPriority { process, nice } => {
            lower_process_priority::plan(process, *nice, facts)
        }
        Action::LowerAutogroupPriority { process, nice } => {
            lower_autogroup_priority::plan(process, *nice, facts)
        }
        Action::DemoteSchedulingClass { process, class } => {
            demote_scheduling_class::plan(process, *class, facts)
        }
        Action::SetCpuAffinity { process, cpus } => set_cpu_affinity::plan(process, cpus, facts),
        Action::ThrottleCpu { process, percent } => throttle_cpu::plan(process, *percent, facts),
        Action::PauseProcess { process, lasts } => pause_process::plan(process, *lasts, facts),
        Action::ResumeProcess { process } => resume_process::plan(process, facts),
        Action::TerminateProcess { process } => terminate_process::plan(process, facts),
        Action::LowerIoPriority { process, level } => {
            lower_io_priority::plan(process, *level, about.disk, facts)
        }
        Action::RaiseOomScore { process, adj } => raise_oom_score::plan(process, *adj, facts),
        Action::LimitCgroupCpu { .. }
        | Action::LowerCpuWeight { .. }
        | Action::LimitCgroupPids { .. }
        | Action::FreezeCgroup { .. }
        | Action::ThawCgroup { .. }
        | Action::LowerIoWeight { .. }
        | Action::ThrottleIo { .. }
        | Action::LimitCgroupMemoryHigh { .. }
        | Action::ReclaimCgroupMemory { .. }
        | Action::LimitCgroupSwap { .. } => of_group(action, about, facts),
        _ => of_host(action, about, facts),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "plan names what comes here")]
fn of_group(action: &Action, about: About<'_>, facts: &dyn Facts) -> Result<Plan, Unfit> {
    match action {
        Action::LimitCgroupCpu { group, percent } => limit_cgroup_cpu::plan(group, *percent, facts),
        Action::LowerCpuWeight { group, weight } => lower_cpu_weight::plan(group, *weight, facts),
        Action::LimitCgroupPids { group, max } => limit_cgroup_pids::plan(group, *max, facts),
        Action::FreezeCgroup { group, lasts } => freeze_cgroup::plan(group, *lasts, facts),
        Action::ThawCgroup { group } => thaw_cgroup::plan(group, facts),
        Action::LowerIoWeight { group, weight } => {
            lower_io_weight::plan(group, *weight, about.disk, facts)
        }
        Action::ThrottleIo { group, disk, limit } => throttle_io::plan(group, disk, *limit, facts),
        Action::LimitCgroupMemoryHigh { group, bytes } => {
            limit_cgroup_memory_high::plan(group, *bytes, facts)
        }
        Action::ReclaimCgroupMemory { group, bytes } => {
            reclaim_cgroup_memory::plan(group, *bytes, facts)
        }
        Action::LimitCgroupSwap { group, bytes } => limit_cgroup_swap::plan(group, *bytes, facts),
        _ => Ok(Plan::default()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a test plans every form")]
fn of_host(action: &Action, about: About<'_>, facts: &dyn Facts) -> Result<Plan, Unfit> {
    match action {
        Action::FlushBuffers { .. } => {
            let mount = need(about.mount, "which filesystem is meant")?;
            flush_buffers::plan(&Exact(Entity::Filesystem(mount.to_vec())), facts)
        }
        Action::ReduceReadahead { kb, .. } => {
            let disk = need(about.disk, "which disk is meant")?;
            reduce_readahead::plan(&Exact(Entity::Disk(disk.to_vec())), disk, *kb, facts)
        }
        Action::LowerDirtyBackground { percent } => lower_dirty_background::plan(*percent, facts),
        Action::ReduceSwappiness { value } => reduce_swappiness::plan(*value, facts),
        Action::ClearPageCache { .. } => clear_page_cache::plan(),
        Action::IncreaseTcpBacklog { value } => increase_tcp_backlog::plan(*value, facts),
        Action::IncreaseSomaxconn { value } => increase_somaxconn::plan(*value, facts),
        Action::ReduceFinTimeout { seconds } => reduce_fin_timeout::plan(*seconds, facts),
        Action::WidenPortRange { low, high } => widen_port_range::plan(*low, *high, facts),
        Action::EnableTwReuse => enable_tw_reuse::plan(facts),
        Action::RaiseConntrackMax { value } => raise_conntrack_max::plan(*value, facts),
        Action::RaiseNetdevBacklog { value } => raise_netdev_backlog::plan(*value, facts),
        Action::ForceNetworkSpeed { .. } => force_network_speed::plan(),
        _ => Ok(Plan::default()),
    }
}

/// When an action helps, and when it cannot; `None` for those that only look.
pub fn advice(kind: ActionKind) -> Option<Advice> {
    Some(match kind {
        ActionKind::LowerProcessPriority => lower_process_priority::ADVICE,
        ActionKind::LowerAutogroupPriority => lower_autogroup_priority::ADVICE,
        ActionKind::DemoteSchedulingClass => demote_scheduling_class::ADVICE,
        ActionKind::SetCpuAffinity => set_cpu_affinity::ADVICE,
        ActionKind::ThrottleCpu => throttle_cpu::ADVICE,
        ActionKind::LimitCgroupCpu => limit_cgroup_cpu::ADVICE,
        ActionKind::LowerCpuWeight => lower_cpu_weight::ADVICE,
        ActionKind::LimitCgroupPids => limit_cgroup_pids::ADVICE,
        ActionKind::PauseProcess => pause_process::ADVICE,
        ActionKind::ResumeProcess => resume_process::ADVICE,
        ActionKind::FreezeCgroup => freeze_cgroup::ADVICE,
        ActionKind::ThawCgroup => thaw_cgroup::ADVICE,
        ActionKind::TerminateProcess => terminate_process::ADVICE,
        ActionKind::LowerIoPriority => lower_io_priority::ADVICE,
        ActionKind::LowerIoWeight => lower_io_weight::ADVICE,
        ActionKind::ThrottleIo => throttle_io::ADVICE,
        ActionKind::FlushBuffers => flush_buffers::ADVICE,
        ActionKind::LowerDirtyBackground => lower_dirty_background::ADVICE,
        ActionKind::ReduceReadahead => reduce_readahead::ADVICE,
        ActionKind::ReduceSwappiness => reduce_swappiness::ADVICE,
        ActionKind::ClearPageCache => clear_page_cache::ADVICE,
        ActionKind::LimitCgroupMemoryHigh => limit_cgroup_memory_high::ADVICE,
        ActionKind::ReclaimCgroupMemory => reclaim_cgroup_memory::ADVICE,
        ActionKind::LimitCgroupSwap => limit_cgroup_swap::ADVICE,
        ActionKind::RaiseOomScore => raise_oom_score::ADVICE,
        ActionKind::IncreaseTcpBacklog => increase_tcp_backlog::ADVICE,
        ActionKind::IncreaseSomaxconn => increase_somaxconn::ADVICE,
        ActionKind::ReduceFinTimeout => reduce_fin_timeout::ADVICE,
        ActionKind::WidenPortRange => widen_port_range::ADVICE,
        ActionKind::EnableTwReuse => enable_tw_reuse::ADVICE,
        ActionKind::RaiseConntrackMax => raise_conntrack_max::ADVICE,
        ActionKind::RaiseNetdevBacklog => raise_netdev_backlog::ADVICE,
        ActionKind::ForceNetworkSpeed => force_network_speed::ADVICE,
        ActionKind::ListTopMemory
        | ActionKind::ListTopCpu
        | ActionKind::CheckIoActivity
        | ActionKind::CheckNetworkStats
        | ActionKind::CheckTcpStats
        | ActionKind::MonitorSwap
        | ActionKind::ListBlockedTasks
        | ActionKind::ShowCgroupUsage
        | ActionKind::ShowProcess
        | ActionKind::CheckDiskSpace
        | ActionKind::ListSockets
        | ActionKind::CheckPressure => return None,
    })
}

/// A level as the calls take it.
fn signed(value: u64) -> i64 {
    value.cast_signed()
}

#[cfg(test)]
pub(crate) mod tests;
