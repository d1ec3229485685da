//! What is asked from an earlier time is told as it was known by then.

use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use serde_json::{Value, json};

use super::client::{Client, everything, folder};

/// The instant from which nothing is looked at, and a recording that ends there.
const SEEN: &str = "+45s";
const SEEN_NS: u64 = 45_000_000_000;

fn ks(folder: &Path, arguments: &[&str]) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Writes what of a recording is no later than the instant.
fn cut(whole: &Path, part: &Path) {
    let mut reader = Reader::open(&[whole.to_owned()]).unwrap();
    let mut writer = Writer::create(part, false).unwrap();
    let mut begin = None;
    while let Some(input) = reader.next().unwrap() {
        if input.mono.since_ns(*begin.get_or_insert(input.mono)) <= SEEN_NS {
            writer.append(input).unwrap();
        }
    }
    writer.seal().unwrap();
}

/// All that can be asked, of which each answer could tell what comes later.
fn questions() -> Vec<(&'static str, Value)> {
    let proposed = |mode: &str| json!({"failure_mode": mode, "urgency": "high"});
    vec![
        ("query_signals", everything()),
        ("summarize_trends", json!({"signal_type": "scheduler", "analysis_window": 1440})),
        ("summarize_trends", json!({"signal_type": "load_mismatch", "analysis_window": 5})),
        ("simulate_scenario", json!({"signal_type": "scheduler", "duration_minutes": 240})),
        ("propose_action", proposed("noisy_neighbour")),
        ("propose_action", proposed("cpu_hog")),
        ("explain_incident", json!({})),
    ]
}

fn answers(client: &mut Client, at: Option<&str>) -> Vec<Value> {
    let each = questions().into_iter().map(|(tool, mut arguments)| {
        if let Some(at) = at {
            arguments["at"] = json!(at);
        }
        let result = client.call(tool, &arguments);
        assert_eq!(result["isError"], false, "{tool}: {result}");
        json!([result["structuredContent"], result["_meta"]])
    });
    each.collect()
}

#[test]
fn an_answer_from_a_moment_is_that_of_a_recording_that_ends_there() {
    let folder = folder();
    ks(folder.path(), &["scenario", "build", "burst.toml", "-o", "whole.parquet"]);
    cut(&folder.path().join("whole.parquet"), &folder.path().join("part.parquet"));
    let expected = answers(&mut Client::start(folder.path(), &["part.parquet"]), None);
    assert!(expected[0][0].to_string().contains("scheduler"), "{}", expected[0]);
    let mut fresh = Client::start(folder.path(), &["whole.parquet"]);
    assert_eq!(answers(&mut fresh, Some(SEEN)), expected);
    // By the time of day, and after it was looked at from later and from earlier.
    let as_of = expected[0][1]["kernelsight/as_of"].as_str().unwrap().to_owned();
    assert_eq!(answers(&mut fresh, Some(&as_of)), expected);
    let mut seasoned = Client::older(folder.path(), &["whole.parquet"]);
    seasoned.call("query_signals", &json!({"severity_min": "low", "lookback_minutes": 1}));
    for at in ["+10s", "+200s", "+44s"] {
        seasoned.told("query_signals", &with_at(everything(), at));
    }
    let without_handles = |answers: Vec<Value>| -> Vec<String> {
        answers.iter().map(|answer| without_numbers(&answer.to_string())).collect()
    };
    let told = answers(&mut seasoned, Some(SEEN));
    assert_eq!(without_handles(told), without_handles(expected));
}

fn with_at(mut arguments: Value, at: &str) -> Value {
    arguments["at"] = json!(at);
    arguments
}

/// A text without the numbers of its handles: names that were issued from later are not issued
/// again.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split('#');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    rest.fold(first, |text, part| text + "#" + part)
}

#[test]
fn before_the_burst_nothing_is_known_of_it() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    client.told("query_signals", &everything());
    let told = client.told("query_signals", &with_at(everything(), "+19s"));
    assert_eq!(told["signals"]["signals"], json!([]));
    let told = client.refused("explain_incident", &json!({"at": "+19s"}));
    assert_eq!(told, "there is no incident at that time");
    let told = client.refused("explain_incident", &json!({"at": "+19s", "incident": 1}));
    assert_eq!(told, "there is no incident at that time");
    let result = client.call("query_signals", &with_at(everything(), "+19s"));
    let as_of = result["_meta"]["kernelsight/as_of"].as_str().unwrap();
    let begin: jiff::Timestamp = as_of.parse().unwrap();
    let later = client.call("query_signals", &with_at(everything(), "+20s"));
    let later: jiff::Timestamp =
        later["_meta"]["kernelsight/as_of"].as_str().unwrap().parse().unwrap();
    assert_eq!(later.duration_since(begin).as_secs(), 1);
}
