//! Threads of a child, each with what it had.

use ks_vocabulary::action::CpuSet;

use super::*;
use crate::child::{Child, may_put_back};

fn settings() -> Vec<Setting> {
    let first: CpuSet = "0".parse().unwrap();
    vec![
        Setting::Nice(7),
        Setting::Policy(3),
        Setting::Policy(5 | 0x4000_0000),
        Setting::Cpus(Mask::listed(&first)),
        Setting::IoPriority(3 << 13),
        Setting::IoPriority(2 << 13 | 7),
    ]
}

fn held(child: &Child) -> Held {
    Held::open(child.pid(), child.start()).unwrap()
}

fn all(child: &Child, like: &Setting) -> Vec<Setting> {
    child.threads().into_iter().map(|tid| like.of(tid).unwrap()).collect()
}

#[test]
fn every_thread_gets_it_and_has_what_it_had_afterwards() {
    if !may_put_back() {
        return;
    }
    let child = Child::threaded(3);
    let held = held(&child);
    for written in settings() {
        let before = all(&child, &written);
        let mut prior = capture(&held, written.clone()).unwrap();
        apply(&held, &mut prior).unwrap();
        assert!(all(&child, &written).iter().all(|found| *found == written), "{written}");
        let restored = restore(&held, &prior).unwrap();
        assert_eq!(restored, Restored { restored: before.len(), superseded: vec![] }, "{written}");
        assert_eq!(all(&child, &written), before, "{written}");
        assert_eq!(restore(&held, &prior).unwrap(), Restored::default(), "twice is once");
    }
}

/// Threads that had different values have them again: it is exact thread by thread.
#[test]
fn each_thread_has_its_own_again() {
    if !may_put_back() {
        return;
    }
    let child = Child::threaded(2);
    let held = held(&child);
    let threads = child.threads();
    for (tid, nice) in threads.iter().zip(1..) {
        Setting::Nice(nice).give(*tid).unwrap();
    }
    let before = all(&child, &Setting::Nice(0));
    let mut prior = capture(&held, Setting::Nice(19)).unwrap();
    apply(&held, &mut prior).unwrap();
    restore(&held, &prior).unwrap();
    assert_eq!(all(&child, &Setting::Nice(0)), before);
    assert!(before.len() > 2 && before[1] == Setting::Nice(2));
}

#[test]
fn a_thread_made_while_it_lasted_has_what_the_first_had() {
    if !may_put_back() {
        return;
    }
    let mut child = Child::threaded(1);
    let held = held(&child);
    let mut prior = capture(&held, Setting::Nice(9)).unwrap();
    apply(&held, &mut prior).unwrap();
    child.make_thread();
    let count = prior.threads.len() + 1;
    assert_eq!(all(&child, &Setting::Nice(0)), vec![Setting::Nice(9); count], "it inherits");
    assert_eq!(restore(&held, &prior).unwrap().restored, count);
    assert_eq!(all(&child, &Setting::Nice(0)), vec![Setting::Nice(0); count]);
}

#[test]
fn what_someone_else_changed_is_left_alone() {
    if !may_put_back() {
        return;
    }
    let child = Child::threaded(2);
    let held = held(&child);
    let mut prior = capture(&held, Setting::Nice(9)).unwrap();
    apply(&held, &mut prior).unwrap();
    let other = child.threads()[1];
    Setting::Nice(4).give(other).unwrap();
    let restored = restore(&held, &prior).unwrap();
    let others = prior.threads.len() - 1;
    assert_eq!(restored, Restored { restored: others, superseded: vec![other] });
    assert_eq!(Setting::Nice(0).of(other).unwrap(), Setting::Nice(4));
}

#[test]
fn the_flag_of_a_policy_is_part_of_it() {
    if !may_put_back() {
        return;
    }
    let child = Child::sleeping();
    let held = held(&child);
    let flagged = Setting::Policy(0x4000_0000);
    flagged.give(child.pid()).unwrap();
    let mut prior = capture(&held, Setting::Policy(3 | 0x4000_0000)).unwrap();
    apply(&held, &mut prior).unwrap();
    restore(&held, &prior).unwrap();
    assert_eq!(flagged.of(child.pid()).unwrap(), flagged);
}

/// What it had is its own mask, and not all CPUs of the host.
#[test]
fn a_mask_of_its_own_comes_back() {
    if rustix::thread::sched_getaffinity(None).unwrap().count() < 2 {
        println!("skipped: one CPU");
        return;
    }
    let child = Child::sleeping();
    let held = held(&child);
    let of = |list: &str| Setting::Cpus(Mask::listed(&list.parse().unwrap()));
    of("1").give(child.pid()).unwrap();
    let mut prior = capture(&held, of("0")).unwrap();
    apply(&held, &mut prior).unwrap();
    restore(&held, &prior).unwrap();
    assert_eq!(of("0").of(child.pid()).unwrap(), of("1"));
}

