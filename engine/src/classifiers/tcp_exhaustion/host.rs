//! Resources that the kernel has once for the whole host: file handles, orphans, memory of TCP.

use alloc::vec::Vec;

use crate::board::{Board, Cover, Evaluation};
use crate::culprit::{Case, OPEN_FILES};
use crate::window::{Call, Growth, HOST, Missing, Tcp, Window, files_open};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{FileHandles, Limits, Netns};
use ks_vocabulary::output::Culprit;
use ks_vocabulary::subtype::Subtype;

use super::shares::{self, USED, share};
use super::{EVENT_CLEAR_S, KIND, is_absent, refusals};

/// Judges what is counted for all namespaces together; the counters of orphans and memory stand in
/// the row of any, and are taken from the recorder's own.
pub(super) fn judge(window: &Window, limits: Option<&Limits>, board: &mut Board) {
    let own = window.netns.rows().ok();
    let own = own.and_then(|rows| rows.iter().find(|row| row.own() == Some(true)).or(rows.first()));
    let handles = window.file_handles.one().ok().filter(|_| window.file_handles.is_fresh());
    if handles.is_none() {
        let missing = Missing::Source(window.file_handles.source());
        board.cover(KIND, Cover::Missing(missing));
    }
    let mut seen = Evaluation::default();
    seen.know([true; 4]);
    let pages = own.and_then(Netns::tcp_mem_pages);
    let used = handles.and_then(|row| share(files_open(row), row.max()));
    let track = window.file_handles.track().ok();
    let ends = handles.and_then(FileHandles::max).and_then(|max| track?.full_in_ns(max));
    let open = shares::limits(ends, lacks_handles(window));
    let resources = [
        (Subtype::FileHandles, Metric::FileHandlesShare, used, open),
        (
            Subtype::Orphans,
            Metric::OrphansShare,
            share(own.and_then(Netns::tcp_orphan), max_orphans(limits)),
            USED,
        ),
        (Subtype::TcpMemory, Metric::TcpMemoryShare, share(pages, max_pages(limits)), USED),
    ];
    shares::grade(&mut seen, &resources);
    let is_pressed =
        pages.zip(limits).map(|(pages, limits)| grade_memory(&mut seen, pages, limits));
    grade_counts(&mut seen, window, is_pressed);
    grade_connects(&mut seen, window, board);
    let at = window.netns.at().unwrap_or(window.mono());
    board.judge(KIND, HOST, at, &mut seen, || Entity::Host);
}

/// Who opens files; where nobody is seen to, who left sockets in CLOSE_WAIT: each is an open file
/// of those in use, and a leak may be older than what is remembered.
pub(super) fn blame(case: &Case<'_>) -> Vec<Culprit> {
    let culprits = case.by(OPEN_FILES);
    if culprits.iter().any(|culprit| culprit.convicted) {
        return culprits;
    }
    let open_files = case.window.file_handles.one().ok().and_then(files_open).unwrap_or(0);
    let left = case.by_close_wait(open_files);
    if left.iter().any(|culprit| culprit.convicted) { left } else { culprits }
}

/// A connect without a free port is harm done: critical at once (our judgement). In which namespace
/// it was is not known.
fn grade_connects(seen: &mut Evaluation, window: &Window, board: &mut Board) {
    let track = window.bpf_syscall.track().ok().filter(|_| window.bpf_syscall.is_fresh());
    let Some(track) = track else {
        return board.cover(KIND, Cover::Part("errors of connect: need bpf/syscall"));
    };
    let refused = track.over(Call::NoPort, 1);
    if is_absent(&refused) {
        board.cover(KIND, Cover::Part("errors of connect: bpf/syscall does not count them"));
    }
    let refused = refused.map_or(0, |growth| growth.by);
    if refused > 0 {
        seen.note_with(Metric::ConnectsWithoutPort, refused as f64, [None, None, None, Some(1.0)]);
        seen.subtype = Some(Subtype::Ports);
    }
    seen.event(Severity::Critical, refused > 0, EVENT_CLEAR_S);
}

/// Whether a call was refused since the host had no handle left.
fn lacks_handles(window: &Window) -> bool {
    let refused = |ns| window.bpf_syscall.track().ok()?.over(Call::NoFile, ns).ok();
    refusals::over(refused).is_some_and(|growth| growth.by > 0)
}

fn max_orphans(limits: Option<&Limits>) -> Option<u64> {
    limits?.tcp_max_orphans()
}

fn max_pages(limits: Option<&Limits>) -> Option<u64> {
    limits?.tcp_mem_max_pages()
}

/// From the second value of `tcp_mem` on the kernel presses sockets to give memory back, and at the
/// third it refuses more (kernel documentation). Whether it presses.
fn grade_memory(seen: &mut Evaluation, pages: u64, limits: &Limits) -> bool {
    let reached = |limit: Option<u64>| limit.is_some_and(|limit| limit > 0 && pages >= limit);
    let pressed = reached(limits.tcp_mem_pressure_pages());
    seen.counts(Severity::High, pressed);
    seen.counts(Severity::Critical, reached(limits.tcp_mem_max_pages()));
    if pressed {
        seen.subtype = Some(Subtype::TcpMemory);
    }
    pressed
}

/// What namespaces count of the memory, which is one for all of them. `TCPAbortOnMemory` counts
/// orphans as well that the kernel ends since there are many (`tcp_out_of_resources`): without
/// pressure on memory it is of those, and whoever they were for is gone.
fn grade_counts(seen: &mut Evaluation, window: &Window, is_pressed: Option<bool>) {
    let sum = |what, ns| sum(window, what, ns);
    let pressures = |ns| sum(Tcp::MemoryPressed, ns);
    let aborts = |ns| sum(Tcp::MemoryAbort, ns);
    let pressed_lately = || refusals::over(pressures).is_some_and(|growth| growth.by > 0);
    let of_memory = is_pressed.is_none_or(|pressed| pressed) || pressed_lately();
    let worst = seen.mask();
    refusals::count(seen, Metric::TcpMemoryPressures, pressures, || true);
    let is_many = || of_memory && refusals::are_many(refusals::over(aborts));
    refusals::count(seen, Metric::TcpMemoryAborts, aborts, is_many);
    if seen.mask() > worst {
        seen.subtype = Some(if of_memory { Subtype::TcpMemory } else { Subtype::Orphans });
    }
}

/// Growth of a counter in all namespaces together.
fn sum(window: &Window, what: Tcp, ns: u64) -> Option<Growth> {
    let grown = window.netns.entities().filter_map(|(_, _, track)| track.over(what, ns).ok());
    grown.reduce(|one, other| Growth { by: one.by.saturating_add(other.by), ns: one.ns })
}
