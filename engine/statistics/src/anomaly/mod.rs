//! How unusual each row of a series is, by the rows before it only, and the events that stand out.
//!
//! Several statistics of the recent rows are held against their own past, each by how rare it is
//! there (`tail.rs`): means of 1, 4, 16 and 64 rows against the usual level and against the rows
//! before, with the season of the day or the week taken away where that leaves less
//! (`deviation.rs`, `season.rs`), the size of steps (`volatility.rs`), and how long the value has
//! not changed (`stillness.rs`). How often the rarest of them is as rare in this series makes the
//! score (`calibration.rs`); what is rare beyond a threshold is an event (`event.rs`), and what is
//! seen while one stands is not learned as usual.
//!
//! Nothing is assumed about the unit or the spread of the values: sizes are taken in units of the
//! mean distance from the median that the first rows have.

mod calibration;
mod deviation;
mod event;
pub mod forecast;
mod murmur;
pub mod rows;
mod season;
mod senses;
mod stillness;
mod tail;
#[cfg(test)]
mod tests;
pub mod trend;
mod volatility;

pub use self::event::{Event, Reason};

use self::calibration::Calibration;
use self::deviation::Deviations;
use self::event::{BEGINS, CALM, Course, Sight, Step};
use self::season::{HourMean, Season};
use self::senses::Lesson;
use self::stillness::Stillness;
use self::volatility::Volatility;
use crate::baseline::{Baseline, Learning, Moment};
use crate::order::median;
use libm::{fabs, floor, log10, pow};

/// Larger values count as this one: the square of their sum is still a number.
pub const VALUE_MAX: f64 = 1e150;
/// Rows that nothing is judged by: the first ones.
pub const FIRST_ROWS: usize = 64;

/// A season must lower the mean error at least to this part to be believed.
const SEASON_GAIN: f64 = 0.9;
/// For so long a season must have known usual values: three days.
const SEASON_AGE_S: f64 = 3.0 * 86_400.0;
/// With this power 0.9 is twice as many decades as 0.5.
const SCORE_POWER: f64 = 3.17;
/// The part that is left of the score of a row that tells nothing new: it makes no more of the
/// event that stands, or of what was somewhat unusual just before.
const KNOWN_PART: f64 = 0.3;
/// Values that differ by less, as a part of them, differ by rounding.
const ROUNDING: f64 = 1e-9;
/// Means of values that are equal differ by less, as a part of them.
const SUM_ROUNDING: f64 = 1e-12;
/// A statistic that is rarer than the rarest less so many decades saw what that saw.
const BESIDE: f64 = 1.0;

/// Before so many rows there is doubt: half a decade where a tenth of them is there (measured on
/// clean series, whose first rows would have several times as many events).
const DOUBT_ROWS: f64 = 256.0;
const DOUBT: f64 = 0.5;

/// Seconds of an hour.
const HOUR_S: f64 = 3600.0;
/// Every row is learned, whatever its cadence, and stands for the time since the one before it. A
/// day leaves 0.98 of a value's weight (`statistics.md`, section 3); how much is left in all says
/// nothing, since of rows a day apart never more than 50 weigh.
const LEARNING: Learning = Learning {
    max: None,
    weekly: true,
    kept_a_day: 0.98,
    cadence_ns: 0,
    longest_ns: u64::MAX,
    weight_min: 0.0,
};

/// What is said of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// How unusual the row is, 0 to 1; 0 for the first 64 rows. One row in a thousand begins an
    /// event of 0.5; one in a million is 0.9.
    pub score: f64,
    /// Decades of how seldom rows of this series are as rare; 0 for the first 64 rows.
    pub decades: f64,
    /// Number of the event that this row is part of.
    pub event: Option<u64>,
    /// It begins with this row.
    pub is_onset: bool,
    /// What was normal at this hour before this row: the median, in the unit of the values.
    pub baseline_p50: Option<f64>,
    /// And the 95 % quantile.
    pub baseline_p95: Option<f64>,
}

