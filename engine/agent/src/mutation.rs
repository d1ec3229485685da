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
