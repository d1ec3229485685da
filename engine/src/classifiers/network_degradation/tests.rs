//! Every limit of `network_degradation`, from just below and from just above.

mod harmless;
mod netns;

use crate::lab::{Lab, Meter};
use alloc::format;
use ks_vocabulary::kind::Kind::NetworkDegradation;
use ks_vocabulary::kind::Severity::{self, Critical, High, Low, Medium};
use ks_vocabulary::model::{NetnsCell, NicCell, NicName, Record as _, Sample, SoftnetCell};
use ks_vocabulary::subtype::Subtype;

const NIC: &str = "nic:eth0";
const NETNS: &str = "netns:7";
const HOST: &str = "host";
const OWN: u64 = 7;
const OTHER: u64 = 8;

/// One second of an interface: packets of each direction, drops as a share of them, errors, and
/// sent bytes as a share of the speed.
#[derive(Clone, Copy, Default)]
struct Link {
    packets: f64,
    rx_drops: f64,
    tx_drops: f64,
    rx_errors: f64,
    tx_errors: f64,
    load: f64,
    speed_mbit: Option<u64>,
    carrier: Option<bool>,
}

#[derive(Default)]
struct Interface {
    packets: [Meter; 2],
    rx_dropped: Meter,
    tx_dropped: Meter,
    rx_errors: Meter,
    tx_errors: Meter,
    bytes: Meter,
}

impl Interface {
    fn fill(&mut self, sample: &mut Sample, name: &str, netns: u64, link: Link) {
        let row = sample.nics.push();
        row.set_name(NicName::name, name.as_bytes());
        row.set(NicCell::netns, netns);
        let [rx, tx] = [link.rx_drops, link.tx_drops].map(|lost| link.packets * (1.0 - lost));
        row.set(NicCell::rx_packets, self.packets[0].add(rx));
        row.set(NicCell::tx_packets, self.packets[1].add(tx));
        row.set(NicCell::rx_dropped, self.rx_dropped.add(link.packets * link.rx_drops));
        row.set(NicCell::tx_dropped, self.tx_dropped.add(link.packets * link.tx_drops));
        row.set(NicCell::rx_errors, self.rx_errors.add(link.rx_errors));
        row.set(NicCell::tx_errors, self.tx_errors.add(link.tx_errors));
        let speed_bytes = link.speed_mbit.unwrap_or(100) as f64 * 125_000.0;
        row.set(NicCell::rx_bytes, 0u64);
        row.set(NicCell::tx_bytes, self.bytes.add(link.load * speed_bytes));
        row.set_some(NicCell::speed_mbit, link.speed_mbit);
        row.set_some(NicCell::carrier, link.carrier);
    }
}

/// TCP of a namespace and packet processing of two CPUs, of which the first drops.
#[derive(Default)]
struct Rest {
    segments: Meter,
    again: Meter,
    processed: Meter,
    dropped: Meter,
}

impl Rest {
    fn fill_netns(&mut self, sample: &mut Sample, segments: f64, ratio: f64) {
        let row = sample.netns.push();
        row.set(NetnsCell::netns, OWN);
        row.set(NetnsCell::own, true);
        row.set(NetnsCell::tcp_out_segs, self.segments.add(segments * (1.0 - ratio)));
        row.set(NetnsCell::tcp_retrans_segs, self.again.add(segments * ratio));
    }

    fn fill_softnet(&mut self, sample: &mut Sample, packets: f64, ratio: f64) {
        let processed = [self.processed.add(packets * (1.0 - ratio)), 0];
        let dropped = [self.dropped.add(packets * ratio), 0];
        for (cpu, (processed, dropped)) in (0u64..).zip(processed.into_iter().zip(dropped)) {
            let row = sample.softnet.push();
            row.set(SoftnetCell::cpu, cpu);
            row.set(SoftnetCell::processed, processed);
            row.set(SoftnetCell::dropped, dropped);
        }
    }
}

fn quiet() -> Link {
    Link { packets: 1e6, ..Link::default() }
}

