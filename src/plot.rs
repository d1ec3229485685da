//! One series drawn in the terminal: values, what was normal, and where it may go.

use ks_agent::simulation::simulate::FanPoint;
use ks_replayer::series::Band;

/// Rows and columns of the picture, without the axis.
const ROWS: usize = 16;
const COLUMNS: usize = 72;
/// Columns of these that a forecast gets, where there is one.
const AHEAD: usize = 24;

/// Seconds, value, and the baseline's median and 95th percentile where there was one.
pub(crate) type Drawn = (f64, f64, Band);

/// What is drawn.
pub(crate) struct Plot<'a> {
    /// Values over time.
    pub(crate) values: &'a [Drawn],
    /// Levels ahead; none without a forecast.
    pub(crate) fan: &'a [FanPoint],
    /// Where the resource ends.
    pub(crate) threshold: Option<f64>,
    /// Unit of the values.
    pub(crate) unit: &'a str,
}

/// Lowest, middle and highest of what falls into a column.
type Column = Option<(f64, f64, f64)>;

/// The picture, with its axis and a line that says what is what.
pub(crate) fn draw(plot: &Plot<'_>) -> String {
    let past = if plot.fan.is_empty() { COLUMNS } else { COLUMNS - AHEAD };
    let values = columns(plot.values.iter().map(|(at, value, _)| (*at, *value)), past);
    let band: Vec<_> =
        plot.values.iter().filter_map(|(at, _, band)| Some((*at, (*band)?))).collect();
    let low = columns_over(plot.values, band.iter().map(|(at, (p50, _))| (*at, *p50)), past);
    let high = columns_over(plot.values, band.iter().map(|(at, (_, p95))| (*at, *p95)), past);
    let ahead = ahead(plot.fan);
    let (bottom, top) = bounds(plot, &values, &high);
    let row_of = |value: f64| {
        let part = (value - bottom) / (top - bottom);
        ROWS - 1 - place(part, ROWS)
    };
    let mut grid = vec![vec![' '; COLUMNS]; ROWS];
    let mut fill = |column: usize, (from, to): (f64, f64), symbol: char| {
        for row in &mut grid[row_of(to)..=row_of(from)] {
            row[column] = symbol;
        }
    };
    for column in 0..past {
        if let (Some((_, p50, _)), Some((_, p95, _))) = (low[column], high[column]) {
            fill(column, (p50, p95), '░');
        }
    }
    for (at, (p05, p50, p95)) in ahead.iter().enumerate() {
        fill(past + at, (*p05, *p95), '▒');
        fill(past + at, (*p50, *p50), '·');
    }
    if let Some(threshold) = plot.threshold.filter(|end| (bottom..=top).contains(end)) {
        (0..COLUMNS).for_each(|column| fill(column, (threshold, threshold), '─'));
    }
    for (column, value) in values.iter().enumerate() {
        if let Some((lowest, _, highest)) = value {
            fill(column, (*lowest, *highest), '█');
        }
    }
    text(plot, &grid, (bottom, top), past)
}

/// Values by column, over their own span of time.
fn columns(values: impl Iterator<Item = (f64, f64)> + Clone, count: usize) -> Vec<Column> {
    let first = values.clone().next().map_or(0.0, |(at, _)| at);
    let last = values.clone().last().map_or(0.0, |(at, _)| at);
    spread(values, (first, last), count)
}

fn columns_over(
    span: &[Drawn],
    values: impl Iterator<Item = (f64, f64)>,
    count: usize,
) -> Vec<Column> {
    let first = span.first().map_or(0.0, |(at, ..)| *at);
    let last = span.last().map_or(0.0, |(at, ..)| *at);
    spread(values, (first, last), count)
}

fn spread(
    values: impl Iterator<Item = (f64, f64)>,
    (first, last): (f64, f64),
    count: usize,
) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![None; count];
    for (at, value) in values {
        let part = if last > first { (at - first) / (last - first) } else { 0.0 };
        let column = place(part, count);
        columns[column] = Some(match columns[column] {
            None => (value, value, value),
            Some((lowest, _, highest)) => (lowest.min(value), value, highest.max(value)),
        });
    }
    columns
}

