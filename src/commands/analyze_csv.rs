//! `ks analyze --csv`: a score for each row of any series, where it goes, and what was unusual.

use std::io::{self, Write};
use std::path::Path;

use ks_replayer::csv_series::{CsvSeries, Reading, Row, Values};
use ks_replayer::series_analysis::{Analyzed, Peak, SeriesAnalysis, SeriesReport};
use ks_replayer::series_events::SeriesEvent;
use ks_statistics::anomaly::Scored;
use ks_statistics::own_history::Direction;

use crate::cli::analysis::{Analyze, AnalyzeFormat};
use crate::commands::analyze_rows;
use crate::csv_cell::cell;
use crate::exit::Misused;
use crate::plain::Page;
use crate::render;
use crate::render::words::lasting;
use crate::series_text::{normal, notes, short, tell_events, tell_gaps, when_text};
use crate::stdout;

const CSV_HEADER: &str = "time,value,score,baseline_p50,baseline_p95,direction,event_id,onset\n";

pub(crate) fn run(arguments: &Analyze, file: &Path, time: &str) -> anyhow::Result<()> {
    stdout::unless_closed(analyze(arguments, file, time, &mut stdout::stream()))
}

fn analyze(arguments: &Analyze, csv: &Path, time: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let Analyze { threshold, separator, format, .. } = arguments;
    let named = Values::Named(&arguments.value);
    let values = if arguments.all_values { Values::All } else { named };
    let mut series = CsvSeries::open(csv, time, values, *separator)?;
    if !series.left_out().is_empty() {
        let names = series.left_out().join(", ");
        render::note(&format!("left out, since the first rows hold no number there: {names}"));
    }
    if series.names().len() > 1 {
        if threshold.is_some() {
            return Err(Misused("--threshold is for one column of values").into());
        }
        return analyze_rows::analyze(arguments, csv, &mut series, out);
    }
    if threshold.is_some() && *format == AnalyzeFormat::Csv {
        return Err(Misused("--threshold is for --format text and json").into());
    }
    let column = series.names().next().unwrap_or_default().to_owned();
    let mut analysis = SeriesAnalysis::default();
    let mut header = Some(CSV_HEADER);
    while let Some(row) = series.next_row()? {
        let analyzed = analysis.push(row);
        if *format == AnalyzeFormat::Csv {
            out.write_all(header.take().unwrap_or_default().as_bytes())?;
            csv_line(row, &analyzed, out)?;
        }
    }
    let report = analysis.finish(*threshold);
    match format {
        AnalyzeFormat::Csv => {}
        AnalyzeFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        AnalyzeFormat::Text => {
            out.write_all(for_people(csv, &column, &report).as_str().as_bytes())?;
        }
    }
    out.flush()?;
    notes(&report.seen, "rows");
    Ok(())
}

fn csv_line(row: &Row, analyzed: &Analyzed, out: &mut dyn Write) -> io::Result<()> {
    let value = match row.readings.first() {
        Some(Reading::Number(value)) => Some(*value),
        Some(Reading::Absent | Reading::NotFinite) | None => None,
    };
    let scored = analyzed.scored;
    let cells = [
        value,
        scored.map(|scored| scored.score),
        scored.and_then(|scored: Scored| scored.baseline_p50),
        scored.and_then(|scored: Scored| scored.baseline_p95),
    ];
    out.write_all(cell(&row.time).as_bytes())?;
    for cell in cells {
        match cell {
            Some(number) => write!(out, ",{number}")?,
            None => out.write_all(b",")?,
        }
    }
    write!(out, ",{},", analyzed.direction.word())?;
    if let Some(event) = scored.and_then(|scored| scored.event) {
        write!(out, "{event}")?;
    }
    writeln!(out, ",{}", u8::from(scored.is_some_and(|scored| scored.is_onset)))
}

