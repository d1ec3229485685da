//! `clear_page_cache`: clean caches are dropped.

use ks_vocabulary::decision::Plan;

use super::Advice;
use crate::unfit::Unfit;

pub(super) const ADVICE: Advice = Advice {
    helps: "caches hold what nobody will read again, and that is proved",
    cannot: "memory pressure: available memory counts the cache already; reads rise afterwards",
};

/// No recording shows that what a cache holds is of no use to anybody, so it is never planned.
pub(super) fn plan() -> Result<Plan, Unfit> {
    Err(Unfit::NotRecorded("that nobody will read again what the caches hold"))
}
