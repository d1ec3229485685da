//! The course of events: when one begins, how long it stands, and what is made of it.
//!
//! An event begins with the row that is rarer than the threshold. It goes on until the windows that
//! saw it, and all shorter ones, see nothing for half of their length; then what it left in the
//! windows is laid over, so that its end is no second event. Where it lasts for half a thousand
//! rows it is the new normal. What is much rarer than the event at hand is one of its own.

use super::murmur::Murmur;

/// Decades of rarity from which on a row begins an event: one in a thousand rows.
pub(super) const BEGINS: f64 = 3.0;
/// Below this a window sees nothing.
pub(super) const CALM: f64 = 2.5;
/// Rows of calm before an event is over, at least.
const CALM_MIN: usize = 8;
/// The shortest window that counts as the one that saw an event.
const WINDOW_MIN: usize = 4;
/// A shorter window sees what comes suddenly.
const WINDOW_SLOW: usize = 64;
/// Rows after which an event is the new normal, at most; it is as well where it is nearly as long
/// as all that was usual before, which makes out the beginning of a series.
const NORMAL_ROWS: usize = 512;
const NORMAL_ROWS_MIN: usize = 32;
const NORMAL_PART: f64 = 0.6;
/// Rows that are not counted as usual: nothing was judged then.
const FIRST_ROWS: f64 = 64.0;
/// What begins so soon after an event, and is about as rare, is that event again.
const AGAIN_ROWS: u64 = 64;
const AGAIN_DECADES: f64 = 1.0;
/// What is rarer than an event by so much, so long after its peak, is another one.
const RARER: f64 = 1.5;
const RARER_ROWS: u64 = 32;
/// And what makes so much more of an event that was hardly one.
const HARDLY: f64 = 4.5;
const FAR_RARER: f64 = 3.0;
const FAR_RARER_ROWS: u64 = 8;

/// What is hardly rare, so many rows after the last row of an event, is noise and not its end.
const ENDS_ROWS: usize = 16;
/// Decades by which a row is rarer that tells more of an event.
const TELLS: f64 = 3.0;

/// Which statistic was the rarest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Values far from the usual level, or from those just before.
    Level,
    /// The same, of what is left without the season of the day or the week.
    Season,
    /// The size of steps from row to row.
    Unrest,
    /// The value did not change for long.
    Stillness,
    /// Of several series: what one of them or all together say.
    Columns,
}

/// Something unusual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Its number, from 1.
    pub id: u64,
    /// The row that it began with, from 0.
    pub onset: u64,
    /// The rarest row.
    pub peak: u64,
    /// The last row that was unusual.
    pub end: u64,
    /// Decades of how seldom rows are as rare as the peak.
    pub decades: f64,
    /// The rarest statistic at the onset.
    pub reason: Reason,
    /// It became the new normal.
    pub stays: bool,
}

/// A row, as far as events are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) row: u64,
    /// Rarity of the rarest statistic.
    pub(super) rarest: f64,
    /// What that means in this series.
    pub(super) decades: f64,
    pub(super) reason: Reason,
}

/// What becomes of the event at hand with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// None stands.
    Quiet,
    /// One began with this row.
    Begins,
    /// One stands, or began again.
    Stands,
    /// One was over with this row, so many rows after its onset.
    Ends(usize),
    /// One became the new normal with this row.
    Stays,
}

/// An event that may go on.
#[derive(Clone, Copy, Debug)]
struct Open {
    event: Event,
    /// The rarest row so far, be it that a window only remembers what was.
    rarest: f64,
    decades: f64,
    rarest_row: u64,
    /// The rarity that a score told of last.
    told: f64,
    /// How rare it was, in decades, before it was seen again after a calm.
    before_calm: Option<f64>,
    /// The shortest window that saw it.
    window: usize,
    calm: usize,
    rows: usize,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    count: u64,
    open: Option<Open>,
    /// The last one that is over, and the row with which it was found to be.
    last: Option<(Open, u64)>,
    murmur: Murmur,
}

impl Course {
    /// The last event that is over.
    pub(super) fn last(&self) -> Option<&Event> {
        self.last.as_ref().map(|(open, _)| &open.event)
    }

    /// The event that stands.
    pub(super) fn standing(&self) -> Option<&Event> {
        self.open.as_ref().map(|open| &open.event)
    }

    /// The event that a row is part of, which was taken last: it is unusual itself, and not only in
    /// the memory of windows.
    pub(super) fn part(&self, row: u64) -> Option<u64> {
        let event = self.standing().or(self.last()).filter(|event| event.end == row);
        event.map(|event| event.id)
    }

    /// How rare the rarest statistic was while the event at hand, or the last one, stood, and what
    /// that meant, in decades.
    pub(super) fn rarest(&self) -> Option<(f64, f64)> {
        let open = self.open.as_ref().or(self.last.as_ref().map(|(open, _)| open))?;
        Some((open.rarest, open.decades))
    }

