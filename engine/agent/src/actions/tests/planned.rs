//! What each form is carried out as, to the byte, and that none is forgotten.

use serde_json::Value;

use super::forms::FORMS;
use super::{ABOUT, action, plan, planned};
use crate::actions::{About, advice};
use crate::desk::Desk;
use ks_vocabulary::action::{ActionKind, Risk, Undo};
use ks_vocabulary::decision::Effect;

/// Forms that no recording lets anyone plan.
const NEVER: [(&str, &str, &str); 2] = [
    ("clear_page_cache", "\"level\":1", "that nobody will read again what the caches hold"),
    ("force_network_speed", "\"nic\":\"if#1\",\"mbit\":1000", "which link modes"),
];

fn written(effect: &Effect) -> Value {
    serde_json::to_value(effect).expect("an effect is written")
}

fn read(text: &str) -> Value {
    let full = text
        .replace("$BATCH", "cgroup:/work.slice/batch.service@inode:7000")
        .replace("$ALONE", "cgroup:/work.slice/alone.service@inode:7000");
    serde_json::from_str(&full).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn each_form_is_carried_out_as_it_says_and_put_back_as_it_was() {
    let desk = Desk::default();
    for form in FORMS {
        let plan =
            planned(form.name, &desk).unwrap_or_else(|unfit| panic!("{}: {unfit}", form.name));
        let effects: Vec<Value> = plan.effects.iter().map(written).collect();
        assert_eq!(effects, [read(form.effect)], "{}", form.name);
        let restored = plan.undo.iter().map(|step| written(&step.restore));
        let wanted = if form.restore.is_empty() { vec![] } else { vec![read(form.restore)] };
        assert_eq!(restored.collect::<Vec<_>>(), wanted, "{}", form.name);
        let kept = plan.undo.iter().map(|step| written(&step.written)).collect::<Vec<_>>();
        assert!(
            kept.is_empty() || kept == effects,
            "{}: undo waits for what was written",
            form.name
        );
        let stops = ["pause_process", "freeze_cgroup"].contains(&form.name);
        assert_eq!(plan.lasts_s, stops.then_some(30), "{}", form.name);
    }
}

#[test]
fn every_kind_is_planned_or_says_why_never() {
    let desk = Desk::default();
    for kind in ActionKind::ALL {
        let (name, form) = (kind.name(), kind.form());
        let row = FORMS.iter().find(|row| row.name == name);
        let never = NEVER.iter().find(|(never, ..)| *never == name);
        match (form.risk, row, never) {
            (Risk::Info, None, None) => assert!(advice(kind).is_none(), "{name} only looks"),
            (Risk::Reversible | Risk::Disruptive, Some(row), None) => {
                let plan = planned(name, &desk).expect(name);
                assert!(!plan.effects.is_empty(), "{name} has nothing to carry out");
                assert_eq!(form.undo == Undo::Exact, !plan.undo.is_empty(), "{name}");
                assert_eq!(action(name, row.parameters).kind(), kind);
                assert!(advice(kind).is_some(), "{name}");
            }
            (Risk::Reversible | Risk::Disruptive, None, Some((_, parameters, reason))) => {
                let unfit = plan(&action(name, parameters), ABOUT, &desk).expect_err(name);
                assert_eq!(unfit.rule(), "not_recorded");
                assert!(unfit.to_string().contains(reason), "{unfit}");
            }
            (risk, ..) => panic!("{name}, {risk:?}, is in no table, or in both"),
        }
    }
    assert_eq!(FORMS.len() + NEVER.len(), 33);
}

#[test]
fn what_only_looks_has_nothing_to_carry_out() {
    let desk = Desk::default();
    for (form, parameters) in [
        ("list_top_memory", "\"count\":10"),
        ("list_top_cpu", "\"count\":10"),
        ("check_io_activity", "\"count\":10"),
        ("check_network_stats", ""),
        ("check_tcp_stats", ""),
        ("monitor_swap", "\"lasts\":5"),
        ("list_blocked_tasks", "\"count\":10"),
        ("show_cgroup_usage", "\"group\":\"/work.slice/batch.service\""),
        ("show_process", "\"process\":\"process:1000:100\""),
        ("check_disk_space", ""),
        ("list_sockets", "\"process\":\"process:1000:100\""),
        ("check_pressure", ""),
    ] {
        let plan = plan(&action(form, parameters), ABOUT, &desk).expect(form);
        assert!(plan.effects.is_empty() && plan.undo.is_empty(), "{form}");
    }
}

#[test]
fn which_disk_or_filesystem_is_meant_has_to_be_known() {
    let desk = Desk::default();
    let needing = ["lower_io_priority", "lower_io_weight", "flush_buffers", "reduce_readahead"];
    for form in FORMS {
        let result = plan(&action(form.name, form.parameters), About::default(), &desk);
        let refused = result.err().map(|unfit| unfit.rule());
        let wanted = needing.contains(&form.name).then_some("not_recorded");
        assert_eq!(refused, wanted, "{}", form.name);
    }
}
