//! Which metrics of an archive of Performance Co-Pilot a recording has columns for.
//!
//! `pmrep` gives up where an archive lacks one metric that it is asked for, and archives differ in
//! what they hold. So PCP's own `pminfo` is asked: it reads archives of every version.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use super::pcp_metrics::METRICS;
use crate::error::Error;

const PROGRAM: &str = "pminfo";
const PLACE: &str = "read by `pminfo -a`";
const ARCHIVE_WANTED: &str = "name an archive of pmlogger, by its path without .0, .index or .meta";
const METRICS_WANTED: &str = "name an archive that has metrics of the host, such as kernel.all";

/// The metrics of `archive` that are imported, in the order of the table of names.
pub(super) fn metrics(archive: &Path) -> Result<Vec<&'static str>, Error> {
    let mut pminfo = Command::new(PROGRAM);
    pminfo.arg("-a").arg(archive).stdin(Stdio::null());
    let output = pminfo.output().map_err(|source| Error::NoProgram {
        program: PROGRAM,
        path: archive.to_owned(),
        source,
    })?;
    let refused = |problem: String, remedy| Error::Import {
        path: archive.to_owned(),
        place: PLACE.to_owned(),
        problem,
        remedy,
    };
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let told = told.lines().next().map(str::trim).filter(|line| !line.is_empty());
        let problem = told.map_or_else(|| output.status.to_string(), str::to_owned);
        return Err(refused(problem, ARCHIVE_WANTED));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let archived: BTreeSet<&str> = text.lines().map(str::trim).collect();
    let known = known_among(&archived);
    if known.is_empty() {
        let count = archived.len();
        let problem = format!("none of its {count} metrics is one that a recording has");
        return Err(refused(problem, METRICS_WANTED));
    }
    Ok(known)
}

/// The metrics of the table that an archive has: each once, though several columns may be made of
/// it.
fn known_among(archived: &BTreeSet<&str>) -> Vec<&'static str> {
    let mut known: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    known.dedup();
    known.retain(|name| archived.contains(name));
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_asked_for_once_and_only_where_the_archive_has_it() {
        let archived = ["kernel.all.load", "proc.nprocs", "kernel.all.intr", "mem.util.free"];
        let expected = ["kernel.all.intr", "kernel.all.load", "mem.util.free"];
        assert_eq!(known_among(&archived.into_iter().collect()), expected);
        let all: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(known_among(&all).len(), all.len());
    }
}
