//! Scores each row of a series, and sums the series up: where it goes, when it reaches a threshold,
//! and what in it was unusual.
//!
//! A row without a value has no score: what was not seen is neither usual nor unusual.

use ks_statistics::anomaly::forecast::{self, Eta};
use ks_statistics::anomaly::trend::{Tracker, Trend};
use ks_statistics::anomaly::{FIRST_ROWS, Scored, Scorer};
use ks_statistics::own_history::{DIRECTION, DISJOINT_MIN, Direction};
use serde::Serialize;

use crate::csv_series::{Reading, Row};
use crate::series_events::{Events, Gatherer};
use crate::series_rows::{Counter, Rows};

/// What is said of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Analyzed {
    /// Score and baseline; `None` for a row without a value.
    pub scored: Option<Scored>,
    /// Where the series goes at this row.
    pub direction: Direction,
}

/// Analyzes one series, row by row: [`SeriesAnalysis::push`] each, then
/// [`SeriesAnalysis::finish`].
#[derive(Debug, Default)]
pub struct SeriesAnalysis {
    scorer: Scorer,
    tracker: Tracker,
    direction: Option<Direction>,
    counter: Counter,
    gatherer: Gatherer<Peak>,
    report: SeriesReport,
}

/// A series, summed up.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeriesReport {
    /// What was read.
    #[serde(flatten)]
    pub seen: Rows,
    /// Rows with a score.
    pub scored: u64,
    /// Where the series goes at the last row.
    pub direction: &'static str,
    /// The robust line's value at the last row.
    pub level: Option<f64>,
    /// Robust slope by minute.
    pub slope_per_min: Option<f64>,
    /// Its lower bound at 90 %, by minute.
    pub slope_low: Option<f64>,
    /// Its upper bound at 90 %, by minute.
    pub slope_high: Option<f64>,
    /// Slope of ordinary least squares by minute.
    pub ols_slope_per_min: Option<f64>,
    /// The squared correlation.
    pub r_squared: Option<f64>,
    /// p-value of the slope among those of the series' own past.
    pub significance: Option<f64>,
    /// Rows of the window that the line is drawn through.
    pub window_rows: Option<usize>,
    /// Past windows that it is compared with.
    pub past_windows: Option<usize>,
    /// How many of those share no row.
    pub disjoint_windows: Option<usize>,
    /// How many of those a direction takes.
    pub disjoint_windows_needed: usize,
    /// The level at which a direction is named: so many of steady series have one.
    pub direction_level: f64,
    /// When a threshold is reached, or why that cannot be said.
    pub forecast: SeriesForecast,
    /// Whether there were rows enough to judge any by.
    pub judged: bool,
    /// Rows that it takes before the first is judged.
    pub rows_needed: usize,
    /// What was unusual.
    #[serde(flatten)]
    pub events: Events<Peak>,
}

/// When a threshold is reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeriesForecast {
    /// The threshold that was asked for.
    pub threshold: Option<f64>,
    /// The robust line's value at the last row.
    pub level: Option<f64>,
    /// Seconds from the last row, with the steepest slope of the bounds.
    pub eta_low_s: Option<f64>,
    /// Seconds from the last row.
    pub eta_s: Option<f64>,
    /// Seconds from the last row, with the flattest slope of the bounds; `None` where that never
    /// gets there.
    pub eta_high_s: Option<f64>,
    /// Residuals of past forecasts behind the interval.
    pub n_calibration: u64,
    /// What the interval rests on.
    pub calibration: Option<&'static str>,
    /// `short history` where the trend is not proven in two windows: for people alone.
    pub basis: Option<&'static str>,
    /// Why there is no time.
    pub reason: Option<String>,
}

/// The rarest row of an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Peak {
    /// Its value.
    pub value: f64,
    /// What was normal there: the median.
    pub baseline_p50: Option<f64>,
    /// What was normal there: the 95 % quantile.
    pub baseline_p95: Option<f64>,
}

impl SeriesAnalysis {
    /// Analyzes the next row.
    pub fn push(&mut self, row: &Row) -> Analyzed {
        self.counter.push(row);
        let reading = row.readings.first().copied().unwrap_or(Reading::Absent);
        let scored = match reading {
            Reading::Number(value) => {
                self.report.scored += 1;
                let scored = self.scorer.push(row.time_s, value);
                self.direction = Some(self.tracker.push(row.time_s, value));
                self.gather(row, value, scored);
                Some(scored)
            }
            Reading::Absent | Reading::NotFinite => None,
        };
        Analyzed { scored, direction: self.direction.unwrap_or(Direction::Unproven) }
    }

    /// Sums up, with the time to `threshold` where one is given.
    pub fn finish(mut self, threshold: Option<f64>) -> SeriesReport {
        self.report.events = self.gatherer.finish(self.scorer.standing());
        self.report.judged = self.report.scored > FIRST_ROWS as u64;
        self.report.rows_needed = FIRST_ROWS + 1;
        let trend = self.tracker.trend();
        let mut report = self.report;
        report.seen = self.counter.finish();
        report.disjoint_windows_needed = DISJOINT_MIN;
        report.direction_level = DIRECTION.p_max;
        report.direction = self.direction.unwrap_or(Direction::Unproven).word();
        if let Some(trend) = &trend {
            report.level = Some(trend.level);
            report.slope_per_min = Some(trend.slope * 60.0);
            report.slope_low = trend.slope_low.map(|slope| slope * 60.0);
            report.slope_high = trend.slope_high.map(|slope| slope * 60.0);
            report.ols_slope_per_min = trend.ols_slope.map(|slope| slope * 60.0);
            report.r_squared = trend.r2;
            report.significance = trend.significance;
            report.window_rows = Some(trend.rows);
            report.past_windows = Some(trend.past);
            report.disjoint_windows = Some(trend.disjoint);
        }
        report.forecast = series_forecast(trend.as_ref(), threshold);
        report
    }

