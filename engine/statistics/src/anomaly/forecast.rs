//! When one series reaches a threshold that somebody named, or why that cannot be said.
//!
//! There is no calibration for a series of which nothing but its values is known: the interval
//! comes from the bounds of the slope alone, and says so. The gate is that of `statistics.md`,
//! section 5: a trend proven in two windows that share no row, a slope whose bounds leave zero out,
//! and a threshold within the horizon.
//!
//! A series too short for such a proof that has a direction all the same has a forecast that says
//! so. Its interval is that of all slopes no farther from the one seen than its past slopes were
//! from their median, since what noise made of those it may have made of this one; and it begins
//! and ends as far off the line as values are. Nine in ten of these intervals hold the time, on
//! noise with phi from 0 to 0.95 (`benches/anomaly/short.rs`).

use super::trend::Trend;
use crate::own_history::{Direction, FORECAST};
use alloc::format;
use alloc::string::String;
use libm::fabs;

/// How far a forecast reaches, in spans of the window it rests on: about four hours for a series of
/// minutes, as far as section 5 lets filesystems be foreseen.
const HORIZON_SPANS: f64 = 4.0;
/// What rests on the slope's bounds is called by these words.
pub const CALIBRATION: &str = "none: bounds of the slope only";
/// And what rests on few past windows.
pub const SHORT_HISTORY: &str = "short history";

/// A time to the threshold, from the last row, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eta {
    /// With the steepest slope of the 90 % bounds; 0 where nothing bounds it.
    pub low_s: f64,
    /// With the robust slope.
    pub eta_s: f64,
    /// With the flattest slope of the bounds; `None` where that never gets there.
    pub high_s: Option<f64>,
    /// [`SHORT_HISTORY`], where the trend is not proven in two windows.
    pub basis: Option<&'static str>,
}

/// The time to `threshold`, or the reason why there is none to tell.
pub fn forecast(trend: Option<&Trend>, threshold: Option<f64>) -> Result<Eta, String> {
    let threshold = threshold.ok_or("no threshold is known")?;
    let trend = trend.ok_or("too few rows, or too few different values")?;
    let basis = basis(trend)?;
    let away = threshold - trend.level;
    if away * trend.slope <= 0.0 {
        return Err("the series is beyond the threshold, or moves away from it".into());
    }
    let (low, high, unrest) = match trend.chance.filter(|_| basis.is_some()) {
        Some(chance) => wider(trend, chance),
        None => (trend.slope_low, trend.slope_high, 0.0),
    };
    // Both bounds seen from the side on which the threshold lies.
    let (flattest, steepest) = if away > 0.0 { (low, high) } else { (high, low) };
    let flattest = flattest.filter(|flattest| away * flattest > 0.0);
    if flattest.is_none() && basis.is_none() {
        return Err("the slope may be zero by its 90 % bounds".into());
    }
    let eta_s = away / trend.slope;
    let horizon_s = HORIZON_SPANS * trend.span_s;
    if eta_s > horizon_s {
        return Err(format!(
            "the threshold is farther than the horizon of {horizon_s:.0} s; with this slope it is \
             {eta_s:.0} s away, and that is no forecast"
        ));
    }
    let near = (fabs(away) - unrest).max(0.0);
    let low_s = steepest.map_or(0.0, |steepest| near / fabs(steepest));
    let high_s = flattest.map(|flattest| (fabs(away) + unrest) / fabs(flattest));
    Ok(Eta { low_s, eta_s, high_s, basis })
}

/// Bounds of the slope with what chance makes of it, and how far values are from their line.
fn wider(trend: &Trend, chance: f64) -> (Option<f64>, Option<f64>, f64) {
    let low = trend.slope_low.map(|low| low.min(trend.slope - chance));
    let high = trend.slope_high.map(|high| high.max(trend.slope + chance));
    (low, high, trend.unrest)
}

/// What a forecast rests on, if that is less than the proof in two windows.
fn basis(trend: &Trend) -> Result<Option<&'static str>, String> {
    let is_named = matches!(trend.direction, Direction::Increasing | Direction::Decreasing);
    match trend.proof {
        Some(proof) if proof <= FORECAST.p_max => Ok(None),
        Some(proof) => Err(format!(
            "no trend that stands out from the past of the series: p {proof:.3}, at most {} \
             needed in two windows",
            FORECAST.p_max
        )),
        None if trend.past < FORECAST.windows && is_named => Ok(Some(SHORT_HISTORY)),
        None => Err(format!(
            "trend unproven: {} past windows, {} needed or a direction, and a last window without \
             a gap",
            trend.past, FORECAST.windows
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            disjoint: 31,
            chance: Some(0.02),
            unrest: 1.0,
            rows: 64,
            span_s: 63.0,
        }
    }

    fn check(change: impl Fn(&mut Trend), threshold: f64, expected: Result<[f64; 3], &str>) {
        let mut trend = rising();
        change(&mut trend);
        match (forecast(Some(&trend), Some(threshold)), expected) {
            (Ok(eta), Ok(expected)) => {
                let high_s = eta.high_s.unwrap_or(f64::INFINITY);
                for (found, expected) in [eta.low_s, eta.eta_s, high_s].iter().zip(expected) {
                    let is_equal = found.total_cmp(&expected).is_eq();
                    assert!(is_equal || (found - expected).abs() < 1e-9, "{eta:?}");
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
    fn a_short_history_has_a_wider_interval_and_says_so() {
        let short = |trend: &mut Trend| (trend.proof, trend.past) = (None, 19);
        check(short, 60.0, Ok([9.0 / 0.2, 100.0, 11.0 / 0.05]));
        let mirror = |trend: &mut Trend| {
            (trend.proof, trend.past, trend.slope) = (None, 19, -0.1);
            (trend.slope_low, trend.slope_high) = (Some(-0.11), Some(-0.09));
        };
        check(mirror, 40.0, Ok([9.0 / 0.12, 100.0, 11.0 / 0.08]));
        let trend = |chance| Trend { proof: None, past: 19, chance: Some(chance), ..rising() };
        let eta = forecast(Some(&trend(0.02)), Some(60.0)).unwrap();
        assert_eq!(eta.basis, Some(SHORT_HISTORY));
        let eta = forecast(Some(&trend(0.2)), Some(60.0)).unwrap();
        assert_eq!(eta.high_s, None, "noise may have made all of the slope");
        let stable = Trend { direction: Direction::Stable, ..trend(0.02) };
        assert!(forecast(Some(&stable), Some(60.0)).unwrap_err().contains("unproven"));
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
