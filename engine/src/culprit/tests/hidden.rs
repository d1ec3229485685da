//! Where processes are hidden from the recorder none is convicted, and groups are by their own
//! counters.

use super::*;

/// Three processes of the recorder's user, of which one burns most of what all three do; what is
/// seen of groups is given.
fn few(groups: &[MadeGroup]) -> Window {
    let burning = |pid: u64, rate: u64| {
        process(pid, &pid.to_string()).in_group("/own").alive(ONSET..1000).burning(risen(rate))
    };
    run(&[burning(10, 90), burning(11, 5), burning(12, 5)], groups, ONSET + 20)
}

fn hidden(mut window: Window) -> Vec<Culprit> {
    window.hides_processes = true;
    load(&window, &Entity::Host)
}

/// The CPU time of a group in µs in a second from the onset on, for so many ticks.
fn ticks_us(rate: u64) -> impl Fn(i64) -> u64 {
    move |second| risen(rate)(second) * 10_000
}

#[test]
fn no_process_is_convicted_where_others_are_hidden() {
    let seen = load(&few(&[]), &Entity::Host);
    assert!(seen[0].convicted, "{seen:#?}");
    let found = hidden(few(&[]));
    assert!(!found.is_empty() && found.iter().all(|one| !one.convicted), "{found:#?}");
}

#[test]
fn a_group_is_convicted_by_its_own_counter_though_nobody_in_it_is_seen() {
    let groups = || [group("/own", ticks_us(100)), group("/other", ticks_us(900))];
    let found = hidden(few(&groups()));
    assert_eq!(named(&found)[0], ("cgroup:/other".to_string(), true), "{found:#?}");
    assert_near(found[0].share, 0.9, 0.01);
    assert!(found[1..].iter().all(|one| !one.convicted), "{found:#?}");
    // What the visible ones do is their group's, which says so itself.
    let found = hidden(few(&[group("/own", ticks_us(100)), group("/other", ticks_us(10))]));
    assert_eq!(named(&found)[0], ("cgroup:/own".to_string(), true), "{found:#?}");
}

#[test]
fn a_group_without_a_counter_is_not_convicted_of_what_is_seen_in_it() {
    let burning = |pid: u64| process(pid, "worker").in_group("/own").burning(risen(20));
    let made: Vec<Made> = (10..20).map(burning).collect();
    let seen = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&seen)[0], ("cgroup:/own".to_string(), true), "{seen:#?}");
    let found = hidden(run(&made, &[], ONSET + 20));
    assert!(!found.is_empty() && found.iter().all(|one| !one.convicted), "{found:#?}");
}
