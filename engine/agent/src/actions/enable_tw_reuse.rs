//! `enable_tw_reuse`: outgoing connections take ports that are in TIME_WAIT.

use alloc::borrow::Cow;
use alloc::string::ToString;

use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "this side closes many connections to one destination, with timestamps on",
    cannot: "the server side; connections that are open",
};

pub(super) fn plan(facts: &dyn Facts) -> Result<Plan, Unfit> {
    let old = kernel_parameter::present(Sysctl::TcpTwReuse, facts)?;
    if old == 1 {
        return Err(Unfit::NoEffect(Cow::Borrowed("it is on already")));
    }
    Ok(kernel_parameter::write(Sysctl::TcpTwReuse, &old.to_string(), "1"))
}
