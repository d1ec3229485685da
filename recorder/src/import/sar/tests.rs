//! Rates of sar as counters, holes between them, and files that are none of sadf's.

use std::path::PathBuf;

use super::*;
use crate::format::recording::Reader;
use crate::import::Zone;
use ks_vocabulary::input::{Body, Input, Start};
use ks_vocabulary::model::{Cpu, Disk, Memory, Netns, Nic, Sample, Vm};
use ks_vocabulary::time::WallTime;

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sa02.json"), text).unwrap();
        Self { folder }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("sa02.parquet")
    }

    fn import(&self, zone: Option<&str>) -> Result<Summary, Error> {
        let zone: Option<Zone> = zone.map(|zone| zone.parse().unwrap());
        let (file, output) = (self.folder.path().join("sa02.json"), self.output());
        let order = Order { file: &file, output: &output, force: false, zone: zone.as_ref() };
        import(&order, &mut |done, all| assert!(done <= all))
    }

    /// The `Start`, and the inputs after it.
    fn inputs(&self) -> (Start, Vec<Input>) {
        let mut reader = Reader::open(&[self.output()]).unwrap();
        let mut inputs: Vec<Input> =
            std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
        let Body::Start(start) = inputs.remove(0).body else { panic!("a recording begins so") };
        (*start, inputs)
    }
}

/// What `sadf -j` prints of statistics of these times and sections, in intervals of 10 s.
fn file(utc: u8, statistics: &[(&str, &str)]) -> String {
    let statistic = |(time, sections): &(&str, &str)| {
        format!(
            r#"{{"timestamp": {{"date": "2026-01-02", "time": "{time}", "utc": {utc},
            "interval": 10}}, {sections}}}"#
        )
    };
    let statistics: Vec<String> = statistics.iter().map(statistic).collect();
    format!(
        r#"{{"sysstat": {{"hosts": [{{"nodename": "example", "sysname": "Linux",
        "release": "6.1.0", "machine": "x86_64", "number-of-cpus": 4,
        "statistics": [{}], "restarts": []}}]}}}}"#,
        statistics.join(",")
    )
}

fn imported(statistics: &[(&str, &str)]) -> (Case, Summary) {
    let case = Case::new(&file(1, statistics));
    let summary = case.import(None).unwrap();
    (case, summary)
}

/// Seconds since the beginning, and what `get` finds in each sample; gaps are named.
fn told<T: std::fmt::Debug>(case: &Case, get: impl Fn(&Sample) -> T) -> Vec<String> {
    let word = |input: &Input| {
        let second = input.mono.0 / 1_000_000_000;
        match &input.body {
            Body::Sample(sample) => format!("{second} {:?}", get(sample)),
            Body::Gap(gap) => format!("{second} gap of {}", gap.source),
            other @ (Body::Start(_)
            | Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_)) => panic!("{other:?}"),
        }
    };
    case.inputs().1.iter().map(word).collect()
}

fn disk(tps: f64, util: f64) -> String {
    format!(
        r#""disk": [{{"disk-device": "sda", "tps": {tps}, "rkB": 8.0, "aqu-sz": 0.5,
        "util-percent": {util}}}, {{"disk-device": "dm-0", "util-percent": 1.0}}]"#
    )
}

#[test]
fn rates_are_added_up_from_the_beginning_of_the_first_interval() {
    let (first, second) = (disk(10.0, 50.0), disk(10.0, 25.5));
    let (case, summary) = imported(&[("00:00:10", &first), ("00:00:20", &second)]);
    assert_eq!((summary.rows, summary.samples), (2, 3));
    assert_eq!(summary.interval_ns, 10_000_000_000);
    let busy = told(&case, |sample| sample.disks.iter().map(Disk::io_ms).collect::<Vec<_>>());
    let expected =
        ["0 [Some(0), Some(0)]", "10 [Some(100), Some(5000)]", "20 [Some(200), Some(7550)]"];
    assert_eq!(busy, expected, "dm-0 stands before sda");
    let (start, inputs) = case.inputs();
    assert_eq!(start.clock.at_ns, WallTime(1_767_312_000_000_000_000));
    assert_eq!((start.host.hostname.as_str(), start.host.kernel.as_str()), ("example", "6.1.0"));
    let Body::Sample(last) = &inputs[2].body else { panic!() };
    let sda = &last.disks.as_slice()[1];
    assert_eq!((sda.read_sectors(), sda.queue_ms()), (Some(320), Some(10_000)));
    assert_eq!((sda.reads(), sda.stacked()), (None, None), "reads are not told from writes");
    assert_eq!(last.disks.first().and_then(Disk::stacked), Some(true));
}

