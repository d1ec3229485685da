//! A baseline at some time, and the value from which a reading is abnormal.

use serde::Serialize;

/// The trigger level lies this far above the 95th percentile (the original design), and for a
/// bounded quantity no further than half of what is left (ours: 1.2 of 0.9 could never fire).
const TRIGGER: f64 = 1.2;
const BOUNDED: f64 = 0.5;

/// What a baseline rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// The same hour of the same day of the week (UTC).
    HourOfWeek,
    /// The same hour of any day (UTC).
    HourOfDay,
    /// All of the time.
    All,
}

impl Span {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::HourOfWeek => "hour_of_week",
            Self::HourOfDay => "hour_of_day",
            Self::All => "all",
        }
    }
}

/// A baseline at some time, in the unit of its quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Median.
    pub p50: f64,
    /// 75th percentile.
    pub p75: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Robust standard deviation: 1.4826 times the median distance from the running median.
    pub volatility: f64,
    /// Value from which a reading is abnormal.
    pub trigger: f64,
    /// Which part of the past it rests on.
    pub span: Span,
    /// Values learned in that part.
    pub samples: u64,
}

/// Value from which a reading is abnormal: 1.2 times p95, for a bounded quantity at most half way
/// from p95 to its bound.
pub fn trigger_level(p95: f64, max: Option<f64>) -> f64 {
    let scaled = TRIGGER * p95;
    max.map_or(scaled, |max| scaled.min(p95 + BOUNDED * (max - p95)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trigger_is_capped_half_way_to_the_bound() {
        let close = |p95: f64, expected: f64| {
            assert!((trigger_level(p95, Some(1.0)) - expected).abs() < 1e-12, "{p95}");
        };
        close(0.271, 0.3252);
        close(0.8, 0.9);
        close(0.9, 0.95);
        assert!((trigger_level(200.0, None) - 240.0).abs() < 1e-9);
    }
}