/// `seconds` of the own namespace's `eth0`, with all else at rest.
fn run(lab: &mut Lab, interface: &mut Interface, seconds: u64, link: Link) {
    lab.run(seconds, |sample, _| {
        interface.fill(sample, "eth0", OWN, link);
        Rest::default().fill_netns(sample, 0.0, 0.0);
        Rest::default().fill_softnet(sample, 0.0, 0.0);
    });
}

fn after(seconds: u64, link: Link) -> Lab {
    let (mut lab, mut interface) = (Lab::new(), Interface::default());
    run(&mut lab, &mut interface, seconds, link);
    lab
}

#[test]
fn each_limit_of_an_interface_from_below_and_above() {
    let both = |rx_errors, tx_errors| Link { rx_errors, tx_errors, ..quiet() };
    let errors = |tx_errors| Link { tx_errors, packets: 5e3, ..Link::default() };
    let many = |tx_errors| Link { tx_errors, packets: 7e4, ..Link::default() };
    let few = |tx_errors| Link { tx_errors, packets: 8e4, ..Link::default() };
    let quiet_errors = |rx_errors| Link { rx_errors, ..quiet() };
    let load = |load| Link { load, speed_mbit: Some(100), ..quiet() };
    let table = [
        (quiet(), None),
        (errors(0.2), Some(Low)),
        (errors(14.8), Some(Low)),
        (errors(15.0), Some(Medium)),
        (Link { packets: 7e3, ..both(8.0, 6.8) }, Some(Low)),
        (Link { packets: 7e3, ..both(8.0, 7.0) }, Some(Medium)),
        // Fewer than one packet of a thousand.
        (Link { packets: 8e3, ..errors(15.0) }, Some(Low)),
        (quiet_errors(16.0), Some(Low)),
        (errors(149.9), Some(Medium)),
        (many(150.0), Some(High)),
        (few(150.0), Some(Low)),
        (errors(1500.0), Some(High)),
        (load(0.699), None),
        (load(0.7), Some(Low)),
        (load(0.849), Some(Low)),
        (load(0.85), Some(Medium)),
        (load(1.0), Some(Medium)),
        // Its speed is another one.
        (load(1.06), None),
        (Link { speed_mbit: Some(0), ..load(1.0) }, None),
        (Link { speed_mbit: None, ..load(1.0) }, None),
    ];
    for (at, (link, expected)) in table.into_iter().enumerate() {
        let lab = after(45, link);
        assert_eq!(lab.severity(NetworkDegradation, NIC), expected, "row {at}");
        assert_eq!(lab.coverage(NetworkDegradation), "ok");
    }
}

/// Dropped shares with their severities. The floors are those of 5, 10 and 30 s: 199.2, 99.7 and
/// 33.2 packets a second are a few less than 1,000 in each, and rounding adds two at most.
const DROPS: [(f64, f64, Option<Severity>); 15] = [
    (1e6, 0.000_999, None),
    (1e6, 0.001, Some(Low)),
    (1e6, 0.009_99, Some(Low)),
    (1e6, 0.01, Some(Medium)),
    (1e6, 0.0499, Some(Medium)),
    (1e6, 0.05, Some(High)),
    (1e6, 0.1999, Some(High)),
    (1e6, 0.20, Some(Critical)),
    (199.2, 0.04, None),
    (200.0, 0.04, Some(Medium)),
    (99.7, 0.1, None),
    (100.0, 0.1, Some(High)),
    (33.2, 0.5, None),
    (33.4, 0.5, Some(Critical)),
    (1e6, 1.0, Some(Critical)),
];

