//! What is not recorded is never guessed: each fact is taken away in turn.

use super::forms::FORMS;
use super::planned;
use crate::desk::Desk;
use ks_vocabulary::decision::{Effect, Plan, Sysctl};

type Fact = (&'static str, fn(&mut Desk));

macro_rules! facts {
    ($($of:ident $prefix:literal: $($field:ident)+;)+) => {
        &[$($((concat!($prefix, ".", stringify!($field)), |desk: &mut Desk| {
            for facts in desk.$of.values_mut() {
                facts.$field = None;
            }
        })),+),+]
    };
}

macro_rules! of_host {
    ($($field:ident)+) => {
        &[$((concat!("h.", stringify!($field)), |desk: &mut Desk| desk.host.$field = None)),+]
    };
}

/// Facts of every process, group and disk.
const FACTS: &[Fact] = facts! {
    processes "p": ppid comm group state nice policy rss_bytes oom_score_adj session uid is_kernel
        exe autogroup_nice reset_on_fork io_priority cpus_allowed listening;
    groups "g": inode unit controllers cpu_quota_us cpu_period_us cpu_weight cpus_used memory_bytes
        anon_bytes file_bytes swap_bytes pids io_bytes_per_s io_max io_weight io_bfq_weight frozen
        restart watchdog_us;
    disks "d": device scheduler read_ahead_kb;
};

const OF_HOST: &[Fact] = of_host!(cpus memory_bytes available_bytes swap_bytes swap_free_bytes
    dirty_bytes autogroup syncookies ports);

const SYSCTLS: &[Fact] = &[
    ("s.netdev_max_backlog", |desk| forget(desk, Sysctl::NetdevMaxBacklog)),
    ("s.somaxconn", |desk| forget(desk, Sysctl::Somaxconn)),
    ("s.tcp_fin_timeout", |desk| forget(desk, Sysctl::TcpFinTimeout)),
    ("s.tcp_max_syn_backlog", |desk| forget(desk, Sysctl::TcpMaxSynBacklog)),
    ("s.tcp_tw_reuse", |desk| forget(desk, Sysctl::TcpTwReuse)),
    ("s.nf_conntrack_max", |desk| forget(desk, Sysctl::NfConntrackMax)),
    ("s.dirty_background_bytes", |desk| forget(desk, Sysctl::DirtyBackgroundBytes)),
    ("s.dirty_background_ratio", |desk| forget(desk, Sysctl::DirtyBackgroundRatio)),
    ("s.swappiness", |desk| forget(desk, Sysctl::Swappiness)),
    ("listened", |desk| desk.listened = None),
];

fn forget(desk: &mut Desk, key: Sysctl) {
    desk.sysctls.remove(&key);
}

fn without(change: fn(&mut Desk)) -> Desk {
    let mut desk = Desk::default();
    change(&mut desk);
    desk
}

#[test]
fn a_fact_that_is_absent_refuses_what_rests_on_it_and_changes_nothing_else() {
    for form in FORMS {
        let whole = planned(form.name, &Desk::default()).expect(form.name);
        let mut needs: Vec<&str> = form.needs.split_whitespace().collect();
        for (fact, change) in [FACTS, OF_HOST, SYSCTLS].concat() {
            let needed = needs.iter().position(|need| *need == fact);
            match (planned(form.name, &without(change)), needed) {
                (Ok(plan), None) => assert_eq!(plan, whole, "{} without {fact}", form.name),
                (Err(unfit), Some(at)) => {
                    assert_eq!(unfit.rule(), "not_recorded", "{}: {fact}: {unfit}", form.name);
                    needs.remove(at);
                }
                (Ok(_), Some(_)) => panic!("{} is planned without {fact}", form.name),
                (Err(unfit), None) => panic!("{} is refused without {fact}: {unfit}", form.name),
            }
        }
        assert!(needs.is_empty(), "{}: {needs:?} are no facts", form.name);
    }
}

fn restored(plan: &Plan) -> &str {
    let Some(Effect::GroupFile { text, .. }) = plan.undo.first().map(|step| &step.restore) else {
        panic!("no file is put back: {plan:?}")
    };
    text
}

#[test]
fn a_limit_that_is_absent_is_none_and_put_back_as_none() {
    let cases: [Fact; 3] = [
        ("limit_cgroup_pids", |desk| desk.batch().pids_max = None),
        ("limit_cgroup_memory_high", |desk| desk.batch().memory_high_bytes = None),
        ("limit_cgroup_swap", |desk| desk.batch().swap_max_bytes = None),
    ];
    for (form, change) in cases {
        let whole = planned(form, &Desk::default()).expect(form);
        let plan = planned(form, &without(change)).expect(form);
        assert_eq!((&plan.effects, restored(&plan)), (&whole.effects, "max"), "{form}");
    }
}

#[test]
fn a_group_or_a_disk_that_is_not_known_at_all_refuses_what_needs_it() {
    for form in FORMS {
        let mut needs = form.needs.split_whitespace();
        let needs_group = needs.clone().any(|need| need.starts_with("g."));
        let groups = planned(form.name, &without(|desk| desk.groups.clear()));
        assert_eq!(groups.is_err(), needs_group, "{}", form.name);
        let needs_disk = needs.any(|need| need.starts_with("d."));
        let disks = planned(form.name, &without(|desk| desk.disks.clear()));
        assert_eq!(disks.is_err(), needs_disk, "{}", form.name);
    }
}