#[test]
fn shares_of_cpus_are_ticks_and_levels_stand_as_they_are() {
    let sections = r#""cpu-load": [{"cpu": "all", "user": 20.0, "idle": 80.0}],
        "memory": {"memfree": 600, "avail": 700, "memused": 400, "memused-percent": 40.0,
        "swpfree": 30, "swpused": 20}, "queue": {"runq-sz": 3, "blocked": 1}"#;
    let (case, summary) = imported(&[("00:00:10", sections), ("00:00:20", sections)]);
    let ticks = told(&case, |sample| sample.cpu.first().and_then(Cpu::user_ticks));
    assert_eq!(ticks, ["0 Some(0)", "10 Some(8000)", "20 Some(16000)"]);
    let memory = told(&case, |sample| {
        sample.memory.first().map(|row: &Memory| (row.total_bytes(), row.swap_total_bytes()))
    });
    let whole = "Some((Some(1024000), Some(51200)))";
    assert_eq!(memory, ["0 None".to_owned(), format!("10 {whole}"), format!("20 {whole}")]);
    let blocked = told(&case, |sample| sample.cpu.first().and_then(Cpu::procs_blocked));
    assert_eq!(blocked[1], "10 Some(1)");
    let running = told(&case, |sample| sample.cpu.first().and_then(Cpu::procs_running));
    assert_eq!(running[1], "10 None");
    assert_eq!(summary.notes, ["left out: runq-sz (counted at one instant, read every 10.0 s)"]);
}

#[test]
fn across_a_hole_nothing_is_added() {
    let paging = r#""swap-pages": {"pswpin": 0.0, "pswpout": 2.0}"#;
    let times = ["00:00:10", "00:00:20", "00:05:00", "00:05:10"];
    let (case, summary) = imported(&times.map(|time| (time, paging)));
    let out = told(&case, |sample| sample.vm.first().and_then(Vm::pswpout));
    let expected = [
        "0 Some(0)",
        "10 Some(20)",
        "20 Some(40)",
        "20 gap of all",
        "290 Some(40)",
        "300 Some(60)",
        "310 Some(80)",
    ];
    assert_eq!(out, expected);
    assert!(summary.notes[0].starts_with("times without a sample: 1, the longest 280.0 s"));
}

#[test]
fn a_table_that_pauses_has_a_gap_of_its_own() {
    let both = r#""swap-pages": {"pswpout": 1.0},
        "network": {"net-dev": [{"iface": "eth0", "rxkB": 1.0}]}"#;
    let one = r#""swap-pages": {"pswpout": 1.0}"#;
    let (case, _) =
        imported(&[("00:00:10", both), ("00:00:20", one), ("00:00:30", one), ("00:00:40", both)]);
    let bytes = told(&case, |sample| sample.nics.first().and_then(Nic::rx_bytes));
    let expected = [
        "0 Some(0)",
        "10 Some(10240)",
        "20 None",
        "30 None",
        "30 gap of net/dev",
        "30 Some(10240)",
        "40 Some(20480)",
    ];
    assert_eq!(bytes, expected);
}

