//! Going to a moment in many files without reading those before it.
//!
//! Footers say when a file begins, and how. Of a run that began before the moment the first `Start`
//! is needed too: it has what was learned before the run.

use ks_engine::input::{Body, Input, Start};
use ks_engine::time::WallTime;

use super::super::listing::Segment;
use super::super::log::LogReader;
use super::super::parquet_file::{Outline, outline};

/// When a file begins, and its first `Start`.
fn first_of(segment: &Segment) -> Option<(WallTime, Start)> {
    if segment.sealed {
        let Outline { first, start, .. } = outline(&segment.path)?;
        return Some((first?, start?));
    }
    let mut log = LogReader::open(&segment.path).ok()?;
    let Input { mono, body: Body::Start(start), .. } = log.next().ok()?? else { return None };
    Some((start.clock.at(*mono), (**start).clone()))
}

/// The time of the first input, where the first file says it.
pub(super) fn begin(segments: &[Segment]) -> Option<WallTime> {
    Some(first_of(segments.first()?)?.0)
}

/// Where reading has to begin so that nothing from `from` on is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Index of the file that `from` lies in.
    pub(super) file: usize,
    /// Number of its segment within its run.
    pub(super) segment: u32,
    /// Index of the file that its run begins with, where that is another one.
    pub(super) run_begin: Option<usize>,
}

/// Finds it; `None` where the first file has to be read anyway. A file that says nothing of itself
/// is taken for a later one: then more is read than need be.
pub(super) fn entry(segments: &[Segment], from: WallTime) -> Option<Entry> {
    let begins_before =
        |segment: &Segment| first_of(segment).is_some_and(|(first, _)| first < from);
    let file = segments.partition_point(begins_before).checked_sub(1).filter(|file| *file > 0)?;
    let (_, start) = first_of(&segments[file])?;
    let run_begin = file.checked_sub(usize::try_from(start.segment).ok()?)?;
    if run_begin == file {
        return Some(Entry { file, segment: 0, run_begin: None });
    }
    let (_, first) = first_of(&segments[run_begin])?;
    let is_its = first.segment == 0 && first.run() == start.run();
    is_its.then_some(Entry { file, segment: start.segment, run_begin: Some(run_begin) })
}
