//! `limit_cgroup_swap`: a group has no more in swap than so much.

use alloc::borrow::Cow;
use alloc::format;

use ks_vocabulary::action::{GroupRef, SwapLimit};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::group_target::{find, limit_text, lower, second, write};
use super::{Advice, PAGE_BYTES};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group goes on filling the swap",
    cannot: "what is in swap stays there; the rest of the group stays in memory instead",
};

pub(super) fn plan(group: &GroupRef, bytes: SwapLimit, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let exact = second(&found, "memory")?;
    let used = need(found.swap_bytes, "what the group has in swap")?;
    let new = bytes.get() / PAGE_BYTES * PAGE_BYTES;
    lower(found.swap_max_bytes, new)?;
    if new < used {
        let why = format!("it has {used} bytes in swap already");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    Ok(write(&exact, GroupFile::MemorySwapMax, &limit_text(found.swap_max_bytes), &new))
}