/// The place of a part from 0 to 1 among so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is clamped to what a picture has"
)]
fn place(part: f64, count: usize) -> usize {
    (part * count as f64).clamp(0.0, (count - 1) as f64) as usize
}

/// Quantiles of the fan by column.
fn ahead(fan: &[FanPoint]) -> Vec<(f64, f64, f64)> {
    let Some(last) = fan.last().filter(|last| last.t_s > 0.0) else { return Vec::new() };
    let at = |t_s: f64| {
        let next = fan.partition_point(|point| point.t_s < t_s).clamp(1, fan.len() - 1);
        let (one, other) = (fan[next - 1], fan[next]);
        let part = (t_s - one.t_s) / (other.t_s - one.t_s);
        let mix = |from: f64, to: f64| from + part * (to - from);
        (mix(one.p05, other.p05), mix(one.p50, other.p50), mix(one.p95, other.p95))
    };
    (0..AHEAD).map(|column| at(last.t_s * (column as f64 + 1.0) / AHEAD as f64)).collect()
}

fn bounds(plot: &Plot<'_>, values: &[Column], high: &[Column]) -> (f64, f64) {
    let seen = values.iter().chain(high).flatten().flat_map(|(low, _, top)| [*low, *top]);
    let ahead = plot.fan.iter().flat_map(|point| [point.p05, point.p95]);
    let (mut bottom, mut top) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in seen.chain(ahead) {
        bottom = bottom.min(value);
        top = top.max(value);
    }
    if bottom.total_cmp(&top).is_ge() {
        // A constant series is drawn in the middle.
        return (bottom - 1.0, bottom + 1.0);
    }
    (bottom, top)
}

fn text(plot: &Plot<'_>, grid: &[Vec<char>], (bottom, top): (f64, f64), past: usize) -> String {
    let mut text = String::new();
    for (at, row) in grid.iter().enumerate() {
        let label = match at {
            0 => format!("{top:10.4}"),
            at if at == ROWS - 1 => format!("{bottom:10.4}"),
            _ => " ".repeat(10),
        };
        let line: String = row.iter().collect();
        text += &format!("{label} │{}\n", line.trim_end());
    }
    let rule = "─".repeat(COLUMNS);
    text += &format!("{} └{rule}\n", " ".repeat(10));
    text += &format!("{} █ value ({})   ░ baseline p50 to p95", " ".repeat(10), plot.unit);
    if past < COLUMNS {
        let minutes = plot.fan.last().map_or(0.0, |point| point.t_s / 60.0);
        text += &format!("   ▒ 90 % of the next {minutes:.0} min, · median");
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_band_and_fan_are_where_they_belong() {
        let values: Vec<_> =
            (0..200).map(|at| (f64::from(at), f64::from(at), Some((50.0, 90.0)))).collect();
        let fan: Vec<_> = (0..=8)
            .map(|step| {
                let t_s = f64::from(step) * 60.0;
                FanPoint { t_s, p05: 200.0, p50: 220.0 + t_s / 10.0, p95: 240.0 + t_s / 5.0 }
            })
            .collect();
        let drawn = draw(&Plot { values: &values, fan: &fan, threshold: Some(300.0), unit: "1" });
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines.len(), ROWS + 2);
        assert!(lines[ROWS - 1].contains('█'), "it begins at the bottom");
        assert!(lines[0].contains('▒') && !lines[0].contains('█'), "the future is on top");
        assert!(drawn.contains('░') && drawn.contains('·') && drawn.contains('─'));
        assert!(lines.iter().all(|line| line.chars().count() <= 12 + COLUMNS));
    }

    #[test]
    fn a_constant_series_and_a_single_value_are_drawn_too() {
        for count in [1, 50] {
            let values: Vec<_> = (0..count).map(|at| (f64::from(at), 5.0, None)).collect();
            let drawn = draw(&Plot { values: &values, fan: &[], threshold: None, unit: "1" });
            assert!(drawn.contains('█'));
        }
    }
}
