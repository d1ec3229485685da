//! What puts an action back is what was there when it was decided on: the old value, and no other.

use ks_vocabulary::decision::{Effect, Plan};

use super::bench::Bench;
use crate::guard::Proposal;

/// What is written, and what is put back.
fn levels(plan: &Plan) -> (i64, i64) {
    match (&plan.effects[..], &plan.undo[..]) {
        ([written @ Effect::Nice { nice, .. }], [step]) => {
            assert_eq!(step.written, *written, "only what was written here is put back");
            let Effect::Nice { nice: old, .. } = &step.restore else { panic!("{step:?}") };
            (*nice, *old)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_renice_is_put_back_to_the_old_level_and_not_to_its_negative() {
    for old in [-20, -5, -1, 0, 3, 9] {
        let mut bench = Bench::default();
        bench.desk.hog().nice = Some(old);
        let approved = bench.approve(true).expect("ten is behind it");
        assert_eq!(levels(approved.plan()), (10, old));
        let undo = approved.undo(1).expect("it can be put back");
        assert_eq!(undo.to_undo().map(|(_, steps)| steps), Some(&approved.plan().undo[..]));
    }
}

#[test]
fn a_plan_with_another_value_to_put_back_than_the_present_one_is_not_carried_out() {
    for (then, now) in [(0, -5), (-5, 0), (0, 9), (9, 0)] {
        let mut bench = Bench::default();
        bench.desk.hog().nice = Some(then);
        bench.proposal.planned = bench.judge().plan;
        bench.proposal.exe = Proposal::exe_of(&bench.proposal.target, &bench.desk);
        assert!(bench.approve(true).is_ok());
        bench.desk.hog().nice = Some(now);
        assert_eq!(bench.approve(true).expect_err("it is stale").rule, "stale", "{then} {now}");
    }
}
