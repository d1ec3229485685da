//! What the kernel refused or ended because a resource was used up, where no used share need show
//! it: tracked connections between two readings, and memory of TCP.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::window::{Tcp, TcpTrack};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::EVENT_CLEAR_S;

/// Connections a second that could not be put into the table at low (our judgement): two packets of
/// one flow that meet at two CPUs make one at times.
const INSERTS_FAILED: [Option<f64>; 4] = [Some(10.0), None, None, None];
const RATE_NS: u64 = 10 * SECOND_NS;

/// Grades both; the first that is worse than all before it names the form.
pub(super) fn grade(seen: &mut Evaluation, track: &TcpTrack) {
    let worst = seen.mask();
    grade_tracking(seen, track);
    if seen.mask() > worst {
        seen.subtype = Some(Subtype::Conntrack);
    }
    let worst = seen.mask();
    for (metric, what) in [
        (Metric::TcpMemoryPressures, Tcp::MemoryPressed),
        (Metric::TcpMemoryAborts, Tcp::MemoryAbort),
    ] {
        count(seen, metric, track, what);
    }
    if seen.mask() > worst {
        seen.subtype = Some(Subtype::TcpMemory);
    }
}

/// A table that is full beside it is high by its used share.
fn grade_tracking(seen: &mut Evaluation, track: &TcpTrack) {
    count(seen, Metric::ConntrackDrops, track, Tcp::ConntrackDrop);
    let failed = track.over(Tcp::ConntrackInsertFailed, RATE_NS);
    let value = failed.map_or(0.0, |growth| growth.per_second());
    if value > 0.0 {
        let metric = Metric::ConntrackInsertsFailed10s;
        let quantity = Quantity { metric, value, limits: INSERTS_FAILED };
        seen.grade(quantity, Held::Met, Relax::Event);
    }
}

/// One is medium: it is harm done, and told by one counter.
fn count(seen: &mut Evaluation, metric: Metric, track: &TcpTrack, what: Tcp) {
    let count = track.over(what, 1).map_or(0, |growth| growth.by);
    if count > 0 {
        seen.note_with(metric, count as f64, [None, Some(1.0), None, None]);
        seen.event(Severity::Medium, true, EVENT_CLEAR_S);
    }
}