    /// Whether a row that did this tells something new: more than the rows just before it, and than
    /// the event that stands.
    pub(super) fn is_news(&mut self, sight: &Sight, step: Step) -> bool {
        if step == Step::Quiet {
            return !self.murmur.repeats(sight.row, sight.decades);
        }
        self.murmur.drown(sight.row, sight.decades);
        step == Step::Begins || self.tells_more(sight.rarest)
    }

    fn tells_more(&mut self, rarest: f64) -> bool {
        let Some(open) = &mut self.open else { return false };
        let is_more = rarest > open.told + TELLS;
        if is_more {
            open.told = rarest;
        }
        is_more
    }

    /// Whether the last event that is over was seen by long windows only: it came slowly.
    pub(super) fn was_slow(&self) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| last.window >= WINDOW_SLOW)
    }

    /// Windows that saw the event that stands are at least this long.
    pub(super) fn window(&self) -> usize {
        self.open.as_ref().map_or(WINDOW_MIN, |open| open.window)
    }

    /// Whether an event stands that this row is not part of: it is ended, and another begins.
    pub(super) fn gives_way(&self, sight: &Sight) -> bool {
        let Some(open) = &self.open else { return false };
        let (onset, decades) = (open.event.onset, open.decades);
        let is_another = sight.decades > decades + RARER
            && sight.row - open.rarest_row > RARER_ROWS
            || open.before_calm.is_some_and(|before| sight.decades > before + RARER);
        let is_more = decades < HARDLY
            && sight.decades > decades + FAR_RARER
            && sight.row - onset >= FAR_RARER_ROWS;
        is_another || is_more
    }

    /// Ends the event that stands, before its calm has lasted.
    pub(super) fn cut(&mut self, row: u64) {
        if let Some(open) = self.open.take() {
            self.last = Some((open, row));
        }
    }

    /// Takes a row where no event stands. `window` is the shortest one that sees what it begins
    /// with.
    pub(super) fn begin(
        &mut self,
        sight: &Sight,
        window: impl FnOnce() -> usize,
        anew: bool,
    ) -> Step {
        if sight.decades < BEGINS {
            return Step::Quiet;
        }
        if !anew
            && let Some((mut last, _)) = self.last.take_if(|(last, over)| {
                sight.row - *over <= AGAIN_ROWS && sight.rarest <= last.rarest + AGAIN_DECADES
            })
        {
            // A row that is hardly rare is what noise makes, and moves no end.
            if sight.decades >= HARDLY {
                last.event.end = sight.row;
            }
            last.event.stays = false;
            last.calm = 0;
            last.before_calm = Some(last.decades);
            last.rows = usize::try_from(sight.row - last.event.onset).unwrap_or(usize::MAX);
            self.open = Some(last);
            return Step::Stands;
        }
        self.count += 1;
        let Sight { row, rarest, decades, reason } = *sight;
        let event = Event {
            id: self.count,
            onset: row,
            peak: row,
            end: row,
            decades,
            reason,
            stays: false,
        };
        let window = window().max(WINDOW_MIN);
        self.open = Some(Open {
            event,
            rarest,
            decades,
            rarest_row: row,
            told: rarest,
            before_calm: None,
            window,
            calm: 0,
            rows: 1,
        });
        Step::Begins
    }

    /// Takes a row while an event stands. The windows that saw it and shorter ones see `seen`, and
    /// of that `off` without what only came before; so many rows were usual before it.
    pub(super) fn go_on(
        &mut self,
        sight: &Sight,
        (seen, off): (f64, f64),
        usual_rows: f64,
    ) -> Step {
        let Some(mut open) = self.open.take() else { return Step::Quiet };
        if open.calm >= CALM_MIN && seen >= CALM {
            open.before_calm = Some(open.decades);
        }
        if sight.rarest > open.rarest {
            (open.rarest, open.decades, open.rarest_row) = (sight.rarest, sight.decades, sight.row);
        }
        open.rows += 1;
        if seen < CALM {
            open.calm += 1;
        } else {
            open.calm = 0;
        }
        let since = sight.row - open.event.end;
        if off >= HARDLY || off >= CALM && since <= open.window.max(ENDS_ROWS) as u64 {
            open.event.end = sight.row;
            if sight.decades > open.event.decades {
                open.event.decades = sight.decades;
                open.event.peak = sight.row;
            }
        }
        let is_over = open.calm >= (open.window / 2).max(CALM_MIN);
        if !is_over && open.rows < normal_rows(usual_rows) {
            self.open = Some(open);
            return Step::Stands;
        }
        open.event.stays = !is_over;
        self.last = Some((open, sight.row));
        if is_over { Step::Ends(open.rows) } else { Step::Stays }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 512")]
fn normal_rows(usual_rows: f64) -> usize {
    let part = (usual_rows + FIRST_ROWS) * NORMAL_PART;
    (part.min(NORMAL_ROWS as f64) as usize).max(NORMAL_ROWS_MIN)
}
