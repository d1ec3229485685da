//! `raise_conntrack_max`: more connections are tracked.

use alloc::borrow::Cow;

use ks_vocabulary::action::ConntrackMax;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "the table of connections is full and memory is there",
    cannot: "a flood fills any table; an entry takes some 320 bytes of kernel memory",
};

/// At most four times the present one (our judgement).
const MOST_TIMES: u64 = 4;
/// Memory that has to be available (our judgement).
const AVAILABLE_SHARE: f64 = 0.2;

pub(super) fn plan(value: ConntrackMax, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let host = facts.host();
    let all = need(host.memory_bytes, "the memory of the host")?;
    let available = need(host.available_bytes, "the available memory of the host")?;
    if (available as f64) < all as f64 * AVAILABLE_SHARE {
        let why = "less than a fifth of the memory is available";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    kernel_parameter::raise(Sysctl::NfConntrackMax, value.get(), MOST_TIMES, facts)
}
