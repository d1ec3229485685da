//! When one series reaches a threshold that somebody named, or why that cannot be said.
//!
//! There is no calibration for a series of which nothing but its values is known: the interval
//! comes from the bounds of the slope alone, and says so. The gate is that of `statistics.md`,
//! section 5: a trend proven in two windows that share no row, a slope whose bounds leave zero out,
//! and a threshold within the horizon.

use super::trend::Trend;
use crate::own_history::FORECAST;
use alloc::format;
use alloc::string::String;
use libm::fabs;

/// How far a forecast reaches, in spans of the window it rests on: about four hours for a series of
/// minutes, as far as section 5 lets filesystems be foreseen.
const HORIZON_SPANS: f64 = 4.0;

/// What rests on the slope's bounds is called by these words.
pub const CALIBRATION: &str = "none: bounds of the slope only";

/// A time to the threshold, from the last row, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eta {
    /// With the steepest slope of the 90 % bounds; 0 where nothing bounds it.
    pub low_s: f64,
    /// With the robust slope.
    pub eta_s: f64,
    /// With the flattest slope of the bounds.
    pub high_s: f64,
}

/// The time to `threshold`, or the reason why there is none to tell.
pub fn forecast(trend: Option<&Trend>, threshold: Option<f64>) -> Result<Eta, String> {
    let threshold = threshold.ok_or("no threshold is known")?;
    let trend = trend.ok_or("too few rows, or too few different values")?;
    require_proof(trend)?;
    let away = threshold - trend.level;
    if away * trend.slope <= 0.0 {
        return Err("the series is beyond the threshold, or moves away from it".into());
    }
    // Both bounds seen from the side on which the threshold lies.
    let (flattest, steepest) = if away > 0.0 {
        (trend.slope_low, trend.slope_high)
    } else {
        (trend.slope_high, trend.slope_low)
    };
    let Some(flattest) = flattest.filter(|flattest| away * flattest > 0.0) else {
        return Err("the slope may be zero by its 90 % bounds".into());
    };
    let eta_s = away / trend.slope;
    let horizon_s = HORIZON_SPANS * trend.span_s;
    if eta_s > horizon_s {
        return Err(format!("the threshold is farther than the horizon of {horizon_s:.0} s"));
    }
    let low_s = steepest.map_or(0.0, |steepest| fabs(away / steepest));
    Ok(Eta { low_s, eta_s, high_s: away / flattest })
}

fn require_proof(trend: &Trend) -> Result<(), String> {
    let Some(proof) = trend.proof else {
        return Err(format!(
            "trend unproven: {} past windows, {} needed, and a last window without a gap",
            trend.past, FORECAST.windows
        ));
    };
    if proof > FORECAST.p_max {
        return Err(format!(
            "no trend that stands out from the past of the series: p {proof:.3}, at most {} \
             needed in two windows",
            FORECAST.p_max
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_history::Direction;

    /// A proven rise of 1 in 10 s, at level 50.
    fn rising() -> Trend {
        Trend {
            direction: Direction::Increasing,
            level: 50.0,
            slope: 0.1,
            slope_low: Some(0.05),
            slope_high: Some(0.2),
            ols_slope: Some(0.1),
            r2: Some(0.9),
            significance: Some(0.01),
            proof: Some(0.005),
            past: 250,
            rows: 64,
            span_s: 63.0,
        }
    }

    fn check(change: impl Fn(&mut Trend), threshold: f64, expected: Result<[f64; 3], &str>) {
        let mut trend = rising();
        change(&mut trend);
        match (forecast(Some(&trend), Some(threshold)), expected) {
            (Ok(eta), Ok(expected)) => {
                for (found, expected) in [eta.low_s, eta.eta_s, eta.high_s].iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-9, "{eta:?}");
                }
            }
            (Err(reason), Err(expected)) => assert!(reason.contains(expected), "{reason}"),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    #[test]
    fn a_proven_trend_has_a_time_with_bounds() {
        check(|_| (), 60.0, Ok([50.0, 100.0, 200.0]));
        check(|trend| trend.slope_high = None, 60.0, Ok([0.0, 100.0, 200.0]));
        let mirror = |trend: &mut Trend| {
            trend.slope = -0.1;
            (trend.slope_low, trend.slope_high) = (Some(-0.2), Some(-0.05));
        };
        check(mirror, 40.0, Ok([50.0, 100.0, 200.0]));
    }

    #[test]
    fn what_is_not_proven_has_a_reason() {
        check(|trend| trend.proof = None, 60.0, Err("250 past windows, 199 needed"));
        check(|trend| trend.proof = Some(0.011), 60.0, Err("p 0.011"));
        check(|_| (), 50.0, Err("beyond the threshold"));
        check(|_| (), 40.0, Err("beyond the threshold"));
        check(|trend| trend.slope_low = Some(-0.01), 60.0, Err("may be zero"));
        check(|trend| trend.slope_low = None, 60.0, Err("may be zero"));
        check(|_| (), 76.0, Err("horizon of 252 s"));
        assert!(forecast(Some(&rising()), None).unwrap_err().contains("no threshold"));
        assert!(forecast(None, Some(1.0)).unwrap_err().contains("too few rows"));
    }
}
