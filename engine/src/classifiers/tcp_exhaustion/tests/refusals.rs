//! What was refused or ended: single ones, a part of those that asked, and what comes back.

use super::*;

/// Seconds of a quiet host, then of `second`.
fn then(seconds: u64, second: Second) -> (Lab, Host) {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let quiet = Second { overflows: 0.0, syn_drops: 0.0, cookies: 0.0, ..second };
    lab.run(20, |sample, _| host.fill(sample, quiet));
    assert_eq!(lab.severity(TcpExhaustion, NETNS), None);
    lab.run(seconds, |sample, _| host.fill(sample, second));
    (lab, host)
}

fn found(lab: &Lab) -> (Option<Severity>, Option<Subtype>) {
    (lab.severity(TcpExhaustion, NETNS), lab.subtype(TcpExhaustion, NETNS))
}

#[test]
fn one_refusal_is_low_at_once_and_clears_after_two_minutes() {
    let served = Second { accepted: Some(500.0), ..Second::default() };
    let events = [
        (Second { overflows: 1.0, ..served }, Subtype::AcceptQueue),
        (Second { syn_drops: 1.0, ..served }, Subtype::SynQueue),
        (Second { cookies: 1.0, ..served }, Subtype::SynCookies),
    ];
    for (second, subtype) in events {
        let (mut lab, mut host) = then(1, second);
        let event = lab.second();
        assert_eq!(found(&lab), (Some(Low), Some(subtype)));
        lab.run(130, |sample, _| host.fill(sample, served));
        assert_eq!(lab.cleared_at(TcpExhaustion, NETNS), Some(event + 120));
    }
}

#[test]
fn where_nobody_is_accepted_one_overflow_is_medium_at_once() {
    for (accepted, expected) in [(0.0, Medium), (1.0, Low)] {
        let second = Second { overflows: 1.0, accepted: Some(accepted), ..Second::default() };
        assert_eq!(found(&then(1, second).0), (Some(expected), Some(Subtype::AcceptQueue)));
    }
    let dropped = Second { syn_drops: 1.0, accepted: Some(0.0), ..Second::default() };
    assert_eq!(found(&then(1, dropped).0), (Some(Low), Some(Subtype::SynQueue)), "a scan");
}

type Make = fn(f64, Second) -> Second;

#[test]
fn refusals_are_medium_as_a_part_of_those_that_ask_or_where_they_come_back() {
    // Refused at once, seconds of which each has one more, accepted a second.
    let table = [
        (2.0, 0, Some(10.0), Low),
        (3.0, 0, Some(299.0), Medium),
        (3.0, 0, Some(301.0), Low),
        (3.0, 0, None, Medium),
        (2.0, 0, None, Low),
        (1.0, 1, Some(5000.0), Low),
        (1.0, 2, Some(5000.0), Medium),
    ];
    let queues: [(Make, Subtype); 2] = [
        (|overflows, second| Second { overflows, ..second }, Subtype::AcceptQueue),
        (|syn_drops, second| Second { syn_drops, ..second }, Subtype::SynQueue),
    ];
    for (make, subtype) in queues {
        for (burst, more, accepted, expected) in table {
            let served = Second { accepted, ..Second::default() };
            let (mut lab, mut host) = then(1, make(burst, served));
            lab.run(more, |sample, _| host.fill(sample, make(1.0, served)));
            assert_eq!(found(&lab), (Some(expected), Some(subtype)), "{burst} {more} {accepted:?}");
        }
    }
}

#[test]
fn single_refusals_that_go_on_stay_low_at_any_cadence() {
    for cadence in [1, 10, 60] {
        let (mut lab, mut host) = (Lab::every(cadence), Host::default());
        let mut worst = None;
        for second in 0..600 / cadence {
            // One each 25 seconds, of 125,000.
            let upto = |second: u64| second * cadence / 25;
            let refused = (upto(second + 1) - upto(second)) as f64;
            let accepted = Some(5000.0 * cadence as f64);
            let one = Second { overflows: refused, accepted, ..Second::default() };
            lab.run(1, |sample, _| host.fill(sample, one));
            worst = worst.max(lab.severity(TcpExhaustion, NETNS));
        }
        assert_eq!(worst, Some(Low), "every {cadence} s");
    }
}

#[test]
fn many_refusals_are_worse_where_they_are_a_part_and_many_cookies_are_medium() {
    let overflows = |overflows| Second { overflows, ..Second::default() };
    let syn_drops = |syn_drops| Second { syn_drops, ..Second::default() };
    let of = |accepted, second| Second { accepted: Some(accepted), ..second };
    for (second, expected) in [
        (overflows(9.8), Medium),
        (overflows(10.2), High),
        (overflows(99.8), High),
        (overflows(100.2), Critical),
        (of(200_000.0, overflows(100.2)), Medium),
        (of(99_000.0, overflows(100.2)), Critical),
        (syn_drops(9.8), Medium),
        (syn_drops(10.2), High),
        (of(200.0, syn_drops(5_000.0)), High),
        (of(11_000.0, syn_drops(10.2)), Medium),
        (Second { cookies: 0.2, ..Second::default() }, Low),
        (Second { cookies: 50_000.0, ..Second::default() }, Medium),
    ] {
        assert_eq!(after(40, second).severity(TcpExhaustion, NETNS), Some(expected));
    }
}

