//! Small archives of one and of several cadences, as recordings; and files that are none.

use std::path::{Path, PathBuf};

use super::*;
use crate::format::recording::Reader;
use crate::import::Zone;
use ks_vocabulary::input::{Body, Input, Start};
use ks_vocabulary::model::{Cpu, Disk, Filesystem, Memory, Netns, ReadTimes, Sample, Vm};
use ks_vocabulary::time::{Timestamp, WallTime};

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("web.csv"), text).unwrap();
        Self { folder }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("web.parquet")
    }

    fn import(&self, zone: Option<&str>) -> Result<Summary, Error> {
        let zone: Option<Zone> = zone.map(|zone| zone.parse().unwrap());
        let (file, output) = (self.folder.path().join("web.csv"), self.output());
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

    fn samples(&self) -> Vec<(u64, Sample)> {
        let samples = self.inputs().1.into_iter().filter_map(|input| {
            let Body::Sample(sample) = input.body else { return None };
            Some((input.mono.0 / 1_000_000, *sample))
        });
        samples.collect()
    }
}

fn imported(text: &str) -> (Case, Summary) {
    let case = Case::new(text);
    let summary = case.import(Some("UTC")).unwrap();
    (case, summary)
}

fn refused(text: &str, zone: Option<&str>) -> String {
    let case = Case::new(text);
    let error = case.import(zone).unwrap_err();
    assert!(!case.output().exists());
    let left = std::fs::read_dir(case.folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing is left beside the file");
    let Error::Import { place, problem, remedy, .. } = &error else { return error.to_string() };
    assert!(!remedy.is_empty());
    format!("{place}: {problem}")
}

#[test]
fn a_row_becomes_a_sample_in_the_units_of_a_recording() {
    let text = "Time,hinv.ncpu,kernel.all.cpu.user,mem.util.free,disk.dev.read-sda,\
                disk.dev.read_bytes-sda\n\
                2026-01-02T03:04:05.5,4,1500,10,7,3\n\
                2026-01-02T03:04:06.5,4,1750,12,9,5\n";
    let (case, summary) = imported(text);
    assert_eq!((summary.rows, summary.samples, summary.interval_ns), (2, 2, 1_000_000_000));
    assert!(summary.notes.is_empty(), "{:?}", summary.notes);
    let (start, inputs) = case.inputs();
    assert_eq!((start.engine_version.as_str(), start.host.user_hz), ("", 1000));
    assert_eq!(start.host.hostname, "web");
    assert_eq!(start.clock.at(inputs[0].mono), WallTime(1_767_323_045_500_000_000));
    assert_eq!(inputs[0].mono, Timestamp(0));
    let samples = case.samples();
    let (at_ms, last) = &samples[1];
    assert_eq!(*at_ms, 1000);
    let cpu = last.cpu.first().unwrap();
    assert_eq!((cpu.cpus_online(), cpu.user_ticks()), (Some(4), Some(1750)));
    assert_eq!(cpu.idle_ticks(), None, "absent, not zero");
    assert_eq!(last.memory.first().and_then(Memory::free_bytes), Some(12 * 1024));
    let disk = last.disks.first().unwrap();
    assert_eq!((disk.name(), disk.read_sectors()), (Some(&b"sda"[..]), Some(10)));
    assert!(last.vm.read().is_none(), "a table that was not read is absent");
}

#[test]
fn rows_of_one_cycle_are_one_reading_with_its_span() {
    let mut text = "Time,mem.vmstat.pswpout,mem.vmstat.oom_kill,kernel.all.blocked\n".to_owned();
    for cycle in 0..6 {
        let second = 10 * cycle;
        text += &format!("2026-01-02 00:00:{second:02}.000,{},,\n", cycle * 100);
        text += &format!("2026-01-02 00:00:{second:02}.020,,{cycle},\n");
        text += &format!("2026-01-02 00:00:{second:02}.050,,,1\n");
    }
    let (case, summary) = imported(&text);
    assert_eq!((summary.rows, summary.samples), (18, 6));
    let samples = case.samples();
    let (at_ms, sample) = &samples[2];
    assert_eq!(*at_ms, 20_050);
    let row = sample.vm.first().unwrap();
    assert_eq!((row.pswpout(), row.oom_kill()), (Some(200), Some(2)));
    let times = ReadTimes { begin_ns: -50_000_000, end_ns: -30_000_000 };
    assert_eq!(sample.vm.read(), Some(times));
    assert_eq!(sample.cpu.first().and_then(Cpu::procs_blocked), Some(1));
}

#[test]
fn tables_keep_their_cadences() {
    let mut text = "Time,kernel.all.intr,mem.vmstat.pswpout\n".to_owned();
    for second in 0..=20 {
        let paging = if second % 5 == 0 { (second * 3).to_string() } else { String::new() };
        text += &format!("2026-01-02 00:00:{second:02}.1,{second},{paging}\n");
    }
    let (case, _) = imported(&text);
    let samples = case.samples();
    assert_eq!(samples.len(), 21);
    let paging: Vec<(u64, Option<u64>)> = samples
        .iter()
        .filter_map(|(at_ms, sample)| Some((*at_ms, sample.vm.first().map(Vm::pswpout)?)))
        .collect();
    let expected = [0, 5, 10, 15, 20].map(|second| (second * 1000, Some(second * 3)));
    assert_eq!(paging, expected);
}

#[test]
fn two_rows_too_close_to_each_other_are_one() {
    let text = "Time,disk.dev.avactive-sda\n\
                2026-01-02 00:00:00.0,0\n\
                2026-01-02 00:00:01.0,900\n\
                2026-01-02 00:00:01.016,950\n\
                2026-01-02 00:00:02.0,1800\n\
                2026-01-02 00:00:03.0,2700\n";
    let (case, _) = imported(text);
    let busy: Vec<(u64, Option<u64>)> = case
        .samples()
        .iter()
        .map(|(at_ms, sample)| (*at_ms, sample.disks.first().and_then(Disk::io_ms)))
        .collect();
    let expected = [(0, Some(0)), (1016, Some(950)), (2000, Some(1800)), (3000, Some(2700))];
    assert_eq!(busy, expected);
}

#[test]
fn sums_are_whole_or_absent_and_alternatives_are_not_added() {
    let text = "Time,mem.vmstat.allocstall_normal,mem.vmstat.allocstall_movable,\
                mem.vmstat.allocstall_high,mem.vmstat.pswpin,swap.pagesin\n\
                2026-01-02 00:00:00.1,1,2,,7,8\n\
                2026-01-02 00:00:01.1,3,4,,,9\n\
                2026-01-02 00:00:02.1,5,,,7,8\n\
                2026-01-02 00:00:03.1,5,6,,7,8\n\
                2026-01-02 00:00:04.1,5,6,,7,8\n";
    let (case, _) = imported(text);
    let rows: Vec<(Option<u64>, Option<u64>)> = case
        .samples()
        .iter()
        .filter_map(|(_, sample)| sample.vm.first().map(|row| (row.allocstall(), row.pswpin())))
        .collect();
    assert_eq!(rows[..3], [(Some(3), Some(7)), (Some(7), Some(9)), (None, Some(7))]);
    assert_eq!(rows[3..], [(Some(11), Some(7)); 2]);
}

#[test]
fn filesystems_are_called_by_where_they_are_mounted() {
    let text = "Time,filesys.mountdir-/dev/sda1,filesys.mountdir-/dev/sdb1,\
                filesys.capacity-/dev/sda1,filesys.free-/dev/sda1,filesys.free-/dev/sdb1\n\
                2026-01-02 00:00:00.1,\"/var\",\"/\",100,50,60\n\
                2026-01-02 00:01:00.1,,,,40,60\n";
    let (case, _) = imported(text);
    let samples = case.samples();
    let rows: Vec<_> = samples[1]
        .1
        .filesystems
        .iter()
        .map(|row: &Filesystem| (row.mount(), row.total_bytes(), row.free_bytes()))
        .collect();
    let var = (Some(&b"/var"[..]), Some(100 * 1024), Some(40 * 1024));
    assert_eq!(rows, [(Some(&b"/"[..]), None, Some(60 * 1024)), var]);
}

#[test]
fn a_header_that_comes_again_begins_another_layout() {
    let text = "Time,network.tcp.outsegs\n\
                2026-01-02 00:00:00.1,5\n\
                2026-01-02 00:00:01.1,6\n\
                Time,kernel.all.intr,network.tcp.outsegs\n\
                2026-01-02 00:00:02.1,70,7\n\
                2026-01-02 00:00:03.1,80,8\n";
    let (case, _) = imported(text);
    let segments: Vec<Option<u64>> = case
        .samples()
        .iter()
        .map(|(_, sample)| sample.netns.first().and_then(Netns::tcp_out_segs))
        .collect();
    assert_eq!(segments, [Some(5), Some(6), Some(7), Some(8)]);
}

#[test]
fn rows_that_go_back_in_time_are_left_out_with_a_gap() {
    let text = "Time,kernel.all.intr\n\
                2026-01-02 00:00:10.1,1\n\
                2026-01-02 00:00:11.1,2\n\
                2026-01-02 00:00:09.1,3\n\
                2026-01-02 00:00:10.1,4\n\
                2026-01-02 00:00:12.1,5\n\
                2026-01-02 00:00:13.1,6\n";
    let (case, summary) = imported(text);
    let inputs = case.inputs().1;
    let kinds: Vec<&str> = inputs.iter().map(|input| input.body.kind()).collect();
    assert_eq!(kinds, ["sample", "sample", "gap", "sample", "sample"]);
    assert!(summary.notes[0].starts_with("rows that go back in time: 2, the first is line 4"));
}

#[test]
fn files_without_a_limit_are_no_reason_to_refuse_the_archive() {
    let text = "Time,vfs.files.count,vfs.files.max\n\
                2026-01-02 00:00:00.1,1280,-1\n\
                2026-01-02 00:00:01.1,1312,-1\n";
    let (case, summary) = imported(text);
    assert!(summary.notes.is_empty(), "{:?}", summary.notes);
    let (_, last) = &case.samples()[1];
    let handles = last.file_handles.first().map(|row| (row.allocated(), row.max()));
    assert_eq!(handles, Some((Some(1312), None)));
}

#[test]
fn what_was_not_taken_is_told() {
    let text = "Host,Interval,Time,kernel.all.intr,proc.nprocs,mem.util.free,kernel.all.running\n\
                example,0,2026-01-02 00:00:00 UTC+1,1,2,NaN,3\n\
                example,10,2026-01-02 00:00:10 UTC+1,2,2,5,3\n\
                example,10,2026-01-02 00:00:20 UTC+1,2,2,5,3\n";
    let case = Case::new(text);
    let summary = case.import(None).unwrap();
    assert_eq!(summary.notes[0], "not taken, for want of a column (1): proc.nprocs");
    let left_out = "left out: kernel.all.running (counted at one instant, read every 10.0 s)";
    assert_eq!(summary.notes[1], left_out);
    assert_eq!(summary.notes[2], "places without a value: 1, the first in line 2");
    assert!(summary.notes[3].starts_with("times are whole seconds"), "{:?}", summary.notes);
    let (start, _) = case.inputs();
    assert_eq!(start.host.hostname, "example");
    assert_eq!(start.clock.at_ns, WallTime(1_767_308_400_000_000_000));
    let reason = |source: &str| {
        let state = start.sources.iter().find(|state| state.source == source).unwrap();
        state.reason.clone().unwrap_or_default()
    };
    let expected = "not in the PCP archive: mem.physmem, mem.util.available";
    assert_eq!(reason("meminfo"), expected);
    assert_eq!(reason("processes"), "not in the PCP archive");
}

#[test]
fn what_is_no_archive_is_refused_with_its_place() {
    let check = |text: &str, expected: &str| {
        let told = refused(text, Some("UTC"));
        assert!(told.contains(expected), "{told}");
    };
    let header = "Time,kernel.all.intr,kernel.all.load-1 minute\n";
    let row = "2026-01-02 00:00:00.1,1,0.5\n";
    check("", "line 1: it is empty");
    check("\u{1f}\u{8b}", "line 1: no column `Time`");
    check("a,b\n1,2\n", "line 1: no column `Time`");
    check(header, "no row follows the header");
    check("Time,proc.nprocs\n2026-01-02 00:00:00,1\n", "none of its 1 columns");
    check("Time,hinv.ncpu\n2026-01-02 00:00:00,1\n", "no metric that a recording has was read");
    check(
        &format!("{header}{row}2026-01-02 00:00:01,1\n"),
        "line 3: 2 fields, and the header has 3",
    );
    check(&format!("{header}{row}yesterday,1,0.5\n"), "line 3, column `Time`: `yesterday`");
    let place = "line 2, column `kernel.all.intr`";
    let cell = |value: &str| format!("{header}2026-01-02 00:00:01.1,{value},0.5\n");
    check(&cell("12.300"), &format!("{place}: `12.300` is no whole number"));
    check(&cell("many"), &format!("{place}: `many` is no number"));
    check("Time,kernel.all.intr,kernel.all.intr\n", "`kernel.all.intr` stands there twice");
}

#[test]
fn a_time_without_a_zone_wants_one() {
    let text = "Time,kernel.all.intr\n2026-01-02 00:00:00.1,1\n";
    assert!(refused(text, None).contains("time zone"));
}

#[test]
fn a_compressed_file_is_to_be_unpacked() {
    let case = Case::new("");
    let file: &Path = &case.folder.path().join("web.csv");
    std::fs::write(file, [0x1f, 0x8b, 8, 0]).unwrap();
    let error = case.import(Some("UTC")).unwrap_err();
    let Error::Import { problem, remedy, .. } = &error else { panic!("{error}") };
    assert_eq!((problem.as_str(), *remedy), ("it is compressed", "unpack it first: `gzip -d`"));
}
