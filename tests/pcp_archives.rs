//! Archives of Performance Co-Pilot that others recorded, imported and replayed, against what is
//! known of them. They are not part of the repository: `KS_PCP_DATA` names their folder.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by it, or is skipped")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// The report of an archive; `None` where there are none.
fn report(name: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("KS_PCP_DATA").map(PathBuf::from) else {
        eprintln!("skipped: KS_PCP_DATA does not name a folder of archives");
        return None;
    };
    let work = tempfile::tempdir().unwrap();
    let csv = work.path().join(format!("{name}.csv"));
    let packed = folder.join(format!("{name}.csv.gz"));
    let unpacked = Command::new("gzip").arg("-dc").arg(&packed).output().unwrap();
    assert!(unpacked.status.success(), "{}", packed.display());
    std::fs::write(&csv, unpacked.stdout).unwrap();
    let recording = work.path().join("x.parquet");
    let mut import = Command::new(env!("CARGO_BIN_EXE_ks"));
    import.args(["import", "pcp", "--timezone", "UTC", "-o"]).arg(&recording).arg(&csv);
    let output = import.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut replay = Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = replay.args(["replay", "--format", "json"]).arg(&recording).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn episodes<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = report["episodes"].as_array().unwrap();
    all.iter().filter(|episode| episode["kind"] == kind).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

/// Whether no episode is above low.
fn is_quiet(report: &Value) {
    for episode in report["episodes"].as_array().unwrap() {
        assert_eq!(episode["severity"], "low", "{episode:#}");
    }
}

#[test]
fn dm_io_has_a_saturated_disk_twice_and_no_number_of_cpus() {
    let Some(report) = report("dm-io") else { return };
    let found = episodes(&report, "block_device_saturation");
    let on_sda: Vec<_> = found.iter().filter(|one| one["entity"] == "disk:sda").collect();
    // RFC 3339 in UTC is in the order of its text.
    let overlaps = |from: &str, to: &str| {
        on_sda.iter().any(|one| {
            text(one, "onset") <= to && one["end"].as_str().is_none_or(|end| end >= from)
        })
    };
    assert!(overlaps("2014-08-01T14:35:28", "2014-08-01T14:36:10"), "{found:#?}");
    assert!(overlaps("2014-08-01T14:37:18", "2014-08-01T14:37:37"), "{found:#?}");
    for one in report["episodes"].as_array().unwrap() {
        let expected = ["block_device_saturation", "io_congestion"];
        assert!(expected.contains(&text(one, "kind")) || one["severity"] == "low", "{one:#}");
    }
    let told = text(&report["coverage"], "load_mismatch");
    assert!(told.starts_with("cannot tell") && told.contains("CPUs"), "{told}");
}

#[test]
fn a_host_that_sends_again_is_found_and_its_allocation_stalls_alone_are_not() {
    let Some(report) = report("20180102") else { return };
    let found = episodes(&report, "network_degradation");
    let retransmits: Vec<_> = found.iter().filter(|one| one["subtype"] == "retransmits").collect();
    assert!(!retransmits.is_empty(), "{:#}", report["episodes"]);
    for one in &retransmits {
        assert!(["low", "medium"].contains(&text(one, "severity")), "{one:#}");
    }
    let swap = episodes(&report, "swap_thrashing");
    assert!(swap.iter().any(|one| text(one, "onset").starts_with("2018-01-02T02:2")), "{swap:#?}");
    assert!(episodes(&report, "memory_pressure").is_empty(), "{:#}", report["episodes"]);
}

#[test]
fn a_day_with_blips_of_swap_has_nothing_above_low() {
    let Some(report) = report("20180606") else { return };
    is_quiet(&report);
}

#[test]
fn a_quiet_host_of_two_days_has_nothing_above_low() {
    let Some(report) = report("20130706") else { return };
    is_quiet(&report);
}

#[test]
fn a_quiet_quarter_of_an_hour_has_nothing_above_low() {
    let Some(report) = report("pcp-zeroconf") else { return };
    is_quiet(&report);
}

#[test]
fn archives_that_are_not_judged_are_imported_and_replayed() {
    for name in ["20180127.08.40", "20180415.09.16"] {
        let Some(report) = report(name) else { return };
        assert!(report["recording"]["ticks"].as_u64().unwrap() > 1, "{name}");
    }
}
