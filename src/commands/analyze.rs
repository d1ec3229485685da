//! `ks analyze`: what is normal in recordings, where it is heading, and when a resource ends.

use std::io::sink;

use anyhow::bail;
use ks_recorder::format::recording::Reader;
use ks_replayer::analysis::{self, BaselineRow, GrowerRow, TrendRow};
use ks_replayer::forecasts::Forecast;
use ks_replayer::range::Range;
use ks_replayer::replay::{Run, drive};
use ks_replayer::report::Report;
use ks_replayer::sequence;
use ks_replayer::series::{self, SeriesTaker};
use ks_vocabulary::metric::Metric;
use serde::Serialize;

use crate::cli::analysis::{Analyze, AnalyzeFormat};
use crate::commands::{analyze_csv, analyze_host};
use crate::exit::Misused;
use crate::plain::Page;
use crate::plot::{self, Drawn, Plot};
use crate::{knowledge, progress, render, stdout};

/// What is printed for programs.
#[derive(Serialize)]
struct Analysis<'a> {
    recording: &'a ks_replayer::report::Recording,
    baselines: &'a [BaselineRow],
    trends: &'a [TrendRow],
    growing_processes: &'a [GrowerRow],
    forecasts: &'a [Forecast],
    incidents: &'a [ks_replayer::report::Incident],
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<&'a [Drawn]>,
}

pub(crate) fn run(arguments: &Analyze) -> anyhow::Result<()> {
    if let (Some(file), Some(time)) = (&arguments.csv, &arguments.time) {
        return analyze_csv::run(arguments, file, time);
    }
    if arguments.format == AnalyzeFormat::Csv {
        return Err(Misused(
            "--format csv is for the rows of --csv; a recording has `ks dump --format csv`",
        )
        .into());
    }
    sequence::check(&arguments.paths)?;
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
    render::left_out(reader.torn_bytes(), reader.damages());
    let (baselines, trends) = (analysis::baselines(run.engine()), analysis::trends(run.engine()));
    let growers = analysis::growers(run.engine());
    let names = series::names(run.engine());
    let path = arguments.paths.iter().map(|path| path.display().to_string());
    let report = run.finish(&path.collect::<Vec<_>>().join(" "), &mut sink())?;
    if let Some((knowledge, file)) = &known {
        knowledge::tell(&knowledge.host, file, &report.recording.host);
    }
    if arguments.anomalies {
        return analyze_host::run(arguments, &report);
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
            growing_processes: &growers,
            forecasts: &report.forecasts,
            incidents: &report.incidents,
            series: series.as_deref(),
        });
    }
    match (series, &taker) {
        (Some(series), Some(taker)) => stdout::print_page(&drawn(taker, &series, &report, metric)),
        _ => stdout::print_page(&render::analysis::page(&report, &baselines, &trends, &growers)),
    }
}

/// The series in seconds from its beginning.
fn taken(taker: &SeriesTaker, metric: &str, names: &[Metric]) -> anyhow::Result<Vec<Drawn>> {
    let Some(first) = taker.values.first() else {
        let names: Vec<&str> = names.iter().map(|metric| metric.word()).collect();
        bail!("no series `{metric}` here; there are: {}", names.join(", "));
    };
    let values = taker.values.iter();
    Ok(values.map(|one| (one.at.since_ns(first.at) as f64 / 1e9, one.value, one.band)).collect())
}

fn drawn(taker: &SeriesTaker, series: &[Drawn], report: &Report, metric: Option<&str>) -> Page {
    let entity = taker.found.as_deref().unwrap_or("-");
    let own = report.forecasts.iter().rev().find(|one| {
        one.action.is_none()
            && Some(one.metric.word()) == metric
            && one.entity.to_string() == entity
    });
    let unit = if own.is_some() { "used share" } else { "unit of the series" };
    let mut page = Page::of(format_args!("{} of {entity}", metric.unwrap_or("-")));
    page.gap();
    let plot = Plot {
        values: series,
        fan: own.map_or(&[], |one| &one.fan),
        threshold: own.map(|one| one.threshold),
        unit,
    };
    page.text(&plot::draw(&plot));
    if let Some(own) = own {
        page.gap();
        page.line(render::forecast(own));
    }
    page
}
