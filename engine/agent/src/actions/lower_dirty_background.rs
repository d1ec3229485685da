//! `lower_dirty_background`: writeback begins earlier.

use alloc::borrow::Cow;

use ks_vocabulary::action::DirtyPercent;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "writes come in bursts of dirty pages",
    cannot: "a host that is configured in bytes; a disk that is too slow for what is written",
};

pub(super) fn plan(percent: DirtyPercent, facts: &dyn Facts) -> Result<Plan, Unfit> {
    // Of the pair that one counts which is not 0, and a write to the other clears it.
    let bytes = kernel_parameter::present(Sysctl::DirtyBackgroundBytes, facts)?;
    if bytes != 0 {
        let why = "the host is configured in bytes, which this would clear";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    kernel_parameter::lower(Sysctl::DirtyBackgroundRatio, percent.get(), facts)
}
