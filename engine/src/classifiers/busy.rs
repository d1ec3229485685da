//! How much of their time CPUs work.

use crate::window::{Missing, Step};
use ks_vocabulary::model::Cpu;

use super::is_absent;

/// Share of CPU time neither idle nor waiting for I/O; user and nice already hold guest time.
pub(super) fn busy_share(step: &Step<'_, Cpu>) -> Result<f64, Missing> {
    let idle = step.growth("idle", Cpu::idle_ticks)?;
    // Idle time alone is no share of anything.
    let system = step.growth("system", Cpu::system_ticks);
    if is_absent(&step.growth("user", Cpu::user_ticks)) {
        system?;
    }
    let mut all = idle;
    let mut waiting = idle;
    for (name, get) in [
        ("user", Cpu::user_ticks as fn(&Cpu) -> Option<u64>),
        ("nice", Cpu::nice_ticks),
        ("system", Cpu::system_ticks),
        ("irq", Cpu::irq_ticks),
        ("softirq", Cpu::softirq_ticks),
        ("steal", Cpu::steal_ticks),
    ] {
        // iowait may go back by a tick when a CPU goes idle. What else a kernel or another tool
        // does not tell apart it counts among user and system.
        all += step.growth(name, get).unwrap_or(0);
    }
    let iowait = step.growth("iowait", Cpu::iowait_ticks).unwrap_or(0);
    all += iowait;
    waiting += iowait;
    if all == 0 {
        return Err(Missing::Because("no clock tick between two readings"));
    }
    Ok(1.0 - waiting as f64 / all as f64)
}
