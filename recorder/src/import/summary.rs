//! What came of an import, and what did not: in words, since people have to know.

use std::collections::BTreeSet;

use super::cadence::span;
use super::pcp_rows::Skipped;

/// Intervals without a sample that are told of (the engine calls a sample overdue after as many).
const HOLE_INTERVALS: i64 = 4;

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Rows, or statistics, that were read.
    pub rows: u64,
    /// Samples that were written.
    pub samples: u64,
    /// Median time between samples.
    pub interval_ns: i64,
    /// What is to be said of the rest, one line each.
    pub notes: Vec<String>,
}

/// What was not taken as it stood.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest {
    /// What a recording has no column for.
    pub(super) unknown: BTreeSet<String>,
    /// What was left out, with the reason.
    pub(super) left_out: Vec<(String, String)>,
    /// Places with a word that says that there is no value.
    pub(super) no_value: Skipped,
    /// Rows that went back in time.
    pub(super) back: Skipped,
    /// Rows of no length of time.
    pub(super) lengthless: Skipped,
    /// What a row is called, and how its position is.
    pub(super) row: (&'static str, &'static str),
    /// Whether all times are whole seconds where fractions are to be had.
    pub(super) coarse: bool,
}

impl Rest {
    /// One line for each thing to say.
    pub(super) fn notes(&self, times_ns: &[i64], interval_ns: i64) -> Vec<String> {
        let (row, position) = self.row;
        let mut notes = Vec::new();
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
            let count = names.len();
            notes.push(format!("not taken, for want of a column ({count}): {}", names.join(", ")));
        }
        if !self.left_out.is_empty() {
            let told = self.left_out.iter().map(|(name, why)| format!("{name} ({why})"));
            notes.push(format!("left out: {}", told.collect::<Vec<_>>().join(", ")));
        }
        let Skipped { count, line } = self.no_value;
        if count > 0 {
            notes.push(format!("places without a value: {count}, the first in {position} {line}"));
        }
        let Skipped { count, line } = self.back;
        if count > 0 {
            notes.push(format!(
                "{row}s that go back in time: {count}, the first is {position} {line}; they were \
                 left out, and no rate is taken across them"
            ));
        }
        let Skipped { count, line } = self.lengthless;
        if count > 0 {
            notes.push(format!(
                "{row}s of no length of time, as of two records in one second: {count}, the first \
                 is {position} {line}; they were left out"
            ));
        }
        notes.extend(holes(times_ns, interval_ns));
        if self.coarse {
            let remedy = "pmrep -f '%Y-%m-%dT%H:%M:%S.%f' keeps fractions";
            notes.push(format!("times are whole seconds, and rates no finer: {remedy}"));
        }
        notes
    }
}

/// Long times without a sample. Counters went on in them: rates across them are means.
fn holes(times_ns: &[i64], interval_ns: i64) -> Option<String> {
    let spans = times_ns.windows(2).map(|pair| pair[1] - pair[0]);
    let holes = spans.filter(|span_ns| *span_ns / HOLE_INTERVALS > interval_ns);
    let (count, longest_ns) =
        holes.fold((0u64, 0i64), |(count, longest), span_ns| (count + 1, longest.max(span_ns)));
    (count > 0).then(|| {
        let longest = span(longest_ns);
        format!("times without a sample: {count}, the longest {longest}; rates across are means")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_file_that_was_taken_whole_needs_no_words() {
        let times: Vec<i64> = (0..9).map(|second| second * SECOND).collect();
        assert!(Rest::default().notes(&times, SECOND).is_empty());
        assert!(Rest::default().notes(&[], SECOND).is_empty());
    }

    #[test]
    fn all_that_was_not_taken_is_named() {
        let mut back = Skipped::default();
        back.add(17);
        back.add(18);
        let rest = Rest {
            unknown: ["b".to_owned(), "a".to_owned()].into_iter().collect(),
            left_out: vec![("c".to_owned(), "read once".to_owned())],
            back,
            row: ("row", "line"),
            ..Rest::default()
        };
        let times = [0, SECOND, 6 * SECOND, 7 * SECOND, 17 * SECOND];
        let expected = [
            "not taken, for want of a column (2): a, b",
            "left out: c (read once)",
            "rows that go back in time: 2, the first is line 17; they were left out, and no rate \
             is taken across them",
            "times without a sample: 2, the longest 10.0 s; rates across are means",
        ];
        assert_eq!(rest.notes(&times, SECOND), expected);
    }
}
