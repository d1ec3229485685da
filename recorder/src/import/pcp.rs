//! Imports what `pmrep -o csv` prints of an archive of Performance Co-Pilot.
//!
//! The file is read twice: once to learn how often each metric was read and what is wrong with it,
//! once to write the recording. So nothing is written of a file that cannot be understood, and
//! memory does not grow with the number of its columns.

use std::collections::BTreeSet;

use ks_vocabulary::input::HostFacts;

use super::cadence::{METRICS_MAX, Mask, Plan};
use super::metric::{HostFact, To};
use super::output::{Header, Output, USER_HZ};
use super::pcp_metrics::METRICS;
use super::pcp_rows::{Read, Rows, Skipped};
use super::pcp_samples::Samples;
use super::sources::Given;
use super::summary::{Rest, Summary};
use super::units::Found;
use super::{Order, Progress, stem};
use crate::error::Error;

const _: () = assert!(METRICS.len() <= METRICS_MAX);

/// A process that runs whenever tasks are counted: the one that counts them. Which it is, an
/// archive does not say, and no process has this number.
const SOME_PID: u64 = u64::MAX;
/// Rows between two words about the progress.
const PROGRESS_ROWS: u64 = 256;
const METRICS_WANTED: &str =
    "export metrics such as kernel.all, mem.util, mem.vmstat, disk.dev, network.interface";
const ROWS_WANTED: &str = "export a longer part of the archive, without -s 0 and with -u";

/// Imports a file.
pub(super) fn import(order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Summary, Error> {
    let survey = survey(order, progress)?;
    let plan = Plan::new(METRICS, &survey.rows);
    let begin_ns = match (survey.rows.first(), plan.sample_times_ns.first()) {
        (Some((begin_ns, _)), Some(_)) => *begin_ns,
        _ => return Err(nothing(order, &survey)),
    };
    let header = Header {
        host: survey.host.clone(),
        begin_ns,
        interval_ns: plan.interval_ns,
        sources: given(&plan).states(),
    };
    let mut output = Output::create(order.output, order.force, header)?;
    let samples = write(order, &plan, &mut output, progress)?;
    output.finish()?;
    Ok(summary(survey, &plan, samples))
}

fn summary(survey: Survey, plan: &Plan, samples: u64) -> Summary {
    let left_out = plan.left_out.iter().map(|left| {
        let name = METRICS[left.metric].name.to_owned();
        (name, left.why.clone())
    });
    let rest = Rest {
        unknown: survey.unknown,
        left_out: left_out.collect(),
        no_value: survey.no_value,
        back: survey.back,
        lengthless: Skipped::default(),
        row: ("row", "line"),
        coarse: survey.rows.iter().all(|(at_ns, _)| at_ns % 1_000_000_000 == 0),
    };
    Summary {
        rows: survey.rows.len() as u64,
        samples,
        interval_ns: plan.interval_ns,
        notes: rest.notes(&plan.sample_times_ns, plan.interval_ns),
    }
}

/// What a file holds.
#[derive(Debug, Default)]
struct Survey {
    /// Each row's time, and the metrics that it has values of.
    rows: Vec<(i64, Mask)>,
    host: HostFacts,
    columns: usize,
    known: bool,
    unknown: BTreeSet<String>,
    no_value: Skipped,
    back: Skipped,
}

fn survey(order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Survey, Error> {
    let mut rows = Rows::open(order.file, order.zone)?;
    let mut survey = Survey::default();
    survey.host.user_hz = USER_HZ;
    survey.host.recorder_pid = SOME_PID;
    let mut count = 0u64;
    while let Some(read) = rows.next()? {
        match read {
            Read::Header => survey.header(&rows),
            Read::Row { at_ns, .. } => survey.row(&rows, at_ns)?,
        }
        count += 1;
        if count.is_multiple_of(PROGRESS_ROWS) {
            let (done, all) = rows.progress();
            progress(done, all.saturating_mul(2));
        }
    }
    survey.back = rows.back;
    if survey.host.hostname.is_empty() {
        survey.host.hostname = stem(order.file);
    }
    Ok(survey)
}

impl Survey {
    fn header(&mut self, rows: &Rows) {
        let layout = rows.layout();
        self.columns = layout.titles.len() - 1;
        self.known |= !layout.slots.is_empty();
        self.unknown.extend(layout.unknown.iter().cloned());
    }

    fn row(&mut self, rows: &Rows, at_ns: i64) -> Result<(), Error> {
        let layout = rows.layout();
        let mut seen = Mask::default();
        let no_value = &mut self.no_value;
        rows.cells(|position, found| match found {
            Found::Bits(_) => seen.insert(layout.columns[position].metric),
            Found::NoValue => no_value.add(rows.line()),
            Found::Nothing => {}
        })?;
        self.rows.push((at_ns, seen));
        for (at, fact) in &layout.host {
            let text = String::from_utf8_lossy(rows.field(*at));
            let known = match fact {
                HostFact::Name => &mut self.host.hostname,
                HostFact::Kernel => &mut self.host.kernel,
                HostFact::Machine => &mut self.host.machine,
            };
            if known.is_empty() {
                *known = text.into_owned();
            }
        }
        Ok(())
    }
}

/// Why there is nothing to import.
fn nothing(order: &Order<'_>, survey: &Survey) -> Error {
    let (problem, remedy) = if survey.known && survey.rows.is_empty() {
        ("no row follows the header".to_owned(), ROWS_WANTED)
    } else if survey.known {
        ("no metric that a recording has was read".to_owned(), METRICS_WANTED)
    } else {
        let columns = survey.columns;
        (format!("none of its {columns} columns is one that a recording has"), METRICS_WANTED)
    };
    Error::Import { path: order.file.to_owned(), place: "line 1".to_owned(), problem, remedy }
}

/// What the file gives of the columns that an archive can have.
fn given(plan: &Plan) -> Given<'static> {
    let targets = || {
        METRICS.iter().enumerate().filter_map(|(index, metric)| match metric.to {
            To::Cell(target) => Some((index, target, metric.name)),
            To::Host(_) | To::Mount => None,
        })
    };
    let present = targets().filter(|(index, ..)| plan.taken.has(*index) && plan.seen.has(*index));
    let left_out = plan.left_out.iter().filter_map(|left| {
        let (_, target, _) = targets().find(|(index, ..)| *index == left.metric)?;
        Some((target, left.why.clone()))
    });
    Given {
        archive: "the PCP archive",
        known: targets().map(|(_, target, name)| (target, name)).collect(),
        present: present.map(|(_, target, _)| target).collect(),
        left_out: left_out.collect(),
    }
}

fn write(
    order: &Order<'_>,
    plan: &Plan,
    output: &mut Output,
    progress: &mut Progress<'_>,
) -> Result<u64, Error> {
    let mut rows = Rows::open(order.file, order.zone)?;
    let mut samples = Samples::new(plan, output);
    let mut count = 0u64;
    while let Some(read) = rows.next()? {
        match read {
            Read::Header => samples.begin(rows.layout())?,
            Read::Row { at_ns, after_step } => {
                if after_step {
                    samples.gap(at_ns)?;
                }
                samples.take(&rows, at_ns)?;
            }
        }
        count += 1;
        if count.is_multiple_of(PROGRESS_ROWS) {
            let (done, all) = rows.progress();
            progress(all.saturating_add(done), all.saturating_mul(2));
        }
    }
    samples.flush()?;
    Ok(samples.count)
}

#[cfg(test)]
mod tests;
