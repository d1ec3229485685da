//! The whole recorder over a root whose files are missing, empty, garbage or beyond all bounds:
//! every tick gives a sample, what cannot be read is named, and what is recorded can be read back.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_recorder::recorder::{Options, Recorder};
use ks_vocabulary::input::{Body, Delivery, Input, Stamp};
use ks_vocabulary::time::SECOND_NS;

/// The files of a host that samplers read, those of one process and one control group among them.
const FILES: [&str; 34] = [
    "proc/stat",
    "proc/loadavg",
    "proc/meminfo",
    "proc/vmstat",
    "proc/pressure/cpu",
    "proc/pressure/memory",
    "proc/pressure/io",
    "proc/schedstat",
    "proc/diskstats",
    "proc/swaps",
    "proc/zoneinfo",
    "proc/sys/fs/file-nr",
    "proc/sys/kernel/pid_max",
    "proc/sys/kernel/threads-max",
    "proc/sys/net/ipv4/ip_local_port_range",
    "proc/sys/net/ipv4/tcp_mem",
    "proc/net/softnet_stat",
    "proc/self/mountinfo",
    "proc/self/net/dev",
    "proc/self/net/snmp",
    "proc/self/net/snmp6",
    "proc/self/net/netstat",
    "proc/self/net/sockstat",
    "proc/self/net/tcp",
    "proc/7/stat",
    "proc/7/status",
    "proc/7/io",
    "proc/7/schedstat",
    "proc/7/cgroup",
    "sys/block/sda/queue/rotational",
    "sys/class/net/eth0/carrier",
    "cg/cpu.stat",
    "cg/memory.current",
    "cg/io.stat",
];

fn write(root: &Path, file: &str, text: &[u8]) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Three ticks over `root`, written and read back.
fn recorded(root: &Path) -> Vec<Input> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut recorder = Recorder::new(root, SECOND_NS, Options::default());
    let mut writer = Writer::create(&path, false).unwrap();
    let mut stamp = Stamp::default();
    let (at, start) = recorder.start(0);
    let mut inputs = vec![stamp.make(at, start).clone()];
    for _ in 0..3 {
        recorder.tick(false, true);
        while let Some((at, body)) = recorder.next() {
            inputs.push(stamp.put(at, body).clone());
        }
    }
    for input in &inputs {
        writer.append(input).unwrap();
    }
    writer.seal().unwrap();
    let mut reader = Reader::open(&[path]).unwrap();
    for input in &inputs {
        assert_eq!(reader.next().unwrap(), Some(input));
    }
    inputs
}

fn absent(inputs: &[Input]) -> Vec<&str> {
    let states = inputs.iter().filter_map(|input| match &input.body {
        Body::SourceState(state) if state.state == Delivery::Absent => Some(state.source.as_str()),
        Body::SourceState(_)
        | Body::Start(_)
        | Body::Sample(_)
        | Body::ClockStep(_)
        | Body::Gap(_)
        | Body::Tick
        | Body::ConfigChange(_)
        | Body::Answer(_)
        | Body::Other(_) => None,
    });
    states.collect()
}

fn samples(inputs: &[Input]) -> usize {
    inputs.iter().filter(|input| matches!(input.body, Body::Sample(_))).count()
}

#[test]
fn a_root_without_files_gives_samples_and_says_what_is_absent() {
    let root = tempfile::tempdir().unwrap();
    let inputs = recorded(root.path());
    assert_eq!(samples(&inputs), 3);
    let absent = absent(&inputs);
    for source in ["stat", "meminfo", "vmstat", "diskstats", "processes", "cgroups", "net/dev"] {
        assert!(absent.contains(&source), "{source} is not named among {absent:?}");
    }
}

#[test]
fn files_that_make_no_sense_are_absent_and_the_recording_goes_on() {
    let digits = "9".repeat(60);
    let line = format!("cpu {digits} -1 x {digits}\n{digits}: {digits} kB\n\u{ff}\0\u{1}\n");
    let huge = "7".repeat(300_000);
    let texts: [&[u8]; 6] = [
        b"",
        b"\n\n\n",
        b"garbage without end",
        b"\xff\xfe\x00\x01",
        line.as_bytes(),
        huge.as_bytes(),
    ];
    for text in texts {
        let root = tempfile::tempdir().unwrap();
        for file in FILES {
            write(root.path(), file, text);
        }
        let inputs = recorded(root.path());
        assert_eq!(samples(&inputs), 3);
        assert!(absent(&inputs).contains(&"stat"));
    }
}

#[test]
fn a_host_whose_files_vanish_midway_goes_on() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "proc/loadavg", b"0.1 0.2 0.3 1/2 3\n");
    write(root.path(), "proc/7/stat", b"7 (a) S 1 1 1 0 0 0 0 0 0 0 1 1 0 0 20 0 1 0 50 0\n");
    let mut recorder = Recorder::new(root.path(), SECOND_NS, Options::default());
    recorder.start(0);
    let mut loads = Vec::new();
    let mut processes = Vec::new();
    for tick in 0..3 {
        if tick == 1 {
            std::fs::remove_dir_all(root.path().join("proc")).unwrap();
        }
        recorder.tick(false, false);
        while let Some((_, body)) = recorder.next() {
            if let Body::Sample(sample) = body {
                loads.push(sample.load.first().is_some());
                processes.push(sample.processes.iter().count());
            }
        }
    }
    assert_eq!(loads, [true, false, false]);
    assert_eq!(processes, [1, 0, 0]);
}
