//! `ks analyze PATH --anomalies`: what of a recorded host is unusual, whether an incident names it
//! or not.

use ks_recorder::format::recording::Reader;
use ks_replayer::host_anomalies::{HostAnomalies, HostReport};
use ks_replayer::moment::Moment;
use ks_replayer::report::Report;

use crate::cli::analysis::{Analyze, AnalyzeFormat};
use crate::commands::analyze_rows::tell_rows;
use crate::plain::Page;
use crate::render::words::Times;
use crate::series_text::tell_gaps;
use crate::{progress, stdout};

pub(crate) fn run(arguments: &Analyze, report: &Report) -> anyhow::Result<()> {
    let mut host = HostAnomalies::new(arguments.from, arguments.to, lasts_ns(report));
    let mut reader = Reader::open(&arguments.paths)?;
    let bar = progress::bar();
    let mut told = progress::told(&bar);
    while let Some(input) = reader.next()? {
        if !host.input(input)? {
            break;
        }
        let (done, all) = reader.progress();
        told(done, all);
    }
    bar.finish_and_clear();
    let found = host.finish(report);
    if arguments.format == AnalyzeFormat::Json {
        return stdout::print_json(&found);
    }
    stdout::print_page(&for_people(report, &found))
}

/// From the first input to the last.
fn lasts_ns(report: &Report) -> i64 {
    let recording = &report.recording;
    let time = |text: &Option<String>| match text.as_deref()?.parse() {
        Ok(Moment::At(at)) => Some(at.0),
        _ => None,
    };
    time(&recording.end).zip(time(&recording.start)).map_or(0, |(end, start)| end - start)
}

fn for_people(report: &Report, found: &HostReport) -> Page {
    let rows = &found.rows;
    let times = Times::of(&report.recording);
    let time = |time: &str| times.at(time);
    let mut page = Page::of(format_args!(
        "{}: {}, {}, {} rows of {} s, {} columns",
        report.recording.path,
        report.recording.host,
        times.span(rows.seen.start.as_deref(), rows.seen.end.as_deref()),
        rows.seen.rows,
        found.slot_s,
        rows.columns.len(),
    ));
    tell_gaps(&rows.seen.gaps, &mut page, time);
    if found.columns_left_out > 0 {
        page.line(format_args!("{} columns more are left out", found.columns_left_out));
    }
    page.gap();
    tell_rows(
        rows,
        &mut page,
        |time| times.at(time),
        |explained| match explained.incidents.as_slice() {
            [] => "; no incident names it".to_owned(),
            [one] => format!("; incident {one} was open"),
            more => format!(
                "; incidents {} were open",
                more.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
            ),
        },
    );
    page
}
