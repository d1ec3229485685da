//! `ks analyze --csv` with several columns: a score for each row, and the columns that explain it.

use std::io::{self, Write};
use std::path::Path;

use ks_replayer::csv_series::{CsvSeries, Row};
use ks_replayer::rows_analysis::{Explained, RowsAnalysis, RowsReport, Share};
use ks_statistics::anomaly::rows::ScoredRow;

use crate::cli::analysis::{Analyze, AnalyzeFormat};
use crate::csv_cell::cell;
use crate::plain::Page;
use crate::series_text::{normal, notes, short, tell_events, tell_gaps, when_text};

/// Columns of an event that people are told of with their values.
const COLUMNS_TOLD: usize = 3;
/// Names of columns that the heading lists.
const NAMES_TOLD: usize = 20;
/// Rows are explained from this score on.
const EXPLAINED: f64 = 0.5;
const CSV_HEADER: &[u8] = b"time,score,event_id,onset,columns\n";

pub(crate) fn analyze(
    arguments: &Analyze,
    csv: &Path,
    series: &mut CsvSeries,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let format = arguments.format;
    let mut analysis = RowsAnalysis::new(series.names().map(str::to_owned).collect());
    let mut header = Some(CSV_HEADER);
    while let Some(row) = series.next_row()? {
        let scored = analysis.push(row);
        if format == AnalyzeFormat::Csv {
            out.write_all(header.take().unwrap_or_default())?;
            csv_line(row, &scored, &analysis, out)?;
        }
    }
    let report = analysis.finish();
    match format {
        AnalyzeFormat::Csv => {}
        AnalyzeFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        AnalyzeFormat::Text => out.write_all(for_people(csv, &report).as_str().as_bytes())?,
    }
    out.flush()?;
    notes(&report.seen, "cells");
    Ok(())
}

fn csv_line(
    row: &Row,
    scored: &ScoredRow,
    analysis: &RowsAnalysis,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "{},{},", cell(&row.time), scored.score)?;
    if let Some(event) = scored.event {
        write!(out, "{event}")?;
    }
    write!(out, ",{},", u8::from(scored.is_onset))?;
    if scored.event.is_some() || scored.score >= EXPLAINED {
        let names: Vec<&str> = analysis.explaining().collect();
        write!(out, "{}", cell(&names.join(";")))?;
    }
    writeln!(out)
}

fn for_people(csv: &Path, report: &RowsReport) -> Page {
    let mut page = Page::of(format_args!(
        "{}: {} rows of {} columns, {} to {}",
        csv.display(),
        report.seen.rows,
        report.columns.len(),
        report.seen.start.as_deref().unwrap_or("-"),
        report.seen.end.as_deref().unwrap_or("-")
    ));
    let names: Vec<&str> = report.columns.iter().map(String::as_str).take(NAMES_TOLD).collect();
    let more = report.columns.len().saturating_sub(NAMES_TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    page.line(format_args!("columns: {}{more}", names.join(", ")));
    tell_gaps(&report.seen.gaps, &mut page, str::to_owned);
    page.gap();
    tell_rows(report, &mut page, str::to_owned, |_| String::new());
    page
}

/// Tells what was unusual, with what `more` has to say of each event, and times as `time` tells
/// them.
pub(crate) fn tell_rows(
    report: &RowsReport,
    page: &mut Page,
    time: impl Fn(&str) -> String,
    more: impl Fn(&Explained) -> String,
) {
    let too_little = (!report.judged)
        .then(|| format!("{} rows, {} needed", report.seen.rows, report.rows_needed));
    tell_events(&report.events, too_little, page, |event| {
        let columns = columns_text(&event.more.columns);
        format!("{}: {columns}{}", when_text(event, &time), more(&event.more))
    });
}

fn columns_text(columns: &[Share]) -> String {
    let told = columns.iter().take(COLUMNS_TOLD).map(|share| {
        let value = share.value.map_or_else(|| "-".to_owned(), short);
        format!("{} {value} ({})", share.name, normal(share.baseline_p50, share.baseline_p95))
    });
    let mut text = told.collect::<Vec<_>>().join(", ");
    let more: Vec<&str> = columns.iter().skip(COLUMNS_TOLD).map(|it| it.name.as_str()).collect();
    if !more.is_empty() {
        text += &format!(" and {}", more.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_replayer::series_events::{Events, SeriesEvent};
    use ks_replayer::series_rows::Rows;

    fn share(name: &str, value: Option<f64>) -> Share {
        let (baseline_p50, baseline_p95) = (Some(1.0), Some(2.0));
        Share { name: name.to_owned(), score: 0.9, value, baseline_p50, baseline_p95 }
    }

    #[test]
    fn people_read_which_columns_explain_an_event() {
        let names = ["a", "b", "c", "d"];
        let columns = names.iter().map(|name| share(name, Some(5.0))).collect();
        let event = SeriesEvent {
            id: 1,
            onset: "t1".to_owned(),
            peak: "t2".to_owned(),
            end: "t3".to_owned(),
            reason: "-",
            score: 0.9,
            stays: false,
            open: false,
            more: Explained { columns, incidents: vec![7] },
        };
        let mut report = RowsReport { rows_needed: 257, ..RowsReport::default() };
        report.seen = Rows { rows: 9, ..Rows::default() };
        let page = for_people(Path::new("a.csv"), &report);
        assert!(page.as_str().ends_with("Too little to judge: 9 rows, 257 needed.\n"));
        report.judged = true;
        report.events = Events { total: 1, listed: vec![event] };
        let mut page = Page::of(format_args!("-"));
        let more = |explained: &Explained| format!("; {:?}", explained.incidents);
        tell_rows(&report, &mut page, str::to_owned, more);
        let line = "  0.900  t1 to t3: a 5.000 (normal 1.000, p95 2.000), \
                    b 5.000 (normal 1.000, p95 2.000), c 5.000 (normal 1.000, p95 2.000) \
                    and d; [7]\n";
        assert!(page.as_str().ends_with(line), "{}", page.as_str());
        assert_eq!(columns_text(&[share("x", None)]), "x - (normal 1.000, p95 2.000)");
    }
}
