//! `increase_tcp_backlog`: more half-open connections.

use alloc::borrow::Cow;

use ks_vocabulary::action::SynBacklog;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "SYN cookies are off and handshakes are dropped (ListenDrops)",
    cannot: "with SYN cookies on, the default, it does nothing; a full accept queue is not moved",
};

/// At most sixteen times the present one (our judgement).
const MOST_TIMES: u64 = 16;

pub(super) fn plan(value: SynBacklog, facts: &dyn Facts) -> Result<Plan, Unfit> {
    if need(facts.host().syncookies, "net.ipv4.tcp_syncookies")? != 0 {
        return Err(Unfit::NoEffect(Cow::Borrowed("SYN cookies are on")));
    }
    kernel_parameter::raise(Sysctl::TcpMaxSynBacklog, value.get(), MOST_TIMES, facts)
}
