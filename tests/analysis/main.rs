//! Baselines, forecasts and knowledge through the whole product: written, replayed, printed.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod host;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use host::{Plot, inputs};
use ks_recorder::format::writer::Writer;
use serde_json::Value;

fn record(folder: &Path, plot: Plot, name: &str, hostname: &str, seconds: u64) -> PathBuf {
    let path = folder.join(name);
    let mut writer = Writer::create(&path, false).unwrap();
    for input in inputs(plot, hostname, seconds) {
        writer.append(&input).unwrap();
    }
    writer.seal().unwrap();
    path
}

fn ks(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ks")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = ks(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_leak_is_told_before_any_limit_is_met_and_the_forecast_holds_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), Plot::Leak, "leak.parquet", "made", 3_200);
    let report = json(&["replay", text(&path), "--format", "json"]);
    let episodes = report["episodes"].as_array().unwrap();
    let first = &episodes[0];
    assert_eq!(
        (&first["kind"], &first["subtype"]),
        (&"memory_pressure".into(), &"predicted".into())
    );
    assert_eq!(first["severity"], "medium");
    let metrics: Vec<_> = first["evidence"].as_array().unwrap().iter().collect();
    assert!(metrics.iter().any(|one| one["metric"] == "eta_high_s" && one["limit"] == 1800.0));
    assert_eq!(report["incidents"].as_array().unwrap().len(), 1);
    let plain = |one: &&Value| one["action"].is_null() && !one["eta_s"].is_null();
    let forecasts = report["forecasts"].as_array().unwrap();
    let made = forecasts.iter().find(plain).unwrap();
    // 6 GiB less 2 % of 8 GiB at 5 MiB a second end 1,196 s after second 1,900.
    let at: jiff::Timestamp = made["at"].as_str().unwrap().parse().unwrap();
    let end = 1_800_000_000.0 + 1_900.0 + 1_196.0 - at.as_second() as f64;
    let (low, high) = (made["eta_low_s"].as_f64().unwrap(), made["eta_high_s"].as_f64().unwrap());
    assert!(low <= end && end <= high, "{low} {end} {high}");
    assert!(made["fan"].as_array().unwrap().len() > 4);
    let acted = forecasts.iter().filter(|one| !one["action"].is_null());
    assert!(acted.clone().any(|one| one["action"] == "limit_cgroup_memory_high"));
    assert!(acted.clone().all(|one| one["assumption"].is_string()));
}

#[test]
fn a_calm_host_is_not_forecast_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), Plot::Calm, "calm.parquet", "made", 3_200);
    let report = json(&["replay", text(&path), "--format", "json"]);
    assert_eq!(report["episodes"].as_array().unwrap().len(), 0);
    for one in report["forecasts"].as_array().unwrap() {
        assert!(one["eta_s"].is_null() && one["reason"].is_string(), "{one}");
    }
}

#[test]
fn what_is_usual_here_is_raised_without_a_baseline_and_not_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let before = record(folder.path(), Plot::UsuallyBusy, "before.parquet", "made", 7_200);
    let day = record(folder.path(), Plot::UsuallyBusy, "day.parquet", "made", 3_000);
    let knowledge = folder.path().join("normal.json");
    let built = ks(&["baseline", "build", text(&before), "--accept", "-o", text(&knowledge)]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let count = |arguments: &[&str]| {
        let report = json(arguments);
        let episodes = report["episodes"].as_array().unwrap().len();
        (episodes, report["mode"].as_str().unwrap().to_owned())
    };
    let (without, mode) = count(&["replay", text(&day), "--format", "json"]);
    assert_eq!(mode, "as_recorded");
    assert!(without >= 3, "{without}");
    let known = text(&knowledge);
    let (with, mode) = count(&["replay", text(&day), "--format", "json", "--baseline", known]);
    assert_eq!((with, mode.as_str()), (0, "what_if"));
    let shown = ks(&["baseline", "show", known]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("demand_per_cpu of host") && shown.contains("Slopes"), "{shown}");
}

#[test]
fn knowledge_that_cannot_be_used_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), Plot::Calm, "calm.parquet", "made", 300);
    let file = folder.path().join("k.json");
    let built = ks(&["baseline", "build", text(&path), "-o", text(&file)]);
    assert!(built.status.success());
    let good = std::fs::read_to_string(&file).unwrap();
    let cases = [
        ("", "not a file of `ks baseline build`"),
        ("PAR1 garbage", "not a file of `ks baseline build`"),
        (&good[..good.len() / 2], "not a file of `ks baseline build`"),
        (&good.replace("\"version\":1", "\"version\":9"), "of version 9"),
        (&good.replace("\"half_life_days\":", "\"half_life_days\":-"), "half_life_days"),
    ];
    for (content, expected) in cases {
        std::fs::write(&file, content).unwrap();
        let output = ks(&["replay", text(&path), "--baseline", text(&file)]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{error}");
        assert!(error.contains(expected) && error.contains("k.json"), "{error}");
    }
    let missing = ks(&["replay", text(&path), "--baseline", "nowhere.json"]);
    assert_eq!(missing.status.code(), Some(4));
}

#[test]
fn hosts_are_not_mixed_and_an_existing_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let one = record(folder.path(), Plot::Calm, "one.parquet", "one", 120);
    let other = record(folder.path(), Plot::Calm, "other.parquet", "other", 120);
    let file = folder.path().join("k.json");
    let mixed = ks(&["baseline", "build", text(&one), text(&other), "-o", text(&file)]);
    let error = String::from_utf8_lossy(&mixed.stderr).into_owned();
    assert!(!mixed.status.success() && error.contains("one file for each host"), "{error}");
    assert!(!file.exists(), "nothing is half-written");
    std::fs::write(&file, "mine").unwrap();
    let refused = ks(&["baseline", "build", text(&one), "-o", text(&file)]);
    assert!(!refused.status.success());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn analyze_tells_draws_and_lists_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), Plot::Leak, "leak.parquet", "made", 2_300);
    let plain = String::from_utf8(ks(&["analyze", text(&path)]).stdout).unwrap();
    for expected in ["Forecasts:", "memory of host", "increasing", "demand_per_cpu of host"] {
        assert!(plain.contains(expected), "{expected} in {plain}");
    }
    let metric = ["analyze", text(&path), "--metric", "memory_and_swap_used_share"];
    let drawn = String::from_utf8(ks(&metric).stdout).unwrap();
    assert!(drawn.contains('█') && drawn.contains('▒'), "{drawn}");
    let report = json(&["analyze", text(&path), "--format", "json"]);
    for part in ["baselines", "trends", "forecasts", "incidents"] {
        assert!(!report[part].as_array().unwrap().is_empty(), "{part}");
    }
    let unknown = ks(&["analyze", text(&path), "--metric", "nothing"]);
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && error.contains("demand_per_cpu"), "{error}");
}
