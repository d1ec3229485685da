//! What was judged, what only in part, and what was not: for people.

use ks_replayer::report::{Report, Span};

use super::words::Times;
use crate::plain::Page;

/// Spans of one kind that are told; of more the last ones.
const SPANS: usize = 3;

/// Kinds that were not judged in full are told up to here, each on a line.
const PARTS: usize = 7;

/// How many kinds were judged, and why others were not: in a line for each of those.
pub(super) fn tell_briefly(report: &Report) -> Vec<String> {
    let all = report.coverage.len();
    let parts: Vec<_> = report.coverage.iter().filter(|(_, told)| *told != "ok").collect();
    if parts.is_empty() {
        return vec![format!("All {all} kinds of trouble were judged.")];
    }
    let judged = all - parts.len();
    let mut lines =
        vec![format!("{judged} of {all} kinds of trouble were judged in full. Not so:")];
    let told = parts.iter().map(|(kind, told)| format!("  {kind:24} {}", in_words(told)));
    lines.extend(told.take(if parts.len() > PARTS { PARTS - 1 } else { PARTS }));
    let more = all + 1 - judged - lines.len();
    if more > 0 {
        lines.push(format!("  and {more} more kinds"));
    }
    lines
}

/// A line for each kind, and its spans where what was judged changed.
pub(super) fn tell(report: &Report, times: &Times, page: &mut Page) {
    page.line("What was judged:");
    for (kind, told) in &report.coverage {
        page.line(format_args!("  {kind:24} {}", in_words(told)));
        let spans = report.coverage_spans.get(kind).map_or(&[][..], Vec::as_slice);
        // The first is of what was missing while windows filled, or all there is.
        if spans.len() > 1 {
            let first = spans.len().saturating_sub(SPANS);
            for span in &spans[first..] {
                page.line(format_args!("    {:22} {}", "", of_span(span, times)));
            }
        }
    }
}

/// `ok` beside an open verdict would read like good news.
fn in_words(told: &str) -> String {
    match told.split_once(": ") {
        None if told == "ok" => "judged".to_owned(),
        Some(("ok", rest)) => format!("judged {rest}"),
        Some(("cannot tell", why)) => format!("not judged: {why}"),
        Some(("not applicable", why)) => format!("nothing to judge: {why}"),
        None | Some(_) => told.to_owned(),
    }
}

fn of_span(span: &Span, times: &Times) -> String {
    let told = match &span.reason {
        Some(reason) => format!("{}: {reason}", span.state),
        None => span.state.to_owned(),
    };
    let until = span.to.as_deref().map_or("the end".to_owned(), |to| times.at(to));
    format!("{} to {until}: {}", times.at(&span.from), in_words(&told))
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn each_state_has_its_words() {
        for (told, expected) in [
            ("ok", "judged"),
            ("ok: without net/snmp: no such file", "judged without net/snmp: no such file"),
            ("cannot tell: stat: no such file", "not judged: stat: no such file"),
            ("not applicable: no swap is configured", "nothing to judge: no swap is configured"),
        ] {
            assert_eq!(in_words(told), expected);
        }
    }
}
