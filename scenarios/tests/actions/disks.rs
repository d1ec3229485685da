//! Actions on disks, and on who reads and writes.

use ks_scenarios::scenario::Scenario;
use ks_vocabulary::model::{Disk, Memory, Sample};

use crate::lab::{HOST, Lab, group};

const READERS: &str = r#"
{ name = "backup", group = "/backup.slice", threads = 32,
  demand = { read = { threads = 32.0, think = "0s", size = "64KiB" } } },
{ name = "database", group = "/database.slice", threads = 4,
  demand = { read = { threads = 4.0, think = "1ms", size = "8KiB" } } },
"#;

fn read_bytes(sample: &Sample, path: &[u8]) -> Option<u64> {
    group(sample, path).io_read_bytes()
}

#[test]
fn less_io_of_one_is_more_of_the_other_and_limits_wait_before_issue() {
    for action in [
        r#"{ lower_io_priority = { process = "backup", level = "idle" } }"#,
        r#"{ lower_io_weight = { group = "/backup.slice", weight = 10 } }"#,
        r#"{ throttle_io = { group = "/backup.slice", disk = "sda", limit = { rbps = "1MiB" } } }"#,
        r#"{ throttle_io = { group = "/backup.slice", disk = "sda", limit = { riops = 20 } } }"#,
    ] {
        let mut lab = Lab::rotating(READERS);
        let before = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
        lab.act(action).unwrap();
        lab.run(1);
        let after = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
        assert!(after > 1.2 * before, "{action}: {before} to {after}");
    }
    let mut lab = Lab::rotating(READERS);
    let wait_ms = |lab: &mut Lab| {
        let disk = |get: fn(&Disk) -> Option<u64>| {
            move |sample: &Sample| sample.disks.first().and_then(get)
        };
        let (reads, spent) = (disk(Disk::reads), disk(Disk::read_ms));
        let before = (reads(&lab.last).unwrap(), spent(&lab.last).unwrap());
        lab.run(20);
        let after = (reads(&lab.last).unwrap(), spent(&lab.last).unwrap());
        (after.1 - before.1) as f64 / (after.0 - before.0) as f64
    };
    let crowded_ms = wait_ms(&mut lab);
    let limit =
        r#"{ throttle_io = { group = "/backup.slice", disk = "sda", limit = { riops = 20 } } }"#;
    lab.act(limit).unwrap();
    lab.run(1);
    let reads = lab.growth(|sample| group(sample, b"/backup.slice").io_reads()) / 20.0;
    assert!((15.0..=20.5).contains(&reads), "{reads}");
    let stalled = lab.growth(|sample| group(sample, b"/backup.slice").io_some_total_us());
    assert!(stalled / 20e6 > 0.9, "who is held back stalls: {stalled}");
    let alone_ms = wait_ms(&mut lab);
    assert!(alone_ms < 0.3 * crowded_ms, "before issue: {crowded_ms} to {alone_ms} ms");
}

#[test]
fn priorities_do_nothing_where_the_scheduler_has_none() {
    let text = HOST
        .replace("process = [", &format!("process = [{READERS}"))
        .replace("\"ssd\"", "\"nvme\"");
    let scenario = Scenario::parse(&text, "actions.toml").unwrap();
    let mut lab = Lab::of(&scenario, 30);
    let before = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
    lab.act(r#"{ lower_io_priority = { process = "backup", level = "idle" } }"#).unwrap();
    let after = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
    assert!((after / before - 1.0).abs() < 0.1, "{before} to {after}");
}

#[test]
fn dirty_pages_are_written_when_they_are_asked_to_be_and_earlier_by_a_lower_limit() {
    let writer = r#"{ name = "writer", group = "/writer.slice", demand = { write = 4e6 } },"#;
    let dirty = |sample: &Sample| sample.memory.first().and_then(Memory::dirty_bytes).unwrap();
    let mut lab = Lab::new(writer);
    let before = dirty(&lab.last);
    lab.act(r#"{ flush_buffers = { mount = "/" } }"#).unwrap();
    lab.run(3);
    assert!(dirty(&lab.last) < before / 2, "{before} to {}", dirty(&lab.last));
    let mut lab = Lab::new(writer);
    lab.act("{ lower_dirty_background = { percent = 1 } }").unwrap();
    lab.run(30);
    assert!(dirty(&lab.last) < before / 2, "{before} to {}", dirty(&lab.last));
}

#[test]
fn less_read_ahead_is_more_requests_for_the_same_bytes() {
    let scanner = r#"{ name = "scanner", group = "/scan.slice", demand = { scan = 20e6 } },"#;
    let size = |lab: &mut Lab| {
        let bytes = lab.growth(|sample| group(sample, b"/scan.slice").io_read_bytes());
        bytes / lab.growth(|sample| group(sample, b"/scan.slice").io_reads())
    };
    let mut lab = Lab::new(scanner);
    assert!((size(&mut lab) - 131_072.0).abs() < 10_000.0);
    lab.act(r#"{ reduce_readahead = { disk = "sda", kb = 16 } }"#).unwrap();
    lab.run(2);
    assert!((size(&mut lab) - 16_384.0).abs() < 2000.0);
}
