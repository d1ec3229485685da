//! Rows from made-up recordings: rates, bounds, order, sparse processes.

use super::*;
use crate::selection::{Glob, select};
use ks_vocabulary::input::{HostFacts, SCHEMA_VERSION, SourceState};
use ks_vocabulary::model::{CpuCell, ProcessCell, ProcessGoneCell, ReadTimes};
use ks_vocabulary::time::SECOND_NS;

/// A recording that began at second 100 of its boot, which is second 1,000 of the wall clock.
struct Lab {
    tabulation: Tabulation,
    /// `second entity values`, one for each row.
    lines: Vec<String>,
    went_on: bool,
}

impl Lab {
    fn new(columns: &[&str], change: impl FnOnce(&mut Wanted)) -> Self {
        let globs: Vec<Glob> = columns.iter().map(|column| column.parse().unwrap()).collect();
        let mut wanted = Wanted { tables: select(&globs, false), ..Wanted::default() };
        change(&mut wanted);
        let tabulation = Tabulation::new(wanted);
        let mut lab = Self { tabulation, lines: Vec::new(), went_on: true };
        lab.start(0);
        lab
    }

    fn start(&mut self, segment: u32) {
        let wall_ns = i64::try_from(1_000 * SECOND_NS).unwrap();
        let clock = ClockAnchor { mono_ns: Timestamp(100 * SECOND_NS), at_ns: WallTime(wall_ns) };
        let start = Start {
            schema: SCHEMA_VERSION,
            engine_version: String::new(),
            host: HostFacts::default(),
            boot_id: "boot".to_owned(),
            clock,
            seed: 0,
            interval_ns: SECOND_NS,
            segment,
            sources: Vec::<SourceState>::new(),
            ..Start::default()
        };
        self.input(0, Body::Start(Box::new(start)));
    }

    fn input(&mut self, second: u64, body: Body) {
        let input = Input::recorded(second, Timestamp((100 + second) * SECOND_NS), body);
        let lines = &mut self.lines;
        let taken = self.tabulation.input(&input, &mut |at, _, rows| {
            for row in rows {
                let values = row.values.iter().map(|value| {
                    value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
                });
                let values: Vec<String> = values.collect();
                let second = at.0 / 1_000_000_000;
                lines.push(format!("{second} {} {}", row.entity, values.join(" ")));
            }
            Ok(())
        });
        self.went_on = taken.unwrap();
    }

    /// A sample; the return value is the lines that it gave.
    fn sample(&mut self, second: u64, fill: impl FnOnce(&mut Sample)) -> Vec<String> {
        let mut sample = Sample::default();
        fill(&mut sample);
        self.input(second, Body::Sample(Box::new(sample)));
        std::mem::take(&mut self.lines)
    }

    fn cpu(&mut self, second: u64, user_ticks: u64) -> Vec<String> {
        self.sample(second, |sample| {
            let row = sample.cpu.push();
            row.set(CpuCell::user_ticks, user_ticks);
            row.set(CpuCell::procs_running, second);
            sample.cpu.set_read(ReadTimes::default());
        })
    }

    fn processes(&mut self, second: u64, complete: bool, rows: &[(u64, u64)]) -> Vec<String> {
        self.sample(second, |sample| fill_processes(sample, complete, rows))
    }
}

fn fill_processes(sample: &mut Sample, complete: bool, rows: &[(u64, u64)]) {
    sample.processes_complete = complete;
    for (pid, ticks) in rows {
        let row = sample.processes.push();
        row.set(ProcessCell::pid, *pid);
        row.set(ProcessCell::start_ticks, 5u64);
        row.set(ProcessCell::utime_ticks, *ticks);
    }
    sample.processes.set_read(ReadTimes::default());
    sample.processes_gone.set_read(ReadTimes::default());
}

#[test]
fn counters_are_rates_over_the_time_between_readings() {
    let mut lab = Lab::new(&["cpu.user_ticks", "cpu.procs_running"], |_| {});
    assert_eq!(lab.cpu(1, 100), ["1001 host - 1"], "no earlier reading");
    assert_eq!(lab.cpu(3, 150), ["1003 host 25 3"]);
    assert_eq!(lab.sample(4, |_| {}), [""; 0], "the table was not read");
    assert_eq!(lab.cpu(5, 150), ["1005 host 0 5"]);
    assert_eq!(lab.cpu(6, 10), ["1006 host - 6"], "it went back");
}

