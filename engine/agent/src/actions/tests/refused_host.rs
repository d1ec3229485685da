//! Hosts that differ in one fact of a disk or of the host, and what is refused for it.

use super::{Refused, refuses};
use crate::desk::Desk;
use ks_vocabulary::decision::Sysctl;

fn set(desk: &mut Desk, key: Sysctl, value: u64) {
    desk.sysctls.insert(key, value);
}

const DISKS: &[Refused] = &[
    ("flush_buffers", |d| d.host.dirty_bytes = Some((2 << 30) + 1), "unsafe", "for minutes"),
    ("reduce_readahead", |d| d.sda().read_ahead_kb = Some(64), "direction", "64 is not below"),
    ("reduce_readahead", |d| d.sda().read_ahead_kb = Some(4), "direction", "64 is not below"),
    ("lower_io_priority", |d| d.sda().scheduler = Some(b"none"), "no_effect", "`none`"),
    ("lower_io_priority", |d| d.sda().scheduler = Some(b"kyber"), "no_effect", "`kyber`"),
    (
        "lower_io_priority",
        |d| d.sda().scheduler = Some(b"mq-deadline"),
        "no_effect",
        "`mq-deadline` of the disk does not heed it",
    ),
    ("lower_io_weight", |d| d.sda().scheduler = Some(b"none"), "no_effect", "heeds no weight"),
    (
        "lower_io_weight",
        |d| d.sda().scheduler = Some(b"mq-deadline"),
        "no_effect",
        "heeds no weight",
    ),
];

const MEMORY: &[Refused] = &[
    (
        "lower_dirty_background",
        |d| set(d, Sysctl::DirtyBackgroundBytes, 1),
        "unsafe",
        "configured in bytes",
    ),
    (
        "lower_dirty_background",
        |d| set(d, Sysctl::DirtyBackgroundRatio, 5),
        "direction",
        "5 is not below it",
    ),
    (
        "lower_dirty_background",
        |d| set(d, Sysctl::DirtyBackgroundRatio, 0),
        "direction",
        "5 is not below it",
    ),
    ("reduce_swappiness", |d| d.host.swap_bytes = Some(0), "no_effect", "no swap"),
    ("reduce_swappiness", |d| set(d, Sysctl::Swappiness, 10), "direction", "10 is not below it"),
    ("reduce_swappiness", |d| set(d, Sysctl::Swappiness, 1), "direction", "10 is not below it"),
];

const NETWORK: &[Refused] = &[
    ("increase_tcp_backlog", |d| d.host.syncookies = Some(1), "no_effect", "SYN cookies are on"),
    ("increase_tcp_backlog", |d| d.host.syncookies = Some(2), "no_effect", "SYN cookies are on"),
    (
        "increase_tcp_backlog",
        |d| set(d, Sysctl::TcpMaxSynBacklog, 4096),
        "direction",
        "4096 is not above it",
    ),
    (
        "increase_tcp_backlog",
        |d| set(d, Sysctl::TcpMaxSynBacklog, 255),
        "unsafe",
        "more than 16 times",
    ),
    ("increase_somaxconn", |d| set(d, Sysctl::Somaxconn, 8192), "direction", "not above it"),
    ("increase_somaxconn", |d| set(d, Sysctl::Somaxconn, 511), "unsafe", "more than 16 times"),
    ("reduce_fin_timeout", |d| set(d, Sysctl::TcpFinTimeout, 30), "direction", "not below it"),
    ("enable_tw_reuse", |d| set(d, Sysctl::TcpTwReuse, 1), "no_effect", "it is on already"),
    (
        "raise_conntrack_max",
        |d| d.host.available_bytes = Some((16 << 30) / 5 - 1),
        "unsafe",
        "less than a fifth",
    ),
    ("raise_conntrack_max", |d| set(d, Sysctl::NfConntrackMax, 262_144), "direction", "not above"),
    ("raise_conntrack_max", |d| set(d, Sysctl::NfConntrackMax, 65_535), "unsafe", "4 times"),
    ("raise_netdev_backlog", |d| set(d, Sysctl::NetdevMaxBacklog, 4000), "direction", "not above"),
    ("raise_netdev_backlog", |d| set(d, Sysctl::NetdevMaxBacklog, 499), "unsafe", "8 times"),
];

const PORTS: &[Refused] = &[
    ("widen_port_range", |d| d.host.ports = Some((15_000, 65_000)), "direction", "no wider"),
    ("widen_port_range", |d| d.host.ports = Some((14_999, 60_999)), "direction", "no wider"),
    ("widen_port_range", |d| d.host.ports = Some((32_768, 65_001)), "direction", "no wider"),
    ("widen_port_range", |d| d.listened = Some(vec![15_000]), "unsafe", "someone listens"),
    ("widen_port_range", |d| d.listened = Some(vec![32_767]), "unsafe", "someone listens"),
    ("widen_port_range", |d| d.listened = Some(vec![61_000]), "unsafe", "someone listens"),
    ("widen_port_range", |d| d.listened = Some(vec![65_000]), "unsafe", "someone listens"),
];

#[test]
fn each_refusal_of_a_disk_or_of_the_host_has_its_host() {
    for table in [DISKS, MEMORY, NETWORK, PORTS] {
        refuses(table);
    }
}

#[test]
fn who_listens_outside_of_the_new_ports_keeps_nobody_from_widening() {
    for port in [14_999, 32_768, 60_999, 65_001] {
        let desk = Desk { listened: Some(vec![port]), ..Desk::default() };
        assert!(super::planned("widen_port_range", &desk).is_ok(), "{port}");
    }
}
