//! Troubles at once, written through the recorder's writer and replayed: what belongs together is
//! one incident with its first cause, and what does not stays apart.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod host;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ks_recorder::format::writer::Writer;
use serde_json::Value;

use host::{LEAK_AND_BACKUP, LEAK_AND_NETWORK, Script};

/// `ks replay` of a run, in a folder with its recording `x.parquet`.
fn replayed(script: &Script, folder: &Path, arguments: &[&str]) -> String {
    let path = folder.join("x.parquet");
    if !path.exists() {
        let mut writer = Writer::create(&path, false).unwrap();
        for input in host::inputs(script) {
            writer.append(&input).unwrap();
        }
        writer.seal().unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = command.arg("replay").args(arguments).arg("x.parquet").current_dir(folder);
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn report(script: &Script) -> Value {
    let folder = tempfile::tempdir().unwrap();
    serde_json::from_str(&replayed(script, folder.path(), &["--format", "json"])).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

/// The episodes of an incident, in the order in which it lists them.
fn episodes<'a>(report: &'a Value, incident: &Value) -> Vec<&'a Value> {
    let all = list(report, "episodes");
    let own = list(incident, "episodes");
    own.iter().map(|id| all.iter().find(|episode| episode["id"] == *id).unwrap()).collect()
}

fn kinds(episodes: &[&Value]) -> BTreeSet<String> {
    episodes.iter().map(|episode| episode["kind"].as_str().unwrap().to_owned()).collect()
}

/// The incident of an episode that is of this kind.
fn incident_of<'a>(report: &'a Value, kind: &str) -> &'a Value {
    let mut all = list(report, "incidents").iter();
    all.find(|incident| kinds(&episodes(report, incident)).contains(kind)).unwrap()
}

fn score(cause: &Value) -> f64 {
    cause["score"].as_f64().unwrap()
}

/// What holds of all incidents of a run at whose end everything is over.
fn check_all(report: &Value) {
    let mut seen = BTreeSet::new();
    for incident in list(report, "incidents") {
        assert_eq!(incident["state"], "closed", "{incident:#}");
        let episodes = episodes(report, incident);
        for episode in &episodes {
            assert!(seen.insert(episode["id"].as_u64().unwrap()), "in one incident only");
        }
        let onsets: Vec<&str> = episodes.iter().map(|one| one["onset"].as_str().unwrap()).collect();
        assert!(onsets.is_sorted(), "{onsets:?}");
        assert_eq!(incident["start"], onsets[0]);
        let end = episodes.iter().map(|one| one["end"].as_str().unwrap()).max().unwrap();
        assert_eq!(incident["end"], end);
        let causes = list(incident, "causes");
        assert!(!causes.is_empty() && causes.len() <= 3, "{incident:#}");
        assert!(causes.iter().map(score).sum::<f64>() <= 1.0 + 1e-9, "{incident:#}");
        assert!(causes.is_sorted_by(|one, other| score(one) >= score(other)), "{incident:#}");
    }
    assert_eq!(seen.len(), list(report, "episodes").len(), "every episode is in an incident");
}

#[test]
fn a_leak_down_to_the_load_is_one_incident_and_a_network_fault_meanwhile_another() {
    let report = report(&LEAK_AND_NETWORK);
    check_all(&report);
    assert_eq!(list(&report, "incidents").len(), 2, "{:#}", report["incidents"]);
    let cascade = incident_of(&report, "memory_pressure");
    let own = episodes(&report, cascade);
    assert!(own.len() >= 6, "a naive tool would page {} times", own.len());
    let expected = [
        "block_device_saturation",
        "io_congestion",
        "load_mismatch",
        "memory_pressure",
        "page_fault",
        "swap_thrashing",
    ];
    assert_eq!(kinds(&own), BTreeSet::from(expected.map(str::to_owned)));
    let causes = list(cascade, "causes");
    assert_eq!(causes[0]["entity"], "process:300:4000", "{causes:#?}");
    assert_eq!(causes[0]["comm"], "leaky");
    assert_eq!(causes[0]["kind"], "memory_pressure");
    // The database reads most and swaps most, and it only suffers.
    for cause in &causes[1..] {
        assert!(score(cause) < score(&causes[0]) / 2.0, "{causes:#?}");
    }
    let network = incident_of(&report, "network_degradation");
    let expected = BTreeSet::from(["network_degradation".to_owned()]);
    assert_eq!(kinds(&episodes(&report, network)), expected);
    assert_eq!(network["causes"][0]["entity"], "nic:eth0");
}

#[test]
fn an_order_is_claimed_only_of_onsets_that_lie_apart() {
    let report = report(&LEAK_AND_NETWORK);
    let cascade = incident_of(&report, "memory_pressure");
    let own = episodes(&report, cascade);
    let onset = |name: &str| -> jiff::Timestamp {
        let is_named = |one: &&&Value| {
            format!("{} on {}", one["kind"].as_str().unwrap(), one["entity"].as_str().unwrap())
                == name
        };
        own.iter().find(is_named).unwrap_or_else(|| panic!("{name:?}"))["onset"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    let evidence = list(&cascade["causes"][0], "evidence");
    let mut claims = 0;
    for line in evidence.iter().map(|line| line.as_str().unwrap()) {
        let Some((cause, effect)) = line.split_once(" before ") else { continue };
        // What happens follows the last colon with a space; entities have none.
        let Some((effect, _)) = effect.split_once(": ") else { continue };
        let apart = onset(effect).duration_since(onset(cause));
        assert!(apart.as_secs() >= 10, "{line}");
        claims += 1;
    }
    assert!(claims > 0, "{evidence:#?}");
}

#[test]
fn a_leak_and_a_backup_that_fills_the_disk_are_two_incidents_with_two_causes() {
    let report = report(&LEAK_AND_BACKUP);
    check_all(&report);
    assert_eq!(list(&report, "incidents").len(), 2, "{:#}", report["incidents"]);
    for (kind, culprit) in
        [("memory_pressure", "process:300:4000"), ("io_congestion", "process:400:4000")]
    {
        let incident = incident_of(&report, kind);
        assert_eq!(incident["causes"][0]["entity"], culprit, "{incident:#}");
    }
    let disk = incident_of(&report, "io_congestion");
    let expected = ["block_device_saturation", "io_congestion"].map(str::to_owned);
    assert_eq!(kinds(&episodes(&report, disk)), BTreeSet::from(expected));
}

#[test]
fn people_read_the_incidents_first_and_each_is_opened_and_closed_once() {
    let folder = tempfile::tempdir().unwrap();
    let text = replayed(&LEAK_AND_NETWORK, folder.path(), &["-v", "--journal", "journal.jsonl"]);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("INCIDENT ")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("INCIDENT 1 ") && lines[0].contains(" episodes ("), "{text}");
    assert!(text.contains("likely first cause: process:300:4000 leaky, memory_pressure"), "{text}");
    assert!(text.rfind("INCIDENT ") < text.find(" on host, cleared"), "{text}");

    let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<Value> = lines.filter(|line| line["output"] == "incident").collect();
    let ids = |change: &str| -> Vec<u64> {
        let of = told.iter().filter(|line| line["change"] == change);
        let mut ids: Vec<u64> = of.map(|line| line["id"].as_u64().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    let opened = ids("opened");
    assert_eq!(opened, (1..).take(opened.len()).collect::<Vec<u64>>(), "{told:#?}");
    assert_eq!(ids("closed"), opened);
}
