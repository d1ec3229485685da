//! Recordings from what other tools recorded.
//!
//! An import is a recording like any other: a `Start` without an engine's version, so that a replay
//! makes its own ticks, and samples of what the tool had. What it did not record is absent, and the
//! states of the sources say so. Names are mapped by one table for each tool: `pcp_metrics` and
//! `sar_metrics`.
//!
//! A tick of imported CPU times is a millisecond, and the time since boot is that since the first
//! row: nothing else is known of the host's clocks.

mod cadence;
mod metric;
mod output;
mod pcp;
mod pcp_archive;
mod pcp_layout;
mod pcp_metrics;
mod pcp_rows;
mod pcp_samples;
mod sar;
mod sar_counters;
mod sar_file;
mod sar_memory;
mod sar_metrics;
mod sar_stamp;
mod sar_values;
mod sources;
mod summary;
mod target;
mod units;
mod zone;

use std::path::Path;

pub use summary::Summary;
pub use zone::{NotAZone, Zone};

use crate::error::Error;

/// What is imported, and where to.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The file of the other tool.
    pub file: &'a Path,
    /// The recording to write.
    pub output: &'a Path,
    /// Whether a recording that stands there is replaced.
    pub force: bool,
    /// The time zone of times that do not state theirs.
    pub zone: Option<&'a Zone>,
}

/// Is told what is done and what there is to do, in bytes.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// The metrics of an archive of Performance Co-Pilot that [`pcp`] makes something of: `pmrep` is to
/// be asked for these, and for no others. They are listed by PCP's own `pminfo`.
pub fn pcp_metrics(archive: &Path) -> Result<Vec<&'static str>, Error> {
    pcp_archive::metrics(archive)
}

/// Imports what `pmrep -Z UTC -r -u -o csv` prints of an archive of Performance Co-Pilot.
pub fn pcp(order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Summary, Error> {
    output::refuse_existing(order.output, order.force)?;
    pcp::import(order, progress)
}

/// Imports what `sadf -j` prints of a data file of sysstat.
pub fn sar(order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Summary, Error> {
    output::refuse_existing(order.output, order.force)?;
    sar::import(order, progress)
}

/// What a host that has no name is called: as its file.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
