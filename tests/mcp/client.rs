//! A client that sees the frames as they are.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// No answer takes longer, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) const OLDER: &str = "2025-11-25";
pub(crate) const NEWER: &str = "2026-07-28";

pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    frames: Receiver<String>,
    last: u64,
    era: &'static str,
}

impl Client {
    /// Starts a server of which nothing is asked yet.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
        command.current_dir(folder).arg("mcp").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut server = command.spawn().unwrap();
        let output = BufReader::new(server.stdout.take().unwrap());
        let (frame, frames) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if frame.send(line).is_err() {
                    return;
                }
            }
        });
        let input = server.stdin.take();
        Self { server, input, frames, last: 0, era: NEWER }
    }

    /// Starts one that is talked to by the handshake of older clients.
    pub(crate) fn older(folder: &Path, arguments: &[&str]) -> Self {
        let mut client = Self::start(folder, arguments);
        client.era = OLDER;
        let told = client.ask("initialize", &handshake(OLDER));
        assert_eq!(told["result"]["protocolVersion"], OLDER, "{told}");
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    pub(crate) fn send(&mut self, frame: &Value) {
        self.send_bytes(format!("{frame}\n").as_bytes());
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// A request as the era writes it, with its number.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> (u64, Value) {
        self.last += 1;
        let mut params = params.clone();
        if self.era == NEWER {
            params["_meta"] = meta(NEWER);
        }
        let id = self.last;
        (id, json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    /// The answer to a request.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let (id, frame) = self.request(method, params);
        self.send(&frame);
        let told = self.next().unwrap();
        assert_eq!(told["id"], id, "{told}");
        told
    }

    /// The next frame; nothing where no more come.
    pub(crate) fn next(&mut self) -> Option<Value> {
        match self.frames.recv_timeout(PATIENCE) {
            Ok(line) => Some(serde_json::from_str(&line).unwrap()),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no answer"),
        }
    }

    /// The result of a call.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let told = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        assert!(told["error"].is_null(), "{told}");
        told["result"].clone()
    }

    /// What a call answers, which has to be told twice alike.
    pub(crate) fn told(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        let told: Value = serde_json::from_str(text).unwrap();
        assert_eq!(told, result["structuredContent"]);
        told
    }

    /// Why a call is refused.
    pub(crate) fn refused(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{arguments}: {result}");
        assert!(result["structuredContent"].is_null(), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// The code of the error that a request is answered with.
    pub(crate) fn code(&mut self, method: &str, params: &Value) -> i64 {
        let told = self.ask(method, params);
        told["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {told}"))
    }

    /// The client says nothing any more.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.id()
    }

    /// How the server ends, once it has told what it had to tell.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<Value>) {
        let mut left = Vec::new();
        while let Some(frame) = self.next() {
            left.push(frame);
        }
        (self.server.wait().unwrap(), left)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) fn handshake(version: &str) -> Value {
    let client = json!({"name": "test", "version": "1"});
    json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client})
}

/// What each request of the newer era says of itself.
pub(crate) fn meta(version: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// Everything that was told of in the last day.
pub(crate) fn everything() -> Value {
    json!({"severity_min": "low", "lookback_minutes": 1440, "limit": 50})
}

/// A folder with the scenario `burst.toml`.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("burst.toml"), super::BURST).unwrap();
    folder
}
