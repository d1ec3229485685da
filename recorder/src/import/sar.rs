//! Imports what `sadf -j` prints of a data file of sysstat.
//!
//! The file is read twice, as that of PCP: nothing is written of one that cannot be understood.

use std::collections::{BTreeMap, BTreeSet};

use ks_vocabulary::input::HostFacts;

use super::cadence::{INSTANT_NS, median, span};
use super::output::{Header, Output, USER_HZ};
use super::pcp_rows::Skipped;
use super::sar_counters::Counters;
use super::sar_file::{Aside, Head, Statistic, each};
use super::sar_metrics::{METRICS, Value};
use super::sar_values::{CPUS_ONLINE, Known, TOTAL_BYTES, Values, is_used, walk};
use super::sources::Given;
use super::summary::{Rest, Summary};
use super::target::Target;
use super::{Order, Progress, stem};
use crate::error::Error;

const SECTIONS_WANTED: &str = "write the file with `sadf -j FILE -- -A`, which prints all of it";

/// What a file holds.
#[derive(Debug, Default)]
struct Survey {
    head: Head,
    begin_ns: i64,
    intervals_ns: Vec<i64>,
    times_ns: Vec<i64>,
    present: BTreeSet<Target>,
    unknown: BTreeSet<String>,
    unfit: Skipped,
    aside: Aside,
}

/// Imports a file.
pub(super) fn import(order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Summary, Error> {
    let mut survey = survey(order, progress)?;
    let interval_ns = match median(std::mem::take(&mut survey.intervals_ns)) {
        Some(interval_ns) if !survey.present.is_empty() => interval_ns,
        _ => return Err(nothing(order, &survey)),
    };
    let left_out = left_out(&survey, interval_ns);
    let names = names();
    let sources = given(&survey, &names, &left_out).states();
    let host = host(order, &survey.head);
    let header = Header { host, begin_ns: survey.begin_ns, interval_ns, sources };
    let mut output = Output::create(order.output, order.force, header)?;
    let takes = |metric: usize| !left_out.contains_key(METRICS[metric].key);
    let samples = write(order, &survey, takes, &mut output, progress)?;
    output.finish()?;
    let rest = Rest {
        unknown: survey.unknown,
        left_out: left_out.iter().map(|(key, (_, why))| ((*key).to_owned(), why.clone())).collect(),
        no_value: survey.unfit,
        back: survey.aside.back,
        lengthless: survey.aside.lengthless,
        row: ("statistic", "statistic"),
        coarse: false,
    };
    Ok(Summary {
        rows: survey.times_ns.len() as u64,
        samples,
        interval_ns,
        notes: rest.notes(&survey.times_ns, interval_ns),
    })
}

/// What is not taken, by its key, since a mean over five seconds needs more than one reading of
/// them; with the reason.
fn left_out(survey: &Survey, interval_ns: i64) -> BTreeMap<&'static str, (Target, String)> {
    let why = format!("counted at one instant, read every {}", span(interval_ns));
    METRICS
        .iter()
        .filter(|metric| metric.value == Value::Instant && interval_ns > INSTANT_NS)
        .filter(|metric| survey.present.contains(&metric.to))
        .map(|metric| (metric.key, (metric.to, why.clone())))
        .collect()
}

fn survey(order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Survey, Error> {
    let mut survey = Survey::default();
    let mut half = |done: u64, all: u64| progress(done, all.saturating_mul(2));
    survey.aside = each(order, &mut half, &mut |head, statistic| {
        survey.take(head, statistic);
        Ok(())
    })?;
    Ok(survey)
}

impl Survey {
    fn take(&mut self, head: &Head, statistic: &Statistic) {
        if self.times_ns.is_empty() {
            self.head = head.clone();
            self.begin_ns = (statistic.at_ns - statistic.interval_ns).max(0);
        }
        self.times_ns.push(statistic.at_ns);
        self.intervals_ns.push(statistic.interval_ns);
        let unknown = &mut self.unknown;
        walk(&statistic.sections, &mut |place, _| {
            if !is_used(place) {
                unknown.insert(match place.section {
                    "" => place.key.to_owned(),
                    section => format!("{section}.{}", place.key),
                });
            }
        });
        let values = Values::read(&statistic.sections, self.known(head, statistic), |_| true);
        for _ in 0..values.unfit {
            self.unfit.add(statistic.number);
        }
        for ((table, _), cells) in values.rows {
            self.present.extend(cells.into_keys().map(|cell| Target { table, cell }));
        }
    }
}

impl Survey {
    /// What is known of a statistic. Boots stand at the end of a file, so that they are known once
    /// it was read.
    fn known(&self, head: &Head, statistic: &Statistic) -> Known {
        let boots = self.aside.boots.iter();
        let boot = boots.rev().find(|boot| boot.at_ns < statistic.at_ns);
        let cpus = boot.map(|boot| boot.cpus).or(head.cpus);
        Known { cpus, names_zones: statistic.names_its_zone }
    }
}

/// Why there is nothing to import.
fn nothing(order: &Order<'_>, survey: &Survey) -> Error {
    let (problem, remedy) = if survey.times_ns.is_empty() {
        ("no statistics", "write the file with `sadf -j FILE -- -A`, of a day that has some")
    } else {
        ("no statistic has a number that a recording has", SECTIONS_WANTED)
    };
    let (path, place) = (order.file.to_owned(), "`statistics`".to_owned());
    Error::Import { path, place, problem: problem.to_owned(), remedy }
}

fn host(order: &Order<'_>, head: &Head) -> HostFacts {
    let hostname = if head.name.is_empty() { stem(order.file) } else { head.name.clone() };
    HostFacts {
        hostname,
        kernel: head.kernel.clone(),
        machine: head.machine.clone(),
        user_hz: USER_HZ,
        ..HostFacts::default()
    }
}

/// Every column that sar can give, with sar's name of it.
fn names() -> Vec<(Target, String)> {
    let of_metrics =
        METRICS.iter().map(|metric| (metric.to, format!("{}.{}", metric.section, metric.key)));
    let facts = [
        (CPUS_ONLINE, "number-of-cpus".to_owned()),
        (TOTAL_BYTES, "memory.memused-percent".to_owned()),
    ];
    of_metrics.chain(facts).collect()
}

fn given<'a>(
    survey: &Survey,
    names: &'a [(Target, String)],
    left_out: &BTreeMap<&str, (Target, String)>,
) -> Given<'a> {
    let left_out: BTreeMap<Target, String> = left_out.values().cloned().collect();
    Given {
        archive: "the file of sar",
        known: names.iter().map(|(target, name)| (*target, name.as_str())).collect(),
        present: survey.present.iter().copied().filter(|to| !left_out.contains_key(to)).collect(),
        left_out,
    }
}

fn write(
    order: &Order<'_>,
    survey: &Survey,
    takes: impl Fn(usize) -> bool,
    output: &mut Output,
    progress: &mut Progress<'_>,
) -> Result<u64, Error> {
    let mut counters = Counters::new(output, survey.begin_ns);
    let mut half = |done: u64, all: u64| progress(all.saturating_add(done), all.saturating_mul(2));
    each(order, &mut half, &mut |head, statistic| {
        let known = survey.known(head, statistic);
        let values = Values::read(&statistic.sections, known, &takes);
        counters.take(statistic, &values)
    })?;
    Ok(counters.count)
}

#[cfg(test)]
mod tests;
