//! What the kernel refused or ended because a resource was used up, where no used share need show
//! it: connections at full queues, tracked connections, and for want of memory.
//!
//! One refusal among many requests is sent again by whoever asked, and is low. It is medium where
//! it goes on, or is a part of the requests that they feel.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::classifiers::recurring::recurs;
use crate::window::{Growth, Tcp, TcpTrack};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::EVENT_CLEAR_S;

/// Refused connections a second at high and critical (our judgement).
const RATES: [f64; 2] = [10.0, 100.0];
/// The part of those that asked below which refusals that do not come back are low, whatever their
/// rate (our judgement: as low of what a network drops).
const PART: f64 = 0.001;
/// Fewer are single ones, in number and a second (our judgement: three in ten seconds, as of what
/// recurs, and late ticks).
const FEW: u64 = 3;
const FEW_RATE: f64 = 0.25;
/// Connections a second that could not be put into the table at low (our judgement): two packets of
/// one flow that meet at two CPUs make one at times.
const INSERTS_FAILED: [Option<f64>; 4] = [Some(10.0), None, None, None];
const RATE_NS: u64 = 10 * SECOND_NS;

/// Grades one of them.
type Grade = fn(&mut Evaluation, &TcpTrack);

/// Grades all; the first that is worse than all before it names the form.
pub(super) fn grade(seen: &mut Evaluation, track: &TcpTrack) {
    let parts: [(Subtype, Grade); 4] = [
        (Subtype::AcceptQueue, grade_accept_queue),
        (Subtype::SynQueue, grade_syn_queue),
        (Subtype::SynCookies, grade_cookies),
        (Subtype::Conntrack, grade_tracking),
    ];
    for (subtype, grade) in parts {
        let worst = seen.mask();
        grade(seen, track);
        if seen.mask() > worst {
            seen.subtype = Some(subtype);
        }
    }
}

/// Where nobody is accepted at all one that is refused is medium: the queue has nobody who reads.
fn grade_accept_queue(seen: &mut Evaluation, track: &TcpTrack) {
    let overflows = |ns| track.over(Tcp::ListenOverflow, ns).ok();
    let metrics = [Some(Metric::Overflows10s), Some(Metric::Overflows30s)];
    grade_rates(seen, track, overflows, metrics);
    let is_read = || over(|ns| track.over(Tcp::Accepted, ns).ok()).is_none_or(|new| new.by > 0);
    let recurs = || recurs(track.told(Tcp::ListenOverflow, RATE_NS));
    let is_many = || !is_read() || is_felt(overflows, track, recurs);
    count(seen, Metric::AcceptQueueOverflows, overflows, is_many);
}

/// Whether it is customers or an attacker whose requests are dropped is not known: high at most.
fn grade_syn_queue(seen: &mut Evaluation, track: &TcpTrack) {
    let drops = |ns| syn_drops(track, ns);
    grade_rates(seen, track, drops, [Some(Metric::SynQueueDrops10s), None]);
    let told = |what| recurs(track.told(what, RATE_NS));
    let is_many = || is_felt(drops, track, || told(Tcp::SynQueueDrop) || told(Tcp::ListenDrop));
    count(seen, Metric::SynQueueDrops, drops, is_many);
}

/// A request that meets the end of `tcp_max_syn_backlog` without cookies is told in `ListenDrops`
/// alone, which counts what accept queues refused as well (`tcp_conn_request`).
fn syn_drops(track: &TcpTrack, ns: u64) -> Option<Growth> {
    let grown = |what| track.over(what, ns).ok();
    let others = grown(Tcp::ListenDrop).zip(grown(Tcp::ListenOverflow));
    let others =
        others.map(|(drops, full)| Growth { by: drops.by.saturating_sub(full.by), ..drops });
    [grown(Tcp::SynQueueDrop), others].into_iter().flatten().max_by_key(|growth| growth.by)
}

/// Who is answered with a cookie is not refused, but a queue that stays full is an attack, or too
/// small (`signals.md`: medium).
fn grade_cookies(seen: &mut Evaluation, track: &TcpTrack) {
    let cookies = |ns| track.over(Tcp::SynCookies, ns).ok();
    count(seen, Metric::SynQueueCookies, cookies, || are_many(over(cookies)));
}

