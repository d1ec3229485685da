//! Hosts that differ in one fact of a process, and what is refused for it.

use super::{ABOUT, Refused, action, plan, planned, refuses};
use crate::desk::{ALONE, BATCH, Desk, HOG, PAUSED, PEER, SESSION, SOLO};

const LEVELS: &[Refused] = &[
    ("lower_process_priority", |d| d.hog().nice = Some(10), "direction", "no lower priority"),
    ("lower_process_priority", |d| d.hog().nice = Some(19), "direction", "no lower priority"),
    ("lower_process_priority", |d| d.hog().policy = Some(1), "no_effect", "no nice level"),
    ("lower_process_priority", |d| d.hog().policy = Some(5), "no_effect", "no nice level"),
    ("lower_process_priority", |d| leave(d), "no_effect", "its control group holds no other"),
    ("lower_process_priority", |d| alone(d, true), "no_effect", "its session holds no other"),
    ("lower_process_priority", |d| alone(d, false), "no_effect", "the host holds no other"),
    ("demote_scheduling_class", |d| d.hog().policy = Some(5), "direction", "only other goes to"),
    ("demote_scheduling_class", |d| d.hog().policy = Some(1), "direction", "only other goes to"),
    ("demote_scheduling_class", |d| d.hog().policy = Some(2), "direction", "only other goes to"),
    ("demote_scheduling_class", |d| leave(d), "no_effect", "its control group holds no other"),
    ("lower_autogroup_priority", |d| d.host.autogroup = Some(false), "no_effect", "switched off"),
    (
        "lower_autogroup_priority",
        |d| d.within(SESSION).controllers = Some(b"memory cpu"),
        "no_effect",
        "where sessions are nothing",
    ),
    (
        "lower_autogroup_priority",
        |d| d.at((850, 85)).autogroup_nice = Some(10),
        "direction",
        "no lower priority",
    ),
];

const CPUS: &[Refused] = &[
    ("set_cpu_affinity", |d| d.hog().cpus_allowed = Some(b"0-3"), "direction", "no smaller part"),
    ("set_cpu_affinity", |d| d.hog().cpus_allowed = Some(b"0-2"), "direction", "no smaller part"),
    ("set_cpu_affinity", |d| d.hog().cpus_allowed = Some(b"1-7"), "direction", "no smaller part"),
    ("set_cpu_affinity", |d| d.host.cpus = Some(4), "direction", "no smaller part"),
    ("set_cpu_affinity", |d| d.host.cpus = Some(3), "direction", "no smaller part"),
    ("set_cpu_affinity", |d| many(d), "unsafe", "less than a quarter"),
    ("set_cpu_affinity", |d| d.hog().cpus_allowed = Some(b"ff"), "not_recorded", "the CPUs"),
    ("throttle_cpu", |d| d.at(PEER).group = d.at(SOLO).group, "unsafe", "holds others too"),
    ("throttle_cpu", |d| d.at(PAUSED).ppid = Some(1), "unsafe", "holds others too"),
    ("throttle_cpu", |d| below(d), "unsafe", "holds others too"),
    ("throttle_cpu", |d| d.at(SOLO).group = Some(b"/"), "unsafe", "holds others too"),
];

const STOPS: &[Refused] = &[
    ("pause_process", |d| d.hog().state = Some(u64::from(b'T')), "no_effect", "stopped already"),
    ("pause_process", |d| d.hog().listening = Some(1), "unsafe", "it listens on a socket"),
    ("pause_process", |d| d.batch().watchdog_us = Some(30_000_000), "unsafe", "watchdog of 30 s"),
    ("resume_process", |d| d.at(PAUSED).state = Some(u64::from(b'S')), "no_effect", "not stopped"),
];

const OTHERS: &[Refused] = &[
    ("lower_io_priority", |d| d.hog().io_priority = Some(2 << 13 | 7), "direction", "no lower"),
    ("lower_io_priority", |d| d.hog().io_priority = Some(3 << 13), "direction", "no lower"),
    ("lower_io_priority", |d| d.hog().nice = Some(15), "direction", "no lower"),
    ("lower_io_priority", |d| d.hog().policy = Some(5), "direction", "no lower"),
    ("raise_oom_score", |d| d.hog().oom_score_adj = Some(-1000), "unsafe", "never to be killed"),
    ("raise_oom_score", |d| d.hog().oom_score_adj = Some(500), "direction", "no higher score"),
    ("raise_oom_score", |d| d.hog().oom_score_adj = Some(1000), "direction", "no higher score"),
];

/// Its peer goes: the hog is the only one of its group.
fn leave(desk: &mut Desk) {
    desk.processes.remove(&PEER);
}

/// The hog is alone in its session, in a group without a CPU controller, with autogroups or not.
fn alone(desk: &mut Desk, autogroup: bool) {
    desk.host.autogroup = Some(autogroup);
    desk.batch().controllers = Some(b"memory");
    let key = if autogroup { PEER } else { HOG };
    desk.at(key).session = Some(7);
    if !autogroup {
        leave(desk);
    }
}