/// Scores one series, row by row. Give each row that has a value to [`Scorer::push`], in order.
#[derive(Clone, Debug)]
pub struct Scorer {
    rows: u64,
    now_s: Option<f64>,
    first_s: Option<f64>,
    baseline: Baseline,
    first: [(f64, f64); FIRST_ROWS],
    /// What sizes are measured by; 0 while the value has not changed.
    scale: f64,
    /// The smallest step between neighbours; 0 while there was none.
    grain: f64,
    last: f64,
    plain: Deviations,
    seasons: [(Season, Deviations); 2],
    hour: HourMean,
    volatility: Volatility,
    stillness: Stillness,
    calibration: Calibration,
    course: Course,
}

/// What a row is taken for.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    decades: f64,
    is_news: bool,
    is_onset: bool,
}

/// What the statistics say of a row.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// The value without each season, where that is known.
    without: [Option<f64>; 2],
    /// The season that is believed.
    season: Option<usize>,
    rarest: f64,
    reason: Reason,
}

impl Default for Scorer {
    fn default() -> Self {
        Self::new()
    }
}

impl Scorer {
    /// A scorer that has seen nothing.
    pub fn new() -> Self {
        Self {
            rows: 0,
            now_s: None,
            first_s: None,
            baseline: Baseline::default(),
            first: [(0.0, 0.0); FIRST_ROWS],
            scale: 0.0,
            grain: 0.0,
            last: 0.0,
            plain: Deviations::default(),
            seasons: [Season::of_day(), Season::of_week()].map(|it| (it, Deviations::default())),
            hour: HourMean::default(),
            volatility: Volatility::default(),
            stillness: Stillness::default(),
            calibration: Calibration::default(),
            course: Course::default(),
        }
    }

    /// Scores the next row, given its time in seconds since the epoch and its value, both finite.
    ///
    /// Where the time goes back, the scorer's stands still until it is caught up with: such rows
    /// count in their order.
    pub fn push(&mut self, time_s: f64, value: f64) -> Scored {
        assert!(time_s.is_finite() && value.is_finite(), "rows are finite");
        let now_s = self.now_s.map_or(time_s, |before_s| before_s.max(time_s));
        let first_s = *self.first_s.get_or_insert(now_s);
        self.now_s = Some(now_s);
        let value = value.clamp(-VALUE_MAX, VALUE_MAX);
        let at = moment(now_s, first_s);
        let normal = self.baseline.level_at(at.hour, &LEARNING);
        let stands = self.course.standing().is_some();
        self.baseline.learn(at, value, stands, &LEARNING);
        let Row { decades, is_news, is_onset } = self.look(now_s, value);
        let score = score_of(decades);
        Scored {
            score: if is_news { score } else { score * KNOWN_PART },
            decades,
            event: self.course.part(self.rows - 1),
            is_onset,
            baseline_p50: normal.map(|normal| normal.p50),
            baseline_p95: normal.map(|normal| normal.p95),
        }
    }

    /// The event that stands at the last row.
    pub fn standing(&self) -> Option<&Event> {
        self.course.standing()
    }

    /// The last event that is over. It may go on, under its number, where what comes soon after it
    /// is about as rare.
    pub fn last(&self) -> Option<&Event> {
        self.course.last()
    }

    fn look(&mut self, now_s: f64, value: f64) -> Row {
        let row = self.rows;
        self.rows += 1;
        if let Some(kept) = usize::try_from(row).ok().and_then(|row| self.first.get_mut(row)) {
            *kept = (now_s, value);
            if row + 1 == FIRST_ROWS as u64 {
                self.begin();
            }
            return Row::default();
        }
        let seen = self.measure(now_s, value);
        let decades = self.calibration.decades(seen.rarest) - doubt(row);
        let Seen { rarest, reason, .. } = seen;
        let sight = Sight { row, rarest, decades, reason };
        let step = self.step(&sight, &seen, value);
        self.learn(value, &seen, step);
        self.hour.add(value);
        let is_news = self.course.is_news(&sight, step);
        Row { decades, is_news, is_onset: step == Step::Begins }
    }

