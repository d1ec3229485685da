//! Google's own clients: each body that we send is what their types take, and the server of the
//! tests is one that they understand.
//!
//! `KS_GENAI_PYTHON` is a Python with `google-genai`, `KS_GENAI_NODE` a folder with `@google/genai`
//! and `typescript` in its `node_modules`; `.ci/run` installs both.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::fake::Fake;
use super::script::{self, Says};
use super::{Bench, scripted, text};

fn tool(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        eprintln!("skipped: {variable} names none (`.ci/run` installs what it needs)");
    }
    found
}

/// Bodies of all phases, of calls at once, of refusals, and of both forms of thinking.
fn bodies() -> Vec<Value> {
    let awkward = |body: &Value| match script::phase(body) {
        "observe" if !body.to_string().contains("functionResponse") => Says::Calls(vec![
            ("query_signals".into(), serde_json::json!({"severity_min": "x"})),
            (
                "query_signals".into(),
                serde_json::json!({"severity_min": "low", "lookback_minutes": 60}),
            ),
        ]),
        _ => script::competent(body),
    };
    let mut bodies = Vec::new();
    for thinking in ["", "thinking = \"low\"\n"] {
        let server = scripted(awkward);
        let bench = Bench::with(&format!(
            "base_url = \"{}\"\nname = \"gemini-3.8-flash\"\n{thinking}",
            server.url()
        ));
        bench.report(&["replay", "renice_one_session", "--mode", "auto", "--reasoner", "gemini"]);
        bodies.extend(
            server
                .requests()
                .iter()
                .map(|sent| serde_json::from_slice::<Value>(&sent.body).unwrap()),
        );
    }
    assert!(bodies.len() > 8, "{}", bodies.len());
    bodies
}

#[test]
fn the_types_of_googles_python_client_take_every_body() {
    let Some(python) = tool("KS_GENAI_PYTHON") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/sdk/bodies.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for body in bodies() {
        writeln!(input, "{body}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("bodies are what"), "{}", text(&output.stdout));
}

#[test]
fn googles_python_client_understands_the_server_of_the_tests() {
    let Some(python) = tool("KS_GENAI_PYTHON") else { return };
    let server = Fake::start(|asked| {
        let reply = super::Reply::new();
        super::Answer::Reply(
            if asked.body.to_string().contains("unctionResponse")
                || asked.body.to_string().contains("function_response")
            {
                reply.text("Nothing stands.")
            } else {
                reply.call("query_signals", &serde_json::json!({"severity_min": "low"}))
            },
        )
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/sdk/client.py");
    let output =
        Command::new(python).arg(script).args([&server.url(), Fake::key()]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "v1: Nothing stands.\nv1beta: Nothing stands.\n");
}

#[test]
fn the_types_of_googles_typescript_client_take_every_body() {
    let Some(node) = tool("KS_GENAI_NODE") else { return };
    let folder = tempfile::tempdir_in(&node).unwrap();
    let mut code = String::from(
        "import type { Content, GenerationConfig, Tool, ToolConfig } from '@google/genai';\n\
         type Body = { systemInstruction: Content; contents: Content[]; tools: Tool[];\n\
         toolConfig: ToolConfig; generationConfig: GenerationConfig; store?: boolean };\n\
         type Loose<T> = T extends string ? string : T extends (infer U)[] ? Loose<U>[] :\n\
         T extends object ? { [K in keyof T]: Loose<T[K]> } : T;\n",
    );
    // Enums of the client are no plain words in TypeScript: their words are checked in Python.
    for (number, body) in bodies().iter().enumerate() {
        code += &format!("export const body{number}: Loose<Body> = {body};\n");
    }
    let file = folder.path().join("bodies.ts");
    std::fs::write(&file, &code).unwrap();
    let check = |file: &Path| {
        let compiler = Path::new(&node).join("node_modules/.bin/tsc");
        let options = ["--strict", "--noEmit", "--skipLibCheck", "--moduleResolution", "bundler"];
        let target = ["--module", "esnext", "--target", "es2022"];
        Command::new(compiler).args(options).args(target).arg(file).output().unwrap()
    };
    let output = check(&file);
    assert!(output.status.success(), "{}", text(&output.stdout));
    // It refuses a name that is none, or it shows nothing.
    std::fs::write(&file, code.replacen("\"parts\"", "\"partz\"", 1)).unwrap();
    assert!(!check(&file).status.success(), "a name that is none is taken");
}
