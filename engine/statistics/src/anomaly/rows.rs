//! How unusual each row of several series is together, and which of them explain it.
//!
//! Each column has a [`Scorer`] of its own. Two things are looked at: the rarest column, and the
//! sum of all, which sees what is a little unusual in many columns at once. How often rows are as
//! rare in either makes the score, as it does for one series (`calibration.rs`): columns that go
//! together, which say the same twice, need no assumption.

use super::calibration::Calibration;
use super::event::{Course, Event, Reason, Sight, Step};
use super::{FIRST_ROWS, KNOWN_PART, Scored, Scorer, score_of};
use alloc::vec::Vec;

/// Rows that nothing is judged by: those of each column, and as many again and more to learn what
/// columns are like together.
pub const ROWS_FIRST: usize = 4 * FIRST_ROWS;
/// Decades that each row in some thirty has: a column adds to the sum what it has beyond.
const ORDINARY: f64 = 1.5;
/// Columns are rarer than they say while little is known of them. So what is known of them together
/// loses weight each time that rows have doubled, up to so many.
const FADES: f64 = 0.25;
const FADES_MAX: u64 = 16_384;
/// Rows in which an event of a column is news.
const NEWS_ROWS: u64 = 64;
/// Decades from which on a column is part of the event that begins.
const MEMBER: f64 = 2.0;
/// Shortest window that an event counts as seen by.
const WINDOW: usize = 4;

/// What is said of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredRow {
    /// How unusual the row is, 0 to 1, as of one series.
    pub score: f64,
    /// Number of the event that this row is part of.
    pub event: Option<u64>,
    /// It begins with this row.
    pub is_onset: bool,
}

/// Scores rows of several columns. Give each row to [`RowScorer::push`], in order.
#[derive(Clone, Debug)]
pub struct RowScorer {
    columns: Vec<Scorer>,
    scored: Vec<Option<Scored>>,
    /// Columns that the event at hand began with.
    members: Vec<usize>,
    /// One of them had an event of its own.
    is_of_columns: bool,
    rows: u64,
    rarest: Calibration,
    sum: Calibration,
    both: Calibration,
    course: Course,
}

impl RowScorer {
    /// A scorer of so many columns that has seen nothing.
    pub fn new(columns: usize) -> Self {
        Self {
            columns: (0..columns).map(|_| Scorer::new()).collect(),
            scored: alloc::vec![None; columns],
            members: Vec::new(),
            is_of_columns: false,
            rows: 0,
            rarest: Calibration::default(),
            sum: Calibration::default(),
            both: Calibration::default(),
            course: Course::default(),
        }
    }

    /// Adds a column, which has had no value so far.
    pub fn add_column(&mut self) {
        self.columns.push(Scorer::new());
        self.scored.push(None);
    }

    /// Scores the next row, given its time in seconds since the epoch and a value for each column,
    /// as [`Scorer::push`] does; `None` where a column has none.
    pub fn push(&mut self, time_s: f64, values: &[Option<f64>]) -> ScoredRow {
        assert_eq!(values.len(), self.columns.len(), "a value for each column");
        for ((column, scored), value) in self.columns.iter_mut().zip(&mut self.scored).zip(values) {
            *scored = value.map(|value| column.push(time_s, value));
        }
        let (score, is_onset) = self.score();
        let event = self.course.part(self.rows - 1);
        ScoredRow { score, event, is_onset }
    }

    /// What each column says of the last row.
    pub fn columns(&self) -> &[Option<Scored>] {
        &self.scored
    }

    /// The event that stands at the last row.
    pub fn standing(&self) -> Option<&Event> {
        self.course.standing()
    }

    /// The last event that is over; see [`Scorer::last`].
    pub fn last(&self) -> Option<&Event> {
        self.course.last()
    }

    fn score(&mut self) -> (f64, bool) {
        let row = self.rows;
        self.rows += 1;
        if row < FIRST_ROWS as u64 {
            return (0.0, false);
        }
        let (rarest, sum) = self.looked_at();
        let seen = self.rarest.decades(rarest).max(self.sum.decades(sum)).max(0.0);
        if (ROWS_FIRST as u64..=FADES_MAX).contains(&row) && row.is_power_of_two() {
            for known in [&mut self.rarest, &mut self.sum, &mut self.both] {
                known.fade(FADES);
            }
        }
        if row < ROWS_FIRST as u64 {
            self.learn(rarest, sum, seen);
            return (0.0, false);
        }
        let decades = self.both.decades(seen);
        let sight = Sight { row, rarest: seen, decades, reason: Reason::Columns };
        let step = self.step(&sight);
        if step == Step::Quiet {
            self.learn(rarest, sum, seen);
        }
        let is_news = self.course.is_news(&sight, step);
        let score = score_of(decades);
        (if is_news { score } else { score * KNOWN_PART }, step == Step::Begins)
    }

    fn learn(&mut self, rarest: f64, sum: f64, seen: f64) {
        self.rarest.count_row(rarest);
        self.sum.count_row(sum);
        self.both.count_row(seen);
    }