#[test]
fn the_time_of_a_reading_is_its_middle() {
    let mut lab = Lab::new(&["cpu.user_ticks"], |_| {});
    lab.cpu(1, 100);
    let lines = lab.sample(2, |sample| {
        sample.cpu.push().set(CpuCell::user_ticks, 300u64);
        sample.cpu.set_read(ReadTimes { begin_ns: 0, end_ns: 2_000_000_000 });
    });
    assert_eq!(lines, ["1002 host 100"], "200 ticks in the 2 s up to second 3");
}

#[test]
fn a_row_of_which_nothing_is_known_is_left_out() {
    let mut lab = Lab::new(&["cpu.user_ticks", "cpu.idle_ticks"], |_| {});
    assert_eq!(lab.cpu(1, 100), [""; 0]);
    assert_eq!(lab.cpu(2, 110), ["1002 host 10 -"]);
}

#[test]
fn bounds_hold_and_the_first_row_within_them_has_its_rate() {
    let mut lab = Lab::new(&["cpu.user_ticks"], |wanted| {
        wanted.from = "+2s".parse().ok();
        wanted.to = "1970-01-01T00:16:44Z".parse().ok();
    });
    assert_eq!(lab.cpu(1, 10), [""; 0]);
    assert_eq!(lab.cpu(2, 20), ["1002 host 10"]);
    assert_eq!(lab.cpu(3, 30), ["1003 host 10"]);
    assert!(lab.went_on);
    assert_eq!(lab.cpu(4, 40), [""; 0]);
    assert!(!lab.went_on, "nothing later is wanted");
}

#[test]
fn no_rate_is_taken_across_a_hole_or_another_run() {
    let mut lab = Lab::new(&["cpu.user_ticks", "cpu.procs_running"], |_| {});
    let gap =
        |source: &str, reason| Body::Gap(Gap { source: source.to_owned(), ..Gap::in_all(reason) });
    lab.cpu(1, 10);
    lab.input(1, gap("meminfo", GapReason::Lost));
    assert_eq!(lab.cpu(2, 20), ["1002 host 10 2"], "another source");
    lab.input(2, gap("stat", GapReason::Lost));
    assert_eq!(lab.cpu(3, 30), ["1003 host - 3"]);
    lab.input(3, gap("all", GapReason::WriteFailed));
    assert_eq!(lab.cpu(4, 40), ["1004 host - 4"]);
    lab.start(1);
    assert_eq!(lab.cpu(5, 50), ["1005 host 10 5"], "the next segment of the same run");
    lab.start(0);
    assert_eq!(lab.cpu(6, 60), ["1006 host - 6"]);
}

#[test]
fn processes_appear_when_they_changed_and_are_forgotten_when_gone() {
    let mut lab = Lab::new(&["processes.utime_ticks"], |_| {});
    assert_eq!(lab.processes(0, true, &[(1, 10), (2, 10)]), [""; 0]);
    assert_eq!(lab.processes(1, false, &[(2, 15)]), ["1001 2:5 5"]);
    assert_eq!(lab.processes(2, false, &[(1, 30)]), ["1002 1:5 20"], "it stood still before");
    let lines = lab.sample(3, |sample| {
        fill_processes(sample, false, &[(1, 31)]);
        let gone = sample.processes_gone.push();
        gone.set(ProcessGoneCell::pid, 2u64);
        gone.set(ProcessGoneCell::start_ticks, 5u64);
    });
    assert_eq!(lines, ["1003 1:5 1"]);
    assert_eq!(lab.processes(4, false, &[(2, 90)]), [""; 0], "another one of that name");
    assert_eq!(lab.processes(5, true, &[(2, 90)]), ["1005 2:5 0"]);
    assert_eq!(lab.processes(6, true, &[(1, 99), (2, 90)]), ["1006 2:5 0"]);
}

#[test]
fn the_top_rows_are_those_with_the_largest_first_cell() {
    let mut lab = Lab::new(&["processes.comm", "processes.utime_ticks"], |wanted| {
        wanted.top = NonZeroUsize::new(2);
    });
    lab.processes(0, true, &[(1, 10), (2, 10), (3, 10), (4, 10)]);
    let lines = lab.processes(1, true, &[(1, 11), (2, 40), (3, 9), (4, 13)]);
    assert_eq!(lines, ["1001 2:5 - 30", "1001 4:5 - 3"]);
}
