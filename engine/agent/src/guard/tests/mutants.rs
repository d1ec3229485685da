//! Without a rule its case is not refused by it: no other rule stands in for it unseen.

use super::bench::{Bench, alone};
use super::rules::CASES;
use crate::mutation;

#[test]
fn a_rule_that_is_switched_off_refuses_nothing() {
    let _alone = alone();
    for (at, case) in CASES.iter().enumerate() {
        let mut bench = Bench::default();
        (case.base)(&mut bench);
        (case.change)(&mut bench);
        let with = bench.judge_as_is().rule;
        mutation::switch_off(at);
        let without = bench.judge_as_is().rule;
        mutation::restore();
        assert_eq!(with, case.word);
        assert_ne!(without, case.word, "{} is switched off", case.rule);
    }
}
