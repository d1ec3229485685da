//! The modelled host held against real faults: `docs/model-against-reality.md` is what this writes.
//!
//! Each fault was recorded at half, the same and twice the strength (`ks provoke`), and its twin in
//! `scenarios/provoked` runs at the same ones. The counters were chosen before the model was run on
//! them. What does not agree stays in the table. `KS_BLESS=1` writes the page anew.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod counters;
mod page;
mod run;

use std::path::Path;

use counters::TABLES;

const PAGE: &str = "docs/model-against-reality.md";

#[test]
fn the_page_says_how_the_model_and_the_machine_differ() {
    let page = page::page(TABLES);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("KS_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == page, "{PAGE} is not what the model gives: read it after KS_BLESS=1");
}

/// Each table has what it must: four counters, one of second order.
#[test]
fn every_fault_has_four_counters_and_one_of_second_order() {
    for table in TABLES {
        assert!(table.lines.len() >= 4, "{}", table.fault);
        assert!(table.lines.iter().any(|line| line.second_order), "{}", table.fault);
    }
}
