//! One recording for each kind, written through the recorder's writer, with its expected JSON and
//! text. Only that kind may be raised, at medium or above.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod host;

use std::process::Command;

use ks_recorder::format::writer::Writer;
use ks_vocabulary::kind::Kind;

fn replayed(kind: Kind, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}.parquet", kind.word());
    let mut writer = Writer::create(&folder.path().join(&name), false).unwrap();
    for input in host::inputs(kind) {
        writer.append(&input).unwrap();
    }
    writer.seal().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = command.args(["replay", "--format", format, &name]).current_dir(folder.path());
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn check(kind: Kind) {
    let json = replayed(kind, "json");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let episodes = report["episodes"].as_array().unwrap();
    assert!(!episodes.is_empty(), "{} is raised", kind.word());
    for episode in episodes {
        assert_eq!(episode["kind"], kind.word());
        assert_eq!(episode["state"], "cleared", "it is over two minutes after the fault");
    }
    insta::assert_snapshot!(format!("{}_json", kind.word()), json);
    insta::assert_snapshot!(format!("{}_text", kind.word()), replayed(kind, "text"));
}

#[test]
fn memory_pressure() {
    check(Kind::MemoryPressure);
}

#[test]
fn load_mismatch() {
    check(Kind::LoadMismatch);
}

#[test]
fn io_congestion() {
    check(Kind::IoCongestion);
}

#[test]
fn network_degradation() {
    check(Kind::NetworkDegradation);
}

#[test]
fn tcp_exhaustion() {
    check(Kind::TcpExhaustion);
}

#[test]
fn swap_thrashing() {
    check(Kind::SwapThrashing);
}

#[test]
fn block_device_saturation() {
    check(Kind::BlockDeviceSaturation);
}

#[test]
fn scheduler() {
    check(Kind::Scheduler);
}

#[test]
fn syscall() {
    check(Kind::Syscall);
}

#[test]
fn page_fault() {
    check(Kind::PageFault);
}
