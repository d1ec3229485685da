//! Quantiles of latency held against limits: what the kinds that rest on tracers have in common.
//!
//! A quantile is taken over the persistence of its severity, so it needs no count on top.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::window::{Latency, Missing, Span, Window};
use ks_vocabulary::metric::Metric;

/// A span and the severities that have to last so long.
const SPANS: [(Span, [bool; 4]); 3] = [
    (Span::Five, [true, true, false, false]),
    (Span::Ten, [false, false, true, false]),
    (Span::Thirty, [false, false, false, true]),
];
/// With fewer in the span a 99th percentile is one outlier (`signals.md`, section 10).
pub(super) const ENOUGH: u64 = 100;
/// Share of the span that has to be lost in them: the one wait of 6 ms that an idle host has in
/// five seconds is a 99th percentile, and harms nobody (our judgement: a tenth of the lowest limit
/// of stall shares).
const LOST: f64 = 0.01;

/// Names of a quantile over each span, and its limit in ms at each severity.
#[derive(Debug)]
pub(super) struct LatencyLimits {
    /// Over 5, 10 and 30 s.
    pub(super) metrics: [Metric; 3],
    /// p99 in ms.
    pub(super) limits: [f64; 4],
}

/// Grades the 99th percentile over each span. A span that has yet to fill, and one in which little
/// happened, meets nothing; the error is that nothing is known of it.
pub(super) fn grade(
    seen: &mut Evaluation,
    window: &Window,
    of: &Latency<'_>,
    limits: &LatencyLimits,
) -> Result<(), Missing> {
    for ((span, levels), metric) in SPANS.into_iter().zip(limits.metrics) {
        seen.know(levels);
        let counted = match window.latencies.over(of, span) {
            Ok(counted) => counted,
            Err(Missing::NoEarlier) => continue,
            Err(missing) => return Err(missing),
        };
        if counted.total() < ENOUGH || counted.sum() < LOST * span.ns() as f64 {
            continue;
        }
        let Some(p99) = counted.quantile(0.99) else { continue };
        let limits = core::array::from_fn(|level| levels[level].then_some(limits.limits[level]));
        let quantity = Quantity { metric, value: p99.value / 1e6, limits };
        seen.grade(quantity, Held::Met, Relax::Scaled);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
