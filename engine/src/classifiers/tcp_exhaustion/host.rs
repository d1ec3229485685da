//! Resources that the kernel has once for the whole host: file handles, orphans, memory of TCP.

use alloc::vec::Vec;

use crate::board::{Board, Cover, Evaluation};
use crate::culprit::{Case, OPEN_FILES};
use crate::window::{Call, HOST, Missing, Window};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{FileHandles, Limits, Netns};
use ks_vocabulary::output::Culprit;
use ks_vocabulary::subtype::Subtype;

use super::{EVENT_CLEAR_S, KIND, USED, grade_shares, is_absent, share};

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
    let resources = [
        (Subtype::FileHandles, Metric::FileHandlesShare, handles.and_then(handles_used), USED),
        (
            Subtype::Orphans,
            Metric::OrphansShare,
            share(own.and_then(Netns::tcp_orphan), max_orphans(limits)),
            USED,
        ),
        (Subtype::TcpMemory, Metric::TcpMemoryShare, share(pages, max_pages(limits)), USED),
    ];
    grade_shares(&mut seen, &resources);
    if let (Some(pages), Some(limits)) = (pages, limits) {
        grade_memory(&mut seen, pages, limits);
    }
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
    let open_files = case.window.file_handles.one().ok().and_then(in_use).unwrap_or(0);
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

/// Handles that are allocated and in use. The 90 % of pmieconf `vfs_files` lies above our limit
/// of high.
fn handles_used(row: &FileHandles) -> Option<f64> {
    share(in_use(row), row.max())
}

/// Where none are told to be unused those that are allocated are in use: kernels since 2.6 leave
/// none, and `sar` takes them off.
fn in_use(row: &FileHandles) -> Option<u64> {
    Some(row.allocated()?.saturating_sub(row.unused().unwrap_or(0)))
}

fn max_orphans(limits: Option<&Limits>) -> Option<u64> {
    limits?.tcp_max_orphans()
}

fn max_pages(limits: Option<&Limits>) -> Option<u64> {
    limits?.tcp_mem_max_pages()
}

/// From the second value of `tcp_mem` on the kernel presses sockets to give memory back, and at the
/// third it refuses more (kernel documentation).
fn grade_memory(seen: &mut Evaluation, pages: u64, limits: &Limits) {
    let reached = |limit: Option<u64>| limit.is_some_and(|limit| limit > 0 && pages >= limit);
    let pressed = reached(limits.tcp_mem_pressure_pages());
    seen.counts(Severity::High, pressed);
    seen.counts(Severity::Critical, reached(limits.tcp_mem_max_pages()));
    if pressed {
        seen.subtype = Some(Subtype::TcpMemory);
    }
}
