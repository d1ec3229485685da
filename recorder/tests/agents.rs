//! What decisions alone read is decoded where an agent takes part, and only there.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::{Body, Config, HostFacts, Input, SCHEMA_VERSION, Start};
use ks_vocabulary::model::{ReadTimes, Sample, Sysctls, SysctlsCell, Vm, VmCell};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

const FROM_NS: i64 = 1_700_000_000_000_000_000;

fn start(segment: u32, config: Option<Config>) -> Body {
    Body::Start(Box::new(Start {
        schema: SCHEMA_VERSION,
        host: HostFacts { hostname: "h".into(), ..HostFacts::default() },
        boot_id: "boot".into(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(FROM_NS) },
        interval_ns: SECOND_NS,
        segment,
        config,
        ..Start::default()
    }))
}

fn sample() -> Body {
    let mut sample = Sample::default();
    let times = ReadTimes { begin_ns: 0, end_ns: 1 };
    sample.sysctls.set_read(times);
    sample.sysctls.push().set(SysctlsCell::swappiness, 60u64);
    sample.vm.set_read(times);
    sample.vm.push().set(VmCell::oom_kill, 3u64);
    Body::Sample(Box::new(sample))
}

/// Writes a file of these inputs, a second apart from `first` on.
fn write(path: &Path, first: u64, bodies: Vec<Body>) {
    let mut writer = Writer::create(path, false).unwrap();
    for (seq, body) in (first..).zip(bodies) {
        writer.append(&Input::recorded(seq, Timestamp(seq * SECOND_NS), body)).unwrap();
    }
    writer.seal().unwrap();
}

/// Of each sample, whether what the engine reads is there, and what decisions read.
fn read(mut reader: Reader) -> Vec<(bool, bool)> {
    let mut found = Vec::new();
    while let Some(input) = reader.next().unwrap() {
        if let Body::Sample(sample) = &input.body {
            let vm = sample.vm.first().and_then(Vm::oom_kill);
            let sysctls = sample.sysctls.first().and_then(Sysctls::swappiness);
            found.push((vm == Some(3), sysctls == Some(60)));
        }
    }
    found
}

fn for_engine(path: &Path) -> Vec<(bool, bool)> {
    read(Reader::open_for_engine(&[path.to_owned()]).unwrap())
}

fn rules() -> Config {
    Config::by_rules(Mode::Observe)
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    (folder, path)
}

#[test]
fn without_an_agent_nothing_is_decoded_for_it_unless_it_decides_anew() {
    let (_folder, path) = folder();
    for config in [None, Some(Config::default())] {
        write(&path, 0, vec![start(0, config), sample(), sample()]);
        assert_eq!(for_engine(&path), [(true, false); 2]);
        assert_eq!(
            read(Reader::open_for_agent(std::slice::from_ref(&path)).unwrap()),
            [(true, true); 2]
        );
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn where_an_agent_comes_at_any_time_it_is_decoded_from_the_first_row_on() {
    let (_folder, path) = folder();
    let change = || Body::ConfigChange(Box::new(rules()));
    for bodies in [
        vec![start(0, Some(rules())), sample(), sample()],
        vec![start(0, None), sample(), change(), sample()],
        vec![start(0, None), sample(), start(0, Some(rules())), sample()],
    ] {
        write(&path, 0, bodies);
        assert_eq!(for_engine(&path), [(true, true); 2]);
        std::fs::remove_file(&path).unwrap();
    }
}

/// A directory of two segments: an agent takes part in the second at most.
fn segments(folder: &Path, config: Option<Config>) {
    write(&folder.join("a.parquet"), 0, vec![start(0, None), sample()]);
    write(&folder.join("b.parquet"), 2, vec![start(1, config), sample()]);
}

#[test]
fn one_file_with_an_agent_has_all_of_them_decoded() {
    let folder = tempfile::tempdir().unwrap();
    segments(folder.path(), Some(rules()));
    assert_eq!(for_engine(folder.path()), [(true, true); 2]);
    let other = tempfile::tempdir().unwrap();
    segments(other.path(), None);
    assert_eq!(for_engine(other.path()), [(true, false); 2]);
}

#[test]
fn what_turns_out_to_have_an_agent_after_all_is_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    segments(folder.path(), None);
    let mut reader = Reader::open_for_engine(&[folder.path().to_owned()]).unwrap();
    // Somebody puts another file there meanwhile.
    let second = folder.path().join("b.parquet");
    std::fs::remove_file(&second).unwrap();
    write(&second, 2, vec![start(1, Some(rules())), sample()]);
    let mut samples = 0;
    while let Some(input) = reader.next().unwrap() {
        samples += usize::from(matches!(input.body, Body::Sample(_)));
    }
    assert_eq!(samples, 1);
    let told: Vec<String> = reader.damages().iter().map(|damage| format!("{damage:?}")).collect();
    assert!(told.len() == 1 && told[0].contains("an agent takes part from here on"), "{told:?}");
}
