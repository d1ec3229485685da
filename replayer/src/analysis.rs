//! What the engine has learned by the end of a run: the form of `ks analyze --format json`.

use ks_engine::analysis::growers::Grower;
use ks_engine::analysis::slots::WINDOWS_NS;
use ks_engine::analysis::trend::Trend;
use ks_engine::board::Learned;
use ks_engine::engine::Engine;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::SECOND_NS;
use ks_vocabulary::unit::Unit;
use serde::Serialize;

/// What one quantity normally is.
#[derive(Debug, Clone, Serialize)]
pub struct BaselineRow {
    /// The kind that judges it.
    pub kind: Kind,
    /// Whose.
    pub entity: Entity,
    /// Its name.
    pub metric: Metric,
    /// Its unit.
    pub unit: Unit,
    /// Values learned.
    pub samples: u64,
    /// Time that they stand for.
    pub covered_s: u64,
    /// Which part of the past the quantiles are of: `hour_of_week`, `hour_of_day` or `all`.
    pub span: &'static str,
    /// Median.
    pub p50: f64,
    /// 75th percentile.
    pub p75: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Robust standard deviation about the running median.
    pub volatility: f64,
    /// Value from which a reading is abnormal; `None` while too little is known to gate anything.
    pub trigger: Option<f64>,
}

/// Where one series is heading over one window.
#[derive(Debug, Clone, Serialize)]
pub struct TrendRow {
    /// Whose.
    pub entity: Entity,
    /// The series.
    pub metric: Metric,
    /// Its unit.
    pub unit: Unit,
    /// Length of the window.
    pub window_s: u64,
    /// `increasing`, `decreasing`, `stable` or `unproven`.
    pub direction: &'static str,
    /// Theil-Sen slope.
    pub slope_per_min: f64,
    /// Lower end of its 90 % interval.
    pub slope_low: Option<f64>,
    /// Upper end.
    pub slope_high: Option<f64>,
    /// Least-squares slope, for people.
    pub ols_slope_per_min: Option<f64>,
    /// Share of the variance that the least-squares line explains, for people.
    pub r_squared: Option<f64>,
    /// Share of past windows that rose, or fell, at least as steeply.
    pub significance: Option<f64>,
    /// Past windows compared with.
    pub past_windows: usize,
    /// Autocorrelation of the distances from the line.
    pub autocorrelation: f64,
}

/// Every quantity that has been learned.
pub fn baselines(engine: &Engine) -> Vec<BaselineRow> {
    engine.learned().filter_map(|(kind, entity, learned)| row(kind, entity, learned)).collect()
}

fn row(kind: Kind, entity: &Entity, learned: &Learned) -> Option<BaselineRow> {
    let baseline = &learned.baseline;
    let gating = baseline.level();
    let level = gating.or_else(|| baseline.overall(learned.learning.max))?;
    Some(BaselineRow {
        kind,
        entity: entity.clone(),
        metric: learned.metric,
        unit: learned.metric.unit(),
        samples: level.samples,
        covered_s: baseline.covered_ns() / SECOND_NS,
        span: level.span.word(),
        p50: level.p50,
        p75: level.p75,
        p95: level.p95,
        volatility: level.volatility,
        trigger: gating.map(|level| level.trigger),
    })
}

/// Every series, over each window length that has been looked at.
pub fn trends(engine: &Engine) -> Vec<TrendRow> {
    let watched = engine.watched().iter().flat_map(|watched| {
        let metric = watched.resource.metric();
        rows(&watched.entity, metric, &watched.trends.windows)
    });
    let learned = engine
        .learned()
        .flat_map(|(_, entity, learned)| rows(entity, learned.metric, &learned.trends.windows));
    watched.chain(learned).collect()
}

fn rows<'a>(
    entity: &'a Entity,
    metric: Metric,
    trends: &'a [Trend],
) -> impl Iterator<Item = TrendRow> + 'a {
    trends.iter().zip(WINDOWS_NS).filter_map(move |(trend, window_ns)| {
        let seen = trend.seen()?.ok()?;
        let line = trend.least_squares(window_ns);
        let rising = seen.fit.line.slope >= 0.0;
        Some(TrendRow {
            entity: entity.clone(),
            metric,
            unit: metric.unit(),
            window_s: window_ns / SECOND_NS,
            direction: seen.direction().word(),
            slope_per_min: 60.0 * seen.fit.line.slope,
            slope_low: seen.fit.slope_low.map(|low| 60.0 * low),
            slope_high: seen.fit.slope_high.map(|high| 60.0 * high),
            ols_slope_per_min: line.map(|line| 60.0 * line.slope),
            r_squared: line.and_then(|line| line.r2),
            significance: if rising { seen.p_up } else { seen.p_down },
            past_windows: seen.compared,
            autocorrelation: seen.fit.phi,
        })
    })
}

/// Where the memory of a process that grows is heading. It has no past windows to be compared
/// with, so no direction is claimed.
#[derive(Debug, Clone, Serialize)]
pub struct GrowerRow {
    /// The process.
    pub entity: Entity,
    /// Its name.
    pub comm: Option<String>,
    /// The series: resident and swapped memory.
    pub metric: Metric,
    /// Its unit.
    pub unit: Unit,
    /// Length of the window.
    pub window_s: u64,
    /// Theil-Sen slope.
    pub slope_per_min: f64,
    /// Lower end of its 90 % interval.
    pub slope_low: Option<f64>,
    /// Upper end.
    pub slope_high: Option<f64>,
    /// Autocorrelation of the distances from the line.
    pub autocorrelation: f64,
}

/// The sixteen processes whose memory grows most, steepest first.
pub fn growers(engine: &Engine) -> Vec<GrowerRow> {
    let row = |grower: Grower<'_>| {
        let (pid, start) = grower.process.key();
        let comm = grower.process.row.comm();
        GrowerRow {
            entity: Entity::Process(pid, start),
            comm: comm.map(|comm| String::from_utf8_lossy(comm).into_owned()),
            metric: Metric::RssAndSwapBytes,
            unit: Metric::RssAndSwapBytes.unit(),
            window_s: grower.window_ns / SECOND_NS,
            slope_per_min: 60.0 * grower.fit.line.slope,
            slope_low: grower.fit.slope_low.map(|low| 60.0 * low),
            slope_high: grower.fit.slope_high.map(|high| 60.0 * high),
            autocorrelation: grower.fit.phi,
        }
    };
    engine.growers().into_iter().map(row).collect()
}
