//! Files of other tools through the whole product: imported, inspected, replayed, refused.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/imports").join(name)
}

fn import(tool: &str, file: &Path, output: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["import", tool]).arg(file).arg("-o").arg(output).args(more).output().unwrap()
}

fn json(command: &str, recording: &Path) -> Value {
    let mut ks = Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = ks.arg(command).arg(recording).args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_pmrep_and_sadf_print_becomes_a_recording_that_names_what_is_absent() {
    let cases: [(&str, &str, &[&str]); 4] = [
        ("pcp", "pcp_host.csv", &["--timezone", "UTC"]),
        ("pcp", "pcp_cadences.csv", &["--timezone", "Europe/Berlin"]),
        ("sar", "sar_host.json", &[]),
        ("sar", "sar_minutes.json", &[]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (tool, name, more) in cases {
        let output = folder.path().join(format!("{name}.parquet"));
        let done = import(tool, &fixture(name), &output, more);
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        let found = json("inspect", &output);
        assert!(found["ticks"].as_u64().unwrap() >= 3, "{name}");
        assert_eq!(found["sources"]["processes"]["state"], "absent", "{name}");
        assert!(found["sources"]["processes"]["reason"].is_string(), "{name}");
        assert_eq!(found["sources"]["meminfo"]["state"], "on", "{name}");
        let report = json("replay", &output);
        assert_eq!(report["mode"], "what_if", "{name}");
        assert!(report["coverage"]["scheduler"].as_str().unwrap().len() > 1, "{name}");
    }
}

#[test]
fn without_a_zone_it_is_refused_with_the_remedy_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.parquet");
    let done = import("pcp", &fixture("pcp_host.csv"), &output, &[]);
    let error = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(4), "{error}");
    assert!(error.contains("--timezone") && error.contains("pcp_host.csv"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_no_such_file_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(fixture("pcp_host.csv")).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let short = format!("{}\n{}\n1,2\n", lines[0], lines[1]);
    let cases = [
        ("pcp", "empty.csv", String::new()),
        ("pcp", "words.csv", "one,two\n1,2\n".to_owned()),
        ("pcp", "short.csv", short),
        ("sar", "empty.json", String::new()),
        ("sar", "other.json", "{\"sysstat\": 5}".to_owned()),
        ("sar", "cut.json", "{\"sysstat\": {\"hosts\": [".to_owned()),
    ];
    for (tool, name, content) in cases {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        let output = folder.path().join("x.parquet");
        let done = import(tool, &file, &output, &["--timezone", "UTC"]);
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(4), "{name}: {error}");
        assert!(error.contains(name), "{name}: {error}");
        assert!(!output.exists(), "{name}");
    }
}

#[test]
fn a_recording_that_stands_there_is_kept_unless_it_is_to_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.parquet");
    std::fs::write(&output, "mine").unwrap();
    let file = fixture("sar_host.json");
    assert_eq!(import("sar", &file, &output, &[]).status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "mine");
    assert!(import("sar", &file, &output, &["--force"]).status.success());
}

/// A folder with a `pminfo` that does as its shell script says, and `ks import pcp --metrics`
/// where it is the only program.
fn metrics_of(archive: &str, pminfo: Option<&str>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    if let Some(script) = pminfo {
        let path = folder.path().join("pminfo");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }
    let mut ks = Command::new(env!("CARGO_BIN_EXE_ks"));
    ks.args(["import", "pcp", "--metrics", archive]).env("PATH", folder.path()).output().unwrap()
}

#[test]
fn the_command_for_an_archive_asks_for_what_it_has_and_nothing_else() {
    let script = "[ \"$1\" = -a ] && [ \"$2\" = 'my archive' ] || exit 1\n\
                  printf '%s\\n' proc.nprocs mem.util.free kernel.all.intr kernel.all.load";
    let done = metrics_of("my archive", Some(script));
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let expected = "pmrep -a 'my archive' -Z UTC -r -u -o csv kernel.all.intr kernel.all.load \
                    mem.util.free > host.csv\n\
                    ks import pcp host.csv --timezone UTC -o host.parquet\n";
    assert_eq!(told, expected);
}

#[test]
fn an_archive_that_cannot_be_listed_is_told_with_the_remedy() {
    let check = |pminfo: Option<&str>, code: i32, expected: &[&str]| {
        let done = metrics_of("sa.0", pminfo);
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{told}");
        for words in expected.iter().chain(&["sa.0"]) {
            assert!(told.contains(words), "{told}");
        }
        assert!(done.stdout.is_empty());
    };
    check(None, 3, &["cannot read `sa.0` with `pminfo`", "install PCP (package `pcp`)"]);
    let broken = "echo 'pminfo: Cannot open archive: Illegal label record' >&2; exit 1";
    check(Some(broken), 4, &["Illegal label record", "an archive of pmlogger"]);
    check(Some("echo proc.nprocs"), 4, &["none of its 1 metrics"]);
}

#[test]
fn without_a_file_or_an_archive_there_is_nothing_to_import() {
    let run = |more: &[&str]| {
        let mut ks = Command::new(env!("CARGO_BIN_EXE_ks"));
        ks.args(["import", "pcp"]).args(more).output().unwrap().status.code()
    };
    assert_eq!(run(&[]), Some(2));
    assert_eq!(run(&["host.csv"]), Some(2));
    assert_eq!(run(&["host.csv", "--metrics", "archive"]), Some(2));
}

#[test]
fn a_file_that_another_writer_wrote_is_not_called_sealed() {
    let rewritten =
        |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rewritten").join(name);
    assert_eq!(json("inspect", &rewritten("original.parquet"))["sealed"], true);
    let found = json("inspect", &rewritten("pyarrow.parquet"));
    assert_eq!(found["sealed"], false);
    assert_eq!(found["unvouched"][0]["writer"], "parquet-cpp-arrow version 26.0.1");
}
