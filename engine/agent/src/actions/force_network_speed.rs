//! `force_network_speed`: one speed of a link is advertised.

use ks_vocabulary::decision::Plan;

use super::Advice;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "two ends of a link do not agree on a speed",
    cannot: "the only way to the host; a damaged cable; the link is down while it is agreed on",
};

/// What was advertised before would have to be put back.
pub(super) fn plan() -> Result<Plan, Unfit> {
    Err(Unfit::NotRecorded("which link modes the interface advertises"))
}
