//! Going to a moment in many files without reading those before it.
//!
//! Footers say when a file begins, and how. Of a run that began before the moment the first `Start`
//! is needed too: it has what was learned before the run.

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::time::WallTime;

use super::super::listing::Segment;
use super::super::log::LogReader;
use super::super::parquet_file::{Outline, outline};

/// What a file says of itself: when it begins, when it ends, and its first `Start`. When a log ends
/// is not known without reading it.
fn outline_of(segment: &Segment) -> Option<Outline> {
    if segment.sealed {
        return outline(&segment.path);
    }
    let mut log = LogReader::open(&segment.path).ok()?;
    let Input { mono, body: Body::Start(start), .. } = log.next().ok()?? else { return None };
    let first = Some(start.clock.at(*mono));
    Some(Outline { is_ours: true, first, last: None, start: Some((**start).clone()) })
}

/// The time of the first input, where the first file says it.
pub(super) fn begin(segments: &[Segment]) -> Option<WallTime> {
    outline_of(segments.first()?)?.first
}

/// Where reading has to begin so that nothing from `from` on is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Index of the first file that does not end before `from`.
    pub(super) file: usize,
    /// Number of its segment within its run.
    pub(super) segment: u32,
    /// Index of the file that its run begins with, where that is another one.
    pub(super) run_begin: Option<usize>,
}

/// Finds it; `None` where the first file has to be read anyway. Files need not be in the order of
/// their times: clocks are set back, and boots have no order.
pub(super) fn entry(segments: &[Segment], from: WallTime) -> Option<Entry> {
    let ends_before = |segment: &Segment| {
        outline_of(segment).and_then(|outline| outline.last).is_some_and(|last| last < from)
    };
    let file = segments.iter().position(|segment| !ends_before(segment))?;
    let start = outline_of(&segments[file])?.start.filter(|_| file > 0)?;
    let run_begin = file.checked_sub(usize::try_from(start.segment).ok()?)?;
    if run_begin == file {
        return Some(Entry { file, segment: 0, run_begin: None });
    }
    let first = outline_of(&segments[run_begin])?.start?;
    let is_its = first.segment == 0 && first.run() == start.run();
    is_its.then_some(Entry { file, segment: start.segment, run_begin: Some(run_begin) })
}
