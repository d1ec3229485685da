//! How unusual each row of several series is together, and which of them explain it.
//!
//! Each column has a [`Scorer`] of its own. Two things are looked at: the rarest column, and the
//! sum of all, which sees what is a little unusual in many columns at once. How often rows are as
//! rare in either makes the score, as it does for one series (`calibration.rs`): columns that go
//! together, which say the same twice, need no assumption.

use super::calibration::Calibration;
use super::event::{Course, Event, Reason, Sight, Step};
use super::murmur::Murmur;
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
/// Shortest window that an event counts as seen by.
const WINDOW: usize = 4;

/// What is said of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredRow {
    /// How unusual the row is, 0 to 1, as of one series.
    pub score: f64,
    /// Number of the event that stands at this row.
    pub event: Option<u64>,
    /// It begins with this row.
    pub is_onset: bool,
}

/// Scores rows of several columns. Give each row to [`RowScorer::push`], in order.
#[derive(Clone, Debug)]
pub struct RowScorer {
    columns: Vec<Scorer>,
    scored: Vec<Option<Scored>>,
    rows: u64,
    rarest: Calibration,
    sum: Calibration,
    both: Calibration,
    course: Course,
    murmur: Murmur,
}

impl RowScorer {
    /// A scorer of so many columns that has seen nothing.
    pub fn new(columns: usize) -> Self {
        Self {
            columns: (0..columns).map(|_| Scorer::new()).collect(),
            scored: alloc::vec![None; columns],
            rows: 0,
            rarest: Calibration::default(),
            sum: Calibration::default(),
            both: Calibration::default(),
            course: Course::default(),
            murmur: Murmur::default(),
        }
    }

    /// Scores the next row, given its time in seconds since the epoch and a value for each column,
    /// as [`Scorer::push`] does; `None` where a column has none.
    pub fn push(&mut self, time_s: f64, values: &[Option<f64>]) -> ScoredRow {
        assert_eq!(values.len(), self.columns.len(), "a value for each column");
        for ((column, scored), value) in self.columns.iter_mut().zip(&mut self.scored).zip(values) {
            *scored = value.map(|value| column.push(time_s, value));
        }
        let (score, is_onset) = self.score();
        let event = self.course.standing().map(|event| event.id);
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
        let is_known = match step {
            Step::Begins => false,
            Step::Quiet => self.murmur.repeats(&sight),
            Step::Stands | Step::Ends(_) | Step::Stays => !self.course.tells_more(seen),
        };
        if step != Step::Quiet {
            self.murmur.drown(&sight);
        }
        let score = score_of(decades);
        (if is_known { score * KNOWN_PART } else { score }, step == Step::Begins)
    }

    fn learn(&mut self, rarest: f64, sum: f64, seen: f64) {
        self.rarest.count_row(rarest);
        self.sum.count_row(sum);
        self.both.count_row(seen);
    }

    /// The rarest column, and the sum of what is beyond the ordinary in each.
    fn looked_at(&self) -> (f64, f64) {
        let decades = self.scored.iter().flatten().map(|scored| scored.decades.max(0.0));
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
            return self.course.begin(sight, || WINDOW, is_cut);
        }
        let seen = sight.decades;
        let off = if self.lasts() { seen } else { 0.0 };
        let step = self.course.go_on(sight, (seen, off), self.both.rows());
        if matches!(step, Step::Ends(_) | Step::Stays) {
            self.count_event();
        }
        step
    }

    /// Whether a column is off itself, if any has an event: others remember what was.
    fn lasts(&self) -> bool {
        let mut standing =
            self.columns.iter().filter_map(|column| Some((column, column.standing()?)));
        let is_off = |(column, event): (&Scorer, &Event)| event.end + 1 == column.rows;
        let is_any = self.columns.iter().any(|column| column.standing().is_some());
        !is_any || standing.any(is_off)
    }

    fn count_event(&mut self) {
        if let Some((rarest, decades)) = self.course.rarest() {
            self.both.count_event(rarest, decades);
        }
    }
}
