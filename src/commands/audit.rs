//! `ks audit`: what was decided, done and undone on this host, and whether the log of it is whole.

use std::path::Path;

use ks_actor::audit::{self, Head, Paths, Told};
use ks_actor::process::Setup;
use ks_replayer::report::rfc3339;
use ks_vocabulary::time::WallTime;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::acting::FOLDER;
use crate::cli::acting::{Audit, AuditCommand, AuditShow, AuditVerify};
use crate::exit::Unmet;
use crate::plain::Page;
use crate::render::{self, Format};
use crate::stdout;

pub(crate) fn run(arguments: &Audit) -> anyhow::Result<()> {
    match &arguments.command {
        AuditCommand::Show(arguments) => show(arguments),
        AuditCommand::Verify(arguments) => verify(arguments),
    }
}

fn paths(folder: &Path) -> Paths {
    Setup::audit_in(&folder.join(FOLDER))
}

/// Prints line by line, so that what stands before a damage is there.
fn show(arguments: &AuditShow) -> anyhow::Result<()> {
    let mut printed = Ok(());
    let read = audit::read(&paths(&arguments.daemon.output), &mut |told| {
        if printed.is_ok() {
            printed = match arguments.format {
                Format::Text => stdout::print_page(&Page::of(line(&told))),
                Format::Json => json(&told).and_then(|json| stdout::print(&json)),
            };
        }
    });
    printed?;
    read?;
    Ok(())
}

fn verify(arguments: &AuditVerify) -> anyhow::Result<()> {
    let head = audit::verify(&paths(&arguments.daemon.output))?;
    if let Some(anchor) = &arguments.anchor {
        compare(&arguments.daemon.output, anchor, &head)?;
    }
    render::note(&format!("{} lines, each as it was written, and none is missing", head.lines));
    Ok(())
}

/// Holds the log against an anchor that was kept elsewhere: it is that of a line of this log.
fn compare(folder: &Path, anchor: &Path, head: &Head) -> anyhow::Result<()> {
    let kept = audit::anchored(anchor)?;
    if kept.lines > head.lines {
        let missing = kept.lines - head.lines;
        let told = format!("the end is cut off: {missing} lines are missing, by the copy");
        render::note(&told);
        return Err(Unmet.into());
    }
    if !audit::is_of(&paths(folder), &kept)? {
        render::note(&format!("line {} is another one than the copy is of", kept.lines));
        return Err(Unmet.into());
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    number: u64,
    at: String,
    entry: &'a RawValue,
}

fn json(told: &Told<'_>) -> anyhow::Result<String> {
    let entry = serde_json::from_str(told.entry)?;
    let line = Line { number: told.number, at: rfc3339(WallTime(told.at_ns)), entry };
    Ok(serde_json::to_string(&line)? + "\n")
}

/// A line for people: when, what, and of what.
fn line(told: &Told<'_>) -> String {
    let entry: Value = serde_json::from_str(told.entry).unwrap_or_default();
    let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let number = entry["request"].as_u64().or_else(|| entry["decision"].as_u64());
    let of = number.map(|number| format!(" #{number}")).unwrap_or_default();
    let what = word("what");
    let rest = match what.as_str() {
        "began" => format!("an actor; its sandbox lacks {}", word("lacks")),
        "decided" => decided(&entry),
        "asked" => format!("by {}: {}{}", word("by"), word("action"), lasting(&entry)),
        "left" => format!(
            "{} of an earlier run: {}",
            entry["left"]["action"].as_str().unwrap_or("-"),
            done(&entry["left"]["done"])
        ),
        "not_approved" => word("why"),
        _ => done(&entry["done"]),
    };
    format!("{} {what}{of} {rest}", rfc3339(WallTime(told.at_ns)))
}

fn decided(entry: &Value) -> String {
    let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let outcome = entry["outcome"].as_str().map(|outcome| format!(", {outcome}"));
    format!(
        "{}: {} to {}: {} by {}{}",
        word("change"),
        word("action"),
        word("target"),
        word("verdict"),
        word("rule"),
        outcome.unwrap_or_default()
    )
}

fn lasting(entry: &Value) -> String {
    entry["lasts_s"].as_u64().map(|seconds| format!(", for {seconds} s")).unwrap_or_default()
}

fn done(done: &Value) -> String {
    let outcome = done["outcome"].as_str().unwrap_or_default();
    let reason = done["reason"].as_str().map(|reason| format!(": {reason}"));
    format!("{outcome}{}", reason.unwrap_or_default())
}
