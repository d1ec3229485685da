//! Persistence, hysteresis, severity, flapping: each rule of `signals.md` section 1 in seconds.

use super::*;
use crate::board::evaluation::{Quantity, Relax};
use ks_vocabulary::kind::Severity::{Critical, High, Low, Medium};
use ks_vocabulary::metric::Metric;

struct Lab {
    slot: Slot,
    now: u64,
    next_id: u64,
}

impl Lab {
    fn new() -> Self {
        let slot = Slot { tick_ns: u64::MAX, ..Slot::default() };
        let mut lab = Self { slot, now: 1_000, next_id: 0 };
        lab.after(1, 0.0);
        lab
    }

    /// `seconds` pass at one level; the limits are 1, 2, 3 and 4.
    fn after(&mut self, seconds: u64, level: f64) -> Transition {
        self.now += seconds;
        let mut seen = Evaluation::default();
        let limits = [1.0, 2.0, 3.0, 4.0].map(Some);
        let quantity = Quantity { metric: Metric::Load1, value: level, limits };
        seen.grade(quantity, Held::Counts, Relax::Scaled);
        seen.settle(|_| None);
        self.slot.feed(Timestamp(self.now * SECOND_NS), &seen, &mut self.next_id)
    }

    /// The same, second by second; the last transition that was not none.
    fn each(&mut self, seconds: u64, level: f64) -> Transition {
        (0..seconds).fold(Transition::None, |last, _| match self.after(1, level) {
            Transition::None => last,
            said @ (Transition::Raised
            | Transition::Escalated
            | Transition::Updated
            | Transition::Cleared
            | Transition::Accepted
            | Transition::Ended) => said,
        })
    }

    fn event(&mut self, clear_s: u64) -> Transition {
        self.now += 1;
        let mut seen = Evaluation::default();
        seen.event(Medium, true, clear_s);
        seen.settle(|_| None);
        self.slot.feed(Timestamp(self.now * SECOND_NS), &seen, &mut self.next_id)
    }

    fn severity(&self) -> Option<Severity> {
        self.slot.standing().map(|standing| standing.severity)
    }
}

#[test]
fn four_fifths_of_five_seconds_raise() {
    for (levels, raised) in [
        ([1.0, 1.0, 1.0, 1.0, 1.0], true),
        ([0.0, 1.0, 1.0, 1.0, 1.0], true),
        ([1.0, 1.0, 0.0, 1.0, 1.0], true),
        ([1.0, 0.0, 1.0, 0.0, 1.0], false),
        ([0.0, 0.0, 1.0, 1.0, 1.0], false),
    ] {
        let mut lab = Lab::new();
        lab.each(10, 0.0);
        for level in levels {
            lab.after(1, level);
        }
        assert_eq!(lab.severity().is_some(), raised, "{levels:?}");
    }
}

#[test]
fn intervals_count_with_their_length() {
    // The worked example: 1, 1 and 4 s with true, false, true hold for 4 of 5 s.
    let mut lab = Lab::new();
    lab.after(1, 1.0);
    lab.after(1, 0.0);
    assert_eq!(lab.after(4, 1.0), Transition::Raised);
    let mut lab = Lab::new();
    assert_eq!(lab.after(5, 1.0), Transition::Raised, "a late tick alone");
}

#[test]
fn worse_counts_for_less_bad_and_each_severity_has_its_persistence() {
    let mut lab = Lab::new();
    for level in [1.0, 2.0, 3.0, 4.0] {
        assert_eq!(lab.after(1, level), Transition::None);
    }
    assert_eq!(lab.after(1, 4.0), Transition::Raised, "at low for five seconds");
    assert_eq!(lab.severity(), Some(Medium), "at medium for four of five");
    let mut lab = Lab::new();
    lab.each(7, 4.0);
    assert_eq!(lab.severity(), Some(Medium));
    lab.each(1, 4.0);
    assert_eq!(lab.severity(), Some(Medium), "8 of 10 s, and the first of them at rest");
    assert_eq!(lab.each(2, 4.0), Transition::Escalated);
    assert_eq!(lab.severity(), Some(High));
    lab.each(20, 4.0);
    assert_eq!(lab.severity(), Some(Critical));
}

#[test]
fn it_clears_after_a_minute_below_the_relaxed_limit() {
    let mut lab = Lab::new();
    lab.each(6, 1.5);
    assert_eq!(lab.each(300, 0.81), Transition::None, "above four fifths it goes on");
    assert_eq!(lab.each(59, 0.79), Transition::None);
    assert_eq!(lab.after(1, 0.79), Transition::Cleared);
}

#[test]
fn severity_falls_by_one_step_in_half_a_minute() {
    let mut lab = Lab::new();
    lab.each(40, 4.0);
    assert_eq!(lab.severity(), Some(Critical));
    lab.each(29, 1.5);
    assert_eq!(lab.severity(), Some(Critical));
    lab.each(1, 1.5);
    assert_eq!(lab.severity(), Some(High));
    lab.each(30, 1.5);
    assert_eq!(lab.severity(), Some(Medium));
    lab.each(30, 1.5);
    assert_eq!(lab.severity(), Some(Low));
    lab.each(300, 1.5);
    assert_eq!(lab.severity(), Some(Low));
}

