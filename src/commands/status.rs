//! `ks status`: what a daemon does, and which verdicts stand.

use anyhow::bail;
use ks_actor::perform::Order;

use crate::cli::control::StatusOf;
use crate::control::{ActingStatus, Course, Proposed, Question, Reply, Status, ask};
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
    if let Some(told) = &status.acting {
        acting(told, &mut page);
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

/// What an agent does, what waits for a person first.
fn acting(acting: &ActingStatus, page: &mut Page) {
    if acting.stopped {
        page.line("acting is stopped: `ks resume-acting` lets it go on");
    }
    if let Some(lost) = &acting.lost {
        page.line(format_args!("nothing can be done: {lost}"));
    }
    for one in &acting.proposals {
        page.gap();
        proposed(one, page);
        let id = one.decision;
        page.line(format_args!("  `ks approve {id}` does it, `ks deny {id}` does not"));
    }
    let waits =
        |course: &&Course| !acting.proposals.iter().any(|one| one.decision == course.decision);
    let told: Vec<&Course> = acting.decisions.iter().filter(waits).collect();
    if !told.is_empty() {
        page.gap();
        page.line(format_args!("mode {}; decided:", acting.mode));
    }
    for course in told {
        let outcome =
            course.outcome.map_or_else(|| course.verdict.word(), |outcome| outcome.word());
        page.line(format_args!(
            "  #{} {outcome}: {} to {}: {}",
            course.decision, course.action, course.target, course.told
        ));
    }
    page.gap();
}

/// What a person is shown before he approves of it, as it will be done; and of what he asked for
/// himself.
pub(super) fn proposed(one: &Proposed, page: &mut Page) {
    if let Some(until) = &one.until {
        page.line(format_args!("decision {} waits for an approval, until {until}:", one.decision));
    }
    let comm = one.comm.as_ref().map(|comm| format!(" {comm}")).unwrap_or_default();
    let action = one.order.as_ref().map_or("nothing", |order| &order.action);
    page.line(format_args!("  {action} to {}{comm}", one.target));
    page.line(format_args!("  because: {}", one.hypothesis));
    if let Some(order) = &one.order {
        planned(order, &one.undo, page);
    }
    if let Some(expected) = &one.expected {
        page.line(format_args!("  expected: {expected}"));
    }
    let evidence: Vec<String> = one.evidence.iter().map(|id| format!("#{id}")).collect();
    if !evidence.is_empty() {
        page.line(format_args!("  rests on: {}", evidence.join(", ")));
    }
    page.line(format_args!("  {} by {}: {}", one.verdict, one.rule, one.reason));
}

fn planned(order: &Order, undo: &[String], page: &mut Page) {
    for effect in &order.effects {
        page.line(format_args!("  does: {effect}"));
    }
    if let Some(seconds) = order.lasts_s {
        page.line(format_args!("  for {seconds} s, then it is undone"));
    }
    let undo = if undo.is_empty() { "none".to_owned() } else { undo.join(", ") };
    page.line(format_args!("  undo: {undo}, what there is before it"));
}
