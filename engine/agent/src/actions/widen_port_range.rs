//! `widen_port_range`: more local ports for outgoing connections.

use alloc::borrow::Cow;
use alloc::format;

use ks_vocabulary::action::{HighPort, LowPort};
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "outgoing connections to one destination run out of local ports",
    cannot: "a program that leaks connections takes the new ports as well, later",
};

pub(super) fn plan(low: LowPort, high: HighPort, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (first, last) = need(facts.host().ports, "net.ipv4.ip_local_port_range")?;
    let (low, high) = (low.get(), high.get());
    if low > first || high < last || (low, high) == (first, last) {
        let why = format!("{low} to {high} is no wider than {first} to {last}");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    let taken = |low, high| need(facts.listens_within(low, high), "the ports that are listened on");
    if low < first && taken(low, first - 1)? || high > last && taken(last + 1, high)? {
        let why = "someone listens on a port of the new part";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    // The file takes a blank; what the canonical text writes, a colon, it refuses.
    let (old, new) = (format!("{first} {last}"), format!("{low} {high}"));
    Ok(kernel_parameter::write(Sysctl::IpLocalPortRange, &old, &new))
}
