//! What an interface loses and nobody misses, and what it takes to believe that.

use super::*;

/// A tap or tunnel: packets and drops of sending, errors, segments sent again as a share (`None`:
/// nobody counts them), whether it has a device.
struct Port {
    sent: f64,
    dropped: f64,
    errors: f64,
    again: Option<f64>,
    has_device: Option<bool>,
}

const PAUSED: Port =
    Port { sent: 0.0, dropped: 60.0, errors: 0.0, again: Some(0.0), has_device: Some(false) };
const TUNNEL: Port =
    Port { sent: 9_000.0, dropped: 0.0, errors: 20.0, again: Some(0.0), has_device: Some(false) };

fn found(port: &Port) -> Option<Severity> {
    let (mut lab, mut rest) = (Lab::new(), Rest::default());
    let mut counted = [Meter::default(), Meter::default(), Meter::default()];
    lab.run(45, |sample, _| {
        Interface::default().fill(sample, "eth0", OWN, Link::default());
        let row = &mut sample.nics.as_mut_slice()[0];
        row.set_some(NicCell::has_device, port.has_device);
        row.set(NicCell::tx_packets, counted[0].add(port.sent));
        row.set(NicCell::tx_dropped, counted[1].add(port.dropped));
        row.set(NicCell::tx_errors, counted[2].add(port.errors));
        rest.fill_netns(sample, 1e4, port.again.unwrap_or(0.0));
        if port.again.is_none() {
            let mut row = sample.netns.as_mut_slice()[0].row_mut();
            row.unset_cell(NetnsCell::tcp_retrans_segs as usize);
        }
    });
    lab.severity(NetworkDegradation, NIC)
}

#[test]
fn broadcasts_that_nobody_takes_from_a_tap_are_low() {
    let table = [
        (PAUSED, None),
        (Port { dropped: 990.0, ..PAUSED }, Some(Low)),
        (Port { dropped: 1_010.0, ..PAUSED }, Some(Critical)),
        (Port { sent: 1.0, ..PAUSED }, Some(Critical)),
        (Port { again: Some(0.009), ..PAUSED }, None),
        (Port { again: Some(0.011), ..PAUSED }, Some(Critical)),
        (Port { again: None, ..PAUSED }, Some(Critical)),
        (Port { has_device: Some(true), ..PAUSED }, Some(Critical)),
        (Port { has_device: None, ..PAUSED }, Some(Critical)),
    ];
    for (at, (port, expected)) in table.iter().enumerate() {
        assert_eq!(found(port), *expected, "row {at}");
    }
}

#[test]
fn what_a_tunnel_could_not_deliver_is_low_unless_something_is_sent_again() {
    let table = [
        (TUNNEL, Low),
        (Port { again: Some(0.009), ..TUNNEL }, Low),
        (Port { again: Some(0.011), ..TUNNEL }, Medium),
        (Port { again: None, ..TUNNEL }, Medium),
        (Port { has_device: None, ..TUNNEL }, Medium),
        (Port { errors: 200.0, ..TUNNEL }, Low),
        (Port { errors: 200.0, again: Some(0.011), ..TUNNEL }, High),
    ];
    for (at, (port, expected)) in table.iter().enumerate() {
        assert_eq!(found(port), Some(*expected), "row {at}");
    }
}

