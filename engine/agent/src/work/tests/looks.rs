//! What only looks, asked for as a reasoner does.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::decision::{
    Blocked, DiskUse, GroupUse, IoClass, MemoryUse, NicUse, Policy, ProcessSettings, ProcessState,
    ProcessUse, Sockets, Space, Stalls, StepSaid, TcpUse, Wait,
};
use ks_vocabulary::kind::{Entity, Group};
use serde_json::{Value, json};

use super::bench::{Bench, query, remedy};
use crate::desk::{ALONE, BATCH, HOG, SOLO};
use crate::guard::tests::bench::alone;

fn process(key: (u64, u64)) -> Entity {
    Entity::Process(key.0, key.1)
}

fn group(path: &[u8]) -> Entity {
    Entity::Cgroup(Group { inode: Some(7000), ..Group::at(path) })
}

/// The step of the last call of a script.
pub(super) fn step_of(bench: &mut Bench, script: &[Value]) -> StepSaid {
    let _alone = alone();
    bench.begin(script);
    let steps = bench.think(0);
    assert!(bench.asked.is_empty(), "nothing is asked of anybody");
    steps.into_iter().rfind(|step| step.call.is_some()).expect("something was called")
}

/// What a look in the first phase is answered.
pub(super) fn looked(bench: &mut Bench, action: &str, params: &Value) -> Result<Value, String> {
    let step = step_of(bench, &[query(), remedy(action, params)]);
    assert!(bench.decisions.is_empty(), "nothing is decided by it");
    assert!(bench.agent().limits.deeds().next().is_none(), "it is no action");
    match (step.answer, step.error) {
        (Some(answer), None) => {
            let told: Value = serde_json::from_str(&answer).expect("it is JSON");
            Ok(told["looked"].clone())
        }
        (None, Some(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

fn usage(rss_bytes: f64, cpus: f64, read_bytes_per_s: f64) -> ProcessUse {
    let (rss_bytes, cpus) = (Some(rss_bytes), Some(cpus));
    let read_bytes_per_s = Some(read_bytes_per_s);
    ProcessUse { rss_bytes, cpus, read_bytes_per_s, ..ProcessUse::default() }
}

/// A host of three processes, each of which is first in something.
pub(super) fn busy() -> Bench {
    let mut bench = Bench::default();
    bench.desk.sighted.processes = Some(Vec::from([
        (process(HOG), usage(123_456_789.0, 3.0, 0.0)),
        (process(SOLO), usage(4096.0, 0.123_456, 5e6)),
        (process((2, 1)), usage(0.0, 0.0, 0.0)),
    ]));
    bench
}

#[test]
fn top_memory_is_listed_by_resident_memory_to_four_digits() {
    let mut bench = busy();
    let available_bytes = Some(8_589_934_592.0);
    bench.desk.sighted.memory = Some(MemoryUse { available_bytes, ..MemoryUse::default() });
    let told = looked(&mut bench, "list_top_memory", &json!({"count": 10})).unwrap();
    let told = &told["top_memory"];
    assert_eq!(told["host"], json!({"age_s": 0.0, "entity": "host", "available_bytes": 8.59e9}));
    let rows = told["processes"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "what holds nothing is not listed");
    let first = json!({"entity": "proc#1", "group": "cg#1", "rss_bytes": 123_500_000.0,
        "cpus": 3.0, "read_bytes_per_s": 0.0});
    assert_eq!(rows[0], first);
    assert_eq!(rows[1]["group"], "cg#2");
}

#[test]
fn top_cpu_is_listed_by_cpus_and_says_what_it_leaves_out() {
    let told = looked(&mut busy(), "list_top_cpu", &json!({"count": 1})).unwrap();
    let told = &told["top_cpu"]["processes"];
    assert_eq!((&told["rows"][0]["cpus"], &told["truncated"]), (&json!(3.0), &json!(1)));
    assert_eq!(told["rows"].as_array().map(Vec::len), Some(1));
}

#[test]
fn io_activity_is_that_of_disks_and_of_who_reads_and_writes() {
    let mut bench = busy();
    let disk = |busy_share| DiskUse { busy_share: Some(busy_share), ..DiskUse::default() };
    let disks =
        [(Entity::Disk(b"a".to_vec()), disk(0.1)), (Entity::Disk(b"b".to_vec()), disk(0.9))];
    bench.desk.sighted.disks = Some(disks.to_vec());
    let told = looked(&mut bench, "check_io_activity", &json!({"count": 5})).unwrap();
    let told = &told["io_activity"];
    assert_eq!(told["disks"]["rows"][0], json!({"entity": "disk#1", "busy_share": 0.9}));
    let readers = told["processes"]["rows"].as_array().unwrap();
    assert_eq!((readers.len(), &readers[0]["read_bytes_per_s"]), (1, &json!(5e6)));
}

#[test]
fn network_stats_are_those_of_every_interface() {
    let mut bench = Bench::default();
    let nic = |rx| NicUse { rx_bytes_per_s: Some(rx), carrier: Some(true), ..NicUse::default() };
    let nics =
        [(Entity::Nic(b"a".to_vec()), nic(0.0)), (Entity::NicOf(7, b"a".to_vec()), nic(9.0))];
    bench.desk.sighted.nics = Some(nics.to_vec());
    let told = looked(&mut bench, "check_network_stats", &json!({})).unwrap();
    let rows = json!([{"entity": "if#1", "rx_bytes_per_s": 9.0, "carrier": true},
        {"entity": "if#2", "rx_bytes_per_s": 0.0, "carrier": true}]);
    assert_eq!(told["network"]["interfaces"]["rows"], rows);
}

#[test]
fn tcp_stats_are_those_of_every_namespace() {
    let mut bench = Bench::default();
    let tcp = TcpUse { in_use: Some(12.0), own: Some(true), ..TcpUse::default() };
    bench.desk.sighted.namespaces = Some([(Entity::Netns(4_026_531_840), tcp)].to_vec());
    let told = looked(&mut bench, "check_tcp_stats", &json!({})).unwrap();
    let row = json!({"entity": "netns#1", "in_use": 12.0, "own": true});
    assert_eq!(told["tcp"]["namespaces"]["rows"][0], row);
}

#[test]
fn swap_is_counted_over_the_seconds_that_are_asked_for() {
    let mut bench = Bench::default();
    bench.desk.sighted.swapped = [10.0, 20.0, 30.0].to_vec();
    for (lasts, out) in [(1, 10.0), (3, 30.0)] {
        let told = looked(&mut bench, "monitor_swap", &json!({"lasts": lasts})).unwrap();
        let host = &told["swap"]["host"];
        assert_eq!(
            [&host["out_pages_per_s"], &host["over_s"]],
            [&json!(out), &json!(f64::from(lasts))]
        );
    }
    let told = looked(&mut bench, "monitor_swap", &json!({"lasts": 9})).unwrap();
    assert_eq!(told["swap"]["host"], json!({"cannot_tell": "it is not recorded, or not yet"}));
}

#[test]
fn blocked_tasks_are_listed_with_what_they_wait_for() {
    let mut bench = Bench::default();
    let blocked = Blocked { tasks: Some(2.0), waits_for: Some(Wait::Disk) };
    bench.desk.sighted.blocked = Some([(process(SOLO), blocked)].to_vec());
    let told = looked(&mut bench, "list_blocked_tasks", &json!({"count": 5})).unwrap();
    let row = json!({"entity": "proc#2", "group": "cg#2", "tasks": 2.0, "waits_for": "disk"});
    assert_eq!(told["blocked_tasks"]["processes"]["rows"][0], row);
}

#[test]
fn a_control_group_is_shown_with_its_pressure_and_one_that_is_gone_is_not() {
    let mut bench = Bench::default();
    let usage = GroupUse { cpus: Some(4.0), frozen: Some(false), ..GroupUse::default() };
    let stalls = |share| Stalls { cpu_some_share: Some(share), ..Stalls::default() };
    bench.desk.sighted.groups.insert(BATCH.to_vec(), usage);
    let all = [(group(ALONE), stalls(0.9)), (group(BATCH), stalls(0.25))];
    bench.desk.sighted.group_stalls = Some(all.to_vec());
    let params = json!({"group": "cg#1"});
    let told = looked(&mut bench, "show_cgroup_usage", &params).unwrap();
    let shown = json!({"age_s": 0.0, "entity": "cg#1", "cpus": 4.0, "frozen": false});
    assert_eq!(told["cgroup"]["usage"], shown);
    assert_eq!(told["cgroup"]["pressure"]["cpu_some_share"], 0.25);
    bench.desk.sighted.groups.clear();
    let told = looked(&mut bench, "show_cgroup_usage", &params).unwrap();
    assert_eq!(told["cgroup"]["usage"], json!({"cannot_tell": "it is not there any more"}));
}

#[test]
fn a_process_is_shown_with_how_it_is_set() {
    let mut bench = busy();
    let settings = ProcessSettings {
        nice: Some(-5.0),
        state: Some(ProcessState::Running),
        policy: Some(Policy::Batch),
        io_class: Some(IoClass::Idle),
        ..ProcessSettings::default()
    };
    bench.desk.sighted.settings.insert(HOG, settings);
    let told = looked(&mut bench, "show_process", &json!({"process": "proc#1"})).unwrap();
    let shown = json!({"age_s": 0.0, "entity": "proc#1", "group": "cg#1", "nice": -5.0,
        "state": "running", "policy": "batch", "io_class": "idle"});
    assert_eq!(told["process"]["settings"], shown);
    assert_eq!(told["process"]["usage"]["cpus"], 3.0);
}

#[test]
fn disk_space_is_listed_the_fullest_first() {
    let mut bench = Bench::default();
    let space = |used_share| Space { used_share: Some(used_share), ..Space::default() };
    let all = [(b"/a", 0.2), (b"/b", 0.987_654)];
    let all = all.map(|(mount, share)| (Entity::Filesystem(mount.to_vec()), space(share)));
    bench.desk.sighted.spaces = Some(all.to_vec());
    let told = looked(&mut bench, "check_disk_space", &json!({})).unwrap();
    let rows = json!([{"entity": "mnt#1", "used_share": 0.9877},
        {"entity": "mnt#2", "used_share": 0.2}]);
    assert_eq!(told["disk_space"]["filesystems"]["rows"], rows);
}

#[test]
fn sockets_are_those_of_a_process_where_they_were_read() {
    let mut bench = Bench::default();
    let params = json!({"process": "proc#1"});
    let told = looked(&mut bench, "list_sockets", &params).unwrap();
    let why = told["sockets"]["of"]["cannot_tell"].as_str().unwrap();
    assert!(why.contains("not read lately"), "{why}");
    let sockets = Sockets { close_wait: Some(900.0), ..Sockets::default() };
    bench.desk.sighted.sockets.insert(HOG, sockets);
    let told = looked(&mut bench, "list_sockets", &params).unwrap();
    let shown = json!({"age_s": 0.0, "entity": "proc#1", "group": "cg#1", "close_wait": 900.0});
    assert_eq!(told["sockets"]["of"], shown);
}

#[test]
fn pressure_is_that_of_the_host_and_of_groups_that_stall() {
    let mut bench = Bench::default();
    let stalls = |cpu, io| Stalls {
        cpu_some_share: Some(cpu),
        io_some_share: Some(io),
        ..Stalls::default()
    };
    bench.desk.sighted.stalls = Some(stalls(0.5, 0.0));
    let all = [(group(BATCH), stalls(0.1, 0.0)), (group(ALONE), stalls(0.0, 0.4))];
    let calm = (group(b"/calm"), stalls(0.0, 0.0));
    bench.desk.sighted.group_stalls = Some([&all[..], &[calm]].concat());
    let told = looked(&mut bench, "check_pressure", &json!({})).unwrap();
    assert_eq!(told["pressure"]["host"]["cpu_some_share"], 0.5);
    let rows = told["pressure"]["groups"]["rows"].as_array().unwrap();
    let shares: Vec<f64> = rows.iter().filter_map(|row| row["io_some_share"].as_f64()).collect();
    assert_eq!(shares, [0.4, 0.0]);
}

#[test]
fn nothing_there_and_nothing_recorded_look_different() {
    let mut bench = Bench::default();
    let params = json!({"count": 5});
    let told = looked(&mut bench, "list_blocked_tasks", &params).unwrap();
    let absent = json!({"rows": [], "truncated": 0,
        "cannot_tell": "it is not recorded, or not yet"});
    assert_eq!(told["blocked_tasks"]["processes"], absent);
    bench.desk.sighted.blocked = Some(Vec::new());
    let told = looked(&mut bench, "list_blocked_tasks", &params).unwrap();
    let empty = json!({"age_s": 0.0, "rows": [], "truncated": 0});
    assert_eq!(told["blocked_tasks"]["processes"], empty);
    bench.desk.sighted.processes = Some([(process(HOG), ProcessUse::default())].to_vec());
    let told = looked(&mut bench, "list_top_cpu", &params).unwrap();
    assert!(
        told["top_cpu"]["processes"]["cannot_tell"].is_string(),
        "its CPU time is not recorded"
    );
}

#[test]
fn a_reading_says_how_old_it_is() {
    let mut bench = busy();
    bench.desk.now = bench.desk.now.plus_ns(1_500_000_000);
    let told = looked(&mut bench, "list_top_cpu", &json!({"count": 5})).unwrap();
    assert_eq!(told["top_cpu"]["processes"]["age_s"], 1.5);
}

#[test]
fn a_long_list_is_cut_to_what_a_reasoner_can_use() {
    let mut bench = Bench::default();
    let number = Some(123_456.0);
    let full = ProcessUse {
        rss_bytes: number,
        swap_bytes: number,
        threads: number,
        cpus: number,
        read_bytes_per_s: number,
        written_bytes_per_s: number,
        over_s: number,
    };
    let all = (0..200).map(|pid| (Entity::Process(10_000 + pid, 1), full));
    bench.desk.sighted.processes = Some(all.collect());
    let told = looked(&mut bench, "list_top_memory", &json!({"count": 50})).unwrap();
    let rows = told["top_memory"]["processes"]["rows"].as_array().unwrap().len();
    assert!((30..50).contains(&rows), "{rows}");
    assert_eq!(told["top_memory"]["processes"]["truncated"], 200 - rows);
    assert!(told.to_string().len() <= 8_000);
}
