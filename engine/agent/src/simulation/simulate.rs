//! What becomes of a resource, if nothing is done and if something is.
//!
//! A forecast's interval and an action's prior are drawn from together, a thousand times from a
//! seeded stream, so equal inputs give equal bytes. The outcome is a fan: levels over time, with
//! the time to the end and the probability that it comes within the horizon.

use alloc::vec::Vec;

use ks_statistics::order::quantile;
use ks_vocabulary::random::Random;

use super::effects::{Effect, Triangle};

/// Draws of one simulation.
const DRAWS: usize = 1_000;
/// Points of a fan after its beginning.
const STEPS: usize = 8;
/// The interval of a forecast ends at these quantiles.
const TAILS: f64 = 0.05;

/// A forecast, as a simulation needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Used share at its beginning.
    pub level: f64,
    /// Used share at which the resource ends.
    pub threshold: f64,
    /// The 90 % interval of the time to the end with its median, in seconds.
    pub eta_s: (f64, f64, f64),
    /// How far to look, in seconds.
    pub horizon_s: f64,
}

/// Levels at one time of a fan.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FanPoint {
    /// Seconds from its beginning.
    pub t_s: f64,
    /// 5th percentile of the used share; no further than the threshold.
    pub p05: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// What a simulation gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// 5th percentile of the time to the end, in seconds; `None` where it does not come.
    pub eta_low_s: Option<f64>,
    /// Median.
    pub eta_s: Option<f64>,
    /// 95th percentile.
    pub eta_high_s: Option<f64>,
    /// Probability that the end comes within the horizon.
    pub p_end: f64,
    /// Levels over the horizon.
    pub fan: Vec<FanPoint>,
}

/// One way it may go.
#[derive(Debug, Clone, Copy)]
struct Path {
    level: f64,
    slope: f64,
    halted_s: f64,
}

impl Path {
    fn eta_s(&self, threshold: f64) -> f64 {
        let left = threshold - self.level;
        if self.slope > 0.0 { self.halted_s + left / self.slope } else { f64::INFINITY }
    }

    fn at(&self, t_s: f64, threshold: f64) -> f64 {
        (self.level + self.slope * (t_s - self.halted_s).max(0.0)).min(threshold)
    }
}

/// Simulates an outlook, with an action or without.
pub fn simulate(outlook: &Outlook, effect: Option<&Effect>, random: &mut Random) -> Simulated {
    let paths: Vec<Path> = (0..DRAWS).map(|_| draw(outlook, effect, random)).collect();
    let mut etas: Vec<f64> = paths.iter().map(|path| path.eta_s(outlook.threshold)).collect();
    etas.sort_by(f64::total_cmp);
    let ended = etas.partition_point(|eta| *eta <= outlook.horizon_s);
    // An end that does not come lies beyond all others, and no quantile is taken through it.
    let finite = &etas[..etas.partition_point(|eta| eta.is_finite())];
    let at = |p: f64| {
        let rank = p * (DRAWS - 1) as f64;
        let last = finite.len().checked_sub(1)? as f64;
        if rank <= last { quantile(finite, rank / last.max(1.0)) } else { None }
    };
    Simulated {
        eta_low_s: at(TAILS),
        eta_s: at(0.5),
        eta_high_s: at(1.0 - TAILS),
        p_end: ended as f64 / DRAWS as f64,
        fan: fan(&paths, outlook),
    }
}

fn fan(paths: &[Path], outlook: &Outlook) -> Vec<FanPoint> {
    let mut levels = Vec::with_capacity(paths.len());
    let points = (0..=STEPS).map(|step| {
        let t_s = outlook.horizon_s * step as f64 / STEPS as f64;
        levels.clear();
        levels.extend(paths.iter().map(|path| path.at(t_s, outlook.threshold)));
        levels.sort_by(f64::total_cmp);
        let at = |p: f64| quantile(&levels, p).unwrap_or(outlook.level);
        FanPoint { t_s, p05: at(TAILS), p50: at(0.5), p95: at(1.0 - TAILS) }
    });
    points.collect()
}

