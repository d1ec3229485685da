//! Deliberate faults of the engine, to test the tests: each must make an expectation fail.
//!
//! They exist only with the feature `mutants`; without it every function here gives back what it
//! got. The one switch is for the whole process, since a mutant is a broken build and no input.

#[cfg(feature = "mutants")]
use core::sync::atomic::{AtomicU8, Ordering};

use alloc::vec::Vec;

use ks_vocabulary::kind::Kind;
use ks_vocabulary::output::Culprit;

/// A way in which the engine is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Every limit of a graded quantity is three times as high.
    Limits,
    /// Conditions have to last ten times as long.
    Persistence,
    /// A kind is not judged.
    Off(Kind),
    /// The last culprit is named first.
    Culprits,
}

#[cfg(feature = "mutants")]
impl Mutation {
    /// Every way.
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds = Kind::ALL.into_iter().map(Self::Off);
        [Self::Limits, Self::Persistence, Self::Culprits].into_iter().chain(kinds)
    }

    /// Its word; of a kind that is not judged the kind's.
    pub fn word(self) -> &'static str {
        match self {
            Self::Limits => "limits",
            Self::Persistence => "persistence",
            Self::Culprits => "culprits",
            Self::Off(kind) => kind.word(),
        }
    }
}

#[cfg(feature = "mutants")]
static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// The first number of the mutations that turn a kind off.
#[cfg(feature = "mutants")]
const OFF: u8 = 10;

/// Breaks the engine, until it is restored.
#[cfg(feature = "mutants")]
pub fn choose(mutation: Mutation) {
    let number = match mutation {
        Mutation::Limits => 1,
        Mutation::Persistence => 2,
        Mutation::Culprits => 3,
        Mutation::Off(kind) => OFF + u8::try_from(kind.index()).unwrap_or(0),
    };
    CHOSEN.store(number, Ordering::Relaxed);
}

/// Takes back what was chosen.
#[cfg(feature = "mutants")]
pub fn restore() {
    CHOSEN.store(0, Ordering::Relaxed);
}

#[cfg(feature = "mutants")]
fn is(mutation: Mutation) -> bool {
    let chosen = CHOSEN.load(Ordering::Relaxed);
    match mutation {
        Mutation::Limits => chosen == 1,
        Mutation::Persistence => chosen == 2,
        Mutation::Culprits => chosen == 3,
        Mutation::Off(kind) => usize::from(chosen) == usize::from(OFF) + kind.index(),
    }
}

#[cfg(not(feature = "mutants"))]
#[inline]
const fn is(_: Mutation) -> bool {
    false
}

/// Limits as they are held against.
#[inline]
pub(crate) fn limits(limits: [Option<f64>; 4]) -> [Option<f64>; 4] {
    if is(Mutation::Limits) { limits.map(|limit| limit.map(|limit| 3.0 * limit)) } else { limits }
}

/// A persistence as it is asked for.
#[inline]
pub(crate) fn persistence(ns: u64) -> u64 {
    if is(Mutation::Persistence) { 10 * ns } else { ns }
}

/// Whether a kind is judged.
#[inline]
pub(crate) fn is_judged(kind: Kind) -> bool {
    !is(Mutation::Off(kind))
}

/// Culprits as they are ranked.
#[inline]
pub(crate) fn ranked(mut culprits: Vec<Culprit>) -> Vec<Culprit> {
    if is(Mutation::Culprits) {
        culprits.reverse();
    }
    culprits
}
