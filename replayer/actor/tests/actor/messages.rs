//! Messages that are none, or nearly none.

use std::fs;
use std::path::Path;

use ks_actor::message::{Ask, Origin, Said};
use ks_vocabulary::decision::Effect;

use crate::lab::{Sleeper, order, start, whole_log};

const MESSAGES: u64 = 10_000;

/// Messages made of pieces of real ones, by a small generator: whatever comes, the actor is there
/// afterwards, and a process that no message names is as it was.
pub(crate) fn no_message_does_what_no_action_does(folder: &Path) {
    let (child, bystander) = (Sleeper::new(), Sleeper::new());
    let (mut hand, _) = start(folder).unwrap();
    let whole = |request, effect| {
        let ask = Ask::Perform { order: order(request, effect), origin: Origin::Agent };
        serde_json::to_string(&ask).unwrap()
    };
    let seeds = [
        whole(1, Effect::Nice { process: child.exact(), nice: 7 }),
        whole(2, Effect::OomScore { process: child.exact(), adj: 500 }),
        whole(3, Effect::IoPriority { process: child.exact(), value: 3 << 13 }),
        serde_json::to_string(&Ask::Undo { request: 1 }).unwrap(),
        serde_json::to_string(&Ask::Keep { request: 1 }).unwrap(),
    ];
    let mut state = 42_u64;
    let mut roll = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (mut refused, mut done) = (0, 0);
    for _ in 0..MESSAGES {
        let mut bytes = seeds[roll(seeds.len())].clone().into_bytes();
        for _ in 0..roll(4) {
            let at = roll(bytes.len());
            match roll(4) {
                0 => bytes[at] = b"0123456789-\"{}[],:\\\x00\xff"[roll(21)],
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, b"09-\"e"[roll(5)]),
                _ => {
                    let other = seeds[roll(seeds.len())].as_bytes();
                    bytes.splice(at.., other[roll(other.len())..].iter().copied());
                }
            }
            if bytes.is_empty() {
                bytes.push(b'x');
            }
        }
        hand.tell(&bytes).unwrap();
        match hand.hear().unwrap() {
            Said::Refused { .. } => refused += 1,
            Said::Done { .. } => done += 1,
            other @ (Said::Ready { .. }
            | Said::Sealed { .. }
            | Said::Over { .. }
            | Said::Failed { .. }) => {
                unreachable!("{other:?}")
            }
        }
        let nice = child.nice();
        assert!((0..=19).contains(&nice), "{nice}");
    }
    println!("  {refused} refused, {done} understood");
    assert!(refused > 1000 && done > 1000);
    let score = fs::read_to_string(format!("/proc/{}/oom_score_adj", bystander.0.id())).unwrap();
    assert_eq!((bystander.nice(), score.as_str()), (0, "0\n"));
    drop(hand);
    whole_log(folder);
}
