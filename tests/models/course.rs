//! A model's way through an incident, over the wire and again from what was recorded.

use serde_json::Value;

use super::script::{self, Says};
use super::{Bench, files, planted, scripted, text};

const SCENARIO: &str = "renice_one_session";

fn decisions(report: &Value) -> Vec<(String, String, String)> {
    let word = |one: &Value, name: &str| one[name].as_str().unwrap_or("null").to_owned();
    let all = report["decisions"].as_array().unwrap().iter();
    all.map(|one| (word(one, "reasoner"), word(one, "verdict"), word(one, "action"))).collect()
}

#[test]
fn a_model_decides_is_recorded_and_replays_without_a_network() {
    let server = scripted(script::competent);
    let bench = Bench::new(&server.url());
    let first = ["replay", SCENARIO, "--mode", "auto", "--reasoner", "gemini"];
    let live = bench.report(&[&first[..], &["--record-cassette", "c.jsonl"]].concat());
    let decided = decisions(&live);
    assert!(
        decided.iter().any(|(by, verdict, _)| by == "gemini" && verdict == "allowed"),
        "{:#}",
        live["decisions"]
    );
    assert!(server.requests().iter().all(|sent| sent.refusal.is_none()));
    let asked = server.requests().len();
    drop(server);
    let again = ["replay", SCENARIO, "--mode", "auto", "--reasoner", "cassette:c.jsonl"];
    for _ in 0..3 {
        let played = bench.report(&again);
        assert_eq!(played["journal_sha256"], live["journal_sha256"]);
    }
    let cassette = std::fs::read_to_string(bench.path("c.jsonl")).unwrap();
    assert_eq!(cassette.lines().count(), asked + 2);
    for (path, bytes) in files(bench.folder.path()) {
        assert!(!text(&bytes).contains(planted()), "the key is in {}", path.display());
    }
    // Another host asks something else: the first difference is shown.
    let other = bench.ks(&[&again[..], &["--seed", "99"]].concat());
    assert_eq!(other.status.code(), Some(1), "{}", text(&other.stderr));
    assert!(text(&other.stderr).contains("is another one: /contents/"), "{}", text(&other.stderr));
}

#[test]
fn a_model_that_is_mistaken_or_insists_does_nothing_to_others() {
    for model in [script::mistaken, script::stubborn] {
        let server = scripted(model);
        let bench = Bench::new(&server.url());
        let report = bench.report(&["replay", SCENARIO, "--mode", "auto", "--reasoner", "gemini"]);
        for one in report["decisions"].as_array().unwrap() {
            let done = one["verdict"] == "allowed";
            assert!(!done || one["comm"] == "report", "{one:#}");
            assert!(!done || one["action"] != "terminate_process", "{one:#}");
        }
    }
}

#[test]
fn a_healthy_host_ends_with_none_and_no_call_is_refused() {
    let server = scripted(script::content);
    let bench = Bench::new(&server.url());
    let report =
        bench.report(&["replay", "group_out_of_memory", "--mode", "auto", "--reasoner", "gemini"]);
    let steps = bench.steps();
    assert!(steps.iter().all(|step| step["error"].is_null()), "{steps:#?}");
    assert!(steps.iter().any(|step| step["ending"] == "nothing_to_do"));
    assert_eq!(report["decisions"], Value::Array(Vec::new()));
}

#[test]
fn calls_at_once_are_answered_at_once_and_streams_say_the_same() {
    let both = |body: &Value| match script::phase(body) {
        "observe" => Says::Calls(vec![
            (
                "query_signals".into(),
                serde_json::json!({"severity_min": "low", "lookback_minutes": 5}),
            ),
            (
                "query_signals".into(),
                serde_json::json!({"severity_min": "high", "lookback_minutes": 60}),
            ),
        ]),
        _ => script::competent(body),
    };
    let mut hashes = Vec::new();
    for streams in [false, true] {
        let server = scripted(both);
        let bench = Bench::with(&format!(
            "base_url = \"{}\"\nname = \"gemini-3.8-flash\"\nstream = {streams}\n",
            server.url()
        ));
        let report = bench.report(&["replay", SCENARIO, "--mode", "auto", "--reasoner", "gemini"]);
        let requests = server.requests();
        assert!(requests.iter().all(|sent| sent.refusal.is_none()), "{requests:#?}");
        assert!(decisions(&report).iter().any(|(by, ..)| by == "gemini"));
        hashes.push(report["journal_sha256"].clone());
    }
    assert_eq!(hashes[0], hashes[1]);
}

#[test]
fn what_would_be_sent_is_printed_and_nobody_is_asked() {
    let bench = Bench::new("http://127.0.0.1:9");
    let output =
        bench.ks(&["replay", SCENARIO, "--mode", "auto", "--reasoner", "gemini", "--show-prompts"]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let first = "# request 1, incident 1, phase observe: POST \
                 /v1beta/models/gemini-3.8-flash:generateContent,";
    assert!(shown.starts_with(first), "{shown}");
    for line in shown.lines().filter(|line| !line.starts_with('#')) {
        let body: Value = serde_json::from_str(line).unwrap();
        super::fake::strict::strict(&body).unwrap();
    }
    for phase in ["observe", "explain", "simulate", "decide", "execute"] {
        assert!(shown.contains(&format!("phase {phase}: POST")), "{phase}");
    }
    assert!(
        !shown.contains("report") && !shown.contains(planted()),
        "no name of the host is in it"
    );
}