fn draw(outlook: &Outlook, effect: Option<&Effect>, random: &mut Random) -> Path {
    let eta_s = draw_eta(outlook.eta_s, random);
    let slope = (outlook.threshold - outlook.level) / eta_s;
    let Some(effect) = effect else {
        return Path { level: outlook.level, slope, halted_s: 0.0 };
    };
    Path {
        level: outlook.level * (1.0 - triangular(effect.freed, random)),
        slope: slope * triangular(effect.kept, random),
        halted_s: effect.halted_s,
    }
}

/// A time from the interval: its logarithm is piecewise linear in the quantile, through both ends
/// and the median.
fn draw_eta((low, median, high): (f64, f64, f64), random: &mut Random) -> f64 {
    let p = random.next_f64();
    let (from, to, part) = if p < 0.5 {
        (low, median, (p - TAILS) / (0.5 - TAILS))
    } else {
        (median, high, (p - 0.5) / (0.5 - TAILS))
    };
    from * libm::pow(to / from, part)
}

fn triangular((low, mode, high): Triangle, random: &mut Random) -> f64 {
    let p = random.next_f64();
    if high <= low {
        return low;
    }
    let turn = (mode - low) / (high - low);
    if p < turn {
        low + libm::sqrt(p * (high - low) * (mode - low))
    } else {
        high - libm::sqrt((1.0 - p) * (high - low) * (high - mode))
    }
}

#[cfg(test)]
mod tests {
    use super::super::effects::{EFFECTS, on};
    use super::*;
    use ks_vocabulary::action::ActionKind;
    use ks_vocabulary::resource::Resource;

    const OUTLOOK: Outlook =
        Outlook { level: 0.5, threshold: 0.98, eta_s: (600.0, 900.0, 1_200.0), horizon_s: 1_800.0 };

    fn run(effect: Option<&Effect>) -> Simulated {
        simulate(&OUTLOOK, effect, &mut Random::stream(7, "simulate"))
    }

    #[test]
    fn without_an_action_it_is_the_forecast() {
        let found = run(None);
        let near = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() / expected - 1.0).abs() < 0.05, "{found:?} {expected}");
        };
        near(found.eta_low_s, 600.0);
        near(found.eta_s, 900.0);
        near(found.eta_high_s, 1_200.0);
        assert!(found.p_end > 0.99);
        assert_eq!(found.fan.len(), STEPS + 1);
        assert!((found.fan[0].p50 - 0.5).abs() < 1e-12 && found.fan[STEPS].p50 > 0.97);
        assert!(found.fan.is_sorted_by(|one, next| one.p05 <= next.p05 && one.p95 <= next.p95));
        assert_eq!(run(None), found, "equal seeds, equal draws");
    }

    #[test]
    fn an_action_puts_the_end_off_or_away() {
        let wait = run(None);
        for effect in on(Resource::Memory) {
            let act = run(Some(effect));
            assert!(act.p_end <= wait.p_end, "{}", effect.action.name());
            assert!(
                act.eta_s.is_none_or(|eta| eta > wait.eta_s.unwrap()),
                "{}",
                effect.action.name()
            );
        }
        let pause =
            EFFECTS.iter().find(|effect| effect.action == ActionKind::PauseProcess).unwrap();
        let gained = run(Some(pause)).eta_s.unwrap() - wait.eta_s.unwrap();
        assert!((gained - 60.0).abs() < 30.0, "{gained}");
    }

    #[test]
    fn every_prior_is_a_distribution_of_shares() {
        for effect in EFFECTS {
            for (low, mode, high) in [effect.kept, effect.freed] {
                assert!(0.0 <= low && low <= mode && mode <= high && high <= 1.0);
            }
            assert!(!effect.resources.is_empty() && !effect.assumption.is_empty());
        }
    }
}