#[test]
fn each_limit_of_drops_in_each_direction_and_of_softnet() {
    for (packets, ratio, expected) in DROPS {
        let rx = Link { packets, rx_drops: ratio, ..Link::default() };
        let tx = Link { packets, tx_drops: ratio, ..Link::default() };
        for link in [rx, tx] {
            let found = after(45, link).severity(NetworkDegradation, NIC);
            assert_eq!(found, expected, "{ratio} of {packets}");
        }
        let (mut lab, mut rest) = (Lab::new(), Rest::default());
        lab.run(45, |sample, _| rest.fill_softnet(sample, packets, ratio));
        let found = lab.severity(NetworkDegradation, HOST);
        assert_eq!(found, expected, "{ratio} of {packets} of softnet");
        let subtype = expected.map(|_| Subtype::Softnet);
        assert_eq!(lab.subtype(NetworkDegradation, HOST), subtype);
    }
}

#[test]
fn each_limit_of_retransmits() {
    let table = [
        (1e4, 0.0099, None),
        (1e4, 0.01, Some(Low)),
        (1e4, 0.0299, Some(Low)),
        (1e4, 0.03, Some(Medium)),
        (1e4, 0.0999, Some(Medium)),
        (1e4, 0.10, Some(High)),
        (1e4, 0.2499, Some(High)),
        (1e4, 0.25, Some(Critical)),
        (1e4, 1.0, Some(Critical)),
        (39.2, 0.05, None),
        (40.0, 0.05, Some(Medium)),
    ];
    for (segments, ratio, expected) in table {
        let (mut lab, mut rest) = (Lab::new(), Rest::default());
        lab.run(45, |sample, _| rest.fill_netns(sample, segments, ratio));
        let found = lab.severity(NetworkDegradation, NETNS);
        assert_eq!(found, expected, "{ratio} of {segments}");
        let subtype = expected.map(|_| Subtype::Retransmits);
        assert_eq!(lab.subtype(NetworkDegradation, NETNS), subtype);
    }
}

#[test]
fn at_a_cadence_of_a_minute_a_segment_a_second_says_nothing() {
    for (segments, expected) in [(6.0, None), (7.0, Some(Critical))] {
        let (mut lab, mut rest) = (Lab::every(60), Rest::default());
        lab.run(10, |sample, _| rest.fill_netns(sample, segments * 60.0, 0.5));
        assert_eq!(lab.severity(NetworkDegradation, NETNS), expected, "{segments} a second");
    }
}

#[test]
fn it_is_raised_by_the_mean_of_five_seconds_and_clears_a_minute_after_it() {
    let (mut lab, mut interface) = (Lab::new(), Interface::default());
    run(&mut lab, &mut interface, 20, quiet());
    let step = lab.second();
    run(&mut lab, &mut interface, 20, Link { rx_drops: 0.004, ..quiet() });
    let raised = lab.raised_at(NetworkDegradation, NIC);
    assert_eq!(raised, Some(step + 2), "0.4 % in 2 of 5 s is 0.16 %");
    let end = lab.second();
    run(&mut lab, &mut interface, 90, Link { rx_drops: 0.0007, ..quiet() });
    let cleared = lab.cleared_at(NetworkDegradation, NIC);
    assert_eq!(cleared, Some(end + 4 + 60), "below 0.08 % when the last 0.4 % has left it");
}

#[test]
fn just_above_the_relaxed_limit_it_goes_on() {
    let (mut lab, mut interface) = (Lab::new(), Interface::default());
    run(&mut lab, &mut interface, 20, Link { tx_drops: 0.0011, ..quiet() });
    run(&mut lab, &mut interface, 200, Link { tx_drops: 0.000_81, ..quiet() });
    assert_eq!(lab.severity(NetworkDegradation, NIC), Some(Low));
    run(&mut lab, &mut interface, 70, Link { tx_drops: 0.000_79, ..quiet() });
    assert_eq!(lab.severity(NetworkDegradation, NIC), None);
}

