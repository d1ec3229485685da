//! Gaps in the times of a series: steps that are much longer than those before.

use serde::Serialize;

/// Steps that tell what is usual.
const STEPS: usize = 64;
/// Fewer tell nothing.
const STEPS_MIN: usize = 16;
/// A gap is longer than so many of the steps that only one in twenty exceeds: at events that come
/// by chance one step in ten thousand is.
const LONGER: f64 = 3.0;
/// Gaps that are listed: the longest.
const LISTED: usize = 100;

/// A gap.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// Time of the last row before it, as it is written.
    pub from: String,
    /// Time of the first row after it.
    pub to: String,
    /// How long it lasts.
    pub lasts_s: f64,
    /// Its part of the time from the first row to the last.
    pub share: f64,
}

/// All gaps of a series.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Gaps {
    /// How many there are.
    pub total: u64,
    /// Their part of the time from the first row to the last.
    pub share: f64,
    /// The longest, in their order.
    pub longest: Vec<Gap>,
}

/// Follows the times of a series.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    first_s: f64,
    last: Option<(f64, String)>,
    steps: Vec<f64>,
    /// Steps since the usual one was looked up.
    since: usize,
    usual_s: f64,
    lasts_s: f64,
    gaps: Gaps,
}

impl Watch {
    /// Takes the time of the next row.
    pub(crate) fn push(&mut self, time_s: f64, time: &str) {
        let Some((last_s, last)) = &mut self.last else {
            self.first_s = time_s;
            self.last = Some((time_s, time.to_owned()));
            return;
        };
        let step_s = time_s - *last_s;
        if step_s < 0.0 {
            return;
        }
        if self.usual_s > 0.0 && step_s > LONGER * self.usual_s {
            let (from, to) = (last.clone(), time.to_owned());
            self.gaps.total += 1;
            self.lasts_s += step_s;
            self.gaps.longest.push(Gap { from, to, lasts_s: step_s, share: 0.0 });
        } else if self.steps.len() < STEPS {
            self.steps.push(step_s);
        } else {
            self.steps[self.since % STEPS] = step_s;
        }
        *last_s = time_s;
        last.clear();
        last.push_str(time);
        self.since += 1;
        if self.since.is_multiple_of(STEPS) || self.since == STEPS_MIN {
            self.look_up();
        }
        if self.gaps.longest.len() > 2 * LISTED {
            self.keep_longest();
        }
    }

    /// What there was.
    pub(crate) fn finish(mut self) -> Gaps {
        self.keep_longest();
        let lasts_s = self.last.map_or(0.0, |(last_s, _)| last_s - self.first_s);
        for gap in &mut self.gaps.longest {
            gap.share = gap.lasts_s / lasts_s;
        }
        self.gaps.share = if lasts_s > 0.0 { self.lasts_s / lasts_s } else { 0.0 };
        self.gaps
    }

    /// The step that one in twenty exceeds.
    fn look_up(&mut self) {
        let mut steps = self.steps.clone();
        let at = steps.len() * 19 / 20;
        if let Some(at) = at.checked_sub(1) {
            self.usual_s = *steps.select_nth_unstable_by(at, f64::total_cmp).1;
        }
    }

    /// In their order still.
    fn keep_longest(&mut self) {
        let longest = &mut self.gaps.longest;
        let Some(more) = longest.len().checked_sub(LISTED).filter(|more| *more > 0) else { return };
        let mut lengths: Vec<f64> = longest.iter().map(|gap| gap.lasts_s).collect();
        let least = *lengths.select_nth_unstable_by(more, f64::total_cmp).1;
        longest.retain(|gap| gap.lasts_s >= least);
        longest.truncate(LISTED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(times: impl IntoIterator<Item = f64>) -> Gaps {
        let mut watch = Watch::default();
        times.into_iter().for_each(|time_s| watch.push(time_s, &format!("t{time_s}")));
        watch.finish()
    }

    #[test]
    fn a_hole_is_told_with_its_ends_and_its_share() {
        let minutes = |count: u32, from: f64| (0..count).map(move |at| from + 60.0 * f64::from(at));
        let gaps = follow(minutes(100, 0.0).chain(minutes(20, 5940.0 + 3600.0)));
        assert_eq!(gaps.total, 1);
        let gap = &gaps.longest[0];
        assert_eq!((gap.from.as_str(), gap.to.as_str()), ("t5940", "t9540"));
        assert!((gap.share - 3600.0 / (9540.0 + 1140.0)).abs() < 1e-12, "{gap:?}");
        assert!((gaps.share - gap.share).abs() < 1e-12);
        assert_eq!(follow(minutes(3000, 7.0)), Gaps::default());
    }

    #[test]
    fn times_that_are_irregular_or_too_few_or_equal_have_none() {
        let uneven = (0..2000u32).map(|at| f64::from(at * 10 + at * 7919 % 9));
        assert_eq!(follow(uneven).total, 0);
        assert_eq!(follow([0.0, 1.0, 2.0, 900.0]).total, 0);
        assert_eq!(follow([5.0; 200]), Gaps::default());
        assert_eq!(follow([]), Gaps::default());
    }

    #[test]
    fn of_very_many_the_longest_are_listed() {
        let mut at_s = 0.0;
        let times = (0..30_000u32).map(|row| {
            at_s += if row > 0 && row % 50 == 0 { 10.0 + f64::from(row) } else { 1.0 };
            at_s
        });
        let gaps = follow(times);
        assert_eq!((gaps.total, gaps.longest.len()), (599, LISTED));
        assert!(gaps.longest.is_sorted_by(|one, other| one.lasts_s <= other.lasts_s));
        assert!(gaps.longest[0].lasts_s > 10.0 + 24_000.0, "{:?}", gaps.longest[0]);
    }
}