#[test]
fn a_listener_that_drops_more_than_its_accept_queue_refused_has_a_full_syn_queue() {
    for (drops, overflows, expected) in [
        (1.0, 0.0, Some((Low, Subtype::SynQueue))),
        (5.0, 0.0, Some((Medium, Subtype::SynQueue))),
        (1.0, 1.0, Some((Low, Subtype::AcceptQueue))),
        (5.0, 5.0, Some((Medium, Subtype::AcceptQueue))),
        (0.0, 0.0, None),
    ] {
        let (mut lab, mut host, mut counted) = (Lab::new(), Host::default(), Meter::default());
        for (seconds, times) in [(20, 0.0), (1, 1.0)] {
            lab.run(seconds, |sample, _| {
                host.fill(sample, Second { overflows: overflows * times, ..Second::default() });
                let row = &mut sample.netns.as_mut_slice()[0];
                row.set(NetnsCell::listen_drops, counted.add(drops * times));
            });
        }
        assert_eq!(found(&lab), (expected.map(|of| of.0), expected.map(|of| of.1)));
    }
}

/// A host of which one counter grows by so much a second, once it was watched for a while, where
/// TCP has so much memory of 1,000 pages, and is pressed from 980 on.
fn refusing(cell: NetnsCell, rate: impl Fn(u64) -> f64, pages: u64) -> Lab {
    let (mut lab, mut host, mut meter) = (Lab::new(), Host::default(), Meter::default());
    lab.run(40, |sample, second| {
        host.fill(sample, Second { pages, ..Second::default() });
        for other in [NetnsCell::conntrack_drop, NetnsCell::tcp_memory_pressures] {
            sample.netns.as_mut_slice()[0].set(other, 7u64);
        }
        let grown = meter.add(if second > 20 { rate(second) } else { 0.0 });
        sample.netns.as_mut_slice()[0].set(cell, grown + 7);
    });
    lab
}

#[test]
fn what_was_refused_or_ended_for_want_of_a_resource_is_medium_where_it_goes_on() {
    let (tracking, memory) = (Some(Subtype::Conntrack), Some(Subtype::TcpMemory));
    let table = [
        (NetnsCell::conntrack_drop, 0.0, NETNS, None, None),
        (NetnsCell::conntrack_drop, 0.2, NETNS, Some(Low), tracking),
        (NetnsCell::conntrack_drop, 0.5, NETNS, Some(Medium), tracking),
        (NetnsCell::conntrack_drop, 1000.0, NETNS, Some(Medium), tracking),
        (NetnsCell::conntrack_early_drop, 1.0, NETNS, Some(Medium), tracking),
        (NetnsCell::conntrack_insert_failed, 9.0, NETNS, None, None),
        (NetnsCell::conntrack_insert_failed, 11.0, NETNS, Some(Low), tracking),
        (NetnsCell::conntrack_insert_failed, 1000.0, NETNS, Some(Low), tracking),
        (NetnsCell::tcp_memory_pressures, 1.0, HOST, Some(Medium), memory),
        (NetnsCell::tcp_abort_on_memory, 1.0, HOST, Some(Low), Some(Subtype::Orphans)),
    ];
    for (cell, rate, entity, expected, subtype) in table {
        let lab = refusing(cell, |_| rate, 0);
        assert_eq!(lab.severity(TcpExhaustion, entity), expected, "{cell:?} {rate}");
        assert_eq!(lab.subtype(TcpExhaustion, entity), subtype, "{cell:?} {rate}");
    }
}

#[test]
fn connections_that_are_ended_are_of_memory_where_it_is_pressed_and_told_once() {
    for (pages, expected, subtype) in [
        (90, Low, Subtype::Orphans),
        (849, Medium, Subtype::TcpMemory),
        (979, Critical, Subtype::TcpMemory),
        (1000, Critical, Subtype::TcpMemory),
    ] {
        let lab = refusing(NetnsCell::tcp_abort_on_memory, |_| 30.0, pages);
        assert_eq!(lab.severity(TcpExhaustion, HOST), Some(expected), "{pages}");
        assert_eq!(lab.subtype(TcpExhaustion, HOST), Some(subtype), "{pages}");
        assert_eq!(lab.severity(TcpExhaustion, NETNS), None, "memory is one for all namespaces");
    }
}

/// The thirty seconds of critical are known when a burst at the beginning of a run is over.
#[test]
fn what_is_over_gets_no_worse() {
    let burst = Second { overflows: 200.0, accepted: Some(100.0), ..Second::default() };
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(18, |sample, _| host.fill(sample, burst));
    assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(High));
    let quiet = Second { overflows: 0.0, ..burst };
    for second in 0..40 {
        lab.run(1, |sample, _| host.fill(sample, quiet));
        let severity = lab.severity(TcpExhaustion, NETNS);
        assert!(severity.is_some() && severity <= Some(High), "{second}: {severity:?}");
    }
}