/// A process with the second CPU alone; nothing where there is one CPU.
fn on_the_second() -> Option<Child> {
    if rustix::thread::sched_getaffinity(None).unwrap().count() < 2 {
        println!("skipped: one CPU");
        return None;
    }
    let child = Child::sleeping();
    cpus("1").give(child.pid()).unwrap();
    Some(child)
}

fn cpus(list: &str) -> Setting {
    Setting::Cpus(Mask::listed(&list.parse().unwrap()))
}

/// CPUs that are not there are left out by the kernel: what it took is ours all the same.
#[test]
fn what_the_kernel_took_instead_is_told_and_put_back() {
    let Some(child) = on_the_second() else { return };
    let held = held(&child);
    let mut prior = capture(&held, cpus("0-900")).unwrap();
    let told = apply(&held, &mut prior).unwrap_err();
    assert!(matches!(told, Failure::NotTaken { .. }), "{told}");
    let found = cpus("0").of(child.pid()).unwrap();
    assert!(found != cpus("1") && prior.taken == [found]);
    assert_eq!(restore(&held, &prior).unwrap(), Restored { restored: 1, superseded: vec![] });
    assert_eq!(cpus("0").of(child.pid()).unwrap(), cpus("1"));
}

/// Between the two steps in which a mask is given back there are all CPUs: after a kill there that
/// is ours, and at any other time somebody else's.
#[test]
fn a_mask_that_was_put_back_by_halves_is_ours() {
    let Some(child) = on_the_second() else { return };
    let held = held(&child);
    let mut prior = capture(&held, cpus("0")).unwrap();
    apply(&held, &mut prior).unwrap();
    Mask::all().give(child.pid()).unwrap();
    let superseded = vec![child.pid()];
    assert_eq!(restore(&held, &prior).unwrap(), Restored { restored: 0, superseded });
    assert!(prior.begin() && !prior.begin(), "it is said once");
    assert_eq!(restore(&held, &prior).unwrap(), Restored { restored: 1, superseded: vec![] });
    assert_eq!(cpus("0").of(child.pid()).unwrap(), cpus("1"));
    assert!(!capture(&held, Setting::Nice(9)).unwrap().begin(), "it has one step");
}

#[test]
fn a_prior_is_kept_as_text_and_read_back() {
    let child = Child::sleeping();
    for written in settings() {
        let prior = capture(&held(&child), written).unwrap();
        let text = serde_json::to_string(&prior).unwrap();
        assert_eq!(serde_json::from_str::<Prior>(&text).unwrap(), prior);
    }
}

#[test]
fn one_that_has_ended_is_told() {
    let child = Child::sleeping();
    let held = held(&child);
    let mut prior = capture(&held, Setting::Nice(3)).unwrap();
    let _zombie = child.into_zombie();
    assert!(matches!(apply(&held, &mut prior), Err(Failure::Ended { .. })));
    assert!(matches!(restore(&held, &prior), Err(Failure::Ended { .. })));
    assert!(matches!(capture(&held, Setting::Nice(3)), Err(Failure::Ended { .. })));
}

#[test]
fn what_the_kernel_refuses_is_told() {
    let child = Child::sleeping();
    let mut prior = Prior {
        written: Setting::Policy(77),
        first: Setting::Policy(0),
        threads: Vec::new(),
        taken: Vec::new(),
        is_begun: false,
        since_ticks: 0,
    };
    let told = apply(&held(&child), &mut prior).unwrap_err().to_string();
    assert!(told.starts_with("policy 0x4d to process "), "{told}");
}

/// A process that was made while it lasted began with what was written.
#[test]
fn children_made_while_it_lasted_have_what_the_first_had() {
    if !may_put_back() {
        return;
    }
    let mut child = Child::parent();
    let held = held(&child);
    let before = child.make_child();
    // Starts are told in hundredths of a second.
    std::thread::sleep(std::time::Duration::from_millis(30));
    let mut prior = capture(&held, Setting::Nice(9)).unwrap();
    apply(&held, &mut prior).unwrap();
    let made = child.make_child();
    let nice = |pid| Setting::Nice(0).of(pid).unwrap();
    assert_eq!((nice(before), nice(made)), (Setting::Nice(0), Setting::Nice(9)));
    restore(&held, &prior).unwrap();
    assert_eq!((nice(before), nice(made)), (Setting::Nice(0), Setting::Nice(0)));
}
