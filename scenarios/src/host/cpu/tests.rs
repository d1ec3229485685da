//! Shares of CPU time, among threads and among groups.

use proptest::prelude::*;

use super::*;

/// A process in a group: its nice level, and threads that all want to run.
fn process(of: usize, nice: i64, wanted: f64) -> Claim {
    Claim::tasks(of, weight(nice), wanted.ceil(), wanted)
}

/// The root, groups in it of a `cpu.weight` each, and processes in these.
fn host(groups: &[u64], processes: &[(usize, i64, f64)], cpus: f64) -> Vec<Claim> {
    let mut claims = vec![Claim::group(0, group_weight(100))];
    claims.extend(groups.iter().map(|weight| Claim::group(0, group_weight(*weight))));
    claims.extend(processes.iter().map(|(of, nice, wanted)| process(*of, *nice, *wanted)));
    share(&mut claims, cpus);
    claims
}

/// What the processes get.
fn shares(groups: &[u64], processes: &[(usize, i64, f64)], cpus: f64) -> Vec<f64> {
    let claims = host(groups, processes, cpus);
    claims[1 + groups.len()..].iter().map(|one| (one.got * 1000.0).round() / 1000.0).collect()
}

#[test]
fn what_fits_is_given() {
    assert_eq!(shares(&[], &[(0, 0, 1.0), (0, 0, 0.5)], 2.0), [1.0, 0.5]);
    assert_eq!(shares(&[100, 1], &[(1, 19, 1.0), (2, 0, 0.5)], 2.0), [1.0, 0.5]);
}

#[test]
fn members_of_a_group_share_by_threads_and_nice_level() {
    assert_eq!(shares(&[100], &[(1, 0, 3.0), (1, 0, 1.0)], 2.0), [1.5, 0.5]);
    let niced = shares(&[100], &[(1, 0, 1.0), (1, 19, 1.0)], 1.0);
    assert!(niced[0] > 0.98 && (niced[0] + niced[1] - 1.0).abs() < 0.002, "{niced:?}");
}

#[test]
fn groups_share_by_their_weights_whatever_is_in_them() {
    assert_eq!(shares(&[100, 100], &[(1, 0, 30.0), (2, 0, 2.0)], 4.0), [2.0, 2.0]);
    assert_eq!(shares(&[100, 100], &[(1, 19, 8.0), (2, 0, 8.0)], 4.0), [2.0, 2.0]);
    assert_eq!(shares(&[300, 100], &[(1, 0, 8.0), (2, 0, 8.0)], 4.0), [3.0, 1.0]);
}

#[test]
fn a_group_competes_with_tasks_of_its_parent_as_one_thread() {
    assert_eq!(shares(&[100], &[(0, 0, 3.0), (1, 0, 9.0)], 4.0), [3.0, 1.0]);
}

#[test]
fn what_one_leaves_goes_to_its_siblings_first() {
    let got = shares(&[100, 100], &[(1, 0, 0.2), (1, 0, 8.0), (2, 0, 8.0)], 4.0);
    assert_eq!(got, [0.2, 1.8, 2.0]);
    assert_eq!(shares(&[100, 100], &[(1, 0, 0.5), (2, 19, 8.0)], 4.0), [0.5, 3.5]);
}

#[test]
fn a_group_in_a_group_shares_what_that_one_got() {
    let mut claims = vec![Claim::group(0, 0.0)];
    claims.extend([0, 0, 1, 1].map(|of| Claim::group(of, group_weight(100))));
    claims.extend([2, 3, 4].map(|of| process(of, 0, 4.0)));
    share(&mut claims, 4.0);
    let got: Vec<f64> = claims[5..].iter().map(|one| one.got).collect();
    assert_eq!(got, [2.0, 1.0, 1.0]);
}

#[test]
fn batch_work_gives_way_inside_of_its_group_only() {
    let ahead = |groups: &[u64], processes: &[(usize, i64, f64)]| {
        let mut claims = host(groups, processes, 2.0);
        let first = 1 + groups.len();
        claims[first..].iter_mut().for_each(|one| one.waiting = one.wanted - one.got);
        line_up(&mut claims);
        claims[first].ahead
    };
    assert!(ahead(&[100], &[(1, 0, 1.0), (1, 19, 8.0)]) < 0.1);
    assert!(ahead(&[100, 100], &[(1, 0, 1.0), (2, 19, 8.0)]) > 6.0);
    assert!(ahead(&[100, 1], &[(1, 0, 1.0), (2, 0, 8.0)]) < 0.1);
    // Its own siblings stand ahead of it, and its group ahead of the other.
    assert!((ahead(&[100, 100], &[(1, 0, 2.0), (1, 0, 2.0), (2, 0, 2.0)]) - 4.0).abs() < 1e-9);
}

