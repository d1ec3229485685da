//! `ks inspect`: what a recording holds, and which of its columns take the space.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use ks_recorder::format::recording::Unvouched;
use ks_replayer::inspection::{ColumnBytes, Inspection, Source, inspect};
use ks_vocabulary::time::seconds;

use crate::cli;
use crate::plain::Page;
use crate::render;
use crate::stdout;

/// Columns listed for people.
const LISTED: usize = 15;

pub(crate) fn run(arguments: &cli::Inspect) -> anyhow::Result<()> {
    // indicatif draws on stderr, and only where that is a terminal.
    let style =
        ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {elapsed}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    let inspection = inspect(&arguments.path, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let inspection = inspection?;
    render::left_out(inspection.torn_bytes, &inspection.damaged);
    match arguments.format {
        render::Format::Json => stdout::print_json(&inspection),
        render::Format::Text => stdout::print_page(&for_people(&arguments.path, &inspection)),
    }
}

fn for_people(path: &Path, inspection: &Inspection) -> Page {
    let host = &inspection.host;
    let mut page = Page::default();
    page.line(format_args!(
        "{}: {} ticks of {}, {}",
        path.display(),
        inspection.ticks,
        if host.is_empty() { "an unnamed host" } else { host },
        if inspection.sealed { "sealed" } else { "not sealed" },
    ));
    tell_unvouched(&inspection.unvouched, &mut page);
    page.line(format_args!(
        "{} to {}, {:.1} s recorded, gaps: {}, late ticks: {}, missed ticks: {}",
        inspection.start.as_deref().unwrap_or("-"),
        inspection.end.as_deref().unwrap_or("-"),
        seconds(inspection.span_ns),
        inspection.gaps,
        inspection.lateness.late_ticks,
        inspection.lateness.missed_ticks,
    ));
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    page.line(format_args!(
        "{} bytes: {} bytes a tick, {} MB a day",
        inspection.bytes,
        number(inspection.bytes_per_tick, 1),
        number(inspection.mb_per_day, 2),
    ));
    let inputs = inspection.inputs.iter().map(|(kind, count)| format!("{kind} {count}"));
    page.line(format_args!("inputs: {}", inputs.collect::<Vec<_>>().join(", ")));
    tell_sources(inspection, &mut page);
    tell_columns(inspection, &mut page);
    page
}

/// Names the first of the files that nobody vouches for, and counts the rest.
fn tell_unvouched(files: &[Unvouched], page: &mut Page) {
    let Some(Unvouched { path, writer }) = files.first() else { return };
    let path = path.display();
    page.line(format_args!("nobody vouches for the content of `{path}`, written by {writer}"));
    if files.len() > 1 {
        page.line(format_args!("nor for that of {} more files", files.len() - 1));
    }
}

fn tell_sources(inspection: &Inspection, page: &mut Page) {
    let whole = |source: &Source| {
        source.state == ks_vocabulary::input::Delivery::On.word() && source.reason.is_none()
    };
    let told: Vec<_> = inspection.sources.iter().filter(|(_, source)| !whole(source)).collect();
    let rest = if told.is_empty() { "" } else { ", and within a limit or not on:" };
    page.gap();
    page.line(format_args!("Sources on: {}{rest}", inspection.sources.len() - told.len()));
    let width = told.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, Source { state, reason }) in told {
        let reason = reason.as_deref().unwrap_or("-");
        page.line(format_args!("  {name:width$}  {state:6}  {reason}"));
    }
}

fn tell_columns(inspection: &Inspection, page: &mut Page) {
    let all: u64 = inspection.columns.iter().map(|column| column.bytes).sum();
    if all == 0 {
        return;
    }
    page.gap();
    page.line(format_args!("Largest of {} columns:", inspection.columns.len()));
    for ColumnBytes { name, bytes } in inspection.columns.iter().take(LISTED) {
        let share = *bytes as f64 / all as f64 * 100.0;
        page.line(format_args!("  {bytes:>12} bytes  {share:>5.1} %  {name}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_the_host_the_silent_sources_and_the_largest_columns() {
        let source =
            |state, reason: Option<&str>| Source { state, reason: reason.map(str::to_owned) };
        let sources = [
            ("netns".to_owned(), source("on", Some("one of them"))),
            ("stat".to_owned(), source("on", None)),
            ("swaps".to_owned(), source("absent", Some("no such file"))),
        ];
        let column = |at: u64| ColumnBytes { name: format!("sample.c{at}"), bytes: 100 - at };
        let inspection = Inspection {
            ticks: 3,
            sources: sources.into_iter().collect(),
            columns: (0..20).map(column).collect(),
            host: "web\x1b\n1".to_owned(),
            ..Inspection::default()
        };
        let page = for_people(Path::new("a\x1b[2J.parquet"), &inspection);
        let lines = page.as_str();
        let first = "a\\u{1b}[2J.parquet: 3 ticks of web\\u{1b}\\u{a}1, not sealed\n";
        assert!(lines.starts_with(first), "{lines}");
        let told = "Sources on: 1, and within a limit or not on:\n  \
            netns  on      one of them\n  swaps  absent  no such file\n";
        assert!(lines.contains(told), "{lines}");
        assert!(lines.contains("  5.5 %  sample.c0\n"), "{lines}");
        assert!(lines.contains("sample.c14\n") && !lines.contains("sample.c15\n"));
        assert!(lines.contains("- bytes a tick, - MB a day"));
    }
    #[test]
    fn a_file_that_nobody_vouches_for_is_not_called_sealed() {
        let file = |name: &str| Unvouched { path: name.into(), writer: "DuckDB\nv2".to_owned() };
        let told = |files: &[Unvouched]| {
            let inspection = Inspection { unvouched: files.to_vec(), ..Inspection::default() };
            for_people(Path::new("a.parquet"), &inspection).as_str().to_owned()
        };
        let one = "a.parquet: 0 ticks of an unnamed host, not sealed\n\
                   nobody vouches for the content of `b.parquet`, written by DuckDB\\u{a}v2\n";
        assert!(told(&[file("b.parquet")]).starts_with(one));
        let three = format!("{one}nor for that of 2 more files\n");
        assert!(told(&["b.parquet", "c", "d"].map(file)).starts_with(&three));
        assert!(!told(&[]).contains("vouches"));
    }
}
