//! What the engine reads of a row is in its list of needs: else a replay would not decode it.
//!
//! Calls are found by their names. A name that means something else for a table is listed here.

use ks_vocabulary::model::SCHEMAS;
use ks_vocabulary::needs::{NEEDS, is_needed, is_needed_to_judge};

use crate::tree::{assert_none, checkout};

/// Where rows are read.
const READERS: [&str; 6] = [
    "engine/src/analysis/",
    "engine/src/classifiers/",
    "engine/src/culprit/",
    "engine/vocabulary/src/held.rs",
    "engine/vocabulary/src/membership.rs",
    "engine/src/window/",
];

/// Columns whose names are called on something else: `Cover::state`, the namespace of a process,
/// the CPU time and the control group of short-lived ones, `Metric::unit`, the sockets of an owner,
/// the caches of a control group and what a host holds, what a rate lost, the stalls of a group. Of
/// tables that the engine does not read, the keys and what it calls its own.
const OTHERS: [(&str, &str); 22] = [
    ("pressure", "cpu_full_total_us"),
    ("cgroups", "zswpin"),
    ("cgroups", "zswpout"),
    ("memory", "active_file_bytes"),
    ("memory", "slab_reclaimable_bytes"),
    ("cgroups", "anon_bytes"),
    ("cgroups", "shmem_bytes"),
    ("cgroups", "unit"),
    ("processes", "state"),
    ("processes", "netns"),
    ("processes", "cpu_ns"),
    ("bpf_events", "cgroup_inode"),
    ("processes", "close_wait"),
    ("bpf_syscall", "lost"),
    ("bpf_page_fault", "lost"),
    ("bpf_memory", "lost"),
    ("process_facts", "pid"),
    ("process_facts", "start_ticks"),
    ("cgroup_settings", "inode"),
    ("cgroup_settings", "hierarchy"),
    ("cgroup_settings", "path"),
    ("cgroup_settings", "restart"),
];

/// The same of what a decision knows: the numbers of a disk, the sockets of an owner, what blocked
/// tasks wait in.
const OF_FACTS: [(&str, &str); 5] = [
    ("bpf_events", "wchan"),
    ("bpf_page_fault", "major"),
    ("bpf_page_fault", "minor"),
    ("processes", "close_wait"),
    ("netns", "established"),
];

/// Whether `code` calls the accessor of `column`, or names it as a function.
fn calls(code: &str, column: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    code.contains(&format!(".{column}()"))
        || code
            .match_indices(&format!("::{column}"))
            .any(|(at, found)| ends(&code[at + found.len()..]))
}

type Is = fn(&str, &str) -> bool;

fn missing(code: &str, others: &[(&str, &str)], is_needed: Is) -> Vec<String> {
    let mut missing = Vec::new();
    for schema in SCHEMAS.iter().filter(|schema| NEEDS.iter().any(|need| need.0 == schema.table)) {
        let cells = schema.cells.iter().map(|cell| cell.name);
        for column in cells.chain(schema.names.iter().map(|name| name.name)) {
            let other = others.contains(&(schema.table, column));
            if !other && calls(code, column) && !is_needed(schema.table, column) {
                missing.push(format!(
                    "{}.{column} is not in engine/vocabulary/src/needs.rs",
                    schema.table
                ));
            }
        }
    }
    missing
}

#[test]
fn every_column_the_engine_reads_is_decoded_in_a_replay() {
    let sources = checkout().iter().filter(|file| file.is_rust() && file.is_below(&READERS));
    let sources = sources.filter(|file| file.name() != "tests.rs");
    let code: Vec<String> = sources
        .map(|file| {
            let text = file.text();
            text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
        })
        .collect();
    assert!(code.len() > 15, "the readers are found");
    assert_none(&missing(&code.concat(), &OTHERS, is_needed_to_judge));
}

#[test]
fn every_column_a_decision_reads_is_decoded_in_a_replay() {
    let readers = ["engine/src/engine/fact", "engine/src/engine/sights"];
    let files: Vec<_> = checkout().iter().filter(|file| file.is_below(&readers)).collect();
    assert!(files.len() >= 6, "where facts are read: {}", files.len());
    let code: String = files.iter().map(|file| file.text()).collect();
    assert_none(&missing(&code, &OF_FACTS, is_needed));
    assert_eq!(missing(&code.replace("scheduler", "writes_merged"), &OF_FACTS, is_needed).len(), 1);
}

#[test]
fn a_column_that_is_read_and_not_listed_is_found() {
    assert!(
        missing("row.writes_merged()", &OTHERS, is_needed)
            .iter()
            .any(|text| text.starts_with("disks.writes_merged"))
    );
    assert!(missing("map(Memory::mapped_bytes)", &OTHERS, is_needed).len() == 1);
    assert!(missing("row.reads()", &OTHERS, is_needed_to_judge).is_empty());
    let of_decisions = missing("row.swappiness()", &OTHERS, is_needed_to_judge);
    assert_eq!(of_decisions, ["sysctls.swappiness is not in engine/vocabulary/src/needs.rs"]);
}
