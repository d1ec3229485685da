//! Frames of both eras, and what is no frame.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::client::{Client, NEWER, OLDER, everything, folder, handshake, meta};

const TOOLS: [&str; 5] = [
    "query_signals",
    "summarize_trends",
    "simulate_scenario",
    "propose_action",
    "explain_incident",
];

fn check_tools(result: &Value) {
    let tools = result["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, TOOLS, "nothing that acts, and nothing that is not there");
    for tool in tools {
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        let hints = &tool["annotations"];
        let told = (&hints["readOnlyHint"], &hints["destructiveHint"], &hints["openWorldHint"]);
        assert_eq!(told, (&json!(true), &json!(false), &json!(false)), "{tool}");
    }
}

#[test]
fn an_older_client_is_talked_to_after_a_handshake() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    client.send(&json!({"jsonrpc": "2.0", "id": 7, "method": "ping"}));
    assert_eq!(client.next().unwrap(), json!({"jsonrpc": "2.0", "id": 7, "result": {}}));
    let mut client = Client::older(folder.path(), &["burst.toml"]);
    assert_eq!(client.ask("ping", &json!({}))["result"], json!({}));
    let listed = client.ask("tools/list", &json!({}));
    check_tools(&listed["result"]);
    assert!(listed["result"]["resultType"].is_null(), "{listed}");
    let result = client.call("query_signals", &everything());
    assert!(result["resultType"].is_null(), "{result}");
    assert_eq!(client.code("resources/list", &json!({})), -32601);
    client.close();
    let (status, left) = client.end();
    assert!(status.success() && left.is_empty(), "{status} {left:?}");
}

#[test]
fn a_version_that_nobody_knows_is_answered_with_one_that_the_server_has() {
    let folder = folder();
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", OLDER] {
        let mut client = Client::start(folder.path(), &["burst.toml"]);
        let told = client.ask("initialize", &handshake(version));
        assert_eq!(told["result"]["protocolVersion"], version);
    }
    for version in ["2099-01-01", NEWER] {
        let mut client = Client::start(folder.path(), &["burst.toml"]);
        let told = client.ask("initialize", &handshake(version));
        assert_eq!(told["result"]["protocolVersion"], OLDER, "{version}");
        assert_eq!(told["result"]["serverInfo"]["name"], "kernelsight");
    }
}

#[test]
fn a_newer_client_discovers_first_and_says_with_each_request_what_it_is() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    let told = client.ask("server/discover", &json!({}));
    let versions = told["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!(NEWER)) && versions.contains(&json!(OLDER)), "{told}");
    assert!(told["result"]["capabilities"]["tools"].is_object(), "{told}");
    let listed = client.ask("tools/list", &json!({}))["result"].clone();
    check_tools(&listed);
    assert_eq!(listed["resultType"], "complete");
    assert!(listed["ttlMs"].is_u64() && listed["cacheScope"].is_string(), "{listed}");
    let result = client.call("query_signals", &everything());
    assert_eq!(result["resultType"], "complete");
    assert_eq!(client.code("ping", &json!({})), -32601);
    let bare = json!({"jsonrpc": "2.0", "id": "x", "method": "tools/list"});
    client.send(&bare);
    let told = client.next().unwrap();
    assert_eq!((&told["id"], &told["error"]["code"]), (&json!("x"), &json!(-32602)), "{told}");
    let unknown = json!({"jsonrpc": "2.0", "id": "y", "method": "tools/list",
        "params": {"_meta": meta("2099-01-01")}});
    client.send(&unknown);
    let told = client.next().unwrap();
    assert_eq!((&told["id"], &told["error"]["code"]), (&json!("y"), &json!(-32022)), "{told}");
    check_tools(&client.ask("tools/list", &json!({}))["result"]);
}

#[test]
fn a_newer_client_need_not_discover() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    check_tools(&client.ask("tools/list", &json!({}))["result"]);
}

