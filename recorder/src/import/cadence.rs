//! How often values were read, and which of them belong to one reading.
//!
//! Metrics of one file are read at different cadences, and those of one table may stand in rows a
//! few milliseconds apart. A metric's cadence is the median time between its own values, taken
//! again after values less than half of it apart were merged, until none are: two loggers that
//! wake up together are one.

use std::collections::BTreeMap;

use super::metric::{Metric, Role, To};
use super::target::Table;

const WORDS: usize = 4;
/// Metrics that a [`Mask`] has room for.
pub(super) const METRICS_MAX: usize = WORDS * 64;
/// Cadences differ when one is more than this many times the other (our judgement: between the
/// jitter of a busy host and the next cadence that anybody would configure).
const DIFFERENT: f64 = 1.5;
/// A count at an instant is left out where it is read more seldom than this. The mean that is
/// judged spans 5 s (`signals.md`, section 3) and at least two samples (section 1), and loggers
/// count the tasks that run just to read.
pub(super) const INSTANT_NS: i64 = 2_500_000_000;

/// A set of metrics, by their positions in the table of names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mask([u64; WORDS]);

impl Mask {
    pub(super) fn insert(&mut self, metric: usize) {
        self.0[metric / 64] |= 1 << (metric % 64);
    }

    pub(super) fn has(self, metric: usize) -> bool {
        self.0[metric / 64] >> (metric % 64) & 1 == 1
    }

    fn join(&mut self, other: Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
    }

    fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(one, other)| one & other != 0)
    }
}

/// Why a metric is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Which.
    pub(super) metric: usize,
    /// Why.
    pub(super) why: String,
}

/// How the rows of a file become samples.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// A row this long after the first of a sample begins the next one.
    pub(super) apart_ns: i64,
    /// Median time between samples.
    pub(super) interval_ns: i64,
    /// Times of the samples.
    pub(super) sample_times_ns: Vec<i64>,
    /// Of each table, the least time between two readings.
    pub(super) apart_of_ns: BTreeMap<Table, i64>,
    /// Metrics whose values make a reading of their table.
    pub(super) leads: Mask,
    /// Metrics that are taken.
    pub(super) taken: Mask,
    /// Metrics that have a value anywhere.
    pub(super) seen: Mask,
    /// Metrics that are left out.
    pub(super) left_out: Vec<LeftOut>,
}

impl Plan {
    /// A plan for rows, each with its time and the metrics that it has values of.
    pub(super) fn new(metrics: &[Metric], rows: &[(i64, Mask)]) -> Self {
        let mut plan = Self::default();
        for (_, seen) in rows {
            plan.seen.join(*seen);
        }
        let mut tables: BTreeMap<Table, Vec<(usize, i64)>> = BTreeMap::new();
        for (index, metric) in metrics.iter().enumerate() {
            let To::Cell(target) = metric.to else { continue };
            if metric.role == Role::Fact {
                plan.taken.insert(index);
                continue;
            }
            let mut times = rows.iter().filter(|(_, seen)| seen.has(index)).map(|(at, _)| *at);
            let Some(first) = times.next() else { continue };
            let cadence_ns = cadence(first, times.collect());
            tables.entry(target.table).or_default().push((index, cadence_ns));
        }
        for (table, read) in &tables {
            plan.add_table(metrics, *table, read);
        }
        let shortest = plan.apart_of_ns.values().min();
        plan.apart_ns = shortest.copied().unwrap_or(i64::MAX);
        plan.sample_times_ns = sample_times(rows, plan.leads, plan.apart_ns);
        let times = &plan.sample_times_ns;
        let spans = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        plan.interval_ns = median(spans).unwrap_or(1_000_000_000).max(1);
        plan
    }

    /// Takes the metrics of a table that are read at its cadence or more often: their last values
    /// before the reading stand in it. One that is read more seldom would come and go in its rows,
    /// and no rate of the others be known across that.
    fn add_table(&mut self, metrics: &[Metric], table: Table, read: &[(usize, i64)]) {
        let shared_ns = shared_cadence(read.iter().map(|(_, cadence_ns)| *cadence_ns).collect());
        for (metric, cadence_ns) in read {
            let why = if differs(*cadence_ns, shared_ns) {
                format!("{}, its table {}", read_every(*cadence_ns), read_every(shared_ns))
            } else if metrics[*metric].role == Role::Instant && *cadence_ns > INSTANT_NS {
                format!("counted at one instant, {}", read_every(*cadence_ns))
            } else {
                self.taken.insert(*metric);
                if !differs(shared_ns, *cadence_ns) {
                    self.leads.insert(*metric);
                }
                continue;
            };
            self.left_out.push(LeftOut { metric: *metric, why });
        }
        self.apart_of_ns.insert(table, shared_ns / 2);
    }
}

/// The cadence of what was read once.
const ONCE_NS: i64 = i64::MAX;

/// The cadence of values read at `first` and at `times`, in ns.
fn cadence(first: i64, times: Vec<i64>) -> i64 {
    let mut times: Vec<i64> = std::iter::once(first).chain(times).collect();
    loop {
        let spans = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let Some(median_ns) = median(spans) else { return ONCE_NS };
        let count = times.len();
        let mut last: Option<i64> = None;
        times.retain(|at| {
            let kept = last.is_none_or(|last| at - last >= (median_ns / 2).max(1));
            if kept {
                last = Some(*at);
            }
            kept
        });
        if times.len() == count {
            return median_ns;
        }
    }
}

/// The cadence that most have, of equals the shorter.
fn shared_cadence(mut cadences: Vec<i64>) -> i64 {
    cadences.sort_unstable();
    let mut most: &[i64] = &[];
    for (from, shortest) in cadences.iter().enumerate() {
        let alike = cadences[from..].iter().take_while(|other| !differs(**other, *shortest));
        let group = &cadences[from..from + alike.count()];
        if group.len() > most.len() {
            most = group;
        }
    }
    median(most.to_vec()).unwrap_or(ONCE_NS)
}

/// Whether `longer` is a longer cadence than `shorter`.
fn differs(longer: i64, shorter: i64) -> bool {
    longer as f64 > shorter as f64 * DIFFERENT
}

fn read_every(cadence_ns: i64) -> String {
    if cadence_ns == ONCE_NS {
        return "read once".to_owned();
    }
    format!("read every {}", span(cadence_ns))
}

/// The time of the last row of each sample.
fn sample_times(rows: &[(i64, Mask)], leads: Mask, apart_ns: i64) -> Vec<i64> {
    let mut times: Vec<i64> = Vec::new();
    let mut first: Option<i64> = None;
    for (at, _) in rows.iter().filter(|(_, seen)| seen.meets(leads)) {
        match (first, times.last_mut()) {
            (Some(first), Some(last)) if at - first < apart_ns => *last = *at,
            _ => {
                first = Some(*at);
                times.push(*at);
            }
        }
    }
    times
}

/// The middle one of several values, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(lower + (upper - lower) / 2)
}

/// A span of time for people.
pub(super) fn span(ns: i64) -> String {
    format!("{:.1} s", ns as f64 / 1e9)
}

#[cfg(test)]
mod tests;
