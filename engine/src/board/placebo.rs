//! How quantities went on after a signal was raised and nothing was done: what an action has to
//! beat (`statistics.md`, section 6). The same readings say what an action is measured by.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ks_vocabulary::decision::Windows;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::Timestamp;

use super::evaluation::{Evaluation, Quantity};

/// Readings that are kept: those of a minute, at a usual pace.
const KEPT: usize = 12;
/// The mean before the raise is over so many readings.
const BEFORE: usize = 2;

/// One quantity.
#[derive(Debug, Clone)]
struct Followed {
    metric: Metric,
    /// It has a limit: more of it is worse.
    is_limited: bool,
    /// Readings of every five seconds, the newest last.
    past: VecDeque<f64>,
    /// When the newest was taken.
    read: Timestamp,
    /// Mean of the ten seconds before the last raise.
    before: Option<f64>,
    sum: f64,
    count: u32,
}

/// The quantities of one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Placebo {
    followed: Vec<Followed>,
    last: Option<Timestamp>,
    raised: Option<Timestamp>,
    /// When something that was done may have been felt last.
    spoiled: Option<Timestamp>,
    /// As an action would be looked at.
    windows: Windows,
}

impl Placebo {
    /// Takes an evaluation; `raised` says that a signal was raised by it, `is_influenced` that
    /// something that was done may be felt. The return value are the differences of the means,
    /// once they are complete.
    pub(super) fn take(
        &mut self,
        windows: Windows,
        at: Timestamp,
        seen: &Evaluation,
        raised: bool,
        is_influenced: bool,
    ) -> Vec<(Metric, f64)> {
        self.windows = windows;
        let step_ns = windows.step_ns();
        let due = self.last.is_none_or(|last| last.0 / step_ns != at.0 / step_ns);
        if is_influenced {
            self.spoiled = Some(at);
            self.raised = None;
        }
        if !due && !raised {
            return Vec::new();
        }
        if due {
            self.last = Some(at);
            self.read(at, seen);
        }
        if raised {
            self.raise(at);
        }
        let Some(begin) = self.raised else { return Vec::new() };
        let since_ns = at.since_ns(begin);
        if since_ns < windows.settle_ns() {
            return Vec::new();
        }
        if since_ns <= windows.settle_ns() + windows.window_ns() {
            for one in &mut self.followed {
                if let Some(value) = value_of(seen, one.metric) {
                    one.sum += value;
                    one.count += 1;
                }
            }
            return Vec::new();
        }
        self.raised = None;
        let whole = self.followed.iter().filter(|one| one.count > 0);
        let each = whole
            .filter_map(|one| Some((one.metric, one.sum / f64::from(one.count) - one.before?)));
        each.collect()
    }

    fn read(&mut self, now: Timestamp, seen: &Evaluation) {
        for Quantity { metric, value, limits } in seen.read() {
            let is_limited = limits.iter().any(Option::is_some);
            let at = self.followed.iter().position(|one| one.metric == metric);
            let at = at.unwrap_or_else(|| {
                let past = VecDeque::with_capacity(KEPT);
                let (read, before, sum, count) = (now, None, 0.0, 0);
                self.followed.push(Followed { metric, is_limited, past, read, before, sum, count });
                self.followed.len() - 1
            });
            self.followed[at].is_limited |= is_limited;
            self.followed[at].read = now;
            let past = &mut self.followed[at].past;
            if past.len() == KEPT {
                past.pop_front();
            }
            past.push_back(value);
        }
    }

    fn raise(&mut self, at: Timestamp) {
        let before_ns = self.windows.step_ns() * BEFORE as u64;
        let is_spoiled = self.spoiled.is_some_and(|last| at.since_ns(last) <= before_ns);
        self.raised = (!is_spoiled).then_some(at);
        for one in &mut self.followed {
            let last = one.past.iter().rev().take(BEFORE);
            let is_whole = one.past.len() >= BEFORE;
            one.before = is_whole.then(|| last.sum::<f64>() / BEFORE as f64);
            (one.sum, one.count) = (0.0, 0);
        }
    }

    fn of(&self, metric: Metric) -> Option<&Followed> {
        self.followed.iter().find(|one| one.metric == metric)
    }

    /// Those with a limit, as the condition is told by them.
    pub(super) fn limited(&self) -> impl Iterator<Item = Metric> {
        self.followed.iter().filter(|one| one.is_limited).map(|one| one.metric)
    }

