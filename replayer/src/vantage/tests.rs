//! Recordings of two runs, looked at from several moments.

use std::path::{Path, PathBuf};

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::Start;
use ks_vocabulary::model::{CpuCell, ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::*;

const RUN_S: u64 = 120;

/// A host that is overloaded from the second minute of each run on.
fn sample(second: u64) -> Body {
    let mut sample = Sample::default();
    let cpu = sample.cpu.push();
    cpu.set(CpuCell::cpus_online, 2u64);
    cpu.set(CpuCell::user_ticks, second * 190);
    cpu.set(CpuCell::idle_ticks, second * 10);
    cpu.set(CpuCell::procs_running, if second % RUN_S > 60 { 9u64 } else { 1 });
    cpu.set(CpuCell::procs_blocked, 0u64);
    sample.cpu.set_read(ReadTimes { begin_ns: 0, end_ns: 500 });
    Body::Sample(Box::new(sample))
}

/// The run that begins at `begin_s`, in two segments, as far as it has come after `length_s`.
fn record(folder: &Path, number: u64, begin_s: u64, length_s: u64) {
    for half in 0..2 {
        let first = half * RUN_S / 2;
        if first >= length_s {
            return;
        }
        let name = format!("{:08}.parquet", number * 2 + half);
        let mut writer = Writer::create(&folder.join(name), true).unwrap();
        let segment = u32::try_from(half).unwrap();
        let began_ns = Some(Timestamp(begin_s * SECOND_NS));
        let start = Start { boot_id: "b".into(), began_ns, segment, ..Start::default() };
        let at = |second: u64| Timestamp((begin_s + second) * SECOND_NS);
        let seq = |second: u64| second + half;
        let begin = Input::recorded(seq(first), at(first), Body::Start(Box::new(start)));
        writer.append(&begin).unwrap();
        for second in first..(first + RUN_S / 2).min(length_s) {
            let input = Input::recorded(seq(second) + 1, at(second), sample(second));
            writer.append(&input).unwrap();
        }
        writer.seal().unwrap();
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 0, 0, RUN_S);
    record(folder.path(), 1, RUN_S, RUN_S);
    folder
}

/// Goes on to a moment, and says whether it could.
fn feed(vantage: &mut Vantage, folder: &Path, upto: Option<&str>) -> bool {
    let mut reader = Reader::open_for_agent(&[PathBuf::from(folder)]).unwrap();
    if let Some(from) = vantage.goes_on_from() {
        reader.skip_before(from);
    }
    vantage.feed(&mut reader, upto.map(|upto| upto.parse().unwrap())).unwrap()
}

fn told(vantage: &Vantage) -> String {
    serde_json::to_string(&vantage.run().so_far("x")).unwrap()
}

fn seen_s(vantage: &Vantage) -> Option<i64> {
    vantage.seen().map(|at| at.0 / 1_000_000_000)
}

#[test]
fn a_run_that_is_fed_in_steps_says_what_one_says_that_is_fed_at_once() {
    let folder = folder();
    for steps in [&["+30s", "+61s", "+119s"][..], &["+60s"], &["+70s", "+70s", "+150s"], &[]] {
        let mut at_once = Vantage::new(Run::default());
        assert!(feed(&mut at_once, folder.path(), None));
        let mut by_steps = Vantage::new(Run::default());
        for step in steps {
            assert!(feed(&mut by_steps, folder.path(), Some(step)), "{step}");
        }
        assert!(feed(&mut by_steps, folder.path(), None));
        assert_eq!(told(&by_steps), told(&at_once), "{steps:?}");
        assert!(told(&at_once).contains("load_mismatch"));
    }
}

#[test]
fn nothing_later_than_the_moment_is_known() {
    let folder = folder();
    let cut = tempfile::tempdir().unwrap();
    record(cut.path(), 0, 0, 91);
    let (mut whole, mut part) = (Vantage::default(), Vantage::default());
    assert!(feed(&mut whole, folder.path(), Some("+90s")));
    assert!(feed(&mut part, cut.path(), None));
    assert_eq!(told(&whole), told(&part));
    assert_eq!(seen_s(&whole), Some(90));
    assert!(whole.is_beyond("+89s".parse().unwrap()));
    assert!(!whole.is_beyond("+90s".parse().unwrap()));
    assert!(feed(&mut whole, folder.path(), Some("1970-01-01T00:01:40Z")));
    assert_eq!(seen_s(&whole), Some(100));
    let mut early = Vantage::default();
    assert!(feed(&mut early, folder.path(), Some("1969-12-31T23:59:59Z")));
    assert_eq!(seen_s(&early), None);
}

#[test]
fn it_goes_on_as_far_as_the_recording_has_grown() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 0, 0, 75);
    let mut vantage = Vantage::default();
    assert!(feed(&mut vantage, folder.path(), None));
    assert_eq!(seen_s(&vantage), Some(74));
    assert!(feed(&mut vantage, folder.path(), None));
    assert_eq!(seen_s(&vantage), Some(74));
    record(folder.path(), 0, 0, RUN_S);
    record(folder.path(), 1, RUN_S, 30);
    assert!(feed(&mut vantage, folder.path(), None));
    assert_eq!(seen_s(&vantage), Some(149));
    let mut anew = Vantage::default();
    assert!(feed(&mut anew, folder.path(), None));
    assert_eq!(told(&vantage), told(&anew));
}

#[test]
fn a_run_that_was_removed_is_not_gone_on_with() {
    let folder = folder();
    let mut vantage = Vantage::default();
    assert!(feed(&mut vantage, folder.path(), Some("+90s")));
    for removed in 0..2 {
        std::fs::remove_file(folder.path().join(format!("{removed:08}.parquet"))).unwrap();
    }
    assert!(!feed(&mut vantage, folder.path(), None));
    assert_eq!(seen_s(&vantage), Some(90));
}
