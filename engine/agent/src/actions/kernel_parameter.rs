//! What actions on kernel parameters have in common: one number is written, and the old one can be
//! put back.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use ks_vocabulary::decision::{Effect, Plan, Sysctl, UndoStep};

use crate::facts::Facts;
use crate::unfit::{Unfit, need};

/// Writes a text in place of another.
pub(super) fn write(key: Sysctl, old: &str, new: &str) -> Plan {
    let of = |text: &str| Effect::Sysctl { key, text: String::from(text) };
    Plan {
        effects: vec![of(new)],
        undo: vec![UndoStep { restore: of(old), written: of(new) }],
        lasts_s: None,
    }
}

/// The present number.
pub(super) fn present(key: Sysctl, facts: &dyn Facts) -> Result<u64, Unfit> {
    need(facts.sysctl(key), key.word())
}

/// Writes a lower number.
pub(super) fn lower(key: Sysctl, new: u64, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let old = present(key, facts)?;
    if new >= old {
        let why = format!("{key} is {old}: {new} is not below it");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    Ok(write(key, &old.to_string(), &new.to_string()))
}

/// Writes a higher number, at most so many times the present one.
pub(super) fn raise(
    key: Sysctl,
    new: u64,
    most_times: u64,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let old = present(key, facts)?;
    if new <= old {
        let why = format!("{key} is {old}: {new} is not above it");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    if new > old.saturating_mul(most_times) {
        let why = format!("{key} is {old}: {new} is more than {most_times} times as much");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    Ok(write(key, &old.to_string(), &new.to_string()))
}
