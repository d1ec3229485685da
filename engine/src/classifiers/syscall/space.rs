//! How full filesystems are, and which of them may have refused calls.

use alloc::vec::Vec;

use crate::analysis::resources::{inodes_used, space_used};
use crate::board::Evaluation;
use crate::culprit::victim;
use crate::window::{Call, SpaceTrack, Window};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Filesystem;
use ks_vocabulary::output::Culprit;
use ks_vocabulary::time::SECOND_NS;

use super::super::soon::is_soon;
use super::{LIMIT, grade};

/// Used share of space and of inodes (our judgement).
const SPACE: [Option<f64>; 4] = [Some(0.80), Some(0.85), Some(0.92), Some(0.97)];
/// Chunks of metadata take 1 GiB of each of two devices or places at most, and a tenth of a small
/// filesystem (`fs/btrfs/volumes.c`, `decide_stripe_size_regular`): less cannot become one.
const CHUNK_BYTES: u64 = 2 * GIB;
/// Used share of metadata from which on refused calls are its own (our judgement: promises are held
/// back as well, which are no part of it).
const METADATA_REFUSES: f64 = 0.75;
/// Less than this is medium at least where it is gone soon at the pace at hand (our judgement).
const LITTLE_BYTES: u64 = GIB;
/// With so much room a share says nothing by itself at each severity, unless it is gone soon (our
/// judgement: what a log or a dump can fill within a day).
const ROOM_BYTES: [u64; 4] = [u64::MAX, 100 * GIB, 50 * GIB, 20 * GIB];
const GIB: u64 = 1024 * 1024 * 1024;
/// Smaller ones are filled once, as those of boot loaders, and stay as they are (our judgement).
const SMALL_BYTES: u64 = 2 * GIB;
/// Used share of space or inodes from which on a filesystem may refuse calls (our judgement: what
/// is left is less than may be asked for at once, and was when it was read).
const FULL: f64 = 0.99;

/// How full a filesystem is, where calls were refused for space of some filesystem or not.
pub(super) fn look_at(row: &Filesystem, track: &SpaceTrack, has_no_space: bool) -> Evaluation {
    let mut seen = Evaluation::of(LIMIT);
    seen.know([true; 4]);
    let ends_soon = is_soon(track.full_in_ns());
    let available = row.available_bytes();
    let by_share = worst_by_share(row);
    let limits = core::array::from_fn(|level| {
        SPACE[level].filter(|_| ends_soon || has_no_space || level <= by_share)
    });
    grade(&mut seen, Metric::SpaceUsedShare, space_used(row), limits);
    grade(&mut seen, Metric::InodesUsedShare, inodes_used(row), SPACE);
    if let Some(available) = available {
        let is_little = available < LITTLE_BYTES && ends_soon;
        let limit = is_little.then_some(LITTLE_BYTES as f64);
        seen.note_with(Metric::AvailableBytes, available as f64, [None, limit, None, None]);
        seen.counts(Severity::Medium, is_little);
    }
    grade_metadata(&mut seen, row, has_no_space);
    seen
}

/// The level up to which a share says enough by itself: with little room, where nothing that is
/// refused or written speaks beside it. What is held in memory is sized for what it is to hold.
fn worst_by_share(row: &Filesystem) -> usize {
    let is_full = space_used(row).is_some_and(|share| share >= FULL);
    let is_small = row.total_bytes().is_some_and(|bytes| bytes < SMALL_BYTES);
    let in_memory = row.fstype() == Some(b"tmpfs");
    if is_small && (in_memory || !is_full) {
        return Severity::Low.index();
    }
    let most = if in_memory { Severity::Medium.index() } else { Severity::Critical.index() };
    let has_room =
        |level: usize| row.available_bytes().is_some_and(|left| left >= ROOM_BYTES[level]);
    (1..=most).take_while(|level| !has_room(*level)).last().unwrap_or(0)
}

/// Metadata of Btrfs, whose chunks are full while no more can be taken. Calls that are refused for
/// space are the second source that makes it high.
fn grade_metadata(seen: &mut Evaluation, row: &Filesystem, has_no_space: bool) {
    let Some(share) = metadata_used(row) else { return };
    let refuses = has_no_space && share >= METADATA_REFUSES;
    let limits = [SPACE[0], SPACE[1], refuses.then_some(METADATA_REFUSES), None];
    grade(seen, Metric::MetadataUsedShare, Some(share), limits);
}

/// Used share of the metadata of Btrfs, where it can take no further chunk.
fn metadata_used(row: &Filesystem) -> Option<f64> {
    let (used, all) = (row.metadata_used_bytes()?, row.metadata_bytes().filter(|all| *all > 0)?);
    let chunk = row.total_bytes().unwrap_or(0) / 10;
    let is_last = row.unallocated_bytes().is_some_and(|left| left < chunk.min(CHUNK_BYTES));
    is_last.then_some((used as f64 / all as f64).min(1.0))
}

/// Whether a filesystem is held in memory: what is written to disks did not fill it.
pub(super) fn is_in_memory(window: &Window, mount: &[u8]) -> bool {
    let mut rows = window.filesystems.entities().map(|(_, row, _)| row);
    rows.any(|row| row.mount() == Some(mount) && matches!(row.fstype(), Some(b"tmpfs" | b"ramfs")))
}

/// Whether what is written can have filled it lately: space that does not fall was not taken by
/// whoever writes, nor were inodes.
pub(super) fn is_written_full(window: &Window, mount: &[u8]) -> bool {
    let mut known = window.filesystems.entities();
    let Some((_, row, track)) = known.find(|(_, row, _)| row.mount() == Some(mount)) else {
        return false;
    };
    let is_of_inodes = inodes_used(row) > space_used(row);
    track.falls() && !is_of_inodes
}

/// Whether calls were refused for space within the last ten seconds.
pub(super) fn was_refused(window: &Window) -> bool {
    let Ok(track) = window.bpf_syscall.track() else { return false };
    // A recording that has just begun knows the last interval only.
    let mut spans = [10 * SECOND_NS, 1].into_iter();
    spans.any(|ns| track.over(Call::NoSpace, ns).is_ok_and(|refused| refused.by > 0))
}

/// Filesystems that may have refused calls for space, the fullest first, each by what it has least
/// of. A call does not say where it wrote.
pub(super) fn full(window: &Window) -> Vec<Culprit> {
    if !was_refused(window) {
        return Vec::new();
    }
    let rows = window.filesystems.entities().map(|(_, row, _)| row);
    let rows = rows.filter(|row| row.read_only() != Some(true) && row.limited() == Some(true));
    let mut full: Vec<_> = rows.filter_map(|row| Some((row, fullest(row)?))).collect();
    full.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
    let mount = |row: &Filesystem| row.mount().unwrap_or_default().to_vec();
    let named = full.iter().map(|(row, (metric, share))| {
        victim::place(Entity::Filesystem(mount(row)), *metric, *share)
    });
    named.collect()
}

/// What a filesystem that refuses calls has run out of, with its used share.
fn fullest(row: &Filesystem) -> Option<(Metric, f64)> {
    let of = |metric, share: Option<f64>, limit| Some((metric, share.filter(|of| *of >= limit)?));
    let each = [
        of(Metric::SpaceUsedShare, space_used(row), FULL),
        of(Metric::InodesUsedShare, inodes_used(row), FULL),
        of(Metric::MetadataUsedShare, metadata_used(row), METADATA_REFUSES),
    ];
    each.into_iter().flatten().max_by(|(_, one), (_, other)| one.total_cmp(other))
}