fn for_people(csv: &Path, column: &str, report: &SeriesReport) -> Page {
    let mut page = Page::of(format_args!(
        "{}: {} rows of `{}`, {} to {}",
        csv.display(),
        report.seen.rows,
        column,
        report.seen.start.as_deref().unwrap_or("-"),
        report.seen.end.as_deref().unwrap_or("-")
    ));
    tell_gaps(&report.seen.gaps, &mut page, str::to_owned);
    tell_trend(report, &mut page);
    tell_forecast(report, &mut page);
    page.gap();
    let too_little = (!report.judged)
        .then(|| format!("{} rows with a value, {} needed", report.scored, report.rows_needed));
    tell_events(&report.events, too_little, &mut page, event_text);
    page
}

fn tell_trend(report: &SeriesReport, page: &mut Page) {
    let direction = direction_text(report);
    let Some(slope) = report.slope_per_min else {
        page.line(format_args!(
            "trend: {direction}, no line can be drawn: too few rows, or too few different values"
        ));
        return;
    };
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short);
    page.line(format_args!(
        "trend: {direction}, {} a minute (90 %: {} to {}) over {} rows, level {}",
        short(slope),
        number(report.slope_low),
        number(report.slope_high),
        report.window_rows.unwrap_or(0),
        number(report.level),
    ));
    page.line(format_args!(
        "       p {} against {} past windows; least squares {} a minute, r2 {}",
        number(report.significance),
        report.past_windows.unwrap_or(0),
        number(report.ols_slope_per_min),
        number(report.r_squared)
    ));
}

/// The direction, and how sure it is or what is missing to tell it.
/// The direction, and how sure it is or what is missing to tell it.
fn direction_text(report: &SeriesReport) -> String {
    let SeriesReport { direction, disjoint_windows_needed: needed, .. } = report;
    let is = |it: Direction| it.word() == *direction;
    let windows = report.disjoint_windows.unwrap_or(0);
    if is(Direction::Unproven) && report.slope_per_min.is_some() && windows < *needed {
        format!("too little history for a direction ({windows} of {needed} windows)")
    } else if is(Direction::Increasing) || is(Direction::Decreasing) {
        format!("{direction} (at the {:.0} % level)", 100.0 * report.direction_level)
    } else if is(Direction::Stable) {
        format!("{direction} (no steeper than its own past)")
    } else {
        (*direction).to_owned()
    }
}

fn tell_forecast(report: &SeriesReport, page: &mut Page) {
    let forecast = &report.forecast;
    let Some(threshold) = forecast.threshold.map(short) else { return };
    if let Some(reason) = &forecast.reason {
        page.line(format_args!("no forecast for {threshold}: {reason}"));
        return;
    }
    let time = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), lasting);
    let high = forecast.eta_high_s.map_or_else(|| "never".to_owned(), lasting);
    let basis = forecast.basis.map_or_else(
        || "90 % bounds of the slope, and no record of how good such forecasts were".to_owned(),
        |basis| format!("{basis}: a hint, not a proof"),
    );
    page.line(format_args!(
        "{threshold} is reached in {} ({} to {high}; {basis})",
        time(forecast.eta_s),
        time(forecast.eta_low_s),
    ));
}

