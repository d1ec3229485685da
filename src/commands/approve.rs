//! `ks approve` and `ks deny`: what a person says to what an agent proposes.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::bail;

use super::status;
use crate::cli::acting::{Approve, Word};
use crate::control::{Proposed, Question, Reply, ask};
use crate::exit::Misused;
use crate::plain::Page;
use crate::render;
use crate::stdout;

pub(crate) fn run(arguments: &Approve) -> anyhow::Result<()> {
    let folder = &arguments.word.daemon.output;
    let proposed = waiting(&arguments.word)?;
    let mut page = Page::default();
    status::proposed(&proposed, &mut page);
    stdout::print_page(&page)?;
    if !arguments.yes && !is_confirmed()? {
        render::note("not approved: it waits on");
        return Ok(());
    }
    let Some(token) = proposed.token else {
        bail!("it is not sealed yet: try again");
    };
    ask(folder, &Question::Approve { decision: proposed.decision, token })?;
    render::note("approved; `ks status` tells what comes of it");
    Ok(())
}

pub(crate) fn deny(arguments: &Word) -> anyhow::Result<()> {
    let decision = waiting(arguments)?.decision;
    ask(&arguments.daemon.output, &Question::Deny { decision })?;
    render::note(&format!("decision {decision} is denied: nothing is done"));
    Ok(())
}

/// The proposal that is meant.
fn waiting(word: &Word) -> anyhow::Result<Proposed> {
    let Reply::Status(status) = ask(&word.daemon.output, &Question::Status {})? else {
        bail!("the daemon answers something else than was asked");
    };
    let Some(acting) = status.acting else {
        bail!("the daemon observes: it proposes nothing (`ks live --mode propose`)");
    };
    let numbers: Vec<String> =
        acting.proposals.iter().map(|one| one.decision.to_string()).collect();
    let found = acting.proposals.into_iter().find(|one| one.decision == word.decision);
    let Some(found) = found else {
        let waits = if numbers.is_empty() { "nothing".to_owned() } else { numbers.join(", ") };
        bail!("decision {} does not wait for an approval; what waits: {waits}", word.decision);
    };
    Ok(found)
}

/// Asks the person at the terminal.
fn is_confirmed() -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Misused("nobody can be asked here: add --yes to approve it").into());
    }
    let mut out = io::stderr();
    write!(out, "Do this? [y/N] ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