/// What no server can understand, and what no client should say so soon.
fn noise(client: &mut Client) {
    for line in [
        &b"\n"[..],
        b"   \n",
        b"\r\n",
        b"hello\n",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\n",
        b"\xff\xfe{}\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]\n",
        b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":9}}\n",
        b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nothing\"}\n",
        b"{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n",
    ] {
        client.send_bytes(line);
    }
    client.send_bytes(&[b"x".repeat(2 << 20), b"\n".to_vec()].concat());
}

/// The next frame that answers a request; others have no number, and say that something was wrong.
fn answer(client: &mut Client) -> Value {
    loop {
        let told = client.next().unwrap();
        if !told["id"].is_null() {
            return told;
        }
        let code = told["error"]["code"].as_i64().unwrap();
        assert!([-32700, -32600].contains(&code), "{told}");
    }
}

#[test]
fn what_is_no_frame_ends_nothing() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    noise(&mut client);
    let (id, frame) = client.request("server/discover", &json!({}));
    client.send(&frame);
    assert_eq!(answer(&mut client)["id"], id);
    noise(&mut client);
    let (id, frame) = client.request("tools/list", &json!({}));
    client.send(&frame);
    let told = answer(&mut client);
    assert_eq!(told["id"], id);
    check_tools(&told["result"]);
    noise(&mut client);
    let (id, frame) = client.request("tools/list", &json!({}));
    client.send(&frame);
    assert_eq!(answer(&mut client)["id"], id);
}

#[test]
fn a_tool_that_is_not_there_and_a_call_that_is_none_are_errors_of_the_protocol() {
    let folder = folder();
    for mut client in
        [Client::start(folder.path(), &["burst.toml"]), Client::older(folder.path(), &["burst.toml"])]
    {
        let name = "no\u{202e}_such_tool";
        for name in [name, "execute_remediation", "query_sql", "describe", ""] {
            let params = json!({"name": name, "arguments": {}});
            let told = client.ask("tools/call", &params);
            assert_eq!(told["error"]["code"], -32602, "{name}: {told}");
            let message = told["error"]["message"].as_str().unwrap();
            assert!(!message.contains('\u{202e}'), "{message}");
        }
        for params in [json!({}), json!({"name": 5}), json!({"name": "query_signals",
            "arguments": [1]}), json!({"name": "query_signals", "arguments": "x"})]
        {
            assert_eq!(client.code("tools/call", &params), -32602, "{params}");
        }
        assert_eq!(client.code("tools/nothing", &json!({})), -32601);
    }
}

#[test]
fn what_was_asked_is_answered_though_the_client_says_nothing_any_more() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    let mut asked = Vec::new();
    for at in ["+30s", "+90s", "+200s"] {
        let mut arguments = everything();
        arguments["at"] = json!(at);
        let params = json!({"name": "query_signals", "arguments": arguments});
        let (id, frame) = client.request("tools/call", &params);
        client.send(&frame);
        asked.push(id);
    }
    client.close();
    let (status, left) = client.end();
    assert!(status.success(), "{status}");
    let mut answered: Vec<u64> = left.iter().map(|frame| frame["id"].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, asked);
}

#[test]
fn the_end_of_the_input_and_signals_are_ends_like_any_other() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    client.close();
    let (status, left) = client.end();
    assert!(status.success() && left.is_empty(), "{status} {left:?}");
    for signal in [Signal::INT, Signal::TERM] {
        for is_begun in [false, true] {
            let mut client = Client::start(folder.path(), &["burst.toml"]);
            // By then it listens to signals: it has answered.
            client.ask("server/discover", &json!({}));
            if is_begun {
                client.ask("tools/list", &json!({}));
            }
            let pid = Pid::from_raw(i32::try_from(client.pid()).unwrap()).unwrap();
            kill_process(pid, signal).unwrap();
            let (status, _) = client.end();
            assert!(status.success(), "{signal:?}: {status}");
        }
    }
}
