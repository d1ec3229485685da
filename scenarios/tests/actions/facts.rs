//! What seldom changes is told when an action changes it, and in keyframes.

use ks_vocabulary::model::{CgroupSettings, Process, ProcessFacts, Sample, Sysctls};

use crate::lab::Lab;

fn of_batch(lab: &Lab) -> Option<ProcessFacts> {
    let pid = lab.rows[b"batch".as_slice()].pid();
    lab.last.process_facts.iter().find(|row| row.pid() == pid).cloned()
}

fn settings(sample: &Sample) -> Option<&CgroupSettings> {
    sample.cgroup_settings.iter().find(|row| row.path() == Some(b"/batch.slice"))
}

#[test]
fn facts_of_a_process_change_with_what_is_done_to_it() {
    let mut lab = Lab::rotating("");
    assert_eq!(of_batch(&lab), None, "nothing is news");
    for action in [
        r#"{ lower_autogroup_priority = { process = "batch", nice = 15 } }"#,
        r#"{ lower_io_priority = { process = "batch", level = "idle" } }"#,
        r#"{ set_cpu_affinity = { process = "batch", cpus = "0" } }"#,
    ] {
        lab.act(action).unwrap();
    }
    lab.run(1);
    let row = of_batch(&lab).unwrap();
    let pid = lab.rows[b"batch".as_slice()].pid();
    assert_eq!((row.session(), row.autogroup()), (pid, pid), "it leads a session of its own");
    assert_eq!((row.autogroup_nice(), row.io_priority()), (Some(15), Some(3 << 13)));
    assert_eq!(row.cpus_allowed(), Some(b"0".as_slice()));
    assert_eq!((row.uid() >= Some(1000), row.is_kernel()), (true, Some(false)));
    assert!(row.exe_inode() > Some(1024) && row.exe_device() == Some(8 << 20 | 1));
    assert_eq!(lab.last.process_facts.as_slice().len(), 1, "of no other process");
    lab.run(1);
    assert_eq!(of_batch(&lab), None);
}

#[test]
fn settings_of_a_group_change_with_what_is_done_to_it_and_when_it_thaws() {
    let mut lab = Lab::rotating("");
    lab.act(r#"{ freeze_cgroup = { group = "/batch.slice", lasts = "3s" } }"#).unwrap();
    let limit = r#"{ group = "/batch.slice", disk = "sda", limit = { riops = 20 } }"#;
    lab.act(&format!("{{ throttle_io = {limit} }}")).unwrap();
    lab.act(r#"{ lower_io_weight = { group = "/batch.slice", weight = 10 } }"#).unwrap();
    lab.run(1);
    let row = settings(&lab.last).unwrap();
    assert_eq!((row.frozen(), row.io_bfq_weight()), (Some(true), Some(10)));
    let line = b"8:0 rbps=max wbps=max riops=20 wiops=max".as_slice();
    assert_eq!((row.io_max(), row.restart()), (Some(line), None));
    let thawed = (0..5).any(|_| {
        lab.run(1);
        settings(&lab.last).is_some_and(|row| row.frozen() == Some(false))
    });
    assert!(thawed, "it thaws by itself");
}

#[test]
fn settings_of_the_host_change_with_what_is_done_to_it() {
    let mut lab = Lab::rotating("");
    let kb = |lab: &Lab| lab.last.disks.first().unwrap().read_ahead_kb();
    assert_eq!((kb(&lab), lab.last.sysctls.read()), (Some(128), None));
    lab.act(r#"{ reduce_readahead = { disk = "sda", kb = 16 } }"#).unwrap();
    lab.act("{ reduce_swappiness = { value = 1 } }").unwrap();
    lab.act(r#""enable_tw_reuse""#).unwrap();
    lab.run(1);
    let row = lab.last.sysctls.first().unwrap();
    assert_eq!((row.swappiness(), row.tcp_tw_reuse()), (Some(1), Some(1)));
    assert_eq!((row.dirty_ratio(), row.dirty_background_ratio()), (Some(20), Some(10)));
    assert_eq!((kb(&lab), row.nf_conntrack_max()), (Some(16), None));
    lab.run(1);
    assert_eq!(lab.last.sysctls.first().and_then(Sysctls::swappiness), None);
}

#[test]
fn a_keyframe_has_the_facts_of_all() {
    let mut lab = Lab::rotating("");
    let all = (0..60).any(|_| {
        lab.run(1);
        lab.last.processes_complete
    });
    assert!(all, "once a minute");
    let facts: Vec<_> = lab.last.process_facts.iter().map(ProcessFacts::pid).collect();
    let there: Vec<_> = lab.last.processes.iter().map(Process::pid).collect();
    assert_eq!(facts, there);
    let kernel = lab.last.process_facts.iter().filter(|row| row.is_kernel() == Some(true));
    assert_eq!(kernel.count(), 1, "the thread that reclaims");
    let groups = lab.last.cgroups.as_slice().len();
    assert_eq!(lab.last.cgroup_settings.as_slice().len(), groups);
}
