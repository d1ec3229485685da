//! What the tracer saw of the host's calls: how long they took, and which were refused.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::window::{Call, CallClass, CallTrack, DiskWork, LONGEST_NS, Latency, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::super::is_absent;
use super::super::latency::{self, LatencyLimits};
use super::KIND;

/// Latency in ms of calls that a device may have to answer (the origin's values).
const WITHOUT_SEEKS: [f64; 4] = [10.0, 100.0, 500.0, 1000.0];
/// The same where a disk that seeks does work (our judgement: a seek with half a turn takes ten to
/// fifteen milliseconds, so a short queue is low and one of twenty medium; who waits for a second
/// suffers whatever the disk, so the limits draw nearer to those without seeks).
const WITH_SEEKS: [f64; 4] = [50.0, 250.0, 1000.0, 2000.0];
/// Latency of each class that is judged (storage and metadata: the origin's values; the others are
/// our judgement).
const LATENCIES: [(CallClass, LatencyLimits); 4] = [
    (
        CallClass::Storage,
        LatencyLimits {
            metrics: [
                Metric::StorageP99Over5s,
                Metric::StorageP99Over10s,
                Metric::StorageP99Over30s,
            ],
            limits: WITHOUT_SEEKS,
        },
    ),
    (
        CallClass::Metadata,
        LatencyLimits {
            metrics: [
                Metric::MetadataP99Over5s,
                Metric::MetadataP99Over10s,
                Metric::MetadataP99Over30s,
            ],
            limits: WITHOUT_SEEKS,
        },
    ),
    (
        CallClass::Memory,
        LatencyLimits {
            metrics: [Metric::MemoryP99Over5s, Metric::MemoryP99Over10s, Metric::MemoryP99Over30s],
            limits: [10.0, 50.0, 200.0, 1000.0],
        },
    ),
    (
        CallClass::Process,
        LatencyLimits {
            metrics: [
                Metric::ProcessP99Over5s,
                Metric::ProcessP99Over10s,
                Metric::ProcessP99Over30s,
            ],
            limits: [10.0, 50.0, 200.0, 1000.0],
        },
    ),
];
/// Calls a second that are refused for lack of a resource: one is medium (our judgement).
const REFUSED: [Option<f64>; 4] = [None, None, Some(10.0), None];
/// The errors that make up what is refused.
const ERRORS: [(Call, Metric); 4] = [
    (Call::NoDescriptor, Metric::RefusedEmfile),
    (Call::NoFile, Metric::RefusedEnfile),
    (Call::NoMemory, Metric::RefusedEnomem),
    (Call::NoSpace, Metric::RefusedEnospc),
];

/// What the tracer saw of calls. The worst of all names the form.
pub(super) fn judge(seen: &mut Evaluation, window: &Window, board: &mut Board) {
    let track = window.bpf_syscall.track().ok().filter(|_| window.bpf_syscall.is_fresh());
    let Some(track) = track else {
        let part = "latency, errors and rate of calls: need bpf/syscall";
        return board.cover(KIND, Cover::Part(part));
    };
    let worst = seen.mask();
    let refused = track.over(Call::Refused, 1);
    if is_absent(&refused) {
        board.cover(KIND, Cover::Part("refused calls: bpf/syscall does not count them"));
    }
    if let Ok(refused) = refused {
        let rate = refused.per_second();
        let quantity = Quantity { metric: Metric::RefusedCalls, value: rate, limits: REFUSED };
        seen.grade(quantity, Held::Counts, Relax::Event);
        let held = if refused.by > 0 { Held::Counts } else { Held::No };
        seen.suffers(Severity::Medium, held).keep(refused.by > 0);
        note_errors(seen, track);
    }
    if seen.mask() > worst {
        seen.subtype = Some(Subtype::Refused);
    }
    if let Ok(calls) = track.over(Call::Any, 5 * SECOND_NS) {
        seen.note(Metric::Calls5s, calls.per_second());
    }
    let worst = seen.mask();
    let is_told = grade_latencies(seen, window);
    if seen.mask() > worst {
        seen.subtype = Some(Subtype::Slow);
    }
    if !is_told {
        board.cover(KIND, Cover::Part("latency of calls: bpf/syscall does not time them"));
    }
}

/// How long calls took; whether each class of them was timed.
fn grade_latencies(seen: &mut Evaluation, window: &Window) -> bool {
    let seeks = seeks(window);
    let graded = LATENCIES.iter().map(|(class, own)| {
        let is_of_device = matches!(class, CallClass::Storage | CallClass::Metadata);
        let limits = if seeks && is_of_device { WITH_SEEKS } else { own.limits };
        let limits = LatencyLimits { limits, ..*own };
        latency::grade(seen, window, &Latency::Syscall(*class), &limits)
    });
    graded.filter(Result::is_err).count() == 0
}

/// Whether calls take longer than they may: else nobody suffers from the longest of them.
pub(super) fn are_slow(window: &Window) -> bool {
    let mut seen = Evaluation::default();
    grade_latencies(&mut seen, window);
    seen.settle(|_| None);
    seen.mask() != 0
}

/// By which errors calls were refused in the last interval.
fn note_errors(seen: &mut Evaluation, track: &CallTrack) {
    for (call, metric) in ERRORS {
        if let Ok(refused) = track.over(call, 1)
            && refused.by > 0
        {
            seen.note(metric, refused.per_second());
        }
    }
}

/// Whether a rotating disk had work within the longest span: a call is not known by its disk, so
/// any of them may be the one that it waits for.
fn seeks(window: &Window) -> bool {
    window.disks.entities().any(|(_, row, track)| {
        let is_asked = row.in_flight().is_some_and(|requests| requests > 0);
        let has_done = || {
            let mut spans = [LONGEST_NS, 10 * SECOND_NS, 1].into_iter();
            spans.any(|ns| track.over(DiskWork::Done, ns).is_ok_and(|done| done.by > 0))
        };
        row.rotational() == Some(true) && (is_asked || has_done())
    })
}

/// Whether calls were refused for the descriptors of their own processes, which nobody else uses
/// up: nine in ten of the last ten seconds (our judgement).
pub(super) fn meets_own_limit(window: &Window) -> bool {
    let grown = |what| {
        let track = window.bpf_syscall.track().ok()?;
        track.over(what, 10 * SECOND_NS).ok().map(|growth| growth.by)
    };
    let both = grown(Call::NoDescriptor).zip(grown(Call::Refused));
    both.is_some_and(|(own, all)| own > 0 && own as f64 >= 0.9 * all as f64)
}
