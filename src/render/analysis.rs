//! What `ks analyze` says of recordings, for people.

use ks_replayer::analysis::{BaselineRow, GrowerRow, TrendRow};
use ks_replayer::forecasts::Forecast;
use ks_replayer::report::Report;

use super::words::Times;
use crate::plain::Page;

/// Forecasts, trends, processes that grow, baselines, incidents.
pub(crate) fn page(
    report: &Report,
    baselines: &[BaselineRow],
    trends: &[TrendRow],
    growers: &[GrowerRow],
) -> Page {
    let (start, end) = (report.recording.start.as_deref(), report.recording.end.as_deref());
    let (start, end) = (start.unwrap_or("-"), end.unwrap_or("-"));
    let mut page = Page::default();
    page.line(format_args!("{} ticks, {start} to {end}", report.recording.ticks));
    page.gap();
    page.line("Forecasts:");
    // What is known of each resource at the end stands last.
    for one in last_of_each(&report.forecasts) {
        page.line(format_args!("  {}", super::forecast(one)));
    }
    if report.forecasts.is_empty() {
        page.line(format_args!("  no finite resource was read until {end}"));
    }
    tell_trends(trends, &mut page);
    tell_growers(growers, &mut page);
    tell_baselines(baselines, &mut page);
    super::incidents(&report.incidents, &Times::exact(), &mut page);
    page
}

fn tell_trends(trends: &[TrendRow], page: &mut Page) {
    page.gap();
    page.line("Trends that differ from their own past:");
    let told = trends.iter().filter(|one| matches!(one.direction, "increasing" | "decreasing"));
    let mut none = true;
    for one in told {
        none = false;
        let bound =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.6}"));
        page.line(format_args!(
            "  {} of {} over {} s: {}, {:.6} {}/min (90 %: {} to {}), p {:.3} of {} past windows",
            one.metric,
            one.entity,
            one.window_s,
            one.direction,
            one.slope_per_min,
            one.unit,
            bound(one.slope_low),
            bound(one.slope_high),
            one.significance.unwrap_or(1.0),
            one.past_windows,
        ));
    }
    if none {
        let unproven = trends.iter().filter(|one| one.direction == "unproven").count();
        let all = trends.len();
        page.line(format_args!("  none; {unproven} of {all} have too little past to tell"));
    }
}

fn tell_growers(growers: &[GrowerRow], page: &mut Page) {
    page.gap();
    page.line("Processes whose memory grows most:");
    if growers.is_empty() {
        page.line("  none that was followed for five minutes");
    }
    for one in growers {
        let bound = |value: Option<f64>| {
            value.map_or("-".to_owned(), |value| format!("{:.3}", value / MEBIBYTE))
        };
        page.line(format_args!(
            "  {} ({}) over {} s: {:.3} MiB/min (90 %: {} to {})",
            one.entity,
            one.comm.as_deref().unwrap_or("-"),
            one.window_s,
            one.slope_per_min / MEBIBYTE,
            bound(one.slope_low),
            bound(one.slope_high),
        ));
    }
}

const MEBIBYTE: f64 = 1_048_576.0;

fn tell_baselines(baselines: &[BaselineRow], page: &mut Page) {
    page.gap();
    page.line("Baselines:");
    for one in baselines {
        let trigger = one.trigger.map_or_else(
            || format!("no trigger yet (n {}, {} s)", one.samples, one.covered_s),
            |trigger| format!("abnormal from {trigger:.4} (n {}, {})", one.samples, one.span),
        );
        page.line(format_args!(
            "  {} {} of {}: p50 {:.4}, p95 {:.4} {}, volatility {:.4}; {trigger}",
            one.kind.word(),
            one.metric,
            one.entity,
            one.p50,
            one.p95,
            one.unit,
            one.volatility,
        ));
    }
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
