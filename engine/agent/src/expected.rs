//! What an action is expected to do to the quantity that it is verified by: priors, wide on
//! purpose. They are our judgement until outcomes have been learned.

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{Direction, Predicted};
use ks_vocabulary::metric::Metric;

/// Seconds after an action in which it is looked at: ten to settle, and a minute.
pub const WITHIN_S: u64 = 70;

/// What is known of the condition, as an expectation needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Situation {
    /// The quantity that it is verified by.
    pub metric: Metric,
    /// Its present value.
    pub value: f64,
    /// What is usual of it, or else nothing.
    pub usual: f64,
    /// The target's share in what is consumed, 0 to 1.
    pub share: f64,
    /// The share of all memory that the target holds, 0 to 1.
    pub held: f64,
}

impl Situation {
    /// The middle of an expectation as a part of what is above the usual, so that expectations in
    /// different quantities can be compared.
    pub fn part(&self, expected: &Predicted) -> f64 {
        let excess = libm::fabs(self.value - self.usual);
        if excess > 0.0 { f64::midpoint(expected.low, expected.high) / excess } else { 0.0 }
    }
}

/// Share of the target's part that an action takes away: 5 % of outcomes are below the first, 5 %
/// above the second. What is not here changes nothing that can be measured within minutes.
const RELIEF: &[(ActionKind, f64, f64)] = &[
    (ActionKind::LowerProcessPriority, 0.2, 1.0),
    (ActionKind::LowerAutogroupPriority, 0.2, 1.0),
    (ActionKind::LowerCpuWeight, 0.2, 1.0),
    (ActionKind::DemoteSchedulingClass, 0.1, 1.0),
    (ActionKind::SetCpuAffinity, 0.1, 1.0),
    (ActionKind::ThrottleCpu, 0.2, 0.9),
    (ActionKind::LimitCgroupCpu, 0.2, 0.9),
    (ActionKind::PauseProcess, 0.6, 1.0),
    (ActionKind::FreezeCgroup, 0.6, 1.0),
    (ActionKind::LowerIoPriority, 0.1, 0.9),
    (ActionKind::LowerIoWeight, 0.1, 0.9),
    (ActionKind::ThrottleIo, 0.2, 0.9),
    (ActionKind::LimitCgroupPids, 0.1, 0.9),
    (ActionKind::WidenPortRange, 0.2, 0.6),
    (ActionKind::EnableTwReuse, 0.0, 0.8),
    (ActionKind::RaiseConntrackMax, 0.3, 0.7),
    (ActionKind::IncreaseTcpBacklog, 0.1, 1.0),
    (ActionKind::RaiseNetdevBacklog, 0.1, 1.0),
    (ActionKind::ReduceFinTimeout, 0.0, 0.6),
    (ActionKind::ReduceReadahead, 0.0, 0.6),
    (ActionKind::LowerDirtyBackground, 0.0, 0.5),
    (ActionKind::FlushBuffers, 0.0, 0.5),
    (ActionKind::ReduceSwappiness, 0.0, 0.7),
    (ActionKind::LimitCgroupSwap, 0.1, 0.9),
    (ActionKind::LimitCgroupMemoryHigh, 0.1, 0.9),
    (ActionKind::ReclaimCgroupMemory, 0.0, 0.3),
    // Against what happens when nothing is done: by then it would have grown on.
    (ActionKind::TerminateProcess, 0.5, 1.1),
];
/// Part of what the target holds by which an action that stops its growth keeps use down within a
/// minute.
const GROWTH_PART: f64 = 0.05;

/// Whether a quantity is memory that is held, of which an action takes what the target holds.
fn is_held_memory(metric: Metric) -> bool {
    matches!(metric, Metric::UsedShare | Metric::MemoryAndSwapUsedShare | Metric::SwapUsedShare)
}

/// What an action is expected to do; `None` where it changes nothing that can be measured soon.
pub fn expected(action: ActionKind, situation: &Situation) -> Option<Predicted> {
    let (_, least, most) = *RELIEF.iter().find(|(known, ..)| *known == action)?;
    let Situation { metric, value, usual, share, held } = *situation;
    let of_what_is_left = metric.is_of_what_is_left();
    let part = if is_held_memory(metric) {
        if action == ActionKind::TerminateProcess { held } else { held * GROWTH_PART }
    } else if of_what_is_left {
        (usual - value).max(0.0) * share
    } else {
        (value - usual).max(0.0) * share.max(0.1)
    };
    let (low, high) = (part * least, part * most);
    let direction = if of_what_is_left { Direction::Up } else { Direction::Down };
    let predicted = Predicted { metric, direction, low, high, within_s: WITHIN_S };
    predicted.is_sound().then_some(predicted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(metric: Metric) -> Situation {
        Situation { metric, value: 0.5, usual: 0.1, share: 0.5, held: 0.3 }
    }

    #[test]
    fn it_is_the_part_of_the_target_that_an_action_takes_away() {
        let found = expected(ActionKind::LowerCpuWeight, &situation(Metric::CpuSome5s)).unwrap();
        assert_eq!(found.direction, Direction::Down);
        assert!((found.low - 0.04).abs() < 1e-12 && (found.high - 0.2).abs() < 1e-12);
        let freed = expected(ActionKind::TerminateProcess, &situation(Metric::UsedShare)).unwrap();
        assert!((freed.high - 0.33).abs() < 1e-12);
        let left = Situation { value: 0.1, usual: 0.5, ..situation(Metric::SwapFreeShare) };
        let up = expected(ActionKind::LimitCgroupSwap, &left).unwrap();
        assert_eq!(up.direction, Direction::Up);
    }

    #[test]
    fn what_changes_nothing_soon_has_no_expectation() {
        for action in [ActionKind::RaiseOomScore, ActionKind::IncreaseSomaxconn] {
            assert_eq!(expected(action, &situation(Metric::UsedShare)), None);
        }
        let nothing = Situation { value: 0.1, ..situation(Metric::CpuSome5s) };
        assert_eq!(expected(ActionKind::LowerCpuWeight, &nothing), None, "nothing is left to gain");
    }
}
