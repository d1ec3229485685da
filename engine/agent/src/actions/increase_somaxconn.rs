//! `increase_somaxconn`: longer accept queues, for sockets that listen afterwards.

use ks_vocabulary::action::Somaxconn;
use ks_vocabulary::decision::{Plan, Sysctl};

use super::{Advice, kernel_parameter};
use crate::facts::Facts;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "accept queues overflow, and the server will be started again anyway",
    cannot: "a socket that listens already: it takes the value at its next listen() only; a server \
             that accepts too slowly",
};

/// At most sixteen times the present one (our judgement).
const MOST_TIMES: u64 = 16;

pub(super) fn plan(value: Somaxconn, facts: &dyn Facts) -> Result<Plan, Unfit> {
    kernel_parameter::raise(Sysctl::Somaxconn, value.get(), MOST_TIMES, facts)
}
