//! A model advises a daemon on this host: it answers by messages, ticks do not wait for it, and the
//! run replays without it.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::Body;
use serde_json::Value;

use crate::acting::load::{Load, missing};
use crate::control::wait_for;
use crate::live::{journals, replayed, terminate};
use crate::{KS, Own, skipped};

use fake::{Answer, Fake, Reply};
use script::Says;

#[expect(dead_code, reason = "the crate of the reasoner uses the rest of it")]
#[path = "../../replayer/reasoner/tests/fake/mod.rs"]
mod fake;
#[expect(dead_code, reason = "the tests of models use the rest of it")]
#[path = "../models/script.rs"]
mod script;

/// A daemon that asks a model, with ticks of so long.
fn daemon(folder: &Path, server: &Fake, more: &[&str]) -> Own {
    let config = folder.with_extension("toml");
    let text = format!(
        "[agent]\nmode = \"observe\"\nreasoner = \"gemini\"\nseverity_min = \"high\"\nreply_s = 8\n\
         [model]\nname = \"gemini-3.8-flash\"\nbase_url = \"{}\"\n",
        server.url()
    );
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(KS);
    command.args(["live", "--no-ebpf", "--config"]).arg(&config).arg("-o").arg(folder).args(more);
    Own(command.env("GEMINI_API_KEY", Fake::key()).spawn().unwrap())
}

/// Waits until the agent has ended its work on something, or what it should say is said.
fn wait_until_said(folder: &Path, words: &str) -> String {
    let said = (0..400).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        Some(journals(folder)).filter(|journal| journal.contains(words))
    });
    said.unwrap_or_else(|| unreachable!("within 40 s nobody says `{words}`: {}", journals(folder)))
}

fn steps(journal: &str) -> Vec<Value> {
    let lines = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["output"] == "step").collect()
}

/// When each sample was due and came: the longest time between two of them, in intervals.
fn longest_intervals(folder: &Path) -> f64 {
    let mut reader = Reader::open(&[folder.to_owned()]).unwrap();
    let (mut last, mut longest, mut interval_ns) = (None, 0, 1);
    while let Some(input) = reader.next().unwrap() {
        if let Body::Start(start) = &input.body {
            interval_ns = start.interval_ns.max(1);
        } else if matches!(input.body, Body::Sample(_)) {
            let now = input.mono.0;
            longest = longest.max(last.replace(now).map_or(0, |last: u64| now - last));
        }
    }
    longest as f64 / interval_ns as f64
}

#[test]
fn what_a_model_said_live_replays_without_it_and_one_that_stalls_delays_no_tick() {
    if skipped() {
        return;
    }
    if let Some(why) = missing() {
        eprintln!("skipped: {why}");
        return;
    }
    let server = Fake::start_strict(|asked| {
        // It answers the first incident, and drips for the second.
        let reply = Reply::new();
        let reply = match script::competent(asked.body) {
            Says::Words(words) => reply.text(words),
            Says::Calls(calls) => calls
                .into_iter()
                .fold(reply, |reply, (name, arguments)| reply.call(&name, &arguments)),
        };
        if asked.number < 5 { Answer::Reply(reply) } else { Answer::Stall(Duration::from_mins(1)) }
    });
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("d");
    let mut loads = [Load::new(), Load::new()];
    let mut daemon = daemon(&folder, &server, &["--interval", "500ms"]);
    wait_for(&folder, "it samples", |status| status["samples"].as_u64() >= Some(4));
    loads[0].fill(6.0);
    wait_until_said(&folder, "\"ending\":");
    loads[1].fill(20.0);
    let late = wait_until_said(&folder, "the model did not answer within 8 s");
    assert!(late.contains("the rules take over"));
    terminate(&mut daemon.0);
    drop(server);
    let journal = journals(&folder);
    let said = steps(&journal);
    let used = said.iter().filter(|step| step["model"]["model"] == "gemini-3.8-flash").count();
    assert!(used >= 5, "{said:#?}");
    // Half of what the model takes is sixteen: a busy host makes a tick late by less.
    assert!(longest_intervals(&folder) < 8.0, "a tick waited: {}", longest_intervals(&folder));
    assert_eq!(replayed(&folder, scratch.path()), journal);
    assert!(!journal.contains(Fake::key()));
}
