//! The official SDKs as clients, of both eras, where they are installed: `make test-mcp` does that.

use std::env;
use std::path::Path;
use std::process::Command;

use super::client::folder;

/// Has a program talk to a server, and tells what it said of it.
fn talk(mut command: Command) {
    let folder = folder();
    command.current_dir(folder.path()).args([env!("CARGO_BIN_EXE_ks"), "burst.toml"]);
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    println!("{told}");
    assert!(output.status.success(), "{}\n{told}", output.status);
    assert!(told.contains("both eras"), "{told}");
}

fn script(name: &str) -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp").join(name);
    own.to_str().unwrap().to_owned()
}

#[test]
fn clients_of_the_python_sdk() {
    let Some(python) = env::var_os("KS_MCP_PYTHON") else {
        return eprintln!("skipped: KS_MCP_PYTHON names no python with the package `mcp`");
    };
    let mut command = Command::new(python);
    command.arg(script("sdk.py"));
    talk(command);
}

#[test]
fn clients_of_the_javascript_sdks() {
    let Some(modules) = env::var_os("KS_MCP_NODE_MODULES") else {
        return eprintln!("skipped: KS_MCP_NODE_MODULES names no folder with both SDKs");
    };
    let mut command = Command::new("node");
    command.arg(script("sdk.mjs")).env("KS_MCP_NODE_MODULES", modules);
    talk(command);
}
