//! How a stream goes on over its files: runs and their segments, what is missing between them, and
//! what that makes of the stream.

use std::path::Path;

use ks_vocabulary::input::{Body, Gap, GapReason, Input, RunId, Start};
use ks_vocabulary::time::Timestamp;

use super::super::damage::Damage;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// The run at hand, and the number of its last segment.
    run: Option<(RunId, u32)>,
    /// `seq` and time of the last input of the run.
    last: Option<(u64, Timestamp)>,
    /// Why inputs are missing between the last one and the next.
    lost: Option<GapReason>,
    damages: Vec<Damage>,
    /// How many of them an input after them has measured.
    measured: usize,
    differs: Vec<String>,
    /// How many of them are of runs before.
    before: usize,
}

impl Course {
    /// What could not be read so far.
    pub(super) fn damages(&self) -> &[Damage] {
        &self.damages
    }

    /// What makes the stream so far another one than was recorded.
    pub(super) fn differs(&self) -> &[String] {
        &self.differs
    }

    /// Whether a run has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.run.is_some()
    }

    /// Whether `seq` was taken before.
    pub(super) fn has(&self, seq: u64) -> bool {
        self.last.is_some_and(|(last, _)| seq <= last)
    }

    /// The stream is not the one that was recorded.
    pub(super) fn depart(&mut self, why: String) {
        if !self.differs[self.before..].contains(&why) {
            self.differs.push(why);
        }
    }

    /// Something cannot be read, and is left out.
    pub(super) fn leave_out(&mut self, damage: Damage) {
        self.lost = Some(GapReason::Damaged);
        self.damages.push(damage);
    }

    /// A run or a segment begins with the input `seq`, in the file at `path`.
    pub(super) fn begin(&mut self, start: &Start, seq: u64, path: &Path) {
        match &self.run {
            Some((run, before)) if start.goes_on_with(run) => {
                let expected = before.saturating_add(1);
                // The `Start` of a segment may be damaged, and the rest of it not.
                let is_hole = self.last.is_some_and(|(last, _)| seq > last + 1);
                if start.segment > expected && is_hole && self.lost.is_none() {
                    self.miss(expected, start.segment - 1, path);
                }
            }
            _ => {
                self.last = None;
                self.lost = None;
                self.measured = self.damages.len();
                self.before = self.differs.len();
                if start.segment > 0 {
                    let number = start.segment;
                    self.depart(format!("begins at segment {number}; what came before is missing"));
                }
            }
        }
        self.run = Some((start.run(), start.segment));
    }

    /// The segments up to `segment` of the run at hand are left out, and not for want of them.
    pub(super) fn leap_to(&mut self, segment: u32) {
        if let Some((_, last)) = &mut self.run {
            *last = segment.saturating_sub(1);
        }
    }

    fn miss(&mut self, first: u32, last: u32, path: &Path) {
        let which = if first == last {
            format!("segment {first} is missing")
        } else {
            format!("segments {first} to {last} are missing")
        };
        self.depart(which.clone());
        self.lost = Some(GapReason::Missing);
        self.damages.push(Damage::of_file(path.to_owned(), format!("{which} before it")));
    }

    /// The hole that stands before `input`, where something is missing there.
    pub(super) fn gap_before(&mut self, input: &Input) -> Option<Input> {
        let reason = self.lost.take()?;
        let (last_seq, last_mono) = self.last?;
        let first = std::mem::replace(&mut self.measured, self.damages.len());
        let count = input.seq.checked_sub(last_seq + 1).filter(|count| *count > 0)?;
        let span_ns = input.mono.since_ns(last_mono);
        if let Some(damage) = self.damages.get_mut(first) {
            (damage.lost_inputs, damage.lost_ns) = (Some(count), Some(span_ns));
        }
        let gap = Gap { count: Some(count), span_ns, ..Gap::in_all(reason) };
        let mono = input.mono.max(last_mono);
        // The last of the numbers that are missing is its own.
        Some(Input::recorded(input.seq - 1, mono, Body::Gap(gap)))
    }

    /// Takes an input, or says why its order is wrong.
    pub(super) fn take(&mut self, input: &Input) -> Result<(), String> {
        if let Some((seq, mono)) = self.last {
            if input.seq <= seq {
                return Err(format!("`seq` goes back from {seq} to {}", input.seq));
            }
            if input.mono < mono {
                return Err(format!("`mono_ns` goes back from {} to {}", mono.0, input.mono.0));
            }
        }
        self.last = Some((input.seq, input.mono));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(began_ns: u64, segment: u32) -> Start {
        let began_ns = Some(Timestamp(began_ns));
        Start { boot_id: "b".into(), began_ns, segment, ..Start::default() }
    }

    fn tick(seq: u64, mono: u64) -> Input {
        Input::recorded(seq, Timestamp(mono), Body::Tick)
    }

    /// Segments of one run, each with three inputs; those of which there is none are missing.
    fn follow(segments: &[(u64, u32)]) -> (Vec<Input>, Course) {
        let (mut course, mut given) = (Course::default(), Vec::new());
        for (began, number) in segments {
            course.begin(&start(*began, *number), u64::from(*number) * 3, Path::new("x"));
            for at in 0..3 {
                let input = tick(u64::from(*number) * 3 + at, u64::from(*number) * 30 + at * 10);
                if let Some(gap) = course.gap_before(&input) {
                    course.take(&gap).unwrap();
                    given.push(gap);
                }
                course.take(&input).unwrap();
                given.push(input);
            }
        }
        (given, course)
    }

    #[test]
    fn a_run_whose_beginning_was_removed_says_so_and_has_no_gap() {
        let (given, course) = follow(&[(1, 2), (1, 3)]);
        assert_eq!(course.differs(), ["begins at segment 2; what came before is missing"]);
        assert_eq!((given.len(), course.damages().len()), (6, 0));
    }

    #[test]
    fn segments_missing_in_the_middle_are_one_gap_with_count_and_span() {
        let (given, course) = follow(&[(1, 0), (1, 3)]);
        assert_eq!(course.differs(), ["segments 1 to 2 are missing"]);
        let Body::Gap(gap) = &given[3].body else { panic!("{given:?}") };
        assert_eq!((gap.reason, gap.count, gap.span_ns), (GapReason::Missing, Some(6), 70));
        assert_eq!((given[3].seq, given[4].seq), (8, 9));
        assert_eq!(course.damages()[0].lost_inputs, Some(6));
    }

    #[test]
    fn another_run_begins_anew_whatever_was_missing_before_it() {
        let (given, course) = follow(&[(1, 0), (1, 1), (9, 0)]);
        assert_eq!((given.len(), course.differs().len()), (9, 0));
        let (_, course) = follow(&[(1, 0), (9, 1)]);
        assert_eq!(course.differs(), ["begins at segment 1; what came before is missing"]);
    }

    #[test]
    fn what_cannot_be_read_is_a_gap_only_where_an_input_is_missing() {
        let mut course = Course::default();
        course.begin(&start(1, 0), 0, Path::new("x"));
        course.take(&tick(0, 0)).unwrap();
        course.leave_out(Damage::of_file("x".into(), "torn".into()));
        assert_eq!(course.gap_before(&tick(1, 10)), None);
        course.take(&tick(1, 10)).unwrap();
        course.leave_out(Damage::of_file("x".into(), "torn".into()));
        let gap = course.gap_before(&tick(5, 50)).unwrap();
        assert_eq!((gap.seq, gap.mono), (4, Timestamp(50)));
        assert_eq!((course.damages().len(), course.damages()[1].lost_inputs), (2, Some(3)));
    }
}