#[test]
fn the_worst_part_names_the_subtype() {
    let table = [
        (Link { rx_errors: 1.0, ..quiet() }, Subtype::Errors),
        (Link { rx_drops: 0.002, ..quiet() }, Subtype::Drops),
        (Link { load: 0.8, speed_mbit: Some(100), ..quiet() }, Subtype::Utilisation),
        (Link { rx_errors: 1.0, rx_drops: 0.002, ..quiet() }, Subtype::Errors),
        (Link { rx_errors: 1.0, rx_drops: 0.02, ..quiet() }, Subtype::Drops),
        (
            Link { rx_errors: 1.0, load: 0.9, speed_mbit: Some(100), ..quiet() },
            Subtype::Utilisation,
        ),
    ];
    for (link, expected) in table {
        let lab = after(10, link);
        assert_eq!(lab.subtype(NetworkDegradation, NIC), Some(expected));
    }
}

#[test]
fn a_lost_carrier_is_critical_at_once_and_for_two_minutes() {
    for lost in [Some(false), None] {
        let (mut lab, mut interface) = (Lab::new(), Interface::default());
        let busy = Link { packets: 100.0, carrier: Some(true), ..Link::default() };
        run(&mut lab, &mut interface, 10, busy);
        assert_eq!(lab.severity(NetworkDegradation, NIC), None);
        let loss = lab.second() + 1;
        run(&mut lab, &mut interface, 1, Link { carrier: lost, ..Link::default() });
        assert_eq!(lab.severity(NetworkDegradation, NIC), Some(Critical));
        assert_eq!(lab.subtype(NetworkDegradation, NIC), Some(Subtype::CarrierLost));
        run(&mut lab, &mut interface, 130, Link { carrier: lost, ..Link::default() });
        assert_eq!(lab.raised_at(NetworkDegradation, NIC), Some(loss));
        assert_eq!(lab.cleared_at(NetworkDegradation, NIC), Some(loss + 120));
    }
}

#[test]
fn an_interface_that_carried_nothing_loses_nothing() {
    let (mut lab, mut interface) = (Lab::new(), Interface::default());
    for carrier in [true, false] {
        run(&mut lab, &mut interface, 10, Link { carrier: Some(carrier), ..Link::default() });
    }
    assert_eq!(lab.severity(NetworkDegradation, NIC), None);
}

#[test]
fn errors_of_loopback_are_left_out() {
    let table = [
        ("lo", None, None),
        ("lo", Some(1), Some(High)),
        ("dummy0", Some(772u64), None),
        ("dummy0", None, Some(High)),
    ];
    for (name, device_type, expected) in table {
        let (mut lab, mut interface) = (Lab::new(), Interface::default());
        lab.run(20, |sample, _| {
            interface.fill(sample, name, OWN, Link { tx_errors: 3000.0, ..quiet() });
            for row in sample.nics.as_mut_slice() {
                row.set_some(NicCell::device_type, device_type);
            }
            Rest::default().fill_netns(sample, 0.0, 0.0);
        });
        let entity = format!("nic:{name}");
        let found = lab.severity(NetworkDegradation, &entity);
        assert_eq!(found, expected, "{name} of type {device_type:?}");
    }
}

#[test]
fn an_interface_of_another_namespace_is_named_with_it() {
    let (mut lab, mut own, mut other) = (Lab::new(), Interface::default(), Interface::default());
    lab.run(10, |sample, _| {
        own.fill(sample, "eth0", OWN, quiet());
        other.fill(sample, "eth0", OTHER, Link { rx_errors: 1.0, ..quiet() });
        Rest::default().fill_netns(sample, 0.0, 0.0);
    });
    assert_eq!(lab.severity(NetworkDegradation, "nic:eth0@netns:8"), Some(Low));
    assert_eq!(lab.severity(NetworkDegradation, NIC), None);
}

#[test]
fn what_is_absent_is_named() {
    let mut lab = Lab::new();
    lab.absent("net/dev", "permission denied");
    lab.run(4, |sample, _| Rest::default().fill_netns(sample, 0.0, 0.0));
    assert_eq!(
        lab.coverage(NetworkDegradation),
        "ok: without net/dev: permission denied; softnet drops: no net/softnet_stat"
    );

    let mut lab = Lab::new();
    lab.absent("net/snmp", "no such file");
    lab.run(4, |sample, _| Interface::default().fill(sample, "eth0", OWN, Link::default()));
    assert_eq!(
        lab.coverage(NetworkDegradation),
        "ok: without net/snmp: no such file; softnet drops: no net/softnet_stat"
    );

    let mut lab = Lab::new();
    lab.run(1, |sample, _| {
        Interface::default().fill(sample, "eth0", OWN, Link::default());
        Rest::default().fill_netns(sample, 0.0, 0.0);
    });
    let part = "ok: without softnet drops: no net/softnet_stat";
    assert_eq!(lab.coverage(NetworkDegradation), part);
}