/// The host has so many CPUs that four are less than a quarter.
fn many(desk: &mut Desk) {
    desk.host.cpus = Some(17);
    desk.hog().cpus_allowed = Some(b"0-16");
}

/// A stranger runs in a group below that of the solitary process.
fn below(desk: &mut Desk) {
    desk.at(PEER).group = Some(b"/work.slice/alone.service/below");
}

#[test]
fn each_refusal_of_a_process_has_its_host() {
    for table in [LEVELS, CPUS, STOPS, OTHERS] {
        refuses(table);
    }
}

/// Every form that is done to a process, with its parameters beside it.
const OF_PROCESSES: [(&str, &str); 10] = [
    ("lower_process_priority", ",\"nice\":10"),
    ("lower_autogroup_priority", ",\"nice\":10"),
    ("demote_scheduling_class", ",\"class\":\"batch\""),
    ("set_cpu_affinity", ",\"cpus\":\"0-3\""),
    ("throttle_cpu", ",\"percent\":50"),
    ("pause_process", ",\"lasts\":30"),
    ("resume_process", ""),
    ("terminate_process", ""),
    ("lower_io_priority", ",\"level\":7"),
    ("raise_oom_score", ",\"adj\":500"),
];

fn refusal(form: &str, process: &str, rest: &str, desk: &Desk) -> (&'static str, String) {
    let action = action(form, &format!("\"process\":\"{process}\"{rest}"));
    let unfit = plan(&action, ABOUT, desk).expect_err(form);
    (unfit.rule(), unfit.to_string())
}

#[test]
fn a_process_that_ended_or_is_another_or_was_not_issued_is_no_target() {
    for (form, rest) in OF_PROCESSES {
        for (process, reason) in [
            ("process:1000:101", "process 1000 is gone, or another"),
            ("process:4000:100", "process 4000 is gone, or another"),
            ("proc#7", "no process that was issued"),
            ("work", "no process that was issued"),
        ] {
            let (rule, found) = refusal(form, process, rest, &Desk::default());
            assert!(rule == "identity" && found.contains(reason), "{form} {process}: {found}");
        }
        for state in [b'Z', b'X'] {
            let mut desk = Desk::default();
            desk.hog().state = Some(u64::from(state));
            let (rule, found) = refusal(form, "process:1000:100", rest, &desk);
            assert_eq!((rule, found.as_str()), ("identity", "process 1000 has ended"), "{form}");
        }
    }
}

#[test]
fn levels_count_among_tasks_of_one_session_where_no_group_has_the_cpu_controller() {
    let mut desk = Desk::default();
    desk.batch().controllers = Some(b"memory");
    assert!(planned("lower_process_priority", &desk).is_ok(), "its peer is in its session");
    desk.host.autogroup = Some(false);
    desk.at(PEER).session = Some(7);
    assert!(planned("lower_process_priority", &desk).is_ok(), "without autogroups all compete");
    assert_eq!(desk.hog().group, Some(BATCH));
}

#[test]
fn a_group_without_the_cpu_controller_shares_what_the_nearest_above_it_has() {
    let mut desk = Desk::default();
    for group in [BATCH, ALONE] {
        desk.within(group).controllers = Some(b"memory");
    }
    for above in [&b"/user.slice"[..], b"/work.slice"] {
        desk.within(above).controllers = Some(b"cpu memory");
    }
    let unfit = planned("lower_autogroup_priority", &desk).unwrap_err();
    assert_eq!(unfit.rule(), "no_effect", "sessions are nothing below it");
    desk.at(PEER).group = Some(ALONE);
    desk.at(PEER).session = Some(7);
    assert!(planned("lower_process_priority", &desk).is_ok(), "its peer shares it");
    desk.groups.remove(&b"/work.slice"[..]);
    assert_eq!(planned("lower_process_priority", &desk).unwrap_err().rule(), "not_recorded");
}

#[test]
fn a_supervisor_whose_policy_is_not_known_keeps_a_process_from_being_ended() {
    let mut desk = Desk::default();
    desk.batch().restart = None;
    let unfit = planned("terminate_process", &desk).unwrap_err();
    assert_eq!(unfit.to_string(), "the restart policy of the unit is not recorded");
    desk.batch().unit = None;
    assert!(planned("terminate_process", &desk).is_ok(), "what is no unit has no supervisor");
}

#[test]
fn a_server_that_nobody_would_start_again_is_not_ended() {
    let mut desk = Desk::default();
    desk.batch().restart = Some(b"no");
    desk.hog().listening = Some(0);
    assert!(planned("terminate_process", &desk).is_ok(), "nobody waits for it");
    desk.hog().listening = Some(1);
    let unfit = planned("terminate_process", &desk).unwrap_err();
    assert_eq!(unfit.to_string(), "it serves others, and nobody would start it again");
    desk.batch().restart = Some(b"always");
    assert!(planned("terminate_process", &desk).is_ok(), "its supervisor does");
}
