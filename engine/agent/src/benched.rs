//! The case of each rule of the guard, for those who switch one off.

use crate::guard::RULES;
use crate::guard::tests::cases::CASES;

/// What comes of the case that a rule has to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benched {
    /// The word of the rule that has to decide.
    pub wanted: &'static str,
    /// The word of the one that does, among those that are switched on.
    pub found: &'static str,
}

/// Looks at the case of a rule, by its place: a proposal that passes but for one thing.
pub fn on_the_bench(rule: usize) -> Option<Benched> {
    let name = RULES.get(rule)?.name;
    let case = CASES.iter().find(|case| case.rule == name)?;
    Some(Benched { wanted: case.word, found: case.decided_by() })
}
