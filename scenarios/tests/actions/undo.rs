//! What an action overwrites can be told before, and put back after.

use ks_scenarios::action::Refused;
use ks_scenarios::scenario::Scenario;
use ks_scenarios::settings::{GroupSetting, ProcessSetting, Setting};
use ks_vocabulary::action::{Action, ActionKind, Undo};
use proptest::prelude::*;

use crate::lab::{HOST, Lab, parse};

/// Every modelled form with an exact undo; `N` is a number of the range.
const FORMS: [(&str, u64, u64); 21] = [
    (r#"{ lower_process_priority = { process = "batch", nice = N } }"#, 1, 19),
    (r#"{ lower_autogroup_priority = { process = "batch", nice = N } }"#, 1, 19),
    (r#"{ demote_scheduling_class = { process = "batch", class = "idle" } }"#, 1, 1),
    (r#"{ set_cpu_affinity = { process = "batch", cpus = "N" } }"#, 0, 1),
    (r#"{ throttle_cpu = { process = "batch", percent = N } }"#, 1, 100),
    (r#"{ limit_cgroup_cpu = { group = "/batch.slice", percent = N } }"#, 1, 100),
    (r#"{ lower_cpu_weight = { group = "/batch.slice", weight = N } }"#, 1, 99),
    (r#"{ limit_cgroup_pids = { group = "/batch.slice", max = N } }"#, 1, 1000),
    (r#"{ pause_process = { process = "batch", lasts = N } }"#, 1, 60),
    (r#"{ freeze_cgroup = { group = "/batch.slice", lasts = N } }"#, 1, 60),
    (r#"{ lower_io_priority = { process = "batch", level = N } }"#, 4, 7),
    (r#"{ lower_io_weight = { group = "/batch.slice", weight = N } }"#, 1, 99),
    (
        r#"{ throttle_io = { group = "/batch.slice", disk = "sda", limit = { riops = N } } }"#,
        10,
        1000,
    ),
    ("{ lower_dirty_background = { percent = N } }", 1, 20),
    (r#"{ reduce_readahead = { disk = "sda", kb = N } }"#, 16, 4096),
    ("{ reduce_swappiness = { value = N } }", 1, 100),
    (r#"{ limit_cgroup_memory_high = { group = "/batch.slice", bytes = N } }"#, 16 << 20, 1 << 30),
    (r#"{ limit_cgroup_swap = { group = "/batch.slice", bytes = N } }"#, 4096, 1 << 30),
    (r#"{ raise_oom_score = { process = "batch", adj = N } }"#, 1, 900),
    ("{ increase_tcp_backlog = { value = N } }", 128, 65_536),
    ("{ increase_somaxconn = { value = N } }", 128, 65_535),
];
const MORE: [&str; 7] = [
    "{ widen_port_range = { low = 1024, high = 65000 } }",
    r#""enable_tw_reuse""#,
    r#"{ force_network_speed = { nic = "eth0", mbit = 100 } }"#,
    r#"{ demote_scheduling_class = { process = "batch", class = "batch" } }"#,
    r#"{ throttle_io = { group = "/batch.slice", disk = "sda", limit = { rbps = "1MiB" } } }"#,
    r#"{ throttle_io = { group = "/batch.slice", disk = "sda", limit = { wbps = "1MiB" } } }"#,
    r#"{ throttle_io = { group = "/batch.slice", disk = "sda", limit = { wiops = 100 } } }"#,
];

/// Any modelled action that writes a value.
fn actions() -> impl Strategy<Value = Action> {
    let forms = (0..FORMS.len(), any::<u64>()).prop_map(|(at, number)| {
        let (text, low, high) = FORMS[at];
        parse(&text.replace('N', &(low + number % (high - low + 1)).to_string()))
    });
    prop_oneof![3 => forms, 1 => (0..MORE.len()).prop_map(|at| parse(MORE[at]))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Done one after the other and taken back the last first, nothing is left of them.
    #[test]
    fn what_actions_overwrote_is_put_back(all in prop::collection::vec(actions(), 1..8)) {
        let mut lab = Lab::new("");
        let before: Vec<_> = all.iter().map(|one| lab.simulation.settings(one).unwrap()).collect();
        let mut priors = Vec::new();
        for action in &all {
            let prior = lab.simulation.settings(action).unwrap();
            lab.simulation.act(action).unwrap();
            let after = lab.simulation.settings(action).unwrap();
            prop_assert_eq!(&after.before, &prior.written, "it is read as it was said");
            priors.push(prior);
        }
        for prior in priors.iter().rev() {
            lab.simulation.restore(prior).unwrap();
            if prior.before != prior.written {
                let again = lab.simulation.restore(prior).unwrap_err();
                prop_assert!(matches!(again, Refused::Superseded { .. }), "{again:?}");
            }
        }
        for (action, before) in all.iter().zip(&before) {
            let now = lab.simulation.settings(action).unwrap();
            prop_assert_eq!(&now, before);
        }
    }
}

#[test]
fn every_modelled_form_with_an_exact_undo_tells_what_it_overwrites() {
    let lab = Lab::new("");
    let forms = FORMS.iter().map(|(text, low, _)| parse(&text.replace('N', &low.to_string())));
    let all: Vec<Action> = forms.chain(MORE.iter().map(|text| parse(text))).collect();
    for action in &all {
        assert!(lab.simulation.settings(action).is_some(), "{}", action.name());
    }
    let not_modelled = ["reduce_fin_timeout", "raise_conntrack_max", "raise_netdev_backlog"];
    for kind in ActionKind::ALL.into_iter().filter(|kind| kind.form().undo == Undo::Exact) {
        let is_tried = all.iter().any(|action| action.kind() == kind);
        assert!(is_tried != not_modelled.contains(&kind.name()), "{}", kind.name());
    }
}

#[test]
fn what_is_done_once_or_cannot_be_done_overwrites_nothing() {
    let lab = Lab::new("");
    for action in [
        r#"{ terminate_process = { process = "batch" } }"#,
        r#"{ resume_process = { process = "batch" } }"#,
        r#"{ reclaim_cgroup_memory = { group = "/batch.slice", bytes = "1MiB" } }"#,
        r#"{ flush_buffers = { mount = "/" } }"#,
        "{ clear_page_cache = { level = 1 } }",
        "{ reduce_fin_timeout = { seconds = 15 } }",
        r#"{ lower_process_priority = { process = "nobody", nice = 5 } }"#,
        r#"{ set_cpu_affinity = { process = "batch", cpus = "7" } }"#,
        r#""check_pressure""#,
    ] {
        assert_eq!(lab.simulation.settings(&parse(action)), None, "{action}");
    }
}

#[test]
fn a_value_of_somebody_else_is_left_and_said_to_have_superseded_it() {
    let mut lab = Lab::new("");
    let nice = |level| {
        parse(&format!("{{ lower_process_priority = {{ process = \"batch\", nice = {level} }} }}"))
    };
    let prior = lab.simulation.settings(&nice(5)).unwrap();
    lab.simulation.act(&nice(5)).unwrap();
    lab.simulation.act(&nice(7)).unwrap();
    let refused = lab.simulation.restore(&prior).unwrap_err().to_string();
    assert!(refused.starts_with("superseded: Nice(5) of process:"), "{refused}");
    let Some(Setting::Process { value, .. }) =
        lab.simulation.settings(&nice(1)).map(|one| one.before)
    else {
        panic!("a process has a nice level");
    };
    assert_eq!(value, ProcessSetting::Nice(7));
    // A pause that is over has been superseded by time.
    let pause = parse(r#"{ pause_process = { process = "batch", lasts = "3s" } }"#);
    let prior = lab.simulation.settings(&pause).unwrap();
    lab.simulation.act(&pause).unwrap();
    lab.run(5);
    let refused = lab.simulation.restore(&prior);
    assert!(matches!(refused, Err(Refused::Superseded { .. })), "{refused:?}");
}

#[test]
fn another_process_of_the_same_name_is_not_given_what_was_before() {
    let name = r#"{ name = "batch", group = "/batch.slice", restarts = "1s","#;
    let text = HOST.replace(r#"{ name = "batch", group = "/batch.slice","#, name);
    let mut lab = Lab::of(&Scenario::parse(&text, "undo.toml").unwrap(), 30);
    let idle = parse(MORE[3]);
    let prior = lab.simulation.settings(&idle).unwrap();
    lab.simulation.act(&idle).unwrap();
    lab.act(r#"{ terminate_process = { process = "batch" } }"#).unwrap();
    lab.run(10);
    let refused = lab.simulation.restore(&prior);
    assert!(matches!(refused, Err(Refused::Missing { .. })), "{refused:?}");
}

#[test]
fn values_are_rounded_as_the_kernel_rounds_them() {
    let lab = Lab::new("");
    let written = |action: &str| lab.simulation.settings(&parse(action)).unwrap().written;
    let high = r#"{ limit_cgroup_memory_high = { group = "/batch.slice", bytes = 838860801 } }"#;
    let Setting::Group { value, .. } = written(high) else { panic!("it is one of a group") };
    assert_eq!(value, GroupSetting::MemoryHigh(Some(838_860_800)));
    let read_ahead = written(r#"{ reduce_readahead = { disk = "sda", kb = 63 } }"#);
    assert_eq!(read_ahead.to_string(), "ReadAhead(60) of the host");
}
