//! Who is let through to a busy disk, by its scheduler.
//!
//! Each share is what was measured of two readers with sixteen threads each on a saturated disk.
//! What is left of those of low priority is not given back to them when others leave a gap.

use ks_vocabulary::action::IoLevel;

use super::Host;
use super::disk::Source;
use crate::shape::Scheduler;

/// Best-effort level of a process that has none of its own.
const USUAL_LEVEL: u64 = 4;
/// Against 98 parts of the usual level bfq lets 2 of the idle class through, mq-deadline 20
/// against 80.
const BFQ_IDLE: f64 = 2.0 / 98.0;
const DEADLINE_IDLE: f64 = 20.0 / 80.0;
/// A tenth of the `io.weight` gets 16 parts against 84: this power of ten, and in between alike.
const IO_COST_POWER: f64 = 0.72;

impl Host {
    /// Those of low priority ask less while others ask, where the disk has a scheduler that heeds
    /// it.
    pub(super) fn yield_to_others(&self, sources: &mut [Source]) {
        let share = |source: &Source| {
            let process = &self.processes[source.owner];
            let group = &self.groups[process.group];
            let scheduler = self.shape.scheduler();
            let io_weight = if self.shape.io_cost { group.io_weight } else { 100 };
            by_priority(scheduler, process.io_level)
                * by_weights(scheduler, group.bfq_weight, io_weight)
        };
        let most = sources.iter().map(share).fold(0.0, f64::max);
        for source in sources.iter_mut() {
            source.threads *= (share(source) / most).min(1.0);
        }
    }
}

/// The share of a priority, against that of the usual level.
fn by_priority(scheduler: Scheduler, priority: Option<IoLevel>) -> f64 {
    let level = priority.map_or(Some(USUAL_LEVEL), IoLevel::level);
    match (scheduler, level) {
        (Scheduler::Bfq, level) => level.map_or(BFQ_IDLE, of_level),
        (Scheduler::MqDeadline, None) => DEADLINE_IDLE,
        (Scheduler::MqDeadline | Scheduler::None | Scheduler::Kyber, _) => 1.0,
    }
}

/// What bfq gives to a best-effort level, 0 to 7 (`bfq_ioprio_to_weight`), against the usual one.
fn of_level(level: u64) -> f64 {
    8u64.saturating_sub(level) as f64 / (8 - USUAL_LEVEL) as f64
}

/// The share of a group by its two weights, each against 100.
fn by_weights(scheduler: Scheduler, bfq_weight: u64, io_weight: u64) -> f64 {
    let by_cost = libm::pow(io_weight as f64 / 100.0, IO_COST_POWER);
    let is_bfq = scheduler == Scheduler::Bfq;
    by_cost * if is_bfq { bfq_weight as f64 / 100.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of a hundred that the first of two gets.
    fn parts(one: f64, other: f64) -> f64 {
        100.0 * one / (one + other)
    }

    fn check(got: f64, measured: f64) {
        assert!((got - measured).abs() < 1.0, "{got:.1} of 100, measured {measured}");
    }

    /// `kernel.md`, section 11: "be4 : idle".
    #[test]
    fn disk_priority_and_weight_be4_to_idle() {
        let got = |scheduler| {
            parts(by_priority(scheduler, None), by_priority(scheduler, Some(IoLevel::IDLE)))
        };
        check(got(Scheduler::None), 50.0);
        check(got(Scheduler::Kyber), 50.0);
        check(got(Scheduler::MqDeadline), 80.0);
        check(got(Scheduler::Bfq), 98.0);
    }

    /// "be0 : be7".
    #[test]
    fn disk_priority_and_weight_be0_to_be7() {
        check(parts(of_level(0), of_level(7)), 89.0);
        let low = Some(IoLevel::best_effort(7).unwrap());
        for scheduler in [Scheduler::None, Scheduler::Kyber, Scheduler::MqDeadline] {
            check(parts(by_priority(scheduler, None), by_priority(scheduler, low)), 50.0);
        }
    }

    /// "bfq weight 100 : 10" and "io.weight 100 : 10".
    #[test]
    fn disk_priority_and_weight_by_weights() {
        let schedulers = [Scheduler::None, Scheduler::Kyber, Scheduler::MqDeadline, Scheduler::Bfq];
        for scheduler in schedulers {
            let usual = by_weights(scheduler, 100, 100);
            let bfq = if scheduler == Scheduler::Bfq { 90.0 } else { 50.0 };
            check(parts(usual, by_weights(scheduler, 10, 100)), bfq);
        }
        check(parts(1.0, by_weights(Scheduler::None, 100, 10)), 84.0);
    }
}
