//! Recordings of older versions of the format are read as they are.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};

use ks_recorder::error::Error;
use ks_recorder::format::log::{LogReader, LogWriter};
use ks_recorder::format::recording::Reader;
use ks_recorder::format::recovery::recover;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{Body, Input, Other, SCHEMA_VERSION, SchemaVersion};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/versions").join(name)
}

fn samples(inputs: &[Input]) -> Vec<&Sample> {
    let sample = |input| match input {
        &Input { body: Body::Sample(ref sample), .. } => Some(sample.as_ref()),
        _ => None,
    };
    inputs.iter().filter_map(sample).collect()
}

fn is_version_1_1(inputs: &[Input]) {
    let Body::Start(start) = &inputs[0].body else { unreachable!("a recording begins so") };
    assert_eq!(start.schema, SchemaVersion { major: 1, minor: 1 });
    let samples = samples(inputs);
    let rows: Vec<_> = samples[0]
        .processes
        .iter()
        .map(|row| (row.pid(), row.comm().unwrap(), row.cgroup().unwrap(), row.utime_ticks()))
        .collect();
    let row = |pid, comm: &'static str, cgroup: &'static str, ticks| {
        (Some(pid), comm.as_bytes(), cgroup.as_bytes(), Some(ticks))
    };
    assert_eq!(
        rows,
        [
            row(1, "init", "/services/init", 10),
            row(300, "database", "/services/database", 900),
            row(301, "shell", "/services/shell", 3),
        ]
    );
    let blocked: Vec<_> = samples[0].blocked.iter().map(|row| (row.pid(), row.comm())).collect();
    assert_eq!(blocked, [(Some(300), Some(b"database".as_slice()))]);
    assert!(samples[0].processes.iter().all(|row| row.cpu_ns().is_none()));
    let gone = |sample: &&Sample| sample.processes_gone.iter().any(|row| row.pid() == Some(301));
    assert!(samples.iter().any(gone), "it ended while it was recorded");
}

#[test]
fn a_log_of_version_1_1_is_read_with_the_masks_of_its_time_and_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("version_1_1.parquet");
    let log = folder.path().join("version_1_1.parquet.log");
    std::fs::copy(fixture("version_1_1.parquet.log"), &log).unwrap();
    let mut reader = LogReader::open(&log).unwrap();
    let inputs: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    is_version_1_1(&inputs);
    recover(&path).unwrap();
    let mut reader = Reader::open(std::slice::from_ref(&path)).unwrap();
    let sealed: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(sealed, inputs);
    assert!(!log.exists());
}

/// A row of a log has no names of its columns: a layout that this version does not know would be
/// read as something else.
#[test]
fn a_log_of_a_newer_minor_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("newer.parquet");
    let log = folder.path().join("newer.parquet.log");
    let mut old = Reader::open(&[fixture("version_1_1.parquet")]).unwrap();
    let mut start = old.next().unwrap().unwrap().clone();
    let Body::Start(facts) = &mut start.body else { unreachable!("a recording begins so") };
    facts.schema.minor = SCHEMA_VERSION.minor + 1;
    let mut writer = LogWriter::create(&log, false).unwrap();
    writer.append(&start).unwrap();
    drop(writer);
    let before = std::fs::read(&log).unwrap();
    let read = LogReader::open(&log).unwrap().next().map(|_| ());
    assert!(matches!(read, Err(Error::Newer { .. })), "{read:?}");
    assert!(matches!(recover(&path), Err(Error::Newer { .. })));
    assert_eq!(std::fs::read(&log).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_file_of_version_1_1_has_the_columns_of_its_time() {
    let mut reader = Reader::open(&[fixture("version_1_1.parquet")]).unwrap();
    let inputs: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    is_version_1_1(&inputs);
}

/// Between 1.2 and 1.3 only the entry of `Start` grew: it has no knowledge in the older one.
#[test]
fn a_recording_and_a_log_of_version_1_2_are_read_without_knowledge() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("version_1_2.parquet");
    let log = folder.path().join("version_1_2.parquet.log");
    std::fs::copy(fixture("version_1_2.parquet.log"), &log).unwrap();
    let mut reader = LogReader::open(&log).unwrap();
    let logged: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    let mut reader = Reader::open(&[fixture("version_1_2.parquet")]).unwrap();
    let sealed: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(sealed, logged);
    let Body::Start(start) = &sealed[0].body else { unreachable!("a recording begins so") };
    assert_eq!(start.schema, SchemaVersion { major: 1, minor: 2 });
    assert_eq!(start.knowledge, None);
    assert_eq!(samples(&sealed)[0].memory.first().unwrap().total_bytes(), Some(2_097_152_000));
    recover(&path).unwrap();
}