#[test]
fn a_lost_carrier_of_an_interface_through_which_nothing_was_sent_steadily_is_low() {
    // Seconds between two frames sent, and whether what is sent is counted.
    let table = [(1, true, Critical), (11, true, Critical), (12, true, Low), (12, false, Critical)];
    for (every, is_counted, expected) in table {
        let (mut lab, mut interface) = (Lab::new(), Interface::default());
        let (mut sent, mut heard) = (Meter::default(), Meter::default());
        for (carrier, seconds) in [(true, 40), (false, 1)] {
            lab.run(seconds, |sample, second| {
                interface.fill(sample, "eth0", OWN, Link::default());
                Rest::default().fill_netns(sample, 0.0, 0.0);
                let row = &mut sample.nics.as_mut_slice()[0];
                row.set(NicCell::carrier, carrier);
                row.set(NicCell::rx_packets, heard.add(1.0));
                let is_due = carrier && second.is_multiple_of(every);
                row.set(NicCell::tx_packets, sent.add(if is_due { 1.0 } else { 0.0 }));
                if !is_counted {
                    row.row_mut().unset_cell(NicCell::tx_packets as usize);
                }
            });
        }
        let found = lab.severity(NetworkDegradation, NIC);
        assert_eq!(found, Some(expected), "every {every} s, counted: {is_counted}");
        assert_eq!(lab.subtype(NetworkDegradation, NIC), Some(Subtype::CarrierLost));
    }
}

#[test]
fn what_is_received_and_dropped_is_high_where_somebody_missed_it() {
    // Its device, what the device missed, segments sent again, packets that a CPU dropped.
    let table = [
        (None, None, 0.0, 0.0, Critical),
        (Some(true), None, 0.0, 0.0, Critical),
        (Some(true), Some(0.0), 0.0, 0.0, Low),
        (Some(true), Some(1.0), 0.0, 0.0, Critical),
        (Some(false), None, 0.0, 0.0, Low),
        (Some(true), Some(0.0), 0.0099, 0.000_99, Low),
        (Some(true), Some(0.0), 0.0101, 0.0, Critical),
        (Some(true), Some(0.0), 0.0, 0.001_01, Critical),
        (Some(false), None, 0.02, 0.0, Critical),
        (Some(false), None, 0.0, 0.002, Critical),
    ];
    for (has_device, missed, again, dropped, expected) in table {
        let (mut lab, mut interface, mut rest) =
            (Lab::new(), Interface::default(), Rest::default());
        let mut counted = Meter::default();
        lab.run(45, |sample, _| {
            interface.fill(sample, "eth0", OWN, Link { rx_drops: 0.3, ..quiet() });
            let row = &mut sample.nics.as_mut_slice()[0];
            row.set_some(NicCell::has_device, has_device);
            row.set_some(NicCell::rx_missed, missed.map(|missed| counted.add(missed)));
            rest.fill_netns(sample, 1e4, again);
            rest.fill_softnet(sample, 1e6, dropped);
        });
        let found = lab.severity(NetworkDegradation, NIC);
        assert_eq!(found, Some(expected), "{has_device:?} {missed:?} {again} {dropped}");
    }
    let lab = after(45, Link { tx_drops: 0.3, ..quiet() });
    assert_eq!(lab.severity(NetworkDegradation, NIC), Some(Critical), "what is sent is wanted");
}

#[test]
fn what_a_cpu_has_no_room_for_is_missed_however_much_the_others_process() {
    // Packets a second that come to the first CPU, the share of them that it drops, and what is
    // said of an interface whose frames those are.
    let table = [
        (2_000.0, 0.3, Critical),
        (2_000.0, 0.000_9, Low),
        (110.0, 0.3, Critical),
        (90.0, 0.3, Low),
    ];
    for (packets, share, expected) in table {
        let (mut lab, mut interface, mut rest) =
            (Lab::new(), Interface::default(), Rest::default());
        let mut others = Meter::default();
        lab.run(45, |sample, _| {
            interface.fill(sample, "eth0", OWN, Link { rx_drops: 0.3, ..quiet() });
            sample.nics.as_mut_slice()[0].set(NicCell::rx_missed, 0u64);
            rest.fill_netns(sample, 0.0, 0.0);
            rest.fill_softnet(sample, packets, share);
            sample.softnet.as_mut_slice()[1].set(SoftnetCell::processed, others.add(1e7));
        });
        let found = lab.severity(NetworkDegradation, NIC);
        assert_eq!(found, Some(expected), "{share} of {packets}");
    }
}

