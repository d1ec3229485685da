//! What looks used up and stays as it is, and what is used up soon or refuses.

use super::*;

const SECONDS: u64 = 130;

/// How many fewer there are at `second` of [`SECONDS`] than in the end.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive")]
fn fewer(pace: f64, second: u64) -> u64 {
    ((SECONDS - 1 - second) as f64 * pace) as u64
}

/// Tracked connections of 10,000 that grow by so many a second up to a share in thousandths, of
/// which so many a second are dropped.
fn tracking(used: u64, pace: f64, drops: f64) -> Option<Severity> {
    let (mut lab, mut host, mut dropped) = (Lab::new(), Host::default(), Meter::default());
    lab.run(SECONDS, |sample, second| {
        host.fill(sample, Second::default());
        let row = &mut sample.netns.as_mut_slice()[0];
        row.set(NetnsCell::conntrack_max, 10_000u64);
        row.set(NetnsCell::conntrack, used * 10 - fewer(pace, second));
        row.set(NetnsCell::conntrack_drop, dropped.add(drops));
    });
    lab.severity(TcpExhaustion, NETNS)
}

#[test]
fn a_share_of_tracked_connections_goes_with_their_pace_or_with_drops() {
    let table = [
        (750, 0.0, 0.0, Some(Low)),
        (960, 0.0, 0.0, Some(High)),
        // 2,000 are left, and are gone in 4.3 h and in 3.7 h.
        (800, 0.13, 0.0, Some(Low)),
        (800, 0.16, 0.0, Some(Medium)),
        (990, 0.1, 0.0, Some(Critical)),
        (750, 0.0, 1.0, Some(Medium)),
        (960, 0.0, 0.05, Some(High)),
        (960, 0.0, 1.0, Some(Critical)),
    ];
    for (used, pace, drops, expected) in table {
        assert_eq!(tracking(used, pace, drops), expected, "{used} {pace} {drops}");
    }
}

#[test]
fn ports_of_sockets_in_time_wait_are_medium_at_most() {
    // Ports in use of 1,000, sockets that are not in TIME_WAIT.
    let table = [
        (894, Some(40), Some(Low)),
        (900, Some(40), Some(Medium)),
        (999, Some(40), Some(Medium)),
        (998, Some(498), Some(Medium)),
        (998, Some(499), Some(Critical)),
        (978, Some(980), Some(Critical)),
        (978, None, Some(Critical)),
    ];
    for (ports, held, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, Second { ports, ..Second::default() });
            sample.netns.as_mut_slice()[0].set_some::<u64>(NetnsCell::tcp_inuse, held);
        });
        assert_eq!(lab.severity(TcpExhaustion, NETNS), expected, "{ports} of {held:?}");
    }
}

#[test]
fn ports_whose_sockets_in_time_wait_grow_in_number_are_worse() {
    for (pace, expected) in [(0.0, Medium), (1.0, Critical)] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        let mut waiting = Meter::default();
        lab.run(100, |sample, _| {
            host.fill(sample, Second { ports: 978, ..Second::default() });
            let row = &mut sample.netns.as_mut_slice()[0];
            row.set(NetnsCell::tcp_inuse, 40u64);
            row.set(NetnsCell::tcp_tw, 800 + waiting.add(pace));
        });
        assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(expected), "{pace}");
    }
}

#[test]
fn handles_that_are_used_up_soon_are_worse() {
    for (pace, expected) in [(0.0, Medium), (0.1, High)] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(SECONDS, |sample, second| {
            let handles = 930 - fewer(pace, second);
            host.fill(sample, Second { handles, ..Second::default() });
        });
        assert_eq!(lab.severity(TcpExhaustion, HOST), Some(expected), "{pace}");
    }
}
