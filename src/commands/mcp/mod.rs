//! `ks mcp`: read-only tools for other people's agents, by the Model Context Protocol over standard
//! input and output. What they answer is what the agent's own tools answer, from recordings,
//! scenarios or the directory of a daemon. Nothing here acts, and nothing but the protocol is
//! written to standard output.

mod call;
mod clean;
mod declared;
mod explained;
mod inputs;
mod offered;
mod outputs;
mod patient;
mod seat;
mod server;
mod subject;
mod worker;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::stdio;
use tokio::signal::unix::{SignalKind, signal};

use crate::agent_options;
use crate::cli::agent::Explain;
use crate::cli::mcp::Mcp;
use crate::exit::Misused;
use patient::Patient;
use server::Server;
use subject::{Proposing, Subject};

/// A line of a client that is longer is left out: the arguments of a call have 16 KiB at most.
const LINE_BYTES: usize = 1 << 20;

pub(crate) fn run(arguments: &Mcp) -> anyhow::Result<()> {
    let subjects = subjects(arguments)?;
    let paths: Vec<String> = subjects.iter().map(|subject| subject.name().to_owned()).collect();
    let jobs = worker::start(subjects).context("cannot start a thread")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot wait for standard input")?;
    let ended = runtime.block_on(serve(Server::new(paths, jobs)));
    // A read of standard input that waits cannot be called off.
    runtime.shutdown_background();
    ended
}

/// What can be asked about. What cannot be read is told before anything is served.
fn subjects(arguments: &Mcp) -> anyhow::Result<Vec<Subject>> {
    let config = agent_options::config(arguments.config.as_deref(), &Explain::proposing())?;
    let (config, name) = config.expect("a mode is asked for");
    let proposing = Proposing { config, name, is_asked: arguments.config.is_some() };
    if let Some(folder) = &arguments.live {
        return Ok(vec![live(folder, proposing)?]);
    }
    let paths = arguments.paths.iter();
    let subjects = paths.map(|path| Subject::open(path, arguments.seed, proposing.clone()));
    let subjects = subjects.collect::<anyhow::Result<Vec<_>>>()?;
    let names: BTreeSet<&str> = subjects.iter().map(Subject::name).collect();
    if names.len() < subjects.len() {
        return Err(Misused("name each recording once").into());
    }
    Ok(subjects)
}

fn live(folder: &Path, proposing: Proposing) -> anyhow::Result<Subject> {
    if folder.is_file() {
        return Err(Misused("--live takes the directory that a daemon writes").into());
    }
    Subject::open_live(folder, proposing)
}

/// Serves until the client is gone, or a signal comes: both are an end like any other.
async fn serve(server: Server) -> anyhow::Result<()> {
    let stop = "cannot wait for signals";
    let mut interrupted = signal(SignalKind::interrupt()).context(stop)?;
    let mut terminated = signal(SignalKind::terminate()).context(stop)?;
    tokio::select! {
        ended = talk(server) => ended,
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

async fn talk(server: Server) -> anyhow::Result<()> {
    let (input, output) = stdio();
    let frames = AsyncRwTransport::new(input, output).with_max_line_length(LINE_BYTES);
    match server.serve(Patient::new(frames)).await {
        Ok(running) => running.waiting().await.map(drop).context("the server has failed"),
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(error).context("cannot talk to the client"),
    }
}