#[test]
fn what_is_dropped_is_believed_at_an_interface_of_which_nobody_else_tells() {
    let (mut lab, mut interface) = (Lab::new(), Interface::default());
    lab.run(45, |sample, _| {
        interface.fill(sample, "veth0", OTHER, Link { rx_drops: 0.3, ..quiet() });
        sample.nics.as_mut_slice()[0].set(NicCell::has_device, false);
    });
    assert_eq!(lab.severity(NetworkDegradation, "nic:veth0@netns:8"), Some(Critical));
}

#[test]
fn drops_that_nobody_wanted_do_not_hide_those_of_the_other_direction() {
    for (tx_drops, expected) in [(0.000_9, Low), (0.011, Medium), (0.06, High)] {
        let (mut lab, mut interface) = (Lab::new(), Interface::default());
        lab.run(45, |sample, _| {
            interface.fill(sample, "eth0", OWN, Link { rx_drops: 0.3, tx_drops, ..quiet() });
            sample.nics.as_mut_slice()[0].set(NicCell::rx_missed, 0u64);
            Rest::default().fill_netns(sample, 0.0, 0.0);
        });
        assert_eq!(lab.severity(NetworkDegradation, NIC), Some(expected), "{tx_drops}");
    }
}

#[test]
fn few_packets_that_the_device_says_it_missed_are_a_share_of_a_quiet_interface() {
    // Packets a second, the share dropped, and of those the part that the device missed.
    let table = [
        (157.0, 0.045, Some(1.0), Some(Medium)),
        (157.0, 0.045, Some(0.0), None),
        (157.0, 0.045, Some(0.5), None),
        (157.0, 0.045, None, None),
        (80.0, 0.045, Some(1.0), None),
        (100.0, 0.045, Some(1.0), Some(Medium)),
    ];
    for (packets, rx_drops, missed, expected) in table {
        let (mut lab, mut interface) = (Lab::new(), Interface::default());
        let mut counted = Meter::default();
        lab.run(45, |sample, _| {
            interface.fill(sample, "eth0", OWN, Link { packets, rx_drops, ..Link::default() });
            let missed = missed.map(|part: f64| counted.add(packets * rx_drops * part));
            sample.nics.as_mut_slice()[0].set_some(NicCell::rx_missed, missed);
            Rest::default().fill_netns(sample, 0.0, 0.0);
        });
        let found = lab.severity(NetworkDegradation, NIC);
        assert_eq!(found, expected, "{rx_drops} of {packets}, missed {missed:?}");
    }
}

#[test]
fn few_errors_are_medium_and_high_as_a_share_of_a_quiet_link() {
    // Packets and errors a second, whether there is a device, and what is sent again.
    let table = [
        (200.0, 12.0, Some(true), 0.0, High),
        (240.0, 12.0, Some(true), 0.0, Medium),
        (197.0, 2.0, Some(true), 0.0, Medium),
        (199.0, 2.0, Some(true), 0.0, Low),
        (100.0, 1.9, Some(true), 0.0, Low),
        (200.0, 12.0, None, 0.0, High),
        (200.0, 12.0, Some(false), 0.0, Low),
        (200.0, 12.0, Some(false), 0.011, High),
    ];
    for (packets, rx_errors, has_device, again, expected) in table {
        let (mut lab, mut interface, mut rest) =
            (Lab::new(), Interface::default(), Rest::default());
        lab.run(45, |sample, _| {
            interface.fill(sample, "eth0", OWN, Link { packets, rx_errors, ..Link::default() });
            sample.nics.as_mut_slice()[0].set_some(NicCell::has_device, has_device);
            rest.fill_netns(sample, 1e4, again);
        });
        let found = lab.severity(NetworkDegradation, NIC);
        assert_eq!(found, Some(expected), "{rx_errors} beside {packets}, {has_device:?}");
    }
}