fn event_text(event: &SeriesEvent<Peak>) -> String {
    let Peak { value, baseline_p50, baseline_p95 } = event.more;
    format!(
        "{}: {}; {} at {} ({})",
        when_text(event, str::to_owned),
        event.reason,
        short(value),
        event.peak,
        normal(baseline_p50, baseline_p95)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_replayer::series_gaps::{Gap, Gaps};
    use ks_replayer::series_rows::Rows;

    #[test]
    fn a_line_has_empty_cells_where_nothing_is_known() {
        let check = |time: &str, reading: Reading, scored: Option<Scored>, expected: &str| {
            let time = time.to_owned();
            let row = Row { line: 2, time, readings: vec![reading], ..Row::default() };
            let direction = Direction::Unproven;
            let mut out = Vec::new();
            csv_line(&row, &Analyzed { scored, direction }, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check("t", Reading::Absent, None, "t,,,,,unproven,,0\n");
        let scored = Scored {
            score: 0.25,
            decades: 2.1,
            event: Some(7),
            is_onset: true,
            baseline_p50: Some(1.0),
            baseline_p95: None,
        };
        check("t", Reading::Number(2.5), Some(scored), "t,2.5,0.25,1,,unproven,7,1\n");
        check("a,b", Reading::NotFinite, None, "\"a,b\",,,,,unproven,,0\n");
    }

    #[test]
    fn people_read_a_trend_a_reason_and_what_was_unusual() {
        let mut report = SeriesReport {
            seen: Rows { rows: 9, ..Rows::default() },
            rows_needed: 65,
            direction: "unproven",
            disjoint_windows: Some(7),
            disjoint_windows_needed: 19,
            ..SeriesReport::default()
        };
        let csv = Path::new("a\x1b\n.csv");
        let page = for_people(csv, "ms", &report);
        let text = page.as_str();
        let first = "a\\u{1b}\\u{a}.csv: 9 rows of `ms`, - to -\ntrend: unproven, no line";
        assert!(text.starts_with(first), "{text}");
        assert!(text.ends_with("Too little to judge: 0 rows with a value, 65 needed.\n"), "{text}");
        report.judged = true;
        assert!(for_people(csv, "ms", &report).as_str().ends_with("Nothing unusual.\n"));
        report.slope_per_min = Some(0.25);
        report.forecast.threshold = Some(90.0);
        report.forecast.reason = Some("too few rows".to_owned());
        report.events.total = 12;
        report.events.listed.push(SeriesEvent {
            id: 1,
            onset: "a".to_owned(),
            peak: "b".to_owned(),
            end: "c".to_owned(),
            reason: "unchanged for longer than usual",
            score: 0.9,
            stays: false,
            open: false,
            more: Peak { value: 1234.5, baseline_p50: None, baseline_p95: None },
        });
        let page = for_people(csv, "ms", &report);
        let text = page.as_str();
        let trend = "trend: too little history for a direction (7 of 19 windows), \
                     0.2500 a minute (90 %: - to -)";
        assert!(text.contains(trend), "{text}");
        assert!(text.contains("no forecast for 90.00: too few rows\n"), "{text}");
        assert!(!text.contains("gaps:"), "{text}");
        assert!(text.contains("the 1 most unusual of 12 events"), "{text}");
        let event =
            "  0.900  a to c: unchanged for longer than usual; 1234 at b (no baseline yet)\n";
        assert!(text.contains(event), "{text}");
    }

    #[test]
    fn people_read_of_gaps_and_of_what_is_only_a_hint() {
        let gap = |from: &str, lasts_s| {
            let (from, to) = (from.to_owned(), "z".to_owned());
            Gap { from, to, lasts_s, share: 0.1 }
        };
        let gaps = Gaps { total: 2, share: 0.25, longest: vec![gap("a", 60.0), gap("b", 120.0)] };
        let mut report =
            SeriesReport { seen: Rows { gaps, ..Rows::default() }, ..SeriesReport::default() };
        report.direction = "increasing";
        report.direction_level = 0.05;
        report.slope_per_min = Some(1.0);
        let forecast = &mut report.forecast;
        (forecast.threshold, forecast.eta_s) = (Some(90.0), Some(100.0));
        (forecast.eta_low_s, forecast.basis) = (Some(45.0), Some("short history"));
        let page = for_people(Path::new("a.csv"), "ms", &report);
        let text = page.as_str();
        let gaps = "gaps:  2, 25.0 % of the time: b to z (2 min), a to z (60 s)\n";
        assert!(text.contains(gaps), "{text}");
        assert!(text.contains("trend: increasing (at the 5 % level), 1.000 a minute"), "{text}");
        let hint = "90.00 is reached in 100 s (45 s to never; short history: a hint, not a proof)";
        assert!(text.contains(hint), "{text}");
    }
}
