//! Scores each row of several series together, and tells which columns explain what was unusual.

use ks_statistics::anomaly::Scored;
use ks_statistics::anomaly::rows::{ROWS_FIRST, RowScorer, ScoredRow};
use ks_statistics::anomaly::score_of;
use serde::Serialize;

use crate::csv_series::{Reading, Row};
use crate::series_events::{Events, Gatherer};
use crate::series_rows::{Counter, Rows};

/// Columns that are told of an event.
const TOLD: usize = 8;
/// A column explains something where it is so rare itself, in decades.
const RARE: f64 = 2.0;

/// Analyzes rows, one by one: [`RowsAnalysis::push`] each, then [`RowsAnalysis::finish`].
#[derive(Debug)]
pub struct RowsAnalysis {
    names: Vec<String>,
    scorer: RowScorer,
    values: Vec<Option<f64>>,
    /// The worst of each column in the event at hand.
    worst: Vec<Option<Worst>>,
    counter: Counter,
    gatherer: Gatherer<Explained>,
    report: RowsReport,
}

/// The rarest row of a column in an event.
#[derive(Debug, Clone, Copy)]
struct Worst {
    decades: f64,
    value: Option<f64>,
    baseline_p50: Option<f64>,
    baseline_p95: Option<f64>,
}

/// Rows of several series, summed up.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RowsReport {
    /// The columns, in their order.
    pub columns: Vec<String>,
    /// What was read.
    #[serde(flatten)]
    pub seen: Rows,
    /// Whether there were rows enough to judge any by.
    pub judged: bool,
    /// Rows that it takes before the first is judged.
    pub rows_needed: usize,
    /// What was unusual.
    #[serde(flatten)]
    pub events: Events<Explained>,
}

/// The columns that explain an event, each by its own rarest row.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Explained {
    /// The rarest first.
    pub columns: Vec<Share>,
    /// Numbers of the incidents that were open meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<u64>,
}

/// What one column was like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Its name.
    pub name: String,
    /// Its own score.
    pub score: f64,
    /// Its value.
    pub value: Option<f64>,
    /// What was normal: the median.
    pub baseline_p50: Option<f64>,
    /// What was normal: the 95 % quantile.
    pub baseline_p95: Option<f64>,
}

impl RowsAnalysis {
    /// An analysis of columns of these names.
    pub fn new(names: Vec<String>) -> Self {
        let values = vec![None; names.len()];
        let report = RowsReport { columns: names.clone(), ..RowsReport::default() };
        let scorer = RowScorer::new(names.len());
        let (counter, gatherer) = (Counter::default(), Gatherer::default());
        Self { names, scorer, values, worst: Vec::new(), counter, gatherer, report }
    }

    /// Analyzes the next row, which has a reading for each column.
    pub fn push(&mut self, row: &Row) -> ScoredRow {
        self.counter.push(row);
        for (value, reading) in self.values.iter_mut().zip(&row.readings) {
            *value = match reading {
                Reading::Number(number) => Some(*number),
                Reading::Absent | Reading::NotFinite => None,
            };
        }
        self.score(row.time_s, &row.time)
    }

    /// Adds a column, which has had no value so far.
    pub(crate) fn add_column(&mut self, name: String) {
        self.scorer.add_column();
        self.values.push(None);
        self.report.columns.push(name.clone());
        self.names.push(name);
    }

    /// Analyzes values that were taken at a time, one for each column.
    pub(crate) fn push_values(
        &mut self,
        time_s: f64,
        time: &str,
        values: impl Iterator<Item = Option<f64>>,
    ) {
        for (known, value) in self.values.iter_mut().zip(values) {
            *known = value;
        }
        self.counter.take(time_s, time, self.values.iter().any(Option::is_some));
        self.score(time_s, time);
    }

    fn score(&mut self, time_s: f64, time: &str) -> ScoredRow {
        let number = self.counter.rows() - 1;
        let scored = self.scorer.push(time_s, &self.values);
        if scored.event.is_some() {
            self.gather(scored.is_onset);
        }
        let events = (self.scorer.standing(), self.scorer.last());
        let tell = |explained: &mut Explained, _: bool| {
            explained.columns = explaining(&self.names, &self.worst);
        };
        self.gatherer.follow(events, (number, time), tell);
        scored
    }