#[test]
fn the_law_of_short_waits_is_that_of_one_server_where_there_is_one() {
    assert!((queue_length(0.5, 1.0) - 0.5).abs() < 1e-12);
    assert!((queue_length(0.9, 1.0) - 8.1).abs() < 1e-9);
    assert!(queue_length(0.5, 16.0) < 0.1);
}

/// Claims with groups in groups, each of which stands behind the one that it is part of.
fn trees() -> impl Strategy<Value = Vec<Claim>> {
    let groups = prop::collection::vec((any::<prop::sample::Index>(), 1u64..10_000), 0..8);
    let leaves =
        prop::collection::vec((any::<prop::sample::Index>(), -20i64..20, 0.0f64..20.0), 1..20);
    (groups, leaves).prop_map(|(groups, leaves)| {
        let mut claims = vec![Claim::group(0, 0.0)];
        for (of, weight) in groups {
            let of = of.index(claims.len());
            claims.push(Claim::group(of, group_weight(weight)));
        }
        let groups = claims.len();
        claims.extend(
            leaves.iter().map(|(of, nice, wanted)| process(of.index(groups), *nice, *wanted)),
        );
        claims
    })
}

proptest! {
    #[test]
    fn nobody_gets_more_than_it_wants_and_nothing_is_left(
        mut claims in trees(),
        cpus in 0.0f64..32.0,
    ) {
        share(&mut claims, cpus);
        let wanted = claims[0].wanted;
        prop_assert!((claims[0].got - wanted.min(cpus)).abs() < 1e-9);
        for (at, claim) in claims.iter().enumerate() {
            prop_assert!(claim.got >= 0.0 && claim.got <= claim.wanted + 1e-9);
            let members = || claims.iter().skip(1).filter(|member| member.of == at);
            let got: f64 = members().map(|member| member.got).sum();
            let is_task = members().next().is_none();
            prop_assert!(is_task || (got - claim.got).abs() < 1e-9, "{at}: {got}");
        }
    }

    /// Of two members of a group that both want more, each has its share by weight; who has all
    /// that it wants has no more than that.
    #[test]
    fn members_share_by_weight(mut claims in trees(), cpus in 0.0f64..32.0) {
        share(&mut claims, cpus);
        let each = |claim: &Claim| claim.got / claim.right();
        for (at, one) in claims.iter().enumerate().skip(1).filter(|(_, one)| one.wanted > 0.0) {
            let is_short = one.got < one.wanted - 1e-9;
            for other in claims[1..at].iter().filter(|other| other.of == one.of) {
                let other_short = other.got < other.wanted - 1e-9;
                if is_short && other.wanted > 0.0 {
                    prop_assert!(each(other) <= each(one) * (1.0 + 1e-6) + 1e-12);
                }
                if other_short {
                    prop_assert!(each(one) <= each(other) * (1.0 + 1e-6) + 1e-12);
                }
            }
        }
    }

    /// A nice level for all of a group changes nothing for anybody.
    #[test]
    fn a_nice_level_does_nothing_across_groups(
        nice in -20i64..20,
        threads in 1u32..40,
        other in 1u32..40,
        cpus in 1.0f64..16.0,
    ) {
        let (threads, other) = (f64::from(threads), f64::from(other));
        let got = |nice| shares(&[100, 100], &[(1, nice, threads), (2, 0, other)], cpus);
        prop_assert_eq!(got(nice), got(0));
    }

    #[test]
    fn a_nice_level_takes_from_its_own_group(nice in 1i64..20, threads in 5u32..40) {
        let threads = f64::from(threads);
        let got = |nice| shares(&[100], &[(1, nice, threads), (1, 0, threads)], 4.0);
        prop_assert!(got(nice)[0] < got(0)[0] && got(nice)[1] > got(0)[1]);
    }
}