    /// Learns the first rows, from their median.
    fn begin(&mut self) {
        let mut values = self.first.map(|(_, value)| value);
        let level = median(&mut values).unwrap_or(0.0);
        let error = self.first.iter().map(|(_, value)| fabs(value - level)).sum::<f64>();
        self.scale = error / FIRST_ROWS as f64;
        for pair in self.first.windows(2) {
            self.grain = finer(self.grain, pair[0].1, pair[1].1);
        }
        for at in 0..FIRST_ROWS {
            let (time_s, value) = self.first[at];
            self.plain.begin(level, self.scale);
            let seen = self.measure(time_s, value);
            self.learn(value, &seen, Step::Quiet);
            self.hour.add(value);
        }
        self.calibration = Calibration::default();
    }

    /// Looks at a row by all statistics.
    fn measure(&mut self, now_s: f64, value: f64) -> Seen {
        let scale = self.fit(value);
        let grain = self.grain / scale;
        if let Some((number, mean)) = self.hour.ended(now_s) {
            for (season, _) in &mut self.seasons {
                season.learn(number, mean);
            }
        }
        let unrest = self.volatility.measure(value, scale, grain);
        let mut rarest = self.plain.measure(value, scale, grain);
        let mut reason = Reason::Level;
        let mut least_error = self.plain.error() * SEASON_GAIN;
        let (mut without, mut believed, mut seasonal) = ([None; 2], None, 0.0);
        for (at, (season, deviations)) in self.seasons.iter_mut().enumerate() {
            let Some(usual) = season.usual(now_s) else { continue };
            let rest = difference(value, usual);
            without[at] = Some(rest);
            let error = deviations.error();
            let rarity = deviations.measure(rest, scale, grain);
            if season.age_s(now_s) >= SEASON_AGE_S && error < least_error {
                (least_error, seasonal, believed) = (error, rarity, Some(at));
            }
        }
        let still = self.stillness.measure(value);
        for (rarity, of) in
            [(seasonal, Reason::Season), (unrest, Reason::Unrest), (still, Reason::Stillness)]
        {
            if rarity > rarest {
                (rarest, reason) = (rarity, of);
            }
        }
        Seen { without, season: believed, rarest, reason }
    }

    /// Follows the grain of the values; gives what sizes are measured by.
    fn fit(&mut self, value: f64) -> f64 {
        if self.plain.rows() > 0 {
            self.grain = finer(self.grain, self.last, value);
        }
        self.last = value;
        if self.scale <= 0.0 {
            self.scale = fabs(value - self.plain.level());
        }
        if self.scale > 0.0 { self.scale } else { 1.0 }
    }

    /// What a row makes of events.
    fn step(&mut self, sight: &Sight, seen: &Seen, value: f64) -> Step {
        let is_cut = self.course.gives_way(sight);
        if is_cut {
            self.count_event();
            self.course.cut(sight.row);
        }
        let season = seen.season.and_then(|at| Some((at, seen.without[at]?)));
        let value = season.map_or(value, |(_, without)| without);
        let deviations = match season {
            Some((at, _)) => &mut self.seasons[at].1,
            None => &mut self.plain,
        };
        if self.course.standing().is_none() {
            let least = sight.rarest - BESIDE;
            let window = || {
                let still = (self.stillness.decades() >= least).then_some(1);
                let found = [deviations.shortest(least), self.volatility.shortest(least), still];
                found.into_iter().flatten().min().unwrap_or(FIRST_ROWS)
            };
            let step = self.course.begin(sight, window, is_cut);
            if step == Step::Begins {
                let is_far = matches!(sight.reason, Reason::Level | Reason::Season);
                deviations.depart(value, self.course.window(), is_far);
            }
            return step;
        }
        let window = self.course.window();
        let (still, unrest) = (self.stillness.decades(), &self.volatility);
        let seen = deviations.within(window).max(unrest.within(window)).max(still);
        let unrest = unrest.lasting_within(window);
        let away = if deviations.is_away(value) { CALM } else { 0.0 };
        let off = deviations.off_level_within(window).max(unrest).max(still).max(away);
        let step = self.course.go_on(sight, (seen, off), self.calibration.rows());
        match step {
            Step::Ends(rows) => self.forget(rows),
            Step::Stays => self.adopt(),
            Step::Quiet | Step::Begins | Step::Stands => return step,
        }
        self.count_event();
        step
    }

