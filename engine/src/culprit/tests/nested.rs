//! Of sets that lie in each other the smallest is named, and none that holds nearly everything.

use super::*;

/// A supervisor in `/all` with three sets of workers: a job, and thirty that do little.
fn crowd(job_group: &'static str) -> Vec<Made> {
    let mut made = vec![process(500, "init").in_group("/all")];
    for pid in 501..531 {
        let one = process(pid, &pid.to_string()).in_group("/all").child_of(500);
        made.push(one.burning(|second| if second >= ONSET { 2 } else { 1 }));
    }
    made.push(process(600, "make").in_group(job_group).child_of(500));
    for pid in 601..607 {
        let one = process(pid, &pid.to_string()).in_group(job_group).child_of(600);
        made.push(one.burning(risen(20)));
    }
    made
}

#[test]
fn the_tree_is_named_and_not_the_group_that_holds_everything() {
    for elapsed in [10, 60] {
        let found = load(&run(&crowd("/all"), &[], ONSET + elapsed), &Entity::Host);
        assert_eq!(named(&found)[0], ("fork_tree:600:9000000".to_string(), true), "{found:#?}");
        assert!(found[0].share >= 0.8, "{found:#?}");
    }
}

#[test]
fn what_holds_nearly_all_processes_convicts_nobody() {
    let mut made = vec![process(500, "init").in_group("/all")];
    for pid in 501..541 {
        let one = process(pid, &pid.to_string()).in_group("/all").child_of(500);
        made.push(one.burning(risen(5)));
    }
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert!(!found.is_empty() && found.iter().all(|one| !one.convicted), "{found:#?}");
    assert!(found.iter().all(|one| matches!(one.entity, Entity::Process(..))), "{found:#?}");
    // Beside as many others the same group is one of several.
    for pid in 600..620 {
        made.push(process(pid, &pid.to_string()).in_group("/other").burning(|_| 1));
    }
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("cgroup:/all".to_string(), true), "{found:#?}");
}

#[test]
fn a_bomb_that_becomes_nearly_all_processes_is_convicted() {
    let mut made: Vec<Made> = (100..130)
        .map(|pid| process(pid, &pid.to_string()).in_group("/other").burning(|_| 1))
        .collect();
    for pid in 1000..1400 {
        let one = process(pid, &pid.to_string()).in_group("/bomb").alive(ONSET..1000);
        made.push(one.burning(|_| 2));
    }
    let found = load(&run(&made, &[], ONSET + 10), &Entity::Host);
    assert_eq!(named(&found)[0], ("cgroup:/bomb".to_string(), true), "{found:#?}");
}

#[test]
fn what_consumed_nearly_all_before_convicts_nobody_if_it_is_most_of_the_host() {
    let made = |inside: u64| -> Vec<Made> {
        let all = (0..30u64).map(|number| {
            let (group, before) = if number < inside { ("/all", 5) } else { ("/other", 0) };
            let one = process(100 + number, &number.to_string()).in_group(group);
            let after = if before > 0 { 15 } else { 0 };
            one.burning(move |second| if second >= ONSET { after } else { before })
        });
        all.collect()
    };
    let found = |inside: u64| {
        let found = load(&run(&made(inside), &[], ONSET + 20), &Entity::Host);
        found[0].convicted
    };
    assert!(!found(15), "half of the host");
    assert!(found(14), "the one service that it is there for");
}

#[test]
fn a_tree_whose_ended_processes_are_in_no_known_group_is_still_in_its_group() {
    let mut made = vec![
        process(500, "init").in_group("/all"),
        process(510, "small").in_group("/all").child_of(500).burning(risen(10)),
        process(511, "little").in_group("/all").child_of(500).burning(risen(10)),
        process(600, "make").in_group("/all").child_of(500),
    ];
    for pid in 601..605 {
        let one = process(pid, &pid.to_string()).in_group("/all").child_of(600);
        made.push(one.burning(risen(25)));
    }
    made.push(process(700, "gone").child_of(600).alive(ONSET..ONSET + 5).burning(|_| 20));
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("fork_tree:600:9000000".to_string(), true), "{found:#?}");
}

#[test]
fn of_groups_that_hold_the_same_the_innermost_is_named() {
    let worker = |pid: u64| process(pid, &pid.to_string()).in_group("/a/b/c").burning(risen(20));
    let made = [worker(10), worker(11), worker(12)];
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("cgroup:/a/b/c".to_string(), true));
}
