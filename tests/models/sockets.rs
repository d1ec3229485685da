//! Who asks no model opens no socket of the network.

use super::script;
use super::{Bench, scripted, text};

/// The sockets of the network that a command opens; `None` where it cannot be traced.
fn network_sockets(bench: &Bench, arguments: &[&str]) -> Option<usize> {
    let ks = bench.command(arguments);
    let mut command = std::process::Command::new("strace");
    let trace = bench.path("trace");
    command.args(["-f", "-qq", "-e", "trace=socket", "-o"]).arg(&trace);
    command.arg(ks.get_program()).args(ks.get_args()).current_dir(bench.folder.path());
    command.env_clear().env("GEMINI_API_KEY", super::planted());
    let Ok(output) = command.env("PATH", std::env::var("PATH").unwrap_or_default()).output() else {
        eprintln!("skipped: no strace");
        return None;
    };
    if !output.status.success() {
        eprintln!("skipped: nothing can be traced here: {}", text(&output.stderr));
        return None;
    }
    let lines = std::fs::read_to_string(trace).unwrap();
    Some(lines.lines().filter(|line| line.contains("AF_INET")).count())
}

#[test]
fn without_a_model_no_socket_of_the_network_is_opened() {
    let server = scripted(script::competent);
    let bench = Bench::new(&server.url());
    let ask = |reasoner| ["replay", "renice_one_session", "--mode", "auto", "--reasoner", reasoner];
    let Some(with) = network_sockets(&bench, &ask("gemini")) else { return };
    assert!(with > 0, "the trace shows sockets");
    assert_eq!(network_sockets(&bench, &ask("rules")), Some(0));
    let record = [&ask("gemini")[..], &["--record-cassette", "c.jsonl"]].concat();
    bench.report(&record);
    assert_eq!(network_sockets(&bench, &ask("cassette:c.jsonl")), Some(0));
}
