//! Directories of segments: what is removed, sealed, set aside, and what is left alone.

use super::*;
use ks_vocabulary::input::{Body, Start};
use ks_vocabulary::time::Timestamp;

fn own(number: u64, age_s: u64, bytes: u64) -> Own {
    Own { number, has_log: false, age: Duration::from_secs(age_s), bytes }
}

#[test]
fn the_oldest_go_first_by_age_or_by_size_and_the_newest_stays() {
    let sealed: Vec<_> = (0..4).map(|at| own(at, 40 - at * 10, 5)).collect();
    let count = |age_s: Option<u64>, bytes| {
        expired(&sealed, Retention { age: age_s.map(Duration::from_secs), bytes }).len()
    };
    assert_eq!(count(None, None), 0);
    assert_eq!(count(Some(25), None), 2);
    assert_eq!(count(None, Some(10)), 2);
    assert_eq!(count(None, Some(9)), 3);
    assert_eq!(count(Some(35), Some(10)), 2);
    assert_eq!(count(Some(1), Some(1)), 3);
}

fn write(folder: &Path, number: u64, start: Start) {
    let mut writer = Writer::create(&own::recording(folder, number), false).unwrap();
    let body = Body::Start(Box::new(start));
    writer.append(&Input::recorded(0, Timestamp(1), body)).unwrap();
    writer.seal().unwrap();
    std::fs::write(own::journal(folder, number), b"{}\n").unwrap();
}

fn start(began_ns: u64, segment: u32) -> Start {
    let began_ns = Some(Timestamp(began_ns));
    let judgement = Some(1);
    Start { boot_id: "b".into(), began_ns, segment, judgement, ..Start::default() }
}

fn open(folder: &Path, retention: Retention) -> Segments {
    Segments::open(folder, retention, None).unwrap()
}

#[test]
fn numbers_go_on_and_a_directory_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 7, start(1, 0));
    let segments = open(folder.path(), Retention::default());
    assert_eq!(segments.next_number(), 8);
    let second = Segments::open(folder.path(), Retention::default(), None);
    assert!(matches!(second, Err(Error::Locked { .. })));
    drop(segments);
    assert_eq!(open(folder.path(), Retention::default()).next_number(), 8);
}

#[test]
fn what_another_program_wrote_is_neither_removed_nor_read_as_a_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for number in [1, 2, 3] {
        write(folder.path(), number, start(1, u32::try_from(number).unwrap()));
    }
    let others = ["0-sales.parquet", "s.parquet", "s.parquet.log", "00000000.parquet"];
    for name in others {
        std::fs::write(at(name), b"etl").unwrap();
    }
    let retention = Retention { age: None, bytes: Some(1) };
    drop(open(folder.path(), retention));
    for name in others {
        assert_eq!(std::fs::read(at(name)).unwrap(), b"etl", "{name}");
    }
    assert!(!at("00000001.parquet").exists() && !at("00000001.jsonl").exists());
    assert!(!at("00000002.parquet").exists());
    assert!(at("00000003.parquet").exists() && at("00000003.jsonl").exists(), "it is the newest");
}

#[test]
fn a_log_in_which_nothing_can_be_read_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("00000004.parquet.log");
    std::fs::write(&log, b"no log at all, but some other text").unwrap();
    std::fs::write(folder.path().join("00000005.parquet.log"), [0; 5000]).unwrap();
    let segments = open(folder.path(), Retention::default());
    assert_eq!(segments.set_aside(), [folder.path().join("00000004.parquet.log.damaged")]);
    assert_eq!(segments.next_number(), 6);
    assert!(!log.exists());
    assert!(!folder.path().join("00000005.parquet").exists(), "it held nothing");
}

/// Killed between publishing and removing: what is sealed is whole, and the log goes.
#[test]
fn a_log_goes_only_after_its_sealed_file_was_read_and_found_whole() {
    let folder = tempfile::tempdir().unwrap();
    let input = |seq, body| Input::recorded(seq, Timestamp(seq), body);
    let begin = || input(0, Body::Start(Box::new(start(1, 0))));
    let log = folder.path().join("00000000.parquet.log");
    let write_log = |last: u64| {
        let mut writer = super::super::log::LogWriter::create(&log, true).unwrap();
        writer.append(&begin()).unwrap();
        writer.append(&input(last, Body::Tick)).unwrap();
    };
    let mut writer = Writer::create(&own::recording(folder.path(), 0), false).unwrap();
    writer.append(&begin()).unwrap();
    writer.append(&input(1, Body::Tick)).unwrap();
    writer.seal().unwrap();
    write_log(1);
    drop(open(folder.path(), Retention::default()));
    assert!(!log.exists(), "it says nothing more");
    write_log(2);
    let segments = open(folder.path(), Retention::default());
    assert_eq!(segments.set_aside().len(), 1, "it says more than the sealed file");
    assert!(segments.set_aside()[0].exists());
}

#[test]
fn the_last_run_is_known_from_its_first_segment_on() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 0, start(1, 0));
    write(folder.path(), 1, start(2, 0));
    write(folder.path(), 2, start(2, 1));
    let segments = open(folder.path(), Retention::default());
    let found = segments.last_run().unwrap();
    assert_eq!(found.iter().map(|file| file.segment).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(found[0].recording, folder.path().join("00000001.parquet"));
    assert_eq!(found[1].journal, folder.path().join("00000002.jsonl"));
    let before = segments.run_before(found[0].number).unwrap();
    assert_eq!(before.iter().map(|file| file.number).collect::<Vec<_>>(), [0]);
    assert_eq!(segments.run_before(0).unwrap(), []);
    std::fs::remove_file(folder.path().join("00000001.parquet")).unwrap();
    assert_eq!(segments.last_run().unwrap(), []);
}

#[test]
fn a_full_disk_costs_the_oldest_only_where_segments_may_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        write(folder.path(), number, start(1, u32::try_from(number).unwrap()));
    }
    let keeps_all = open(folder.path(), Retention::default());
    assert!(!keeps_all.make_room().unwrap());
    drop(keeps_all);
    let age = Some(Duration::from_hours(1));
    let segments = open(folder.path(), Retention { age, bytes: None });
    assert!(segments.make_room().unwrap() && segments.make_room().unwrap());
    assert!(!segments.make_room().unwrap(), "the newest stays");
    assert!(folder.path().join("00000002.parquet").exists());
}
