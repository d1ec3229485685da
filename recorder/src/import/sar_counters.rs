//! Statistics of sar become samples: rates are added up to counters.
//!
//! A counter begins at 0, at the beginning of the first interval, and grows by what sar saw in each
//! interval. Where a table was not seen for longer than an interval, what it did meanwhile is not
//! known: a gap says so, and a sample at the beginning of the interval gives its counters as they
//! were.

use std::collections::{BTreeMap, BTreeSet};

use ks_vocabulary::model::{ReadTimes, Sample};
use ks_vocabulary::time::seconds;

use super::output::Output;
use super::sar_file::Statistic;
use super::sar_values::{Amount, Values};
use super::target::{Instance, Table, begin_row};
use super::units::whole;
use crate::error::Error;

/// Times are whole seconds, so that two may be a second further apart than they were.
const ROUNDING_NS: i64 = 1_000_000_000;

/// Adds up rates, and writes samples.
#[derive(Debug)]
pub(super) struct Counters<'a> {
    output: &'a mut Output,
    counted: BTreeMap<(Table, Instance, usize), f64>,
    read_ns: BTreeMap<Table, i64>,
    last_ns: i64,
    /// Samples written.
    pub(super) count: u64,
}

impl<'a> Counters<'a> {
    /// Counters of a recording that begins at `begin_ns`.
    pub(super) fn new(output: &'a mut Output, begin_ns: i64) -> Self {
        let (counted, read_ns) = (BTreeMap::new(), BTreeMap::new());
        Self { output, counted, read_ns, last_ns: begin_ns, count: 0 }
    }

    /// Takes a statistic.
    pub(super) fn take(&mut self, statistic: &Statistic, values: &Values) -> Result<(), Error> {
        let Statistic { at_ns, interval_ns, after_step, .. } = *statistic;
        if values.rows.is_empty() {
            return Ok(());
        }
        let unknown = self.unknown(statistic, values);
        if !unknown.is_empty() {
            self.say_gaps(&unknown, after_step)?;
            let begin_ns = (at_ns - interval_ns).max(self.last_ns);
            let sample = self.sample(values, |table| unknown.contains(&table), None);
            self.read_ns.extend(unknown.iter().map(|table| (*table, begin_ns)));
            if let Some(sample) = sample {
                self.write(begin_ns, sample)?;
            }
        }
        let sample = self.sample(values, |_| true, Some(at_ns));
        self.read_ns.extend(values.rows.keys().map(|(table, _)| (*table, at_ns)));
        sample.map_or(Ok(()), |sample| self.write(at_ns, sample))
    }

    /// The tables of which it is not known what they did until the interval began.
    fn unknown(&self, statistic: &Statistic, values: &Values) -> BTreeSet<Table> {
        let longest_ns = statistic.interval_ns / 2 * 3 + ROUNDING_NS;
        let is_unknown = |table: &Table| {
            let read_ns = self.read_ns.get(table);
            statistic.after_step
                || read_ns.is_none_or(|read_ns| statistic.at_ns - read_ns >= longest_ns)
        };
        values.rows.keys().map(|(table, _)| *table).filter(is_unknown).collect()
    }

    fn say_gaps(&mut self, unknown: &BTreeSet<Table>, after_step: bool) -> Result<(), Error> {
        if after_step || !self.read_ns.is_empty() && unknown.len() >= self.read_ns.len() {
            return self.output.gap(self.last_ns, "all");
        }
        for table in unknown.iter().filter(|table| self.read_ns.contains_key(table)) {
            let source = table.schema().map_or("all", |schema| schema.source);
            self.output.gap(self.last_ns, source)?;
        }
        Ok(())
    }

    fn write(&mut self, at_ns: i64, sample: Sample) -> Result<(), Error> {
        self.last_ns = at_ns;
        self.count += 1;
        self.output.sample(at_ns, sample)
    }

    /// A sample of the tables that `has`. At `at_ns` counters have grown and levels are what they
    /// are; without it counters stand as they did, and what has none is left out.
    fn sample(
        &mut self,
        values: &Values,
        has: impl Fn(Table) -> bool,
        at_ns: Option<i64>,
    ) -> Option<Sample> {
        let mut sample = Sample::default();
        let mut any = false;
        for ((table, instance), cells) in values.rows.iter().filter(|((table, _), _)| has(*table)) {
            let counts = cells.values().any(|amount| matches!(amount, Amount::PerSecond(_)));
            if at_ns.is_none() && !counts {
                continue;
            }
            any = true;
            let passed_s = self.passed_s(*table, at_ns);
            let rows = table.rows(&mut sample);
            let mut row = rows.push_row();
            begin_row(*table, instance, &mut row);
            for (cell, amount) in cells {
                let bits = match *amount {
                    Amount::Level(bits) => Some(bits).filter(|_| at_ns.is_some()),
                    Amount::PerSecond(rate) => {
                        let counter = (*table, instance.clone(), *cell);
                        let counted = self.counted.entry(counter).or_default();
                        *counted += rate * passed_s;
                        whole(*counted)
                    }
                };
                if let Some(bits) = bits {
                    row.set_cell(*cell, bits);
                }
            }
            rows.set_read(ReadTimes::default());
        }
        any.then_some(sample)
    }

    /// Seconds since a table was read; none where nothing has passed.
    fn passed_s(&self, table: Table, at_ns: Option<i64>) -> f64 {
        let since_ns = self.read_ns.get(&table).copied().unwrap_or(self.last_ns);
        let passed_ns = at_ns.map_or(0, |at_ns| at_ns.saturating_sub(since_ns));
        seconds(u64::try_from(passed_ns).unwrap_or(0))
    }
}
