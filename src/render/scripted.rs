//! What a script in place of a model did and took. It knows nothing of the host, so nothing here is
//! a grade: loop, guard and cost alone.

use ks_replayer::evaluation::{ModelRow, Row};
use serde::Serialize;

use crate::plain::Page;

/// A row, for programs.
#[derive(Serialize)]
pub(crate) struct Scripted<'a> {
    scripted: &'a str,
    scenario: &'a str,
    decided: &'a [String],
    #[serde(flatten)]
    model: &'a ModelRow,
}

/// All rows.
pub(crate) fn rows(rows: &[Row]) -> Vec<Scripted<'_>> {
    let each = rows.iter().filter_map(|row| {
        let model = row.model.as_ref()?;
        let (scenario, decided) = (row.scenario.as_str(), &row.decided[..]);
        Some(Scripted { scripted: &model.name, scenario, decided, model })
    });
    each.collect()
}

/// The same for people.
pub(crate) fn page(rows: &[Row]) -> Page {
    let mut page = Page::default();
    page.line(format_args!(
        "{:26} {:>8} {:>6} {:>8} {:>10} {:>8} {:>9}  {}",
        "scripted", "requests", "calls", "refused", "taken over", "tokens", "USD", "decided"
    ));
    for one in self::rows(rows) {
        let model = one.model;
        let cost = model
            .micro_dollars
            .map_or_else(|| "unknown".to_owned(), |cost| format!("{:.4}", cost as f64 / 1e6));
        let decided =
            if one.decided.is_empty() { "nothing".to_owned() } else { one.decided.join("; ") };
        page.line(format_args!(
            "{:26} {:>8} {:>6} {:>8} {:>10} {:>8} {cost:>9}  {decided}",
            one.scenario,
            model.requests,
            model.calls,
            model.refused,
            model.taken_over,
            model.prompt_tokens + model.output_tokens,
        ));
    }
    page.gap();
    page.line("A script is no model: this shows the loop, the guard and the cost, and no grade.");
    page
}
