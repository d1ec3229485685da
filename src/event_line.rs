//! One event of the kernel as a line, for people or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use ks_ebpf::layout::Event;
use ks_replayer::report::rfc3339;
use ks_vocabulary::time::{ClockAnchor, Timestamp};
use serde_json::{Map, Value, json};

use crate::plain;

/// Numbers and names of an event, by their names.
type Fields = Vec<(&'static str, Value)>;

/// Puts events into words. Names of block devices are asked once.
#[derive(Debug)]
pub(crate) struct Wording {
    clock: ClockAnchor,
    disks: BTreeMap<u64, String>,
}

impl Wording {
    pub(crate) fn new(clock: ClockAnchor) -> Self {
        Self { clock, disks: BTreeMap::new() }
    }

    /// The event as one object, without the line's end.
    pub(crate) fn json(&mut self, event: &Event) -> String {
        let (word, fields) = self.fields(event);
        let mut object = Map::new();
        object.insert("time".to_owned(), json!(self.time(event)));
        object.insert("event".to_owned(), json!(word));
        object.insert("pid".to_owned(), json!(event.process));
        object.insert("tid".to_owned(), json!(event.task));
        object.insert("comm".to_owned(), json!(name(&event.comm)));
        object.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Value::Object(object).to_string()
    }

    /// The event for people, without the line's end.
    pub(crate) fn text(&mut self, event: &Event) -> String {
        let (word, fields) = self.fields(event);
        let comm = name(&event.comm);
        let mut line =
            format!("{}  {comm} {}/{}  {word}", self.time(event), event.process, event.task);
        for (name, value) in fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = write!(line, " {name}={value}");
        }
        plain::line(line)
    }

    fn time(&self, event: &Event) -> String {
        rfc3339(self.clock.at(Timestamp(event.at_ns)))
    }

    fn fields(&mut self, event: &Event) -> (&'static str, Fields) {
        let [.., fourth] = event.numbers;
        match event.kind {
            1..=3 => of_scheduler(event),
            4 => ("issue", self.request(event)),
            5 => {
                let mut fields = self.request(event);
                fields.push(("latency_ns", seen(fourth)));
                fields.push(("error", json!(event.aux)));
                ("complete", fields)
            }
            6..=10 => of_calls_and_memory(event),
            11..=16 => of_lives_and_sockets(event),
            _ => ("unknown", Vec::new()),
        }
    }

    fn request(&mut self, event: &Event) -> Fields {
        let [bytes, device, operation, _] = event.numbers;
        let disk = self.disks.entry(device).or_insert_with(|| disk_name(device));
        vec![
            ("disk", json!(disk)),
            ("operation", json!(operation_word(operation))),
            ("bytes", json!(bytes)),
        ]
    }
}

fn of_scheduler(event: &Event) -> (&'static str, Fields) {
    let [first, second, third, fourth] = event.numbers;
    let other = json!(name(&event.other_comm));
    match event.kind {
        1 => (
            "switch",
            vec![
                ("next_tid", json!(second)),
                ("next_comm", other),
                ("wait_ns", json!(first)),
                ("state", json!(third)),
                ("preempted", json!(fourth == 1)),
            ],
        ),
        2 => ("wakeup", vec![("woken_tid", json!(first)), ("woken_comm", other)]),
        _ => {
            let cpu = json!(second);
            ("migrate", vec![("moved_tid", json!(first)), ("moved_comm", other), ("cpu", cpu)])
        }
    }
}

fn of_calls_and_memory(event: &Event) -> (&'static str, Fields) {
    let [first, second, third, _] = event.numbers;
    let reclaim = || vec![("pages", json!(first)), ("duration_ns", seen(second))];
    match event.kind {
        6 => {
            let result = json!(second.cast_signed());
            let latency = seen(third);
            ("call", vec![("number", json!(first)), ("result", result), ("latency_ns", latency)])
        }
        7 => ("fault_user", fault(event)),
        8 => ("fault_kernel", fault(event)),
        9 => ("reclaim", reclaim()),
        _ => ("reclaim_group", reclaim()),
    }
}

