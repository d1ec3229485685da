//! `raise_netdev_backlog`: more received frames wait for a CPU.

use ks_vocabulary::action::NetdevBacklog;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "frames come in bursts and are dropped before the kernel looks at them",
    cannot: "CPUs that are too slow for what comes in the mean; it adds delay",
};

/// At most eight times the present one (our judgement).
const MOST_TIMES: u64 = 8;

pub(super) fn plan(value: NetdevBacklog, facts: &dyn Facts) -> Result<Plan, Unfit> {
    kernel_parameter::raise(Sysctl::NetdevMaxBacklog, value.get(), MOST_TIMES, facts)
}
