//! Whatever the facts and whatever is asked for: a plan is sound, or there is none.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::checks::{assert_sound, is_plain};
use super::{ABOUT, plan, planned};
use crate::desk::{BATCH, Desk, of_version_1};
use crate::facts::{GroupFacts, HostFacts, ProcessFacts};
use ks_vocabulary::action::{Action, ActionKind, Risk};
use ks_vocabulary::decision::Sysctl;

const SCHEDULERS: &[&[u8]] = &[b"bfq", b"bfq", b"mq-deadline", b"none"];
const IO_LIMITS: &[&[u8]] = &[
    b"",
    b"8:0 rbps=max wbps=1000000 riops=50",
    b"8:16 wbps=10\n8:0 wiops=3 rbps=99",
    b"8:0 rbps=1e9",
];

/// Any number, most often one that limits are near.
fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![0..20u64, 0..200u64, 0..70_000u64, 0..(1u64 << 32), any::<u64>()]
}

fn maybe<T: core::fmt::Debug + Clone + 'static>(
    of: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![1 => Just(None), 9 => of.prop_map(Some)]
}

fn cpus() -> impl Strategy<Value = Option<&'static [u8]>> {
    let lists: &[&[u8]] = &[b"0", b"0-7", b"0-3", b"4-7", b"0-2,7", b"1,3,5", b"0-15", b"ff", b""];
    maybe(prop::sample::select(lists))
}

prop_compose! {
    fn any_process()(
        state in maybe(prop::sample::select(&b"RSDTZXt"[..])),
        nice in maybe(-20..=19i64),
        policy in maybe(prop::sample::select(&[0u64, 0, 0, 1, 2, 3, 5, 6][..])),
        autogroup_nice in maybe(-20..=19i64),
        oom_score_adj in maybe(-1000..=1000i64),
        io_priority in maybe((0..4u64, 0..8u64).prop_map(|(class, level)| class << 13 | level)),
        cpus_allowed in cpus(),
        reset_on_fork in maybe(any::<bool>()),
        listening in maybe(0..2u64),
    ) -> ProcessFacts<'static> {
        let state = state.map(u64::from);
        let known = Desk::default().processes[&crate::desk::HOG];
        ProcessFacts {
            state, nice, policy, oom_score_adj, autogroup_nice, reset_on_fork, io_priority,
            cpus_allowed, listening, ..known
        }
    }
}

prop_compose! {
    fn any_group()(
        quota in maybe(prop_oneof![Just(-1i64), 1000..2_000_000i64]),
        cpu_period_us in maybe(1000..=1_000_000u64),
        cpu_weight in maybe(1..=10_000u64),
        io_bfq_weight in maybe(1..=1000u64),
        cpus_used in maybe(0.0..16.0f64),
        [memory_bytes, anon_bytes, swap_bytes] in [maybe(any_number()), maybe(any_number()),
            maybe(any_number())],
        [memory_high_bytes, swap_max_bytes, pids_max] in [maybe(any_number()),
            maybe(any_number()), maybe(any_number())],
        pids in maybe(0..5000u64),
        rates in maybe((0.0..1e10f64, 0.0..1e10f64)),
        io_max in maybe(prop::sample::select(IO_LIMITS)),
        [bare, frozen] in any::<[bool; 2]>(),
        watchdog_us in maybe(prop_oneof![Just(0u64), 1..90_000_000u64]),
    ) -> GroupFacts<'static> {
        let known = crate::desk::group(BATCH);
        let controllers = if bare { Some(&b"pids"[..]) } else { known.controllers };
        GroupFacts {
            controllers, cpu_quota_us: quota, cpu_period_us, cpu_weight, cpus_used,
            memory_bytes, anon_bytes, memory_high_bytes, swap_bytes, swap_max_bytes, pids,
            pids_max, io_bytes_per_s: rates, io_max, io_bfq_weight, frozen: Some(frozen),
            watchdog_us, ..known
        }
    }
}

prop_compose! {
    fn any_host()(
        cpus in maybe(1..=16u64),
        [memory_bytes, available_bytes, swap_bytes] in [maybe(any_number()),
            maybe(any_number()), maybe(any_number())],
        [swap_free_bytes, dirty_bytes] in [maybe(any_number()), maybe(any_number())],
        autogroup in maybe(any::<bool>()),
        syncookies in maybe(0..3u64),
        ports in maybe(prop_oneof![Just((32_768, 60_999)), (1..=65_535u64, 1..=65_535u64)]),
    ) -> HostFacts {
        HostFacts {
            cpus, memory_bytes, available_bytes, swap_bytes, swap_free_bytes, dirty_bytes,
            autogroup, syncookies, ports, recorder_pid: 900,
        }
    }
}

