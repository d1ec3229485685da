//! `ks analyze`: what is normal in recordings, where it is heading, and when a resource ends.

use std::fmt::Write as _;
use std::io::sink;

use anyhow::{bail, ensure};
use ks_recorder::format::recording::Reader;
use ks_replayer::analysis::{self, BaselineRow, TrendRow};
use ks_replayer::forecasts::Forecast;
use ks_replayer::range::Range;
use ks_replayer::replay::{Run, drive};
use ks_replayer::report::Report;
use ks_replayer::series::{self, SeriesTaker};
use serde::Serialize;

use crate::cli::analysis::{Analyze, AnalyzeFormat};
use crate::commands::analyze_csv;
use crate::plot::{self, Drawn, Plot};
use crate::{knowledge, progress, render, stdout};

/// What is printed for programs.
#[derive(Serialize)]
struct Analysis<'a> {
    recording: &'a ks_replayer::report::Recording,
    baselines: &'a [BaselineRow],
    trends: &'a [TrendRow],
    forecasts: &'a [Forecast],
    incidents: &'a [ks_replayer::report::Incident],
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<&'a [Drawn]>,
}

pub(crate) fn run(arguments: &Analyze) -> anyhow::Result<()> {
    if let (Some(file), Some(time), Some(value)) =
        (&arguments.csv, &arguments.time, &arguments.value)
    {
        return analyze_csv::run(arguments, file, (time, value));
    }
    ensure!(
        arguments.format != AnalyzeFormat::Csv,
        "--format csv is for the rows of --csv; a recording has `ks dump --format csv`"
    );
    let mut reader = Reader::open_for_engine(&arguments.paths)?;
    let range = Range::new(arguments.from, arguments.to);
    let mut run = if range.is_all() { Run::default() } else { Run::of_part() };
    let known = knowledge::of(arguments.baseline.as_deref())?;
    if let Some((knowledge, file)) = &known {
        run.know(knowledge.clone(), file);
    }
    let metric = arguments.metric.as_deref();
    let mut taker = metric.map(|metric| SeriesTaker::new(metric, arguments.entity.as_deref()));
    let bar = progress::bar();
    let each = |engine: &_, input: &_| {
        if let Some(taker) = &mut taker {
            taker.look(engine, input);
        }
    };
    let driven = drive(&mut run, &mut reader, range, &mut sink(), progress::told(&bar), each);
    bar.finish_and_clear();
    driven?;
    let (baselines, trends) = (analysis::baselines(run.engine()), analysis::trends(run.engine()));
    let names = series::names(run.engine());
    let path = arguments.paths.iter().map(|path| path.display().to_string());
    let report = run.finish(&path.collect::<Vec<_>>().join(" "), &mut sink())?;
    if let Some((knowledge, file)) = &known {
        knowledge::tell(&knowledge.host, file, &report.recording.host);
    }
    let series = match (&taker, metric) {
        (Some(taker), Some(metric)) => Some(taken(taker, metric, &names)?),
        _ => None,
    };
    if arguments.format == AnalyzeFormat::Json {
        return stdout::print_json(&Analysis {
            recording: &report.recording,
            baselines: &baselines,
            trends: &trends,
            forecasts: &report.forecasts,
            incidents: &report.incidents,
            series: series.as_deref(),
        });
    }
    match (series, &taker) {
        (Some(series), Some(taker)) => stdout::print_plain(&drawn(taker, &series, &report, metric)),
        _ => stdout::print_plain(&text(&report, &baselines, &trends)?),
    }
}

/// The series in seconds from its beginning.
fn taken(taker: &SeriesTaker, metric: &str, names: &[&str]) -> anyhow::Result<Vec<Drawn>> {
    let Some(first) = taker.values.first() else {
        bail!("no series `{metric}` here; there are: {}", names.join(", "));
    };
    let values = taker.values.iter();
    Ok(values.map(|one| (one.at.since_ns(first.at) as f64 / 1e9, one.value, one.band)).collect())
}

fn drawn(taker: &SeriesTaker, series: &[Drawn], report: &Report, metric: Option<&str>) -> String {
    let entity = taker.found.as_deref().unwrap_or("-");
    let own = report.forecasts.iter().rev().find(|one| {
        one.action.is_none() && Some(one.metric) == metric && one.entity.to_string() == entity
    });
    let unit = if own.is_some() { "used share" } else { "unit of the series" };
    let mut text = format!("{} of {entity}\n\n", metric.unwrap_or("-"));
    text += &plot::draw(&Plot {
        values: series,
        fan: own.map_or(&[], |one| &one.fan),
        threshold: own.map(|one| one.threshold),
        unit,
    });
    if let Some(own) = own {
        text += &format!("\n{}\n", render::forecast(own));
    }
    text
}

fn text(report: &Report, baselines: &[BaselineRow], trends: &[TrendRow]) -> anyhow::Result<String> {
    let mut text = format!(
        "{} ticks, {} to {}\n\nForecasts:\n",
        report.recording.ticks,
        report.recording.start.as_deref().unwrap_or("-"),
        report.recording.end.as_deref().unwrap_or("-"),
    );
    // What is known of each resource at the end stands last.
    let end = report.recording.end.as_deref();
    for one in last_of_each(&report.forecasts) {
        writeln!(text, "  {}", render::forecast(one))?;
    }
    if report.forecasts.is_empty() {
        writeln!(text, "  no finite resource was read until {}", end.unwrap_or("-"))?;
    }
    text += "\nTrends that differ from their own past:\n";
    let told = trends.iter().filter(|one| matches!(one.direction, "increasing" | "decreasing"));
    let mut none = true;
    for one in told {
        none = false;
        let (low, high) = (one.slope_low, one.slope_high);
        let bound =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.6}"));
        writeln!(
            text,
            "  {} of {} over {} s: {}, {:.6} {}/min (90 %: {} to {}), p {:.3} of {} past windows",
            one.metric,
            one.entity,
            one.window_s,
            one.direction,
            one.slope_per_min,
            one.unit,
            bound(low),
            bound(high),
            one.significance.unwrap_or(1.0),
            one.past_windows,
        )?;
    }
    if none {
        let unproven = trends.iter().filter(|one| one.direction == "unproven").count();
        writeln!(text, "  none; {unproven} of {} have too little past to tell", trends.len())?;
    }
    text += "\nBaselines:\n";
    for one in baselines {
        let trigger = one.trigger.map_or_else(
            || format!("no trigger yet (n {}, {} s)", one.samples, one.covered_s),
            |trigger| format!("abnormal from {trigger:.4} (n {}, {})", one.samples, one.span),
        );
        writeln!(
            text,
            "  {} {} of {}: p50 {:.4}, p95 {:.4} {}, volatility {:.4}; {trigger}",
            one.kind.word(),
            one.metric,
            one.entity,
            one.p50,
            one.p95,
            one.unit,
            one.volatility,
        )?;
    }
    text += &render::incidents(&report.incidents);
    Ok(text)
}

/// What is said last of each resource, without and with each action.
fn last_of_each(forecasts: &[Forecast]) -> Vec<&Forecast> {
    let mut last: Vec<&Forecast> = Vec::new();
    for one in forecasts {
        let same = |known: &&Forecast| {
            known.entity == one.entity
                && known.resource == one.resource
                && known.action == one.action
        };
        last.retain(|known| !same(known));
        last.push(one);
    }
    last
}