fn of_lives_and_sockets(event: &Event) -> (&'static str, Fields) {
    let [first, _, third, fourth] = event.numbers;
    let other = json!(name(&event.other_comm));
    match event.kind {
        11 => ("oom_kill", vec![("victim_tid", json!(first)), ("victim_comm", other)]),
        12 => ("retransmit", ports(event)),
        13 => {
            let mut fields = ports(event);
            fields.push(("old", json!(tcp_state(third))));
            fields.push(("new", json!(tcp_state(fourth))));
            ("tcp_state", fields)
        }
        14 => ("fork", vec![("child_tid", json!(first)), ("child_comm", other)]),
        15 => ("exec", Vec::new()),
        _ => ("exit", vec![("status", json!(first))]),
    }
}

/// A time that is 0 where its start was not seen.
fn seen(ns: u64) -> Value {
    if ns == 0 { Value::Null } else { json!(ns) }
}

fn fault(event: &Event) -> Fields {
    let address = format!("{:#x}", event.numbers[0]);
    vec![("address", json!(address)), ("error_code", json!(event.numbers[1]))]
}

fn ports(event: &Event) -> Fields {
    vec![("local_port", json!(event.numbers[0])), ("remote_port", json!(event.numbers[1]))]
}

/// `enum req_op` of `include/linux/blk_types.h`, as far as it has not changed.
fn operation_word(operation: u64) -> &'static str {
    match operation {
        0 => "read",
        1 => "write",
        2 => "flush",
        3 => "discard",
        _ => "other",
    }
}

/// `include/net/tcp_states.h`.
fn tcp_state(state: u64) -> &'static str {
    const STATES: [&str; 13] = [
        "unknown",
        "established",
        "syn_sent",
        "syn_recv",
        "fin_wait1",
        "fin_wait2",
        "time_wait",
        "close",
        "close_wait",
        "last_ack",
        "listen",
        "closing",
        "new_syn_recv",
    ];
    usize::try_from(state).ok().and_then(|state| STATES.get(state)).unwrap_or(&STATES[0])
}

/// The name of a device by its number, or the number where it has gone.
fn disk_name(device: u64) -> String {
    let number = format!("{}:{}", device >> 20, device & 0xf_ffff);
    let facts = std::fs::read_to_string(format!("/sys/dev/block/{number}/uevent"));
    let facts = facts.unwrap_or_default();
    let name = facts.lines().find_map(|line| line.strip_prefix("DEVNAME="));
    name.map_or(number, str::to_owned)
}

fn name(field: &[u8]) -> String {
    String::from_utf8_lossy(until_nul(field)).into_owned()
}

/// A name in a fixed field ends at its first NUL.
fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_ebpf::layout::read;
    use ks_vocabulary::time::WallTime;

    fn event(kind: u32, numbers: [u64; 4]) -> Event {
        let none: Event = read(&[0; size_of::<Event>()]).unwrap();
        let comm = *b"a\n\x1b[31m\"\xff\0\0\0\0\0\0\0";
        Event { kind, numbers, at_ns: 1_500_000_000, process: 7, task: 8, comm, ..none }
    }

    fn wording() -> Wording {
        Wording::new(ClockAnchor { mono_ns: Timestamp(1_000_000_000), at_ns: WallTime(0) })
    }

    #[test]
    fn a_hostile_name_is_escaped_in_both_forms() {
        let event = event(6, [0, (-4i64).cast_unsigned(), 250, 0]);
        let line = wording().json(&event);
        let parsed: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(parsed["comm"], "a\n\u{1b}[31m\"\u{fffd}");
        assert_eq!((&parsed["result"], &parsed["latency_ns"]), (&json!(-4), &json!(250)));
        for line in [line, wording().text(&event)] {
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        let line = wording().text(&event);
        assert!(line.contains("  a\\u{a}\\u{1b}[31m\"\u{fffd} 7/8  call "), "{line}");
    }

    #[test]
    fn every_kind_has_a_word_and_what_was_not_seen_is_null() {
        let mut wording = wording();
        let words: Vec<_> = (1..=16).map(|kind| wording.fields(&event(kind, [0; 4])).0).collect();
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), 16);
        assert!(!words.contains(&"unknown"));
        assert_eq!(wording.fields(&event(17, [0; 4])).0, "unknown");
        let (_, fields) = wording.fields(&event(5, [512, 1 << 20, 1, 0]));
        assert!(fields.contains(&("latency_ns", Value::Null)), "{fields:?}");
    }
}