    /// The last reading of a quantity; `None` where it was not there at the last time.
    pub(super) fn level(&self, metric: Metric) -> Option<f64> {
        let last = self.of(metric).filter(|one| self.last == Some(one.read))?;
        last.past.back().copied()
    }

    /// Its mean over the ten seconds before the last raise.
    pub(super) fn before(&self, metric: Metric) -> Option<f64> {
        self.of(metric)?.before
    }

    /// Its readings of every five seconds, the newest last.
    pub(super) fn past(&self, metric: Metric) -> impl Iterator<Item = f64> {
        self.of(metric).into_iter().flat_map(|one| one.past.iter().copied())
    }

    /// Forgets readings, as after a gap: a window with a hole measures nothing.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }
}

fn value_of(seen: &Evaluation, metric: Metric) -> Option<f64> {
    seen.read().find(|quantity| quantity.metric == metric).map(|quantity| quantity.value)
}

#[cfg(test)]
mod tests {
    use super::super::evaluation::{Held, Relax};
    use super::*;
    use ks_vocabulary::time::SECOND_NS;

    /// Feeds a value a second; `raised` at one of them. Gives the differences.
    fn run(raised: &[u64], value: impl Fn(u64) -> f64) -> Vec<f64> {
        let mut placebo = Placebo::default();
        let fed = (0..200).flat_map(|second| {
            let mut seen = Evaluation::default();
            let limits = [Some(1.0), None, None, None];
            let quantity = Quantity { metric: Metric::Load1, value: value(second), limits };
            seen.grade(quantity, Held::Met, Relax::Scaled);
            let at = Timestamp(second * SECOND_NS);
            placebo.take(Windows::default(), at, &seen, raised.contains(&second), false)
        });
        fed.map(|(metric, by)| {
            assert_eq!(metric, Metric::Load1);
            by
        })
        .collect()
    }

    #[test]
    fn it_is_the_mean_of_a_minute_less_that_of_the_ten_seconds_before() {
        let found = run(&[50], |at| if at < 60 { 5.0 } else { 3.0 });
        assert_eq!(found, [-2.0]);
        assert_eq!(run(&[50], |_| 4.0), [0.0]);
    }

    #[test]
    fn without_enough_before_or_after_there_is_none() {
        assert!(run(&[2], |_| 4.0).is_empty(), "nothing is known of before");
        assert!(run(&[150], |_| 4.0).is_empty(), "it ends too early");
        assert!(run(&[], |_| 4.0).is_empty());
    }

    #[test]
    fn a_count_that_finds_nothing_is_nothing_and_not_unknown() {
        let mut placebo = Placebo::default();
        let mut found = Vec::new();
        for second in 0..130u64 {
            let mut seen = Evaluation::default();
            if (50..60).contains(&second) {
                seen.note_with(Metric::AcceptQueueOverflows, 7.0, [Some(1.0), None, None, None]);
            } else {
                seen.none_of(Metric::AcceptQueueOverflows);
            }
            let at = Timestamp(second * SECOND_NS);
            found.extend(placebo.take(Windows::default(), at, &seen, second == 50, false));
        }
        assert_eq!(found, [(Metric::AcceptQueueOverflows, -3.5)], "a reading of ten is of before");
        assert_eq!(placebo.level(Metric::AcceptQueueOverflows), Some(0.0));
        assert!(placebo.limited().eq([Metric::AcceptQueueOverflows]));
    }

    #[test]
    fn each_quantity_has_its_own_and_keeps_what_was_before() {
        let mut placebo = Placebo::default();
        let mut found = Vec::new();
        for second in 0..130u64 {
            let mut seen = Evaluation::default();
            seen.note(Metric::Load1, second as f64);
            seen.note(Metric::BusyShare, 0.5);
            let at = Timestamp(second * SECOND_NS);
            found.extend(placebo.take(Windows::default(), at, &seen, second == 50, false));
        }
        assert_eq!(found.len(), 2);
        assert_eq!(placebo.before(Metric::Load1), Some(47.5));
        assert_eq!(placebo.level(Metric::Load1), Some(125.0));
        assert_eq!(placebo.past(Metric::Load1).count(), KEPT);
        assert_eq!(placebo.level(Metric::CpuSome5s), None);
        assert_eq!(placebo.limited().count(), 0, "without a limit more is not worse");
    }
}