    /// Keeps the worst row of each column in the event at hand.
    fn gather(&mut self, is_onset: bool) {
        if is_onset {
            self.worst.clear();
        }
        self.worst.resize(self.names.len(), None);
        let now = self.scorer.columns().iter().zip(&self.values);
        for (worst, (scored, value)) in self.worst.iter_mut().zip(now) {
            let Some(scored) = scored else { continue };
            match worst {
                Some(known) if known.decades >= scored.decades => {}
                Some(known) => {
                    // What was normal is what was known before the event.
                    (known.decades, known.value) = (scored.decades, *value);
                }
                None => {
                    let Scored { decades, baseline_p50, baseline_p95, .. } = *scored;
                    *worst = Some(Worst { decades, value: *value, baseline_p50, baseline_p95 });
                }
            }
        }
    }

    /// Names of the columns that explain the last row, the rarest first.
    pub fn explaining(&self) -> impl Iterator<Item = &str> {
        let columns = self.scorer.columns().iter().copied();
        let found = rarest(columns, |scored| scored.decades);
        found.into_iter().map(|(at, _)| self.names[at].as_str())
    }

    /// Sums up.
    pub fn finish(self) -> RowsReport {
        let mut report = self.report;
        report.seen = self.counter.finish();
        report.events = self.gatherer.finish(self.scorer.standing());
        report.judged = report.seen.rows > ROWS_FIRST as u64;
        report.rows_needed = ROWS_FIRST + 1;
        report
    }
}

fn explaining(names: &[String], worst: &[Option<Worst>]) -> Vec<Share> {
    let share = |(at, worst): (usize, Worst)| Share {
        name: names[at].clone(),
        score: score_of(worst.decades),
        value: worst.value,
        baseline_p50: worst.baseline_p50,
        baseline_p95: worst.baseline_p95,
    };
    rarest(worst.iter().copied(), |worst| worst.decades).into_iter().map(share).collect()
}

/// The columns that explain a row or an event, the rarest first; at least the rarest of all.
fn rarest<T: Copy>(
    columns: impl Iterator<Item = Option<T>>,
    decades: impl Fn(&T) -> f64,
) -> Vec<(usize, T)> {
    let mut found: Vec<(usize, T)> =
        columns.enumerate().filter_map(|(at, column)| Some((at, column?))).collect();
    found.sort_by(|one, other| decades(&other.1).total_cmp(&decades(&one.1)));
    let count = found.iter().take_while(|(_, column)| decades(column) >= RARE).count();
    found.truncate(count.clamp(1, TOLD));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three columns of noise, of which the second is far off from row 700 to 720.
    fn report(rows: u32) -> RowsReport {
        let names = ["cpu", "memory", "errors"].map(str::to_owned).to_vec();
        let mut analysis = RowsAnalysis::new(names);
        for number in 0..rows {
            let noise = |factor: u32| f64::from(number * factor % 1009) / 1009.0;
            let off = if (700..720).contains(&number) { 30.0 } else { 0.0 };
            let values = [noise(7919), noise(104_729) + off, noise(1_299_709)];
            let readings = values.map(Reading::Number).to_vec();
            let (time, time_s) = (format!("t{number}"), f64::from(number) * 60.0);
            let line = u64::from(number) + 2;
            analysis.push(&Row { line, time, time_s, readings, goes_back: false });
            if number == 700 {
                assert_eq!(analysis.explaining().collect::<Vec<_>>(), ["memory"]);
            }
        }
        analysis.finish()
    }

    #[test]
    fn a_row_has_one_score_and_the_columns_that_explain_it() {
        let report = report(1500);
        assert!(report.judged);
        let event = report.events.listed.iter().find(|event| event.onset == "t700").unwrap();
        assert!(event.score > 0.75, "{event:?}");
        let names: Vec<&str> = event.more.columns.iter().map(|share| share.name.as_str()).collect();
        assert_eq!(names, ["memory"]);
        assert!(event.more.columns[0].value.is_some_and(|value| value >= 30.0), "{event:?}");
        assert!(report.events.total <= 3, "{:?}", report.events);
    }

    #[test]
    fn where_little_is_known_nothing_is_judged() {
        assert!(!report(256).judged && report(257).judged);
        assert_eq!(report(256).events.total, 0);
        assert_eq!(report(256).rows_needed, 257);
    }

    #[test]
    fn cells_without_a_value_are_counted() {
        let mut analysis = RowsAnalysis::new(vec!["a".to_owned(), "b".to_owned()]);
        let readings = vec![Reading::Absent, Reading::NotFinite];
        let row = Row { line: 2, readings, goes_back: true, ..Row::default() };
        assert!(analysis.push(&row).score <= 0.0);
        let seen = analysis.finish().seen;
        assert_eq!((seen.absent, seen.not_finite, seen.steps_back_line), (1, 1, Some(2)));
    }
}
