//! Who shares a control group with who is to blame is not held back with him.

use alloc::vec::Vec;

use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::output::Signal;
use ks_vocabulary::subtype::Subtype;

use super::bench::{Bench, signal};
use crate::desk::{ALONE, HOG, PEER, SESSION, SOLO};

const WEIGHT: &str =
    "{\"lower_cpu_weight\":{\"group\":\"/work.slice/batch.service\",\"weight\":20}}";

const SESSION_NICE: &str =
    "{\"lower_autogroup_priority\":{\"process\":\"process:1000:100\",\"nice\":10}}";

/// A proposal for the group of the hog and its peer, with what is said of who suffers.
fn refusal(change: fn(&mut Bench, &mut Signal)) -> &'static str {
    let mut bench = Bench::default();
    bench.for_batch(WEIGHT);
    let mut suffers = signal(1, Kind::ALL[0]);
    suffers.victims = Vec::new();
    change(&mut bench, &mut suffers);
    bench.hear(suffers);
    bench.refusal()
}

/// He suffers as the one who is to blame consumes.
fn suffer(signal: &mut Signal, who: (u64, u64)) {
    let mut victim = signal.culprits[0].clone();
    victim.entity = Entity::Process(who.0, who.1);
    victim.convicted = false;
    signal.victims.push(victim);
}

#[test]
fn who_suffers_beside_who_is_to_blame_is_not_held_back_with_him() {
    assert_eq!(refusal(|_, _| {}), "passes");
    assert_eq!(refusal(|_, one| suffer(one, SOLO)), "passes", "he is elsewhere");
    assert_eq!(refusal(|_, one| suffer(one, HOG)), "passes", "he waits for himself");
    let beside = refusal(|bench, one| {
        bench.desk.at(PEER).exe = Some((8, 77));
        suffer(one, PEER);
    });
    assert_eq!(beside, "target");
    let same = refusal(|bench, one| {
        let exe = bench.desk.hog().exe;
        bench.desk.at(PEER).exe = exe;
        suffer(one, PEER);
    });
    assert_eq!(same, "passes", "it is another process of the same program");
    let moved = refusal(|bench, one| {
        bench.desk.at(PEER).exe = Some((8, 77));
        bench.desk.at(PEER).group = Some(ALONE);
        suffer(one, PEER);
    });
    assert_eq!(moved, "passes");
}

#[test]
fn who_cannot_keep_up_with_his_connections_suffers() {
    let found = refusal(|bench, one| {
        bench.desk.at(PEER).exe = Some((8, 77));
        let mut queue = signal(90, Kind::TcpExhaustion);
        queue.subtype = Some(Subtype::AcceptQueue);
        queue.culprits[0].entity = Entity::Process(PEER.0, PEER.1);
        bench.hear(queue);
        one.victims.clear();
    });
    assert_eq!(found, "target");
}

#[test]
fn who_suffers_in_the_session_of_who_is_to_blame_is_not_held_back_with_him() {
    let refusal = |who: (u64, u64)| {
        let mut bench = Bench::default();
        bench.desk.at(HOG).group = Some(SESSION);
        bench.propose(SESSION_NICE, Entity::Process(HOG.0, HOG.1));
        let mut one = signal(1, Kind::ALL[0]);
        one.victims = Vec::new();
        suffer(&mut one, who);
        bench.hear(one);
        bench.refusal()
    };
    assert_eq!(refusal(PEER), "target");
    assert_eq!(refusal(SOLO), "passes", "he is in another");
    assert_eq!(refusal(HOG), "passes", "he waits for himself");
}