    /// Follows the events.
    fn gather(&mut self, row: &Row, value: f64, scored: Scored) {
        let Scored { baseline_p50, baseline_p95, .. } = scored;
        let tell = |peak: &mut Peak, is_peak: bool| {
            if is_peak {
                *peak = Peak { value, baseline_p50, baseline_p95 };
            }
        };
        let events = (self.scorer.standing(), self.scorer.last());
        self.gatherer.follow(events, (self.report.scored - 1, &row.time), tell);
    }
}

fn series_forecast(trend: Option<&Trend>, threshold: Option<f64>) -> SeriesForecast {
    let level = trend.map(|trend| trend.level);
    let mut told = SeriesForecast { threshold, level, ..SeriesForecast::default() };
    match forecast::forecast(trend, threshold) {
        Ok(Eta { low_s, eta_s, high_s, basis }) => {
            told.eta_low_s = Some(low_s);
            told.eta_s = Some(eta_s);
            told.eta_high_s = high_s;
            told.basis = basis;
            told.calibration = Some(forecast::CALIBRATION);
        }
        Err(reason) => told.reason = Some(reason),
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, reading: Reading) -> Row {
        let time_s = f64::from(number) * 60.0;
        let time = format!("t{number}");
        Row { line: u64::from(number) + 2, time, time_s, readings: vec![reading], goes_back: false }
    }

    /// Unrest like noise, and a spike at rows 900, 903 and 1500.
    fn analyze(rows: u32, threshold: Option<f64>) -> SeriesReport {
        let mut analysis = SeriesAnalysis::default();
        for number in 0..rows {
            let unrest = f64::from(number * 7919 % 1009) / 1009.0;
            let spike = [900, 903, 1500].contains(&number);
            let value = unrest + if spike { 30.0 } else { 0.0 };
            analysis.push(&row(number, Reading::Number(value)));
        }
        analysis.finish(threshold)
    }

    #[test]
    fn what_comes_soon_again_is_one_event_and_events_are_in_their_order() {
        let report = analyze(2000, None);
        let named = |onset: &str| report.events.listed.iter().find(|it| it.onset == onset);
        let first = named("t900").unwrap();
        assert!(first.more.value > 29.0 && first.score > 0.5, "{first:?}");
        assert!(first.more.baseline_p50.unwrap() < 1.0);
        assert_eq!(first.end, "t903", "{first:?}");
        assert!(named("t1500").is_some() && named("t903").is_none());
        assert!(report.events.listed.is_sorted_by_key(|it| it.id));
        assert_eq!(report.events.total, report.events.listed.len() as u64);
        assert!(report.judged);
    }

    #[test]
    fn where_little_is_known_nothing_is_judged() {
        let check = |rows, judged| assert_eq!(analyze(rows, None).judged, judged, "{rows}");
        check(3, false);
        check(64, false);
        check(65, true);
    }

    #[test]
    fn rows_without_a_value_are_counted_and_have_no_score() {
        let mut analysis = SeriesAnalysis::default();
        assert_eq!(analysis.push(&row(0, Reading::Absent)).scored, None);
        assert_eq!(analysis.push(&row(1, Reading::NotFinite)).scored, None);
        let mut back = row(2, Reading::Number(5.0));
        back.goes_back = true;
        let analyzed = analysis.push(&back);
        assert!(analyzed.scored.is_some_and(|scored| scored.score <= 0.0));
        assert_eq!(analyzed.direction, Direction::Unproven);
        let report = analysis.finish(None);
        let seen = &report.seen;
        let counts = [seen.rows, report.scored, seen.absent, seen.not_finite];
        assert_eq!(counts, [3, 1, 1, 1]);
        assert_eq!((seen.steps_back, seen.steps_back_line), (1, Some(4)));
        assert_eq!((seen.start.as_deref(), seen.end.as_deref()), (Some("t0"), Some("t2")));
        assert_eq!((report.direction, report.slope_per_min), ("unproven", None));
    }

    #[test]
    fn a_threshold_has_a_time_or_a_reason() {
        assert_eq!(analyze(50, None).forecast.reason.as_deref(), Some("no threshold is known"));
        let reason = analyze(2500, Some(50.0)).forecast.reason.unwrap();
        assert!(reason.contains("no trend that stands out"), "{reason}");
        let mut analysis = SeriesAnalysis::default();
        for number in 0..2500 {
            let unrest = f64::from(number * 7919 % 1009) / 1009.0;
            analysis.push(&row(number, Reading::Number(f64::from(number) * 0.1 + unrest)));
        }
        let report = analysis.finish(Some(260.0));
        assert_eq!(report.direction, "increasing");
        assert!((report.slope_per_min.unwrap() - 0.1).abs() < 0.01, "{report:?}");
        let forecast = report.forecast;
        // From 250.4 at the last row to 260, by 0.1 a minute.
        assert!((forecast.eta_s.unwrap() - 5760.0).abs() < 600.0, "{forecast:?}");
        assert!(forecast.eta_low_s < forecast.eta_s && forecast.eta_s < forecast.eta_high_s);
        assert_eq!(forecast.calibration, Some(forecast::CALIBRATION));
    }
}
