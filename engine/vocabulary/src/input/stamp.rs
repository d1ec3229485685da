//! The only maker of inputs: it gives each its place in the run.

use super::{Body, Input, Position};
use crate::time::Timestamp;

/// Numbers inputs in the order in which they are taken, and lets time never go back.
///
/// It lends each input until the next one is made, and hands the body of the one before back to
/// whoever gives the next: two samples take turns, and none is allocated anew.
#[derive(Debug, Clone)]
pub struct Stamp {
    next: u64,
    input: Input,
}

impl Default for Stamp {
    fn default() -> Self {
        Self { next: 0, input: Input { seq: 0, mono: Timestamp::default(), body: Body::Tick } }
    }
}

impl Stamp {
    /// One whose first input has the number `seq`.
    pub fn from(seq: u64) -> Self {
        Self { next: seq, ..Self::default() }
    }

    /// Makes the next input of a body that was learned at `at`. What was learned before the input
    /// before it is learned with that one: times go on, but for a new run, which may be another
    /// boot's. `body` is left with the body of the input before.
    pub fn put(&mut self, at: Timestamp, body: &mut Body) -> &Input {
        let begins = matches!(body, Body::Start(start) if start.segment == 0);
        core::mem::swap(&mut self.input.body, body);
        self.input.mono = if begins { at } else { at.max(self.input.mono) };
        self.input.seq = self.next;
        self.next += 1;
        &self.input
    }

    /// The same for a body that is handed over.
    pub fn make(&mut self, at: Timestamp, mut body: Body) -> &Input {
        self.put(at, &mut body)
    }

    /// The input made last.
    pub fn last(&self) -> &Input {
        &self.input
    }

    /// Where an input of a recording stands in a run that is another one than was recorded. It
    /// keeps its number unless inputs that were made up before it have that number. Where a run
    /// `begins` with it, which may be in its middle, nothing was before it.
    pub fn place(&mut self, input: &Input, begins: bool) -> Position {
        let (next, last) =
            if begins { (0, Timestamp::default()) } else { (self.next, self.input.mono) };
        let seq = input.seq.max(next);
        self.next = seq + 1;
        self.input.mono = input.mono.max(last);
        Position { seq, mono: self.input.mono }
    }

    /// Goes on behind an input that another one made.
    pub fn follow(&mut self, made: &Input) {
        self.next = made.seq + 1;
        self.input.mono = made.mono;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;

    #[test]
    fn numbers_grow_by_one_and_time_never_goes_back() {
        let mut stamp = Stamp::from(4);
        let mut made = |at| {
            let input = stamp.make(Timestamp(at), Body::Tick);
            (input.seq, input.mono.0)
        };
        assert_eq!([made(10), made(7), made(12)], [(4, 10), (5, 10), (6, 12)]);
    }

    #[test]
    fn a_new_run_may_be_another_boots() {
        let mut stamp = Stamp::default();
        stamp.make(Timestamp(90), Body::Tick);
        let start = Body::Start(Box::default());
        assert_eq!(stamp.make(Timestamp(3), start).mono, Timestamp(3));
        stamp.follow(&Input { seq: 40, mono: Timestamp(8), body: Body::Tick });
        let later = stamp.make(Timestamp(5), Body::Tick);
        assert_eq!((later.seq, later.mono.0), (41, 8));
    }

    #[test]
    fn a_recorded_input_keeps_its_number_where_it_can() {
        let mut stamp = Stamp::default();
        let input = |seq| Input { seq, mono: Timestamp(seq * 10), body: Body::Tick };
        assert_eq!(stamp.place(&input(7), true).seq, 7, "a part may begin anywhere");
        assert_eq!(stamp.make(Timestamp(75), Body::Tick).seq, 8, "made up");
        let placed = [8, 9, 15].map(|seq| stamp.place(&input(seq), false).seq);
        assert_eq!(placed, [9, 10, 15], "no two have one number");
        let start = Body::Start(Box::default());
        let begun = stamp.place(&Input { seq: 4, mono: Timestamp(3), body: start }, true);
        assert_eq!((begun.seq, begun.mono.0), (4, 3), "a run is a value");
    }

    #[test]
    fn the_body_before_comes_back() {
        let mut stamp = Stamp::default();
        let mut body = Body::Sample(Box::default());
        stamp.put(Timestamp(1), &mut body);
        assert_eq!(body, Body::Tick);
        stamp.put(Timestamp(2), &mut body);
        assert!(matches!(body, Body::Sample(_)));
    }
}