/// Between 1.3 and 1.4 `Start` and `Gap` grew, and logs got key samples and marks.
#[test]
fn a_recording_and_a_log_of_version_1_3_are_read_without_what_came_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("version_1_3.parquet");
    let log = folder.path().join("version_1_3.parquet.log");
    std::fs::copy(fixture("version_1_3.parquet.log"), &log).unwrap();
    let mut reader = LogReader::open(&log).unwrap();
    let logged: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(reader.take_damage(), None);
    let mut reader = Reader::open(&[fixture("version_1_3.parquet")]).unwrap();
    let sealed: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(sealed, logged);
    let Body::Start(start) = &sealed[0].body else { unreachable!("a recording begins so") };
    assert_eq!(start.schema, SchemaVersion { major: 1, minor: 3 });
    assert_eq!((start.judgement, start.began_ns), (None, None));
    assert_eq!(samples(&sealed).len(), 4);
    recover(&path).unwrap();
}

/// Between 1.4 and 1.5 tables grew, some of which have names whose bits come after the cells.
#[test]
fn a_recording_and_a_log_of_version_1_4_are_read_with_the_masks_of_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("version_1_4.parquet");
    let log = folder.path().join("version_1_4.parquet.log");
    std::fs::copy(fixture("version_1_4.parquet.log"), &log).unwrap();
    let mut reader = LogReader::open(&log).unwrap();
    let logged: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(reader.take_damage(), None);
    let mut reader = Reader::open(&[fixture("version_1_4.parquet")]).unwrap();
    let sealed: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(sealed, logged);
    let samples = samples(&sealed);
    assert_eq!(samples.len(), 5);
    let group = samples[0].cgroups.iter().find(|row| row.path() == Some(b"/tested/hog")).unwrap();
    assert_eq!((group.hierarchy(), group.populated()), (Some(b"v2".as_slice()), Some(true)));
    assert_eq!((group.oom_kill(), group.memory_high()), (Some(1), None));
    let disk = samples[0].disks.first().unwrap();
    assert_eq!(
        (disk.name(), disk.scheduler()),
        (Some(b"vda".as_slice()), Some(b"none".as_slice()))
    );
    assert_eq!((disk.slaves(), disk.major()), (None, None));
    let nic = samples[0].nics.first().unwrap();
    assert_eq!((nic.name(), nic.device_type()), (Some(b"lo".as_slice()), Some(772)));
    assert_eq!((nic.operstate(), nic.rx_missed()), (Some(b"unknown".as_slice()), None));
    recover(&path).unwrap();
}

/// What the recording of a version 1 says, which its log says as well, and which can be sealed.
fn read_both(minor: u32) -> Vec<Input> {
    let (name, folder) = (format!("version_1_{minor}.parquet"), tempfile::tempdir().unwrap());
    let (path, log) = (folder.path().join(&name), folder.path().join(format!("{name}.log")));
    std::fs::copy(fixture(&format!("{name}.log")), &log).unwrap();
    let mut reader = LogReader::open(&log).unwrap();
    let logged: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(reader.take_damage(), None);
    let mut reader = Reader::open(&[fixture(&name)]).unwrap();
    let sealed: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert_eq!(sealed, logged);
    recover(&path).unwrap();
    sealed
}

