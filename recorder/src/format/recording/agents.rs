//! Whether an agent takes part in a recording: where none does, what decisions alone read is not
//! decoded.

use ks_vocabulary::decision::Reasoner;
use ks_vocabulary::input::{Body, Input};

use super::super::listing::Segment;
use super::super::parquet_file::ParquetFile;

/// Whether an agent takes part from this input on.
pub(super) fn begins_with(input: &Input) -> bool {
    let config = match &input.body {
        Body::Start(start) => start.config.as_ref(),
        Body::ConfigChange(config) => Some(config.as_ref()),
        Body::Sample(_)
        | Body::SourceState(_)
        | Body::ClockStep(_)
        | Body::Gap(_)
        | Body::Tick
        | Body::Answer(_)
        | Body::Other(_) => None,
    };
    config.is_some_and(|config| config.agent.reasoner != Reasoner::Off)
}

/// Whether one may take part, and the first file, which need not be opened again. What a sealed
/// file says of itself is believed, since it is held against its rows when they are read; of a log
/// nothing is known before, and it is read whole anyway.
pub(super) fn may_take_part(segments: &[Segment]) -> (bool, Option<ParquetFile>) {
    let mut first = None;
    for (at, segment) in segments.iter().enumerate().filter(|(_, segment)| segment.sealed) {
        let file = ParquetFile::open(&segment.path).ok();
        let may_begin = file.as_ref().is_none_or(|file| may_begin_in(file) != Some(false));
        if at == 0 {
            first = file;
        }
        if may_begin {
            return (true, first);
        }
    }
    (false, first)
}

/// Whether one may begin in a sealed file: its first `Start` is in the footer, and another or a
/// change of the configuration is a row of its own kind. `None` where the file does not say.
fn may_begin_in(file: &ParquetFile) -> Option<bool> {
    let (_, start) = file.first_start()?;
    if start.config.is_some_and(|config| config.agent.reasoner != Reasoner::Off) {
        return Some(true);
    }
    let mut starts = 0;
    let mut is_changed = false;
    file.each_kind(|kind| {
        starts += usize::from(kind == "start");
        is_changed |= kind == "config_change";
    })?;
    Some(is_changed || starts > 1)
}