    fn count_event(&mut self) {
        if let Some((rarest, decades)) = self.course.rarest() {
            self.calibration.count_event(rarest, decades);
        }
    }

    /// An event of so many rows is over.
    fn forget(&mut self, rows: usize) {
        if self.course.was_slow() {
            self.spoil();
        }
        self.plain.forget(rows);
        self.volatility.forget(rows);
        self.seasons.iter_mut().for_each(|(_, deviations)| deviations.forget(rows));
    }

    /// An event is the new normal.
    fn adopt(&mut self) {
        if self.course.was_slow() {
            self.spoil();
        }
        self.plain.adopt();
        self.volatility.adopt();
        self.seasons.iter_mut().for_each(|(_, deviations)| deviations.adopt());
    }

    fn spoil(&mut self) {
        self.plain.spoil();
        self.volatility.spoil();
        self.seasons.iter_mut().for_each(|(_, deviations)| deviations.spoil());
    }

    fn learn(&mut self, value: f64, seen: &Seen, step: Step) {
        let rows = self.plain.rows();
        let lesson = if step == Step::Quiet { Lesson::Usual(rows) } else { Lesson::Unusual };
        self.plain.learn(value, lesson);
        self.volatility.learn(lesson);
        if self.course.standing().is_none() {
            self.stillness.learn();
        }
        for ((_, deviations), without) in self.seasons.iter_mut().zip(seen.without) {
            if let Some(value) = without {
                deviations.learn(value, lesson);
            }
        }
        if step == Step::Quiet {
            self.calibration.count_row(seen.rarest);
        }
    }
}

/// Decades that a row has to be rarer as long as little is known.
fn doubt(row: u64) -> f64 {
    let part = DOUBT_ROWS / row as f64;
    if part > 1.0 { DOUBT * log10(part) } else { 0.0 }
}

/// A difference that is more than rounding: which side of zero that is on tells of the unit.
fn difference(one: f64, other: f64) -> f64 {
    let difference = one - other;
    let rounding = SUM_ROUNDING * fabs(one).max(fabs(other));
    if fabs(difference) <= rounding { 0.0 } else { difference }
}

/// The smaller of a grain, 0 where there is none, and the step between two values, if it is one.
fn finer(grain: f64, before: f64, value: f64) -> f64 {
    let step = fabs(value - before);
    let is_step = step > ROUNDING * fabs(value).max(fabs(before));
    if is_step && (grain <= 0.0 || step < grain) { step } else { grain }
}

/// The score of a row so rare, in decades: 0.5 at the threshold, and 0.9 at twice as many.
pub fn score_of(decades: f64) -> f64 {
    if decades > 0.0 { 1.0 / (1.0 + pow(BEGINS / decades, SCORE_POWER)) } else { 0.0 }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times so far apart that they do not fit are as far apart as can be"
)]
fn moment(now_s: f64, first_s: f64) -> Moment {
    let mono_ns = ((now_s - first_s) * 1e9) as u64;
    Moment { mono_ns, hour: floor(now_s / HOUR_S) as i64 }
}