/// Between 1.5 and 1.6 one table grew and others came behind those that there were.
#[test]
fn a_recording_and_a_log_of_version_1_5_are_read_without_what_seldom_changes() {
    let sealed = read_both(5);
    let Body::Start(start) = &sealed[0].body else { unreachable!("a recording begins so") };
    assert_eq!(start.schema, SchemaVersion { major: 1, minor: 5 });
    let samples = samples(&sealed);
    let disk = samples[0].disks.first().unwrap();
    assert_eq!(
        (disk.name(), disk.scheduler()),
        (Some(b"vda".as_slice()), Some(b"none".as_slice()))
    );
    assert_eq!((disk.minor(), disk.read_ahead_kb()), (Some(0), None));
    assert!(samples.iter().all(|sample| sample.process_facts.read().is_none()));
    assert!(samples.iter().all(|sample| sample.cgroup_settings.read().is_none()));
    assert!(samples.iter().all(|sample| sample.sysctls.read().is_none()));
}

/// Between 1.6 and 1.7 what operators say and what a run carries grew; the tables are the same.
#[test]
fn a_recording_and_a_log_of_version_1_6_are_read() {
    let sealed = read_both(6);
    let Body::Start(start) = &sealed[0].body else { unreachable!("a recording begins so") };
    assert_eq!(start.schema, SchemaVersion { major: 1, minor: 6 });
    assert!(samples(&sealed).iter().any(|sample| sample.process_facts.read().is_some()));
}

/// Between 1.7 and 1.8 what is configured of models and what replies take came; the tables are the
/// same.
#[test]
fn a_recording_and_a_log_of_version_1_7_are_read() {
    let sealed = read_both(7);
    let Body::Start(start) = &sealed[0].body else { unreachable!("a recording begins so") };
    assert_eq!(start.schema, SchemaVersion { major: 1, minor: 7 });
    assert!(samples(&sealed).iter().any(|sample| sample.process_facts.read().is_some()));
}

/// A file of 1.3 has one checksum: where it is wrong nothing of the file is believed.
#[test]
fn a_damaged_file_of_version_1_3_is_an_error_alone_and_left_out_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("a.parquet");
    let mut bytes = std::fs::read(fixture("version_1_3.parquet")).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&bad, bytes).unwrap();
    let read = Reader::open(&[bad]).and_then(|mut reader| reader.next().map(|_| ()));
    assert!(matches!(read, Err(Error::Damaged { .. })), "{read:?}");
    std::fs::copy(fixture("version_1_2.parquet"), folder.path().join("b.parquet")).unwrap();
    let mut reader = Reader::open(&[folder.path().to_owned()]).unwrap();
    let inputs: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert!(!samples(&inputs).is_empty());
    assert_eq!(reader.damages().len(), 1);
    assert!(reader.damages()[0].problem.contains("checksum mismatch"));
}

/// A kind that a newer minor version has is kept as it is, in files and in logs.
#[test]
fn an_input_of_a_kind_that_is_not_known_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("newer.parquet");
    let other = Other { kind: "dream".into(), entry: "{\"of\":1.50}".into() };
    let inputs = [
        Input::recorded(0, Timestamp(1), Body::Start(Box::default())),
        Input::recorded(1, Timestamp(2), Body::Other(Box::new(other))),
        Input::recorded(2, Timestamp(3), Body::Tick),
    ];
    let mut writer = Writer::create(&path, false).unwrap();
    for input in &inputs {
        writer.append(input).unwrap();
    }
    let read = |path: &Path| -> Vec<Input> {
        let mut reader = Reader::open(&[path.to_owned()]).unwrap();
        std::iter::from_fn(|| reader.next().unwrap().cloned()).collect()
    };
    assert_eq!(read(&path), inputs, "from the log");
    writer.seal().unwrap();
    assert_eq!(read(&path), inputs, "and sealed");
}
