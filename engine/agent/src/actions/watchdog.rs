//! Whether a unit's watchdog lets it stand still for a time.

use alloc::borrow::Cow;
use alloc::format;

use crate::facts::Facts;
use crate::unfit::{Unfit, need};

/// Refuses to stop what systemd would abort for it: a unit that is silent for longer than its
/// `WatchdogSec` (systemd 252, `kernel.md` section 7).
pub(super) fn survives(path: &[u8], seconds: u64, facts: &dyn Facts) -> Result<(), Unfit> {
    // The root group is no unit's.
    if path == b"/" {
        return Ok(());
    }
    let group = need(facts.group(path), "the control group")?;
    // Nor is one whose path names none, such as that of a container of version 1.
    if group.unit.is_none() && group.watchdog_us.is_none() {
        return Ok(());
    }
    let watchdog_us = need(group.watchdog_us, "the watchdog of the unit")?;
    if watchdog_us == 0 || seconds.saturating_mul(1_000_000) < watchdog_us {
        return Ok(());
    }
    let why = format!(
        "its unit has a watchdog of {} s and would be aborted",
        watchdog_us.div_ceil(1_000_000)
    );
    Err(Unfit::Unsafe(Cow::Owned(why)))
}
