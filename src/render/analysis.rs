//! What `ks analyze` says of recordings, for people.

use std::fmt::{self, Write};

use ks_replayer::analysis::{BaselineRow, GrowerRow, TrendRow};
use ks_replayer::forecasts::Forecast;
use ks_replayer::report::Report;

/// Forecasts, trends, processes that grow, baselines, incidents.
pub(crate) fn text(
    report: &Report,
    baselines: &[BaselineRow],
    trends: &[TrendRow],
    growers: &[GrowerRow],
) -> Result<String, fmt::Error> {
    let (start, end) = (report.recording.start.as_deref(), report.recording.end.as_deref());
    let (start, end) = (start.unwrap_or("-"), end.unwrap_or("-"));
    let mut text = format!("{} ticks, {start} to {end}\n\nForecasts:\n", report.recording.ticks);
    // What is known of each resource at the end stands last.
    for one in last_of_each(&report.forecasts) {
        writeln!(text, "  {}", super::forecast(one))?;
    }
    if report.forecasts.is_empty() {
        writeln!(text, "  no finite resource was read until {end}")?;
    }
    tell_trends(&mut text, trends)?;
    tell_growers(&mut text, growers)?;
    tell_baselines(&mut text, baselines)?;
    text += &super::incidents(&report.incidents);
    Ok(text)
}

fn tell_trends(text: &mut String, trends: &[TrendRow]) -> fmt::Result {
    *text += "\nTrends that differ from their own past:\n";
    let told = trends.iter().filter(|one| matches!(one.direction, "increasing" | "decreasing"));
    let mut none = true;
    for one in told {
        none = false;
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
            bound(one.slope_low),
            bound(one.slope_high),
            one.significance.unwrap_or(1.0),
            one.past_windows,
        )?;
    }
    if none {
        let unproven = trends.iter().filter(|one| one.direction == "unproven").count();
        writeln!(text, "  none; {unproven} of {} have too little past to tell", trends.len())?;
    }
    Ok(())
}

fn tell_growers(text: &mut String, growers: &[GrowerRow]) -> fmt::Result {
    *text += "\nProcesses whose memory grows most:\n";
    if growers.is_empty() {
        *text += "  none that was followed for five minutes\n";
    }
    for one in growers {
        let bound = |value: Option<f64>| {
            value.map_or("-".to_owned(), |value| format!("{:.3}", value / MEBIBYTE))
        };
        writeln!(
            text,
            "  {} ({}) over {} s: {:.3} MiB/min (90 %: {} to {})",
            one.entity,
            one.comm.as_deref().unwrap_or("-"),
            one.window_s,
            one.slope_per_min / MEBIBYTE,
            bound(one.slope_low),
            bound(one.slope_high),
        )?;
    }
    Ok(())
}

const MEBIBYTE: f64 = 1_048_576.0;

fn tell_baselines(text: &mut String, baselines: &[BaselineRow]) -> fmt::Result {
    *text += "\nBaselines:\n";
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
    Ok(())
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
