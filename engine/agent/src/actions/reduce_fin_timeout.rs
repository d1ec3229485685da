//! `reduce_fin_timeout`: orphans in FIN_WAIT_2 end earlier.

use ks_vocabulary::action::FinTimeout;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "sockets that nobody holds wait for a peer that does not close",
    cannot: "TIME_WAIT, whose length is fixed in the kernel",
};

pub(super) fn plan(seconds: FinTimeout, facts: &dyn Facts) -> Result<Plan, Unfit> {
    kernel_parameter::lower(Sysctl::TcpFinTimeout, seconds.get(), facts)
}