    /// The rarest column, and the sum of what is beyond the ordinary in each. An event that has
    /// stood for long in a column is no news, and hides none of others.
    fn looked_at(&self) -> (f64, f64) {
        let columns = self.columns.iter().zip(&self.scored);
        let is_new = |column: &Scorer| {
            column.standing().is_none_or(|event| event.onset + NEWS_ROWS > column.rows)
        };
        let news = columns.filter(|(column, _)| is_new(column));
        let decades = news.filter_map(|(_, scored)| Some(scored.as_ref()?.decades.max(0.0)));
        decades.fold((0.0f64, 0.0), |(rarest, sum), one| {
            (rarest.max(one), sum + (one - ORDINARY).max(0.0))
        })
    }

    fn step(&mut self, sight: &Sight) -> Step {
        let is_cut = self.course.gives_way(sight);
        if is_cut {
            self.count_event();
            self.course.cut(sight.row);
        }
        if self.course.standing().is_none() {
            let step = self.course.begin(sight, || WINDOW, is_cut);
            if step == Step::Begins {
                self.members.clear();
                self.is_of_columns = false;
                let columns = self.scored.iter().enumerate();
                let rare =
                    columns.filter(|(_, scored)| scored.is_some_and(|it| it.decades >= MEMBER));
                self.members.extend(rare.map(|(at, _)| at));
            }
            return step;
        }
        // What goes on is no news.
        let members = self.members.iter().filter_map(|at| self.scored[*at]);
        let rarest = members.map(|scored| scored.decades).fold(0.0, f64::max);
        let seen = self.both.decades(self.rarest.decades(rarest).max(sight.rarest));
        let off = if self.lasts() { seen } else { 0.0 };
        let step = self.course.go_on(sight, (seen, off), self.both.rows());
        if matches!(step, Step::Ends(_) | Step::Stays) {
            self.count_event();
        }
        step
    }

    /// Whether a column that the event began with is off itself: others remember what was. Where
    /// none of them had an event of its own all are taken together.
    fn lasts(&mut self) -> bool {
        let members = self.members.iter().map(|at| &self.columns[*at]);
        let standing = members.filter_map(|column| Some((column.standing()?, column.rows)));
        let (mut any, mut off) = (false, false);
        for (event, rows) in standing {
            any = true;
            off |= event.end + 1 == rows;
        }
        self.is_of_columns |= any;
        if self.is_of_columns { off } else { true }
    }

    fn count_event(&mut self) {
        if let Some((rarest, decades)) = self.course.rarest() {
            self.both.count_event(rarest, decades);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::random::Random;

    /// Events of `columns` columns of noise, whose `off` first are off by `by` deviations from row
    /// 1500 to 1540; and the share of rows in which column 0 explains most.
    fn events(columns: usize, off: usize, by: f64) -> Vec<Event> {
        let mut random = Random::stream(4, "rows");
        let mut scorer = RowScorer::new(columns);
        let mut events: Vec<Event> = Vec::new();
        for row in 0..2000u32 {
            let is_off = |column: usize| column < off && (1500..1540).contains(&row);
            let noise =
                |random: &mut Random| (0..4).map(|_| random.next_f64()).sum::<f64>() * 1.73 - 3.46;
            let values: Vec<Option<f64>> = (0..columns)
                .map(|column| Some(noise(&mut random) + if is_off(column) { by } else { 0.0 }))
                .collect();
            let scored = scorer.push(f64::from(row) * 60.0, &values);
            assert!((0.0..=1.0).contains(&scored.score));
            if scored.is_onset {
                events.push(*scorer.standing().unwrap());
            }
        }
        events
    }

    fn found(columns: usize, off: usize, by: f64) -> bool {
        events(columns, off, by).iter().any(|event| (1500..1540).contains(&event.onset))
    }

    #[test]
    fn one_column_far_off_or_many_a_little_are_found() {
        assert!(found(8, 1, 7.0));
        assert!(found(8, 6, 3.0));
        assert!(!found(8, 0, 0.0));
    }

    #[test]
    fn quiet_columns_are_quiet_together_however_many() {
        for columns in [1, 8, 40] {
            let events = events(columns, 0, 0.0).len();
            assert!(events <= 6, "{columns} columns: {events} in 2,000 rows");
        }
    }

    #[test]
    fn a_column_may_come_later_and_lack_values() {
        let mut scorer = RowScorer::new(1);
        for row in 0..600u32 {
            if row == 300 {
                scorer.add_column();
            }
            let second = (row % 3 > 0).then_some(f64::from(row % 5));
            let values = [Some(f64::from(row % 7)), second];
            let count = if row < 300 { 1 } else { 2 };
            let scored = scorer.push(f64::from(row), &values[..count]);
            assert!((0.0..=1.0).contains(&scored.score), "{scored:?}");
        }
        assert_eq!(scorer.columns().len(), 2);
    }
}
