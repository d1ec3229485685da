//! Without a rule its case is not refused by it: no other rule stands in for it unseen.

use super::bench::alone;
use super::cases::CASES;
use crate::mutation;

#[test]
fn a_rule_that_is_switched_off_refuses_nothing() {
    let _alone = alone();
    for (at, case) in CASES.iter().enumerate() {
        let with = case.decided_by();
        mutation::switch_off(at);
        let without = case.decided_by();
        mutation::restore();
        assert_eq!(with, case.word);
        assert_ne!(without, case.word, "{} is switched off", case.rule);
    }
}
