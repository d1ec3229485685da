//! Quantiles of latency held against limits: what the kinds that rest on tracers have in common.
//!
//! A quantile is taken over the persistence of its severity, so it needs no count on top; above low
//! it has to be more than one stall (`recurring`), which makes all late that was asked for in it.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::window::{Latency, Missing, Span, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::SECOND_NS;

use super::recurring;

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
/// Spans in which each severity above low has to come back.
const BACK: [(Severity, Span); 3] = [
    (Severity::Medium, Span::Ten),
    (Severity::High, Span::Ten),
    (Severity::Critical, Span::Thirty),
];
/// What takes so long lasts by itself (the persistence of medium).
const LASTS_NS: u64 = 5 * SECOND_NS;

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
        let Some(p99) = counted.quantile(0.99).filter(|_| counted.total() >= ENOUGH) else {
            continue;
        };
        let is_high = p99.value / 1e6 >= Relax::Scaled.limit(limits.limits[0]);
        if is_high && counted.sum() < LOST * span.ns() as f64 {
            continue;
        }
        let limits = core::array::from_fn(|level| levels[level].then_some(limits.limits[level]));
        let quantity = Quantity { metric, value: p99.value / 1e6, limits };
        seen.grade_each(quantity, held(window, of, &quantity), Relax::Scaled);
    }
    Ok(())
}

/// What a quantile at the limit of each severity amounts to.
fn held(window: &Window, of: &Latency<'_>, quantity: &Quantity) -> [Held; 4] {
    let mut held = [Held::Met; 4];
    if quantity.value * 1e6 >= LASTS_NS as f64 {
        return held;
    }
    for (severity, span) in BACK {
        let level = severity.index();
        let Some(limit) = quantity.limits[level].filter(|limit| quantity.value >= *limit) else {
            continue;
        };
        let told = window.latencies.told(of, limit * 1e6, span);
        held[level] = match told.of {
            // The next reading has to tell of it as well.
            0 | 1 => Held::Counts,
            _ if recurring::recurs(told) => Held::Met,
            _ => Held::No,
        };
    }
    held
}

#[cfg(test)]
mod tests;