#[test]
fn what_goes_back_in_time_is_left_out_with_a_gap() {
    let paging = r#""swap-pages": {"pswpout": 1.0}"#;
    let times = ["00:00:20", "00:00:10", "00:00:30"];
    let (case, summary) = imported(&times.map(|time| (time, paging)));
    let out = told(&case, |sample| sample.vm.first().and_then(Vm::pswpout));
    assert_eq!(out, ["0 Some(0)", "10 Some(10)", "10 gap of all", "10 Some(10)", "20 Some(20)"]);
    let told = "statistics that go back in time: 1, the first is statistic 2";
    assert!(summary.notes[0].starts_with(told), "{:?}", summary.notes);
}

#[test]
fn what_has_no_column_is_named() {
    let sections = r#""swap-pages": {"pswpout": 1.0}, "power-management": {"fan-speed":
        [{"number": 1, "rpm": 900}]}, "io": {"tps": 3.0, "io-reads": {"rtps": 1.0}}"#;
    let (case, summary) = imported(&[("00:00:10", sections)]);
    let names = "io.io-reads.rtps, io.tps, power-management.fan-speed.number, \
                 power-management.fan-speed.rpm";
    assert_eq!(summary.notes, [format!("not taken, for want of a column (4): {names}")]);
    let (start, _) = case.inputs();
    let state = start.sources.iter().find(|state| state.source == "vmstat").unwrap();
    let reason = "not in the file of sar: swap-pages.pswpin, paging.majflt";
    assert_eq!(state.reason.as_deref(), Some(reason));
}

#[test]
fn local_times_want_a_zone() {
    let paging = r#""swap-pages": {"pswpout": 1.0}"#;
    let case = Case::new(&file(0, &[("01:00:10", paging)]));
    assert!(matches!(case.import(None).unwrap_err(), Error::NoTimeZone { .. }));
    case.import(Some("Europe/Berlin")).unwrap();
    assert_eq!(case.inputs().0.clock.at_ns, WallTime(1_767_312_000_000_000_000));
}

