//! The directory of a daemon, which grows while it is asked about.

use ks_recorder::format::writer::Writer;
use ks_replayer::driver::{Source, Stamped};
use ks_scenarios::scenario::Scenario;
use serde_json::{Value, json};

use super::BURST;
use super::client::{Client, everything, folder};

#[test]
fn each_call_tells_of_the_directory_as_it_is() {
    let folder = folder();
    let live = folder.path().join("live");
    std::fs::create_dir(&live).unwrap();
    let scenario = Scenario::parse(BURST, "burst.toml").unwrap();
    let mut simulation = scenario.simulation(scenario.seeds.first);
    let mut inputs = Stamped::new(&mut simulation);
    let mut writer = Writer::create(&live.join("00000000.parquet"), false).unwrap();
    let mut go_on = |writer: &mut Writer, samples: usize| {
        for _ in 0..samples {
            assert!(inputs.advance().unwrap());
            writer.append(inputs.input().unwrap()).unwrap();
        }
    };
    go_on(&mut writer, 15);
    let mut client = Client::start(folder.path(), &["--live", "live"]);
    let as_of = |result: &Value| result["_meta"]["kernelsight/as_of"].as_str().unwrap().to_owned();
    let calm = client.call("query_signals", &everything());
    assert_eq!(calm["structuredContent"]["signals"]["signals"], json!([]));
    go_on(&mut writer, 30);
    let burst = client.call("query_signals", &everything());
    let told = burst["structuredContent"].to_string();
    assert!(told.contains("scheduler"), "{told}");
    assert!(as_of(&burst) > as_of(&calm));
    let explained = client.told("explain_incident", &json!({}));
    let culprit = explained["incident"]["causes"][0]["handle"].clone();
    assert!(told.contains(&format!("{culprit}")), "{culprit}: {told}");
    go_on(&mut writer, 3);
    // It is sealed between two calls, as when a segment is full.
    writer.seal().unwrap();
    let later = client.call("query_signals", &everything());
    assert!(as_of(&later) > as_of(&burst));
    let again = client.told("explain_incident", &json!({}));
    assert_eq!(again["incident"]["causes"][0]["handle"], culprit);
    let early = client.call("query_signals", &at(&as_of(&calm)));
    assert_eq!(early["structuredContent"], calm["structuredContent"]);
    assert_eq!(as_of(&early), as_of(&calm));
}

fn at(at: &str) -> Value {
    let mut arguments = everything();
    arguments["at"] = json!(at);
    arguments
}

#[test]
fn what_was_fed_by_steps_says_what_is_said_of_the_whole() {
    let folder = folder();
    let live = folder.path().join("live");
    std::fs::create_dir(&live).unwrap();
    let scenario = Scenario::parse(BURST, "burst.toml").unwrap();
    let mut simulation = scenario.simulation(scenario.seeds.first);
    let mut inputs = Stamped::new(&mut simulation);
    let mut writer = Writer::create(&live.join("00000000.parquet"), false).unwrap();
    let mut stepping = None;
    let mut number = 0;
    while inputs.advance().unwrap() {
        writer.append(inputs.input().unwrap()).unwrap();
        number += 1;
        if number % 50 == 0 {
            let begin = || Client::older(folder.path(), &["--live", "live"]);
            stepping.get_or_insert_with(begin).told("query_signals", &everything());
        }
    }
    let mut stepping = stepping.unwrap();
    let mut anew = Client::older(folder.path(), &["live"]);
    for arguments in [json!({}), json!({"incident": 1})] {
        let expected = anew.told("explain_incident", &arguments);
        assert_eq!(stepping.told("explain_incident", &arguments), expected);
    }
}