prop_compose! {
    fn any_desk()(
        process in any_process(),
        group in any_group(),
        host in any_host(),
        scheduler in maybe(prop::sample::select(SCHEDULERS)),
        read_ahead_kb in maybe(0..8192u64),
        sysctls in prop::collection::vec(
            prop_oneof![Just(0u64), 0..100u64, 0..70_000u64],
            Sysctl::ALL.len(),
        ),
        known in prop::collection::vec(prop::bool::weighted(0.9), Sysctl::ALL.len()),
        listened in maybe(prop::collection::vec(1..65_535u64, 0..3)),
    ) -> Desk {
        let mut desk = Desk { host, listened, ..Desk::default() };
        *desk.hog() = process;
        *desk.batch() = group;
        (desk.sda().scheduler, desk.sda().read_ahead_kb) = (scheduler, read_ahead_kb);
        let each = Sysctl::ALL.iter().zip(sysctls).zip(known);
        let known = each.filter(|(_, is_known)| *is_known);
        desk.sysctls = known.map(|((key, value), _)| (*key, value)).collect();
        desk
    }
}

/// An action of any form with any numbers; many are out of bounds and read as none.
pub(crate) fn action_of(kind: ActionKind, numbers: [u64; 2]) -> Option<Action> {
    let [one, two] = numbers;
    let text = ["batch", "idle"][usize::from(two.is_multiple_of(2))];
    let list = if two.is_multiple_of(3) {
        format!("{}", one % 9)
    } else {
        format!("{}-{}", one % 5, two % 9)
    };
    let limits = ["rbps", "wbps", "riops", "wiops"];
    let limit = limits[usize::try_from(two % 4).expect("it is below four")];
    let fields = kind.form().fields.iter().map(|field| {
        let value = match field.name {
            "process" => json!("process:1000:100"),
            "group" => json!("/work.slice/batch.service"),
            "disk" => json!("8:0"),
            "mount" => json!("mnt#1"),
            "nic" => json!("if#1"),
            "class" => json!(text),
            "cpus" => json!(list),
            "limit" => json!({ limit: one }),
            "level" if two.is_multiple_of(5) => json!("idle"),
            "high" => json!(two % 70_000),
            _ => json!(one),
        };
        (field.name.to_string(), value)
    });
    let fields: serde_json::Map<_, _> = fields.collect();
    let name = kind.name();
    let written = if fields.is_empty() { json!(name) } else { json!({ name: fields }) };
    serde_json::from_value(written).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_plan_favours_nobody_and_puts_back_what_was(
        mut desk in any_desk(),
        kind in prop::sample::select(ActionKind::ALL.to_vec()),
        numbers in [any_number(), any_number()],
        is_of_version_1 in any::<bool>(),
    ) {
        if is_of_version_1 {
            let known = *desk.batch();
            *desk.batch() = GroupFacts { cpu_shares: known.cpu_weight, ..of_version_1(&known) };
        }
        let Some(action) = action_of(kind, numbers) else { return Ok(()) };
        match plan(&action, ABOUT, &desk) {
            Ok(plan) if kind.form().risk == Risk::Info => prop_assert!(plan.effects.is_empty()),
            Ok(plan) => assert_sound(&plan, &desk),
            Err(_) => {}
        }
    }
}

/// Samples in which every form comes out planned.
const SAMPLES: usize = 20_000;

#[test]
fn the_property_is_of_every_form_that_can_be_planned() {
    let mut runner = TestRunner::deterministic();
    let kinds = prop::sample::select(ActionKind::ALL.to_vec());
    let samples = (any_desk(), kinds, [any_number(), any_number()]);
    let mut left: Vec<&str> = super::forms::FORMS.iter().map(|form| form.name).collect();
    for _ in 0..SAMPLES {
        let (desk, kind, numbers) = samples.new_tree(&mut runner).unwrap().current();
        let Some(action) = action_of(kind, numbers) else { continue };
        if plan(&action, ABOUT, &desk).is_ok() {
            left.retain(|name| *name != kind.name());
        }
    }
    assert!(left.is_empty(), "never planned: {left:?}");
}

#[test]
fn every_form_of_the_table_is_sound() {
    for form in super::forms::FORMS {
        let desk = Desk::default();
        assert_sound(&planned(form.name, &desk).expect(form.name), &desk);
    }
}

#[test]
fn a_text_that_is_no_plain_number_is_told_from_one_that_is() {
    for text in ["0", "max", "50000 100000", "max 100000", "8:0 wbps=10", "8:0 riops=max"] {
        assert!(is_plain(text), "{text}");
    }
    for text in [
        "",
        "-1",
        "+1",
        "1e9",
        "0x10",
        "010",
        "1.5",
        "1 2 3",
        "8:0 wbps=1e9",
        "8:0 max=1",
        "1\n",
        " 1",
        "1  2",
        "8:0",
        "8:0 wbps=0 rbps=0",
        "٥",
    ] {
        assert!(!is_plain(text), "{text}");
    }
}