/// A table that is full beside it is high by its used share.
fn grade_tracking(seen: &mut Evaluation, track: &TcpTrack) {
    let drops = |ns| track.over(Tcp::ConntrackDrop, ns).ok();
    count(seen, Metric::ConntrackDrops, drops, || tracking_fails(track));
    let failed = track.over(Tcp::ConntrackInsertFailed, RATE_NS);
    let metric = Metric::ConntrackInsertsFailed10s;
    match failed.map(|growth| growth.per_second()) {
        Ok(value) if value > 0.0 => {
            let quantity = Quantity { metric, value, limits: INSERTS_FAILED };
            seen.grade(quantity, Held::Met, Relax::Event);
        }
        Ok(_) => seen.none_of(metric),
        Err(_) => {}
    }
}

/// Whether more than single packets were dropped since they could not be tracked.
pub(super) fn tracking_fails(track: &TcpTrack) -> bool {
    are_many(over(|ns| track.over(Tcp::ConntrackDrop, ns).ok()))
}

/// Growth over ten seconds, or over the last interval of what is known for less.
pub(super) fn over(refused: impl Fn(u64) -> Option<Growth>) -> Option<Growth> {
    refused(RATE_NS).or_else(|| refused(1))
}

pub(super) fn are_many(refused: Option<Growth>) -> bool {
    refused.is_some_and(|growth| growth.by >= FEW && growth.per_second() >= FEW_RATE)
}

/// Whether those who ask for connections feel what is refused: it is no single one, and comes back
/// or is a part of them.
fn is_felt(
    refused: impl Fn(u64) -> Option<Growth>,
    track: &TcpTrack,
    recurs: impl Fn() -> bool,
) -> bool {
    let accepted = || over(|ns| track.over(Tcp::Accepted, ns).ok());
    let lately = over(refused).filter(|growth| are_many(Some(*growth)));
    lately.is_some_and(|growth| is_part(growth, accepted()) || recurs())
}

/// Whether what was refused is a part of those that asked for a connection; nobody doubts it where
/// those that came about are not counted.
fn is_part(refused: Growth, accepted: Option<Growth>) -> bool {
    accepted.is_none_or(|accepted| {
        let asked = refused.by.saturating_add(accepted.by);
        refused.by as f64 >= PART * asked as f64
    })
}

/// How often connections were refused, where they are a part of those that asked and some were
/// within the last ten seconds: what is over does not get worse.
fn grade_rates(
    seen: &mut Evaluation,
    track: &TcpTrack,
    refused: impl Fn(u64) -> Option<Growth>,
    metrics: [Option<Metric>; 2],
) {
    let levels = [(Severity::High, 10), (Severity::Critical, 30)];
    for (((severity, window_s), limit), metric) in levels.into_iter().zip(RATES).zip(metrics) {
        let (Some(growth), Some(metric)) = (refused(window_s * SECOND_NS), metric) else {
            continue;
        };
        let accepted = track.over(Tcp::Accepted, window_s * SECOND_NS).ok();
        let rate = growth.per_second();
        let goes_on = || over(&refused).is_some_and(|lately| lately.by > 0);
        let holds = rate >= limit && is_part(growth, accepted) && goes_on();
        seen.suffers(severity, if holds { Held::Met } else { Held::No });
        if rate > 0.0 {
            let mut limits = [None; 4];
            limits[severity.index()] = Some(limit);
            seen.note_with(metric, rate, limits);
        } else {
            seen.none_of(metric);
        }
    }
}

/// What was refused since the last reading: low, and medium where there are many. What is not
/// given, or has yet to be read twice, counts nothing, and is no evidence.
pub(super) fn count(
    seen: &mut Evaluation,
    metric: Metric,
    refused: impl Fn(u64) -> Option<Growth>,
    is_many: impl Fn() -> bool,
) {
    let Some(growth) = refused(1) else { return };
    if growth.by == 0 {
        return seen.none_of(metric);
    }
    let is_many = is_many();
    let severity = if is_many { Severity::Medium } else { Severity::Low };
    let mut limits = [None; 4];
    limits[severity.index()] = Some(1.0);
    seen.note_with(metric, growth.by as f64, limits);
    seen.event(severity, true, EVENT_CLEAR_S);
}