#[test]
fn an_event_raises_at_once_and_stands_for_its_time() {
    let mut lab = Lab::new();
    assert_eq!(lab.event(120), Transition::Raised);
    assert_ne!(lab.each(119, 0.0), Transition::Cleared);
    assert_eq!(lab.after(1, 0.0), Transition::Cleared);
}

#[test]
fn the_fourth_raise_in_a_quarter_of_an_hour_is_flapping() {
    let mut lab = Lab::new();
    for raise in 1..=4 {
        lab.each(10, 1.5);
        let flapping = lab.slot.standing().unwrap().flapping;
        assert_eq!(flapping, raise == 4, "raise {raise}");
        if raise < 4 {
            assert_eq!(lab.each(70, 0.0), Transition::Cleared);
        }
    }
    assert_eq!(lab.each(899, 0.0), Transition::None, "it stands for a quiet quarter of an hour");
    assert_eq!(lab.after(1, 0.0), Transition::Cleared);
}

#[test]
fn a_stale_signal_stands_until_it_is_judged_again() {
    let mut lab = Lab::new();
    lab.each(6, 1.5);
    assert!(lab.slot.mark_stale() && !lab.slot.mark_stale());
    assert_eq!(lab.after(1, 1.5), Transition::Updated);
    assert!(!lab.slot.standing().unwrap().stale);
}

#[test]
fn after_a_gap_windows_begin_anew_and_what_stands_stays() {
    let mut lab = Lab::new();
    lab.each(4, 1.5);
    lab.slot.restart();
    assert_eq!(lab.each(5, 1.5), Transition::None, "the first reading ends no interval");
    assert_eq!(lab.after(1, 1.5), Transition::Raised);
    lab.slot.restart();
    assert_eq!(lab.severity(), Some(Low));
}

/// Readings every `every` seconds at one level; after how many it was raised and over.
fn slow(every: u64, levels: &[f64]) -> Vec<Transition> {
    let mut lab = Lab::new();
    let quiet = (0..3).map(|_| lab.after(every, 0.0)).all(|said| said == Transition::None);
    assert!(quiet);
    levels.iter().map(|level| lab.after(every, *level)).collect()
}

#[test]
fn at_a_minute_a_reading_two_raise_and_five_clear() {
    use Transition::{Cleared, None, Raised};
    let said = slow(60, &[1.5, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(said[..6], [None, Raised, None, None, None, None]);
    assert_eq!(said.iter().filter(|said| **said == Cleared).count(), 1);
    assert_eq!(slow(60, &[1.5, 0.0, 0.0])[..2], [None, None], "one reading is none that lasts");
}

#[test]
fn at_a_minute_a_reading_a_severity_falls_after_three() {
    use Transition::{None, Raised, Updated};
    let said = slow(60, &[2.5, 2.5, 1.5, 1.5, 1.5, 1.5]);
    assert_eq!(said, [None, Raised, None, None, Updated, None]);
}

#[test]
fn a_form_is_told_once_it_lasts_and_at_once_with_another_severity() {
    let mut lab = Lab::new();
    let mut see = |seconds: u64, severity: Severity, subtype| {
        let mut last = Transition::None;
        for _ in 0..seconds {
            lab.now += 1;
            let mut seen = Evaluation::of(subtype);
            seen.met(severity, true).know([true; 4]);
            seen.settle(|_| None);
            let said = lab.slot.feed(Timestamp(lab.now * SECOND_NS), &seen, &mut lab.next_id);
            if said != Transition::None {
                last = said;
            }
        }
        (last, lab.slot.standing().and_then(|standing| standing.subtype))
    };
    assert_eq!(see(1, Low, Subtype::Slow), (Transition::Raised, Some(Subtype::Slow)));
    for _ in 0..20 {
        assert_eq!(see(2, Low, Subtype::Niced), (Transition::None, Some(Subtype::Slow)));
        assert_eq!(see(1, Low, Subtype::Slow), (Transition::None, Some(Subtype::Slow)));
    }
    assert_eq!(see(29, Low, Subtype::Niced), (Transition::None, Some(Subtype::Slow)));
    assert_eq!(see(1, Low, Subtype::Niced), (Transition::Updated, Some(Subtype::Niced)));
    assert_eq!(see(1, High, Subtype::Slow), (Transition::Escalated, Some(Subtype::Slow)));
}

#[test]
fn what_is_read_seldom_among_others_is_raised_by_one_reading() {
    let mut lab = Lab::new();
    lab.slot.tick_ns = SECOND_NS;
    for _ in 0..3 {
        assert_eq!(lab.after(10, 0.0), Transition::None);
    }
    assert_eq!(lab.after(10, 1.5), Transition::Raised);
}