/// The same file of sysstat 12.7.1 or later.
fn newer(statistics: &[(&str, &str)], zone: &str) -> String {
    file(0, statistics).replace(r#""utc": 0"#, &format!(r#""tz": "{zone}""#))
}

#[test]
fn times_that_say_utc_are_so_whatever_the_option_says_and_no_other_name_is_believed() {
    let paging = [("01:00:10", r#""swap-pages": {"pswpout": 1.0}"#)];
    let utc = WallTime(1_767_315_600_000_000_000);
    for zone in [None, Some("Europe/Berlin")] {
        let case = Case::new(&newer(&paging, "UTC"));
        case.import(zone).unwrap();
        assert_eq!(case.inputs().0.clock.at_ns, utc, "{zone:?}");
    }
    let case = Case::new(&newer(&paging, "CST"));
    let error = case.import(None).unwrap_err();
    assert!(matches!(error, Error::NoTimeZone { .. }), "{error}");
    assert!(error.to_string().contains("`CST`"), "{error}");
    case.import(Some("UTC")).unwrap();
    assert_eq!(case.inputs().0.clock.at_ns, utc);
}

#[test]
fn segments_that_were_sent_again_are_read_under_their_newer_name() {
    let tcp = |key: &str| format!(r#""network": {{"net-etcp": {{"{key}": 3.0}}}}"#);
    for key in ["retrans", "retrseg"] {
        let case = Case::new(&newer(&[("00:00:10", &tcp(key))], "UTC"));
        let summary = case.import(None).unwrap();
        let sent = told(&case, |sample| sample.netns.first().and_then(Netns::tcp_retrans_segs));
        assert_eq!(sent, ["0 Some(0)", "10 Some(30)"], "{key}");
        assert!(summary.notes.is_empty(), "{:?}", summary.notes);
    }
}

#[test]
fn memory_in_use_may_be_all_but_what_is_available() {
    let sections = r#""memory": {"memfree": 600, "avail": 740, "memused": 260,
        "memused-percent": 26.0, "buffers": 10, "cached": 150, "slab": 20}"#;
    let total = |text: &str| {
        let case = Case::new(text);
        case.import(None).unwrap();
        let last = case.inputs().1.pop().unwrap();
        let Body::Sample(last) = last.body else { panic!("{last:?}") };
        last.memory.first().and_then(Memory::total_bytes)
    };
    assert_eq!(total(&newer(&[("00:00:10", sections)], "UTC")), Some(1000 * 1024));
    assert_eq!(total(&file(1, &[("00:00:10", sections)])), None, "it was not so then");
}

#[test]
fn two_records_in_one_second_cost_no_other() {
    let paging = r#""swap-pages": {"pswpout": 1.0}"#;
    let times = ["00:00:10", "00:00:20", "00:00:21", "00:00:31"];
    let text = file(1, &times.map(|time| (time, paging)));
    for length in ["0", "184467440737095516"] {
        let third = r#""time": "00:00:21", "utc": 1,
            "interval": "#;
        let text = text.replace(&format!("{third}10"), &format!("{third}{length}"));
        let case = Case::new(&text);
        let summary = case.import(None).unwrap();
        let out = told(&case, |sample| sample.vm.first().and_then(Vm::pswpout));
        assert_eq!(out, ["0 Some(0)", "10 Some(10)", "20 Some(20)", "31 Some(31)"], "{length}");
        let note = "statistics of no length of time, as of two records in one second: 1, the first \
                    is statistic 3; they were left out";
        assert_eq!(summary.notes, [note]);
    }
}

#[test]
fn after_a_boot_with_other_cpus_shares_are_of_those() {
    let load = r#""cpu-load": [{"cpu": "all", "user": 50.0, "idle": 50.0}]"#;
    let times = ["00:00:10", "00:00:20", "00:05:00"];
    for stamp in [r#""utc": 1"#, r#""tz": "UTC""#] {
        let boot = format!(
            r#""restarts": [{{"boot": {{"date": "2026-01-02", "time": "00:04:45", {stamp},
            "cpu_count": 8}}}}]"#
        );
        let text = file(1, &times.map(|time| (time, load))).replace(r#""utc": 1"#, stamp);
        let case = Case::new(&text.replace(r#""restarts": []"#, &boot));
        case.import(None).unwrap();
        let cpus = told(&case, |sample| {
            sample.cpu.first().map(|row: &Cpu| (row.cpus_online(), row.user_ticks()))
        });
        let expected = [
            "0 Some((None, Some(0)))",
            "10 Some((Some(4), Some(20000)))",
            "20 Some((Some(4), Some(40000)))",
            "20 gap of all",
            "290 Some((None, Some(40000)))",
            "300 Some((Some(8), Some(80000)))",
        ];
        assert_eq!(cpus, expected, "{stamp}");
    }
}

#[test]
fn what_sadf_did_not_print_is_refused_with_its_place() {
    let check = |text: &str, expected: &str| {
        let case = Case::new(text);
        let error = case.import(None).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(std::fs::read_dir(case.folder.path()).unwrap().count(), 1);
    };
    let paging = r#""swap-pages": {"pswpout": 1.0}"#;
    let whole = file(1, &[("00:00:10", paging)]);
    check("", "line 1, column 0: EOF");
    check("Time,a\n", "line 1, column 1");
    check("[1]", "line 1");
    check("{}", "no statistics");
    check(&whole[..whole.len() / 2], "EOF");
    check(&whole.replace("1.0", "NaN"), "expected");
    check(&whole.replace("00:00:10", "noon"), "statistic 1, `timestamp`: `2026-01-02Tnoon");
    check(&whole.replace("\"interval\": 10", "\"interval\": -1"), "statistic 1, `interval`");
    check(&whole.replace("\"interval\": 10", "\"interval\": 0"), "no statistics");
    check(&whole.replace("swap-pages", "serial"), "no statistic has a number");
    let host = r#""hosts": [{"statistics": []}, "#;
    check(&whole.replace(r#""hosts": ["#, host), "several hosts");
}
