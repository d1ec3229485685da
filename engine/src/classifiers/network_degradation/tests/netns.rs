//! Namespaces: requests sent again, silence, lost datagrams.

use super::*;

#[test]
fn requests_for_a_connection_that_are_sent_again_are_low_and_no_loss_of_a_path() {
    // Segments a second, the share sent again, and of those the part that asks.
    let table = [
        (55.0, 0.36, Some(1.0), Some(Low)),
        (55.0, 0.36, None, Some(Critical)),
        (1e4, 0.0101, Some(1.0), Some(Low)),
        (1e4, 0.0099, Some(1.0), None),
        (1e4, 0.5, Some(1.0), Some(Low)),
        (1e4, 0.5, Some(0.98), Some(Low)),
        (1e4, 0.5, Some(0.96), Some(Medium)),
        (39.0, 0.5, Some(1.0), None),
    ];
    for (segments, again, asking, expected) in table {
        let (mut lab, mut rest, mut asked) = (Lab::new(), Rest::default(), Meter::default());
        lab.run(45, |sample, _| {
            rest.fill_netns(sample, segments, again);
            let row = &mut sample.netns.as_mut_slice()[0];
            let part = asking.map(|part: f64| asked.add(segments * again * part));
            row.set_some(NetnsCell::tcp_syn_retrans, part);
        });
        let found = lab.severity(NetworkDegradation, NETNS);
        assert_eq!(found, expected, "{again} of {segments}, asking {asking:?}");
    }
}

/// A namespace in which six connections send until nothing comes any more.
struct Line {
    sent: Meter,
    received: Meter,
    again: Meter,
}

impl Line {
    fn new() -> Self {
        Self { sent: Meter::default(), received: Meter::default(), again: Meter::default() }
    }

    fn run(&mut self, lab: &mut Lab, seconds: u64, received: f64, again_at: &[u64]) {
        lab.run(seconds, |sample, second| {
            let again = if again_at.contains(&second) { 6.0 } else { 0.0 };
            Rest::default().fill_netns(sample, 0.0, 0.0);
            let row = &mut sample.netns.as_mut_slice()[0];
            row.set(NetnsCell::tcp_out_segs, self.sent.add(received));
            row.set(NetnsCell::tcp_in_segs, self.received.add(received));
            row.set(NetnsCell::tcp_retrans_segs, self.again.add(again));
        });
    }
}

#[test]
fn what_is_sent_again_for_ten_seconds_without_an_answer_is_medium_however_little() {
    let table: [(u64, &[u64], Option<Severity>); 4] = [
        (20, &[0, 1, 3, 6, 8], None),
        (20, &[0, 1, 3, 6, 9], Some(Medium)),
        (20, &[], None),
        (9, &[0, 1, 3, 6, 13], None),
    ];
    for (flowed, again_at, expected) in table {
        let (mut lab, mut line) = (Lab::new(), Line::new());
        line.run(&mut lab, flowed, 5.0, &[]);
        line.run(&mut lab, 30, 0.0, again_at);
        let found = lab.severity(NetworkDegradation, NETNS);
        assert_eq!(found, expected, "{flowed} s, then {again_at:?}");
    }
}

#[test]
fn silence_stands_between_two_retries_and_ends_with_an_answer() {
    let (mut lab, mut line) = (Lab::new(), Line::new());
    line.run(&mut lab, 20, 5.0, &[]);
    line.run(&mut lab, 140, 0.0, &[0, 1, 3, 6, 13, 26, 52, 103]);
    assert_eq!(lab.severity(NetworkDegradation, NETNS), Some(Medium));
    assert_eq!(lab.subtype(NetworkDegradation, NETNS), Some(Subtype::Retransmits));
    line.run(&mut lab, 70, 5.0, &[]);
    assert_eq!(lab.severity(NetworkDegradation, NETNS), None);
}

#[test]
fn lost_datagrams_are_medium_at_most() {
    // Datagrams a second, the share of them lost, segments a second beside them.
    let table = [
        (40_000.0, 0.000_9, 0.0, None),
        (40_000.0, 0.001_1, 0.0, Some(Low)),
        (40_000.0, 0.009_9, 0.0, Some(Low)),
        (40_000.0, 0.010_1, 1e6, Some(Medium)),
        (40_000.0, 1.0, 0.0, Some(Medium)),
        (198.0, 1.0, 1e6, None),
        (202.0, 1.0, 1e6, Some(Medium)),
    ];
    for (datagrams, share, segments, expected) in table {
        for cell in [NetnsCell::udp_in_errors, NetnsCell::udp6_in_errors] {
            let (mut lab, mut lost) = (Lab::new(), Meter::default());
            let (mut packets, mut received) = (Meter::default(), Meter::default());
            lab.run(45, |sample, _| {
                Rest::default().fill_netns(sample, 0.0, 0.0);
                let row = &mut sample.netns.as_mut_slice()[0];
                row.set(NetnsCell::udp_in_errors, 0u64);
                row.set(cell, lost.add(datagrams * share));
                row.set(NetnsCell::ip_in_receives, packets.add(datagrams + segments));
                row.set(NetnsCell::tcp_in_segs, received.add(segments));
            });
            let found = lab.severity(NetworkDegradation, NETNS);
            assert_eq!(found, expected, "{share} of {datagrams} beside {segments}: {cell:?}");
            let subtype = expected.map(|_| Subtype::Drops);
            assert_eq!(lab.subtype(NetworkDegradation, NETNS), subtype);
        }
    }
}

#[test]
fn where_nobody_counts_requests_sent_again_attempts_that_fail_stand_for_them() {
    // Segments a second, the share sent again, attempts that failed, whether requests are counted.
    let table = [
        (60.0, 0.20, Some(12.0), false, Some(Low)),
        (60.0, 0.20, Some(2.0), false, Some(Low)),
        (60.0, 0.20, Some(1.0), false, Some(High)),
        (60.0, 0.20, Some(0.0), false, Some(High)),
        (60.0, 0.20, None, false, Some(High)),
        (60.0, 0.20, Some(12.0), true, Some(High)),
    ];
    for (segments, again, failed, is_counted, expected) in table {
        let (mut lab, mut rest, mut fails) = (Lab::new(), Rest::default(), Meter::default());
        lab.run(45, |sample, _| {
            rest.fill_netns(sample, segments, again);
            let row = &mut sample.netns.as_mut_slice()[0];
            row.set(NetnsCell::tcp_in_segs, 0u64);
            row.set_some(NetnsCell::tcp_attempt_fails, failed.map(|failed| fails.add(failed)));
            row.set_some(NetnsCell::tcp_syn_retrans, is_counted.then_some(0u64));
        });
        let found = lab.severity(NetworkDegradation, NETNS);
        assert_eq!(found, expected, "{failed:?}, counted: {is_counted}");
    }
}