#[test]
fn a_namespace_without_its_counters_is_a_part_unless_it_is_the_own_one() {
    let missing = "ok: without net/snmp: not in the recording";
    let part = "ok: without retransmits of a network namespace: no net/snmp";
    for (own, expected) in [(true, missing), (false, part)] {
        let mut lab = Lab::new();
        lab.run(4, |sample, _| {
            Interface::default().fill(sample, "eth0", OWN, Link::default());
            Rest::default().fill_netns(sample, 0.0, 0.0);
            let row = sample.netns.push();
            row.set(NetnsCell::netns, OTHER);
            row.set(NetnsCell::own, own);
            Rest::default().fill_softnet(sample, 0.0, 0.0);
        });
        assert_eq!(lab.coverage(NetworkDegradation), expected);
    }
}

#[test]
fn segments_that_meet_a_full_queue_of_their_socket_are_medium_at_most() {
    let table = [
        (NetnsCell::tcp_rcvq_drop, 10_000.0, 0.0009, None),
        (NetnsCell::tcp_rcvq_drop, 10_000.0, 0.0011, Some(Low)),
        (NetnsCell::tcp_backlog_drop, 10_000.0, 0.0099, Some(Low)),
        (NetnsCell::tcp_backlog_drop, 10_000.0, 0.0101, Some(Medium)),
        (NetnsCell::tcp_backlog_drop, 10_000.0, 1.0, Some(Medium)),
        (NetnsCell::tcp_backlog_drop, 5.0, 1.0, None),
    ];
    for (cell, received, share, expected) in table {
        let (mut lab, mut rest) = (Lab::new(), Rest::default());
        let (mut segments, mut lost) = (Meter::default(), Meter::default());
        lab.run(60, |sample, _| {
            rest.fill_netns(sample, 1000.0, 0.0);
            let row = &mut sample.netns.as_mut_slice()[0];
            row.set(NetnsCell::tcp_in_segs, segments.add(received));
            row.set(NetnsCell::tcp_backlog_drop, 0u64);
            row.set(cell, lost.add(received * share));
        });
        assert_eq!(lab.severity(NetworkDegradation, NETNS), expected, "{cell:?} {share}");
        if expected.is_some() {
            assert_eq!(lab.subtype(NetworkDegradation, NETNS), Some(Subtype::Drops));
        }
    }
}

#[test]
fn an_interface_of_which_nobody_counts_errors_or_drops_says_so() {
    let table: [(&[NicCell], &str); 3] = [
        (&[NicCell::rx_errors, NicCell::tx_errors], "errors of an interface"),
        (&[NicCell::rx_dropped, NicCell::tx_dropped], "drops of an interface"),
        (
            &[NicCell::rx_errors, NicCell::tx_errors, NicCell::rx_packets, NicCell::tx_dropped],
            "errors and drops of an interface",
        ),
    ];
    for (cells, part) in table {
        let (mut lab, mut nic) = (Lab::new(), Interface::default());
        lab.run(5, |sample, _| {
            nic.fill(sample, "eth0", OWN, Link::default());
            Rest::default().fill_netns(sample, 0.0, 0.0);
            let mut row = sample.nics.as_mut_slice()[0].row_mut();
            for cell in cells {
                row.unset_cell(*cell as usize);
            }
        });
        let told =
            format!("ok: without {part}: not in the recording; softnet drops: no net/softnet_stat");
        assert_eq!(lab.coverage(NetworkDegradation), told);
    }
}
