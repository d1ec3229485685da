//! Two hundred proposals by seed: whatever is approved is sound, and touches nothing protected.

use ks_vocabulary::action::{Action, ActionKind, Risk};
use ks_vocabulary::decision::{Effect, Mode};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::random::Random;
use serde_json::Value;

use super::bench::Bench;
use crate::actions::plan;
use crate::actions::tests::checks::assert_sound;
use crate::actions::tests::properties::action_of;
use crate::desk::{ALONE, BATCH, HOG, PEER, SOLO};

const PROPOSALS: u64 = 200;
/// Those that a test of nothing would be content with.
const APPROVED_MIN: usize = 20;

fn pick<T: Clone>(random: &mut Random, of: &[T]) -> T {
    let at = random.next_u64() % of.len() as u64;
    of[usize::try_from(at).unwrap()].clone()
}

/// A number, most often one within some bounds.
fn number(random: &mut Random) -> u64 {
    let most = pick(random, &[20, 100, 5_000, 70_000, 2_000_000_000, u64::MAX]);
    random.next_u64() % most
}

/// The action with another target in place of its own, and that target.
fn retarget(bench: &mut Bench, random: &mut Random) {
    let mut written = serde_json::to_value(&bench.proposal.action).unwrap();
    let Some(fields) = written.as_object_mut().and_then(|form| form.values_mut().next()) else {
        bench.proposal.target = Entity::Host;
        return;
    };
    if fields.get("process").is_some() {
        let mut keys: Vec<_> =
            bench.desk.processes.keys().copied().filter(|key| key.0 > 2).collect();
        keys.extend([HOG; 8]);
        let (pid, start) = pick(random, &keys);
        fields["process"] = Value::String(format!("process:{pid}:{start}"));
        bench.proposal.target = Entity::Process(pid, start);
    } else if fields.get("group").is_some() {
        let mut paths: Vec<_> =
            bench.desk.groups.keys().filter(|path| *path != b"/").cloned().collect();
        paths.extend([BATCH; 8].map(<[u8]>::to_vec));
        let path = pick(random, &paths);
        fields["group"] = Value::String(String::from_utf8(path.clone()).unwrap());
        bench.proposal.target = Entity::Cgroup(Group::at(&path));
    } else if fields.get("disk").is_some() {
        bench.proposal.target = Entity::Disk(b"sda".to_vec());
    } else {
        bench.proposal.target = Entity::Host;
    }
    bench.proposal.action = serde_json::from_value(written).unwrap();
}

fn proposed(seed: u64) -> Option<Bench> {
    let mut random = Random::stream(seed, "hostile");
    let mut bench = Bench::default();
    bench.config.mode = pick(&mut random, &[Mode::Auto, Mode::Auto, Mode::Propose, Mode::Observe]);
    let kind = pick(&mut random, &ActionKind::ALL);
    let tries: Vec<_> = (0..256).map(|_| [number(&mut random), number(&mut random)]).collect();
    let mut made = tries.into_iter().filter_map(|numbers| action_of(kind, numbers));
    // Every second one is of numbers that fit the host.
    let wants_fit = random.next_u64().is_multiple_of(2);
    let fits = |action: &Action| plan(action, bench.proposal.about(), &bench.desk).is_ok();
    bench.proposal.action = made.find(|action| !wants_fit || fits(action))?;
    retarget(&mut bench, &mut random);
    let target = bench.proposal.target.clone();
    let diagnosed = [Some(target.clone()), Some(target), None, Some(Entity::Process(HOG.0, HOG.1))];
    bench.proposal.diagnosed = pick(&mut random, &diagnosed);
    let evidence = [(1..=10).collect(), (1..=10).collect(), (1..=10).collect(), vec![1, 99]];
    bench.proposal.evidence = pick(&mut random, &evidence);
    if random.next_u64().is_multiple_of(8) {
        // What is said to be meant, and what is named, are two.
        bench.proposal.target = pick(&mut random, &[Entity::Host, Entity::Process(SOLO.0, SOLO.1)]);
    }
    Some(bench)
}

pub(super) fn assert_unprotected(effect: &Effect) {
    let written = serde_json::to_value(effect).unwrap();
    let of = |key: &str| written.get(key).and_then(Value::as_str).map(str::to_string);
    if let Some(process) = of("process") {
        let keys = [HOG, PEER, SOLO, crate::desk::PAUSED];
        let free = keys.map(|(pid, start)| format!("process:{pid}:{start}"));
        assert!(free.contains(&process), "{process} is protected");
    }
    if let Some(group) = of("group") {
        let free = [BATCH, ALONE].map(|path| format!("cgroup:{}@inode:7000", path.escape_ascii()));
        assert!(free.contains(&group), "{group} is protected");
    }
}

#[test]
fn what_is_approved_of_generated_proposals_is_within_all_bounds() {
    let mut approved = 0;
    for bench in (0..PROPOSALS).filter_map(proposed) {
        let Ok(plan) = bench.approve(true) else { continue };
        approved += 1;
        let proposal = &bench.proposal;
        assert_ne!(bench.config.mode, Mode::Observe);
        assert_ne!(proposal.action.kind().form().risk, Risk::Info);
        assert!(proposal.evidence.iter().all(|id| *id <= 10) && !proposal.evidence.is_empty());
        assert_sound(plan.plan(), &bench.desk);
        let request = plan.request(1);
        request.effects().into_iter().for_each(assert_unprotected);
        assert_eq!(request.target(), &proposal.target);
        if let Entity::Process(pid, start) = proposal.target {
            let named = serde_json::to_string(&proposal.action).unwrap();
            assert!(named.contains(&format!("\"process:{pid}:{start}\"")), "{named}");
        }
    }
    assert!(approved >= APPROVED_MIN, "{approved} were approved: the test tests too little");
}
