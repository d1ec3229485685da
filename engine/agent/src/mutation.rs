//! Guards that are switched off on purpose, to test the tests: without any of them the suite has to
//! go red. They exist only with the feature `mutants`.

#[cfg(feature = "mutants")]
use core::sync::atomic::{AtomicUsize, Ordering};

#[cfg(feature = "mutants")]
static OFF: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Switches a rule of the guard off, by its place among them.
#[cfg(feature = "mutants")]
pub fn switch_off(rule: usize) {
    OFF.store(rule, Ordering::Relaxed);
}

/// Switches all on again.
#[cfg(feature = "mutants")]
pub fn restore() {
    OFF.store(usize::MAX, Ordering::Relaxed);
}

/// What comes of the case that a rule has to refuse.
#[cfg(feature = "mutants")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benched {
    /// The word of the rule that has to decide.
    pub wanted: &'static str,
    /// The word of the one that does, among those that are switched on.
    pub found: &'static str,
}

/// Looks at the case of a rule, by its place: a proposal that passes but for one thing.
#[cfg(feature = "mutants")]
pub fn on_the_bench(rule: usize) -> Option<Benched> {
    let name = crate::guard::RULES.get(rule)?.name;
    let case = crate::guard::tests::cases::CASES.iter().find(|case| case.rule == name)?;
    Some(Benched { wanted: case.word, found: case.decided_by() })
}

/// Whether a rule is looked at.
#[cfg(feature = "mutants")]
pub(crate) fn is_on(rule: usize) -> bool {
    OFF.load(Ordering::Relaxed) != rule
}

/// Whether a rule is looked at.
#[cfg(not(feature = "mutants"))]
#[inline]
pub(crate) const fn is_on(_: usize) -> bool {
    true
}
