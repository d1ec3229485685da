//! `ks status`: what a daemon does, and which verdicts stand.

use anyhow::bail;

use crate::cli::control::StatusOf;
use crate::control::{Question, Reply, Status, ask};
use crate::plain::Page;
use crate::render::Format;
use crate::stdout;

pub(crate) fn run(arguments: &StatusOf) -> anyhow::Result<()> {
    let Reply::Status(status) = ask(&arguments.daemon.output, &Question::Status {})? else {
        bail!("the daemon answers something else than was asked");
    };
    match arguments.format {
        Format::Json => stdout::print_json(&status),
        Format::Text => stdout::print_page(&page(&status)),
    }
}

fn page(status: &Status) -> Page {
    let mut page = Page::default();
    match status.standing.len() {
        0 => page.line("nothing stands"),
        1 => page.line("1 verdict stands:"),
        several => page.line(format_args!("{several} verdicts stand:")),
    }
    for one in &status.standing {
        let (severity, kind) = (one.severity.word().to_uppercase(), one.kind.word());
        let stale = if one.stale { ", its inputs are missing" } else { "" };
        page.line(format_args!(
            "  #{} {severity:8} {kind} on {}, since {}{stale}",
            one.id, one.entity, one.onset
        ));
    }
    for one in &status.accepted {
        let until = one.until.as_ref().map(|until| format!(" until {until}"));
        let until = until.unwrap_or_default();
        page.line(format_args!("normal here: {} on {}{until}", one.kind.word(), one.entity));
    }
    if status.lost_ticks > 0 {
        page.line(format_args!(
            "nothing is recorded: {} ticks are lost so far, see what the daemon says of its disk",
            status.lost_ticks
        ));
    }
    let (began, recorded) = (status.began.as_deref(), status.recorded.as_deref());
    page.line(format_args!(
        "{} samples since {}, the last at {}",
        status.samples,
        began.unwrap_or("-"),
        recorded.unwrap_or("-")
    ));
    if let Some(segment) = &status.segment {
        page.line(format_args!("process {} writes {}", status.pid, segment.display()));
    }
    page
}
