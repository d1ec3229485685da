//! When a limit is held as medium.

use ks_vocabulary::kind::Severity;
use ks_vocabulary::time::Timestamp;

use crate::reference::Crossing;

/// When a limit had been held as medium for as long as that has to last.
pub fn held(crossing: &Crossing) -> Option<Timestamp> {
    let rise = crossing.rises.iter().find(|rise| rise.severity == Severity::Medium)?;
    let lasts = crate::reference::LASTS_S.iter().find(|(severity, _)| *severity == rise.severity);
    let lasts_ns = lasts.map_or(0.0, |(_, lasts_s)| lasts_s * 1e9);
    rise.held.map(|held| held.plus_ns(crate::grain::whole(lasts_ns)))
}
