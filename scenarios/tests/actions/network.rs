//! Actions on connections and interfaces.

use ks_vocabulary::model::{Listener, Netns, Sample, SyscallTrace};

use crate::lab::Lab;

const CLIENT: &str = r#"{ name = "client", demand = { connects = 2000.0 } },"#;

/// Connects without a port in five ticks.
fn refused_connects(lab: &mut Lab) -> u64 {
    let refused = |lab: &Lab| {
        lab.last.bpf_syscall.first().and_then(SyscallTrace::connect_eaddrnotavail).unwrap()
    };
    let before = refused(lab);
    lab.run(5);
    refused(lab) - before
}

#[test]
fn more_ports_or_their_reuse_let_connections_through() {
    let mut lab = Lab::new(CLIENT);
    assert!(refused_connects(&mut lab) > 100);
    lab.act("{ widen_port_range = { low = 1024, high = 65000 } }").unwrap();
    lab.run(1);
    assert_eq!(refused_connects(&mut lab), 0);
    let range = lab.last.limits.first();
    assert!(range.is_none_or(|row| row.local_port_first() == Some(1024)));
    let mut lab = Lab::new(CLIENT);
    assert!(refused_connects(&mut lab) > 100);
    lab.act(r#""enable_tw_reuse""#).unwrap();
    lab.run(1);
    assert_eq!(refused_connects(&mut lab), 0);
}

#[test]
fn a_longer_queue_is_for_those_that_listen_afterwards() {
    let listener = r#"{ name = "listener", threads = 2, port = 80, backlog = 9000.0, demand = {
        arrivals = 500.0, accepts = 100.0 } },"#;
    let mut lab = Lab::new(listener);
    let overflows = |sample: &Sample| sample.netns.first().and_then(Netns::listen_overflows);
    assert!(lab.growth(overflows) > 1000.0);
    lab.act("{ increase_somaxconn = { value = 65535 } }").unwrap();
    assert!(lab.growth(overflows) > 1000.0, "it listens already");
    let queues: Vec<_> = lab.last.listeners.iter().filter_map(Listener::backlog).collect();
    assert!(queues.contains(&4096), "{queues:?}");
}

#[test]
fn a_forced_speed_takes_the_link_down_for_a_while() {
    let mut lab = Lab::new("");
    lab.act(r#"{ force_network_speed = { nic = "eth0", mbit = 10000 } }"#).unwrap();
    lab.run(1);
    let nic = |lab: &Lab| {
        let nic = lab.last.nics.first().unwrap().clone();
        (nic.carrier(), nic.speed_mbit())
    };
    assert_eq!(nic(&lab).0, Some(false));
    lab.run(3);
    assert_eq!(nic(&lab), (Some(true), Some(10_000)));
}
