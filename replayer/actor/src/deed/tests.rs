//! Effects on processes of ours, seen from outside.

use ks_vocabulary::decision::Sysctl;

use super::*;
use crate::child::{Child, may_put_back};
use crate::writes::Direct;

fn exact(child: &Child) -> Exact {
    Exact(Entity::Process(child.pid(), child.start()))
}

/// Every effect on a process, with how it is seen from outside.
fn effects(process: &Exact) -> Vec<Effect> {
    let process = || process.clone();
    vec![
        Effect::Nice { process: process(), nice: 5 },
        Effect::Policy { process: process(), policy: 3, reset_on_fork: false },
        Effect::Affinity { process: process(), cpus: Some("0".parse().unwrap()) },
        Effect::IoPriority { process: process(), value: 3 << 13 },
        Effect::OomScore { process: process(), adj: 300 },
        Effect::Autogroup { process: process(), nice: 5 },
        Effect::Signal { process: process(), signal: Signal::Stop },
    ]
}

/// What the kernel says of a process that an effect could change.
fn seen(child: &Child) -> String {
    let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", child.pid()));
    let stat = of("stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let status = of("status").unwrap();
    let cpus = status.lines().find(|line| line.starts_with("Cpus_allowed_list")).unwrap();
    let io = crate::syscalls::io_priority(child.pid()).unwrap();
    let state = if fields[0] == "T" { "stopped" } else { "runs" };
    format!(
        "{state} nice {} policy {} {cpus} io {io} oom {} {}",
        fields[16],
        fields[38],
        of("oom_score_adj").unwrap(),
        of("autogroup").unwrap_or_default()
    )
}

#[test]
fn every_effect_on_a_process_is_seen_and_put_back_exactly() {
    if !may_put_back() {
        return;
    }
    let child = Child::sleeping();
    for effect in effects(&exact(&child)) {
        let before = seen(&child);
        let mut deed = match Deed::of(&effect, &Direct) {
            Ok(deed) => deed,
            Err(Failure::Refused { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("skipped: {effect}: {error}");
                continue;
            }
            Err(error) => unreachable!("{effect}: {error}"),
        };
        assert_eq!(seen(&child), before, "{effect}: looking changes nothing");
        deed.apply(&Direct).unwrap();
        assert_ne!(seen(&child), before, "{effect}");
        let text = serde_json::to_string(&deed).unwrap();
        // Whoever comes next has what is on disk, and nothing else.
        let kept: Deed = serde_json::from_str(&text).unwrap();
        assert_eq!(kept.restore(&Direct).unwrap(), PutBack::Restored, "{effect}");
        assert_eq!(seen(&child), before, "{effect}");
        assert_eq!(kept.restore(&Direct).unwrap(), PutBack::Restored, "{effect}: twice is once");
    }
}

/// An effect that was never made, as after a kill between the note of it and the act.
#[test]
fn what_was_never_done_is_put_back_by_doing_nothing() {
    let child = Child::sleeping();
    for effect in effects(&exact(&child)) {
        let Ok(deed) = Deed::of(&effect, &Direct) else { continue };
        let before = seen(&child);
        assert_eq!(deed.restore(&Direct).unwrap(), PutBack::Restored, "{effect}");
        assert_eq!(seen(&child), before, "{effect}");
    }
}

#[test]
fn one_that_was_stopped_and_goes_on_by_another_hand_is_left_alone() {
    let child = Child::sleeping();
    let effect = Effect::Signal { process: exact(&child), signal: Signal::Continue };
    let held = Held::open(child.pid(), child.start()).unwrap();
    send(&held, Signal::Stop).unwrap();
    let mut deed = Deed::of(&effect, &Direct).unwrap();
    deed.apply(&Direct).unwrap();
    assert!(!is_stopped(&held).unwrap());
    assert_eq!(deed.restore(&Direct).unwrap(), PutBack::Restored);
    assert!(is_stopped(&held).unwrap(), "it stands as it stood");
}

#[test]
fn of_one_that_has_ended_nothing_is_to_be_put_back_and_another_is_never_touched() {
    let child = Child::sleeping();
    let mut deeds: Vec<Deed> = effects(&exact(&child))
        .iter()
        .filter_map(|effect| Deed::of(effect, &Direct).ok())
        .collect();
    assert!(deeds.len() >= 6);
    let other = Exact(Entity::Process(child.pid(), child.start() + 1));
    for effect in effects(&other) {
        assert!(matches!(Deed::of(&effect, &Direct), Err(Failure::Gone { .. })), "{effect}");
    }
    let zombie = child.into_zombie();
    for deed in &mut deeds {
        assert!(matches!(deed.apply(&Direct), Err(Failure::Ended { .. })), "{deed:?}");
        assert_eq!(deed.restore(&Direct).unwrap(), PutBack::Nothing, "{deed:?}");
    }
    drop(zombie);
    for deed in &mut deeds {
        assert!(matches!(deed.apply(&Direct), Err(Failure::Gone { .. })), "{deed:?}");
        assert_eq!(deed.restore(&Direct).unwrap(), PutBack::Nothing, "{deed:?}");
    }
}

#[test]
fn one_that_is_asked_to_end_ends() {
    let child = Child::sleeping();
    let effect = Effect::Signal { process: exact(&child), signal: Signal::Terminate };
    let mut deed = Deed::of(&effect, &Direct).unwrap();
    deed.apply(&Direct).unwrap();
    child.wait_for(b'Z');
    assert_eq!(deed.restore(&Direct).unwrap(), PutBack::Nothing);
}

#[test]
fn a_filesystem_is_synced_and_what_is_none_is_told() {
    let folder = std::env::temp_dir();
    let mount = |path: &[u8]| Exact(Entity::Filesystem(path.to_vec()));
    let path = folder.as_os_str().as_bytes();
    let mut deed = Deed::of(&Effect::SyncFilesystem { mount: mount(path) }, &Direct).unwrap();
    deed.apply(&Direct).unwrap();
    assert_eq!(deed.restore(&Direct).unwrap(), PutBack::Nothing);
    for bad in [mount(b"/nowhere-at-all"), Exact(Entity::Host)] {
        assert!(
            Deed::of(&Effect::SyncFilesystem { mount: bad }, &Direct)
                .unwrap()
                .apply(&Direct)
                .is_err()
        );
    }
}

#[test]
fn an_effect_on_what_it_cannot_be_done_to_is_refused_before_anything_is() {
    let host = || Exact(Entity::Host);
    for effect in effects(&host()) {
        assert!(Deed::of(&effect, &Direct).is_err(), "{effect}");
    }
    let child = Child::sleeping();
    let wide = Effect::Nice { process: exact(&child), nice: i64::MAX };
    assert!(Deed::of(&wide, &Direct).is_err());
    let strange = Effect::Sysctl { key: Sysctl::IpLocalPortRange, text: "; id".to_owned() };
    assert!(Deed::of(&strange, &Direct).unwrap().apply(&Direct).is_err(), "the kernel refuses it");
}
