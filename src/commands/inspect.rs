//! `ks inspect`: what a recording holds, and which of its columns take the space.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use ks_engine::kind::text;
use ks_engine::time::seconds;
use ks_replayer::inspection::{Inspection, Source, inspect};

use crate::cli;
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
        cli::Format::Json => stdout::print_json(&inspection),
        cli::Format::Text => stdout::print(&for_people(&arguments.path, &inspection)),
    }
}

fn for_people(path: &Path, inspection: &Inspection) -> String {
    let host = text(inspection.host.as_bytes());
    let mut lines = format!(
        "{}: {} ticks of {}, {}\n{} to {}, {:.1} s recorded, gaps: {}, late ticks: {}\n",
        path.display(),
        inspection.ticks,
        if host.is_empty() { "an unnamed host" } else { &host },
        if inspection.sealed { "sealed" } else { "not sealed" },
        inspection.start.as_deref().unwrap_or("-"),
        inspection.end.as_deref().unwrap_or("-"),
        seconds(inspection.span_ns),
        inspection.gaps,
        inspection.lateness.late_ticks,
    );
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    lines += &format!(
        "{} bytes: {} bytes a tick, {} MB a day\n",
        inspection.bytes,
        number(inspection.bytes_per_tick, 1),
        number(inspection.mb_per_day, 2),
    );
    let inputs = inspection.inputs.iter().map(|(kind, count)| format!("{kind} {count}"));
    lines += &format!("inputs: {}\n", inputs.collect::<Vec<_>>().join(", "));
    lines + &sources(inspection) + &columns(inspection)
}

fn sources(inspection: &Inspection) -> String {
    let whole = |source: &Source| {
        source.state == ks_engine::input::Delivery::On.word() && source.reason.is_none()
    };
    let told: Vec<_> = inspection.sources.iter().filter(|(_, source)| !whole(source)).collect();
    let mut lines = format!("\nSources on: {}", inspection.sources.len() - told.len());
    lines += if told.is_empty() { "\n" } else { ", and within a limit or not on:\n" };
    let width = told.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, source) in told {
        let (name, reason) = (text(name.as_bytes()), source.reason.as_deref().unwrap_or("-"));
        lines += &format!("  {name:width$}  {:6}  {}\n", source.state, text(reason.as_bytes()));
    }
    lines
}

fn columns(inspection: &Inspection) -> String {
    let all: u64 = inspection.columns.iter().map(|column| column.bytes).sum();
    if all == 0 {
        return String::new();
    }
    let mut lines = format!("\nLargest of {} columns:\n", inspection.columns.len());
    for column in inspection.columns.iter().take(LISTED) {
        let share = column.bytes as f64 / all as f64 * 100.0;
        let name = text(column.name.as_bytes());
        lines += &format!("  {:>12} bytes  {share:>5.1} %  {name}\n", column.bytes);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_replayer::inspection::ColumnBytes;

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
            host: "web\x1b1".to_owned(),
            ..Inspection::default()
        };
        let lines = for_people(Path::new("a.parquet"), &inspection);
        assert!(lines.starts_with("a.parquet: 3 ticks of web\u{fffd}1, not sealed\n"), "{lines}");
        let told = "Sources on: 1, and within a limit or not on:\n  \
            netns  on      one of them\n  swaps  absent  no such file\n";
        assert!(lines.contains(told), "{lines}");
        assert!(lines.contains("  5.5 %  sample.c0\n"), "{lines}");
        assert!(lines.contains("sample.c14\n") && !lines.contains("sample.c15\n"));
        assert!(lines.contains("- bytes a tick, - MB a day"));
    }
}
