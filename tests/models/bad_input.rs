//! What keeps a model from being asked is told with its remedy, and the rules go on.

use std::os::unix::fs::PermissionsExt as _;

use super::fake::{Answer, Fake, errors};
use super::{Bench, planted, text};

const ASK: [&str; 6] = ["replay", "renice_one_session", "--mode", "auto", "--reasoner", "gemini"];

/// A quota that is no better in a minute.
const DAILY: &str = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";

/// The rules decide, and the journal says why.
fn goes_on(bench: &Bench, command: &mut std::process::Command, words: &str) {
    let more = ["--format", "json", "--journal", "journal.jsonl"];
    let output = command.args(more).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = bench.steps();
    let mut told = steps.iter().filter_map(|step| step["answer"].as_str());
    let why = told.find(|answer| answer.ends_with("the rules take over"));
    assert!(why.is_some_and(|why| why.contains(words)), "{why:?}: {words}");
    let decided = report["decisions"].as_array().unwrap();
    assert!(decided.iter().all(|one| one["reasoner"] == "rules") && !decided.is_empty());
    for stream in [&output.stdout, &output.stderr] {
        assert!(!text(stream).contains(planted()), "{words}");
    }
}

#[test]
fn no_key_and_one_that_others_may_read() {
    let bench = Bench::new("http://127.0.0.1:9");
    let mut command = bench.command(&ASK);
    goes_on(&bench, command.env_remove("GEMINI_API_KEY"), "set the variable `GEMINI_API_KEY`");
    let bench = Bench::with("base_url = \"http://127.0.0.1:9\"\nkey_file = \"key\"\n");
    goes_on(&bench, &mut bench.command(&ASK), "cannot read the key file `key`");
    std::fs::write(bench.path("key"), planted()).unwrap();
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(bench.path("key"), mode).unwrap();
    goes_on(&bench, &mut bench.command(&ASK), "run `chmod 600` on it");
}

#[test]
fn what_the_server_says_is_told_with_what_can_be_done() {
    type Case = (fn() -> Answer, &'static str);
    let answers: [Case; 4] = [
        (|| says(403, "PERMISSION_DENIED", "no"), "does not take the key (403)"),
        (|| errors::exhausted(None, Some(DAILY)), "used up"),
        (|| says(404, "NOT_FOUND", "no model"), "name another by `name` in [model]"),
        (|| says(400, "INVALID_ARGUMENT", planted()), "refused what it was sent (400): ***"),
    ];
    for (answer, words) in answers {
        let server = Fake::start(move |_| answer());
        let bench = Bench::new(&server.url());
        goes_on(&bench, &mut bench.command(&ASK), words);
    }
}

fn says(code: u16, status: &str, message: &str) -> Answer {
    errors::standard(code, status, message, &[])
}

#[test]
fn nobody_there_a_proxy_that_refuses_and_an_address_that_is_none() {
    let quick = "name = \"gemini-3.8-flash\"\n";
    let reply_s = "[agent]\nreply_s = 1\n";
    let with = |address: &str| {
        let bench = Bench::with("");
        let text = format!("{reply_s}[model]\nbase_url = \"{address}\"\n{quick}");
        std::fs::write(bench.path("ks.toml"), text).unwrap();
        bench
    };
    let bench = with("http://127.0.0.1:9");
    goes_on(&bench, &mut bench.command(&ASK), "no connection");
    let bench = with("https://model.invalid");
    let mut command = bench.command(&ASK);
    goes_on(&bench, command.env("HTTPS_PROXY", "http://127.0.0.1:9"), "no connection");
    let bench = with("not an address");
    goes_on(&bench, &mut bench.command(&ASK), "is no address of a server");
    let bench = with("http://192.0.2.1");
    goes_on(&bench, &mut bench.command(&ASK), "unencrypted");
}

#[test]
fn a_model_that_is_gone_is_answered_with_what_became_of_it() {
    let bench = Bench::with("name = \"gemini-3-pro-preview\"\n");
    let output = bench.ks(&ASK);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("gemini-3.1-pro-preview"), "{}", text(&output.stderr));
    let bench = Bench::with("nmae = \"x\"\n");
    let output = bench.ks(&ASK);
    let told = text(&output.stderr);
    assert!(told.contains("ks.toml:2:1") && told.contains("nmae"), "{told}");
}

#[test]
fn a_reply_that_drips_or_never_comes_is_given_up_at_the_deadline() {
    let server = Fake::start(|_| Answer::Stall(std::time::Duration::from_secs(30)));
    let bench = Bench::with("");
    let text = format!(
        "[agent]\nreply_s = 1\n[model]\nbase_url = \"{}\"\nname = \"gemini-3.8-flash\"\n",
        server.url()
    );
    std::fs::write(bench.path("ks.toml"), text).unwrap();
    goes_on(&bench, &mut bench.command(&ASK), "within 1 s");
}
