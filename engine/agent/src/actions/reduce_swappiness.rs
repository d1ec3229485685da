//! `reduce_swappiness`: memory of processes is swapped less, cache of files is dropped more.

use alloc::borrow::Cow;

use ks_vocabulary::action::Swappiness;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "there is cache of files that can go instead",
    cannot: "a host that is short of memory as such; files that are read again and again",
};

pub(super) fn plan(value: Swappiness, facts: &dyn Facts) -> Result<Plan, Unfit> {
    if need(facts.host().swap_bytes, "the swap of the host")? == 0 {
        return Err(Unfit::NoEffect(Cow::Borrowed("no swap is configured")));
    }
    kernel_parameter::lower(Sysctl::Swappiness, value.get(), facts)
}
