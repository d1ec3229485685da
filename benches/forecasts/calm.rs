//! What is said of series that only vary: false directions and false forecasts, and beside them
//! how large a true rise has to be to be seen.

use ks_engine::analysis::Watch;
use ks_engine::analysis::resources::Level;
use ks_engine::analysis::slots::{Filling, SLOTS, WINDOWS_NS};
use ks_engine::analysis::trend::{Scratch, Trend};
use ks_engine::board::Board;
use ks_engine::window::EntityId;
use ks_statistics::own_history::Direction;
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::resource::Resource;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::leaks::{Draws, Noise};

const PHIS: [f64; 4] = [0.0, 0.5, 0.9, 0.97];
/// Series of each autocorrelation, each with a past of its own.
const RUNS: u64 = 2_000;
/// Past that each series has: more than 199 windows of a minute.
const PAST_S: u64 = 1_700;
/// Looks at each series for its own rate, two windows apart.
const LOOKS: u64 = 20;

/// One series over windows of a minute.
struct Series {
    noise: Noise,
    draws: Draws,
    filling: Filling,
    trend: Trend,
    scratch: Scratch,
    second: u64,
}

impl Series {
    fn new(phi: f64, seed: u64) -> Self {
        let mut draws = Draws::of(seed, "calm");
        let noise = Noise::of(phi, &mut draws);
        let (filling, trend, scratch) = Default::default();
        Self { noise, draws, filling, trend, scratch, second: 0 }
    }

    /// Goes on for so many seconds, rising by `slope` standard deviations a second.
    fn run(&mut self, seconds: u64, slope: f64) {
        for step in 0..seconds {
            self.second += 1;
            let value = self.noise.next(&mut self.draws) + slope * step as f64;
            let at = Timestamp(self.second * SECOND_NS);
            let slot = self.filling.push(WINDOWS_NS[0] / SLOTS as u64, at, value);
            if let Some(point) = slot {
                self.trend.push(point, WINDOWS_NS[0], false, &mut self.scratch);
            }
        }
    }

    fn rises(&self) -> bool {
        let seen = self.trend.seen().and_then(Result::ok);
        seen.is_some_and(|seen| seen.direction() == Direction::Increasing)
    }
}

/// How often a series that does not rise is said to.
pub(crate) fn rising() {
    println!("False rising on stationary noise, windows of a minute, nominal 5 %:");
    for phi in PHIS {
        let mut first = 0u64;
        let mut rates: Vec<f64> = Vec::new();
        for run in 0..RUNS {
            let mut series = Series::new(phi, run);
            series.run(PAST_S, 0.0);
            first += u64::from(series.rises());
            let mut found = 0u64;
            for _ in 0..LOOKS {
                series.run(120, 0.0);
                found += u64::from(series.rises());
            }
            rates.push(found as f64 / LOOKS as f64);
        }
        rates.sort_by(f64::total_cmp);
        let at = |p: f64| 100.0 * rates[(p * (rates.len() - 1) as f64) as usize];
        println!(
            "  phi {phi:4}: {:4.1} % of {RUNS} series; each series p05 {:.0} p50 {:.0} p95 {:.0} %",
            100.0 * first as f64 / RUNS as f64,
            at(0.05),
            at(0.5),
            at(0.95)
        );
    }
}

/// How often a series that does rise is said to, by how much it rises in a window.
pub(crate) fn power() {
    println!("Rising found, by the rise in a minute in standard deviations of the noise:");
    for phi in PHIS {
        let mut line = format!("  phi {phi:4}:");
        for rise in [0.5, 1.0, 2.0, 4.0, 8.0] {
            let found = (0..400).filter(|run| {
                let mut series = Series::new(phi, 50_000 + run);
                series.run(PAST_S, 0.0);
                series.run(75, rise / 60.0);
                series.rises()
            });
            line += &format!("  {rise} sd {:3.0} %", found.count() as f64 / 4.0);
        }
        println!("{line}");
    }
}

/// How many forecasts a calm host of a hundred resources gets in an hour.
pub(crate) fn false_forecasts() {
    const SERIES: u32 = 100;
    const HOURS: u64 = 60;
    let mut draws = Draws::of(3, "hosts");
    let mut all: Vec<(f64, f64, Noise)> = (0..SERIES)
        .map(|_| {
            let (level, sd) = (draws.uniform(0.2, 0.9), 0.0005 * draws.uniform(0.0, 4.0).exp());
            let phi = draws.one_of(&PHIS);
            (level, sd, Noise::of(phi, &mut draws))
        })
        .collect();
    let mut watch = Watch::default();
    let nothing = Board::default();
    let (mut made, mut near) = (0u64, 0u64);
    let mut standing = vec![false; SERIES as usize];
    for second in 1..=HOURS * 3600 {
        for (id, (level, sd, noise)) in (0..).zip(&mut all) {
            let used = (*level + *sd * noise.next(&mut draws)).clamp(0.0, 0.97);
            let at = Timestamp(second * SECOND_NS);
            let level = Level { resource: Resource::Memory, id: EntityId(id), at, used };
            let entity = || Entity::Cgroup(Group::at(id.to_string().as_bytes()));
            watch.take(level, &entity, &nothing);
        }
        watch.take_turns();
        for (one, stood) in watch.series().iter().zip(&mut standing) {
            let stands = one.outcome.is_ok();
            made += u64::from(stands && !*stood);
            *stood = stands;
        }
        near += u64::from(second % 60 == 0) * watch.near().count() as u64;
    }
    println!(
        "Calm host of {SERIES} resources over {HOURS} h: {:.2} false forecasts an hour, {:.2} min \
         of a raised signal an hour",
        made as f64 / HOURS as f64,
        near as f64 / HOURS as f64
    );
}
