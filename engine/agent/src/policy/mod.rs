//! The second layer of safety: whether the canonical text of an action may be carried out.
//!
//! The typed action is the first lock; its bounds cannot be left. This one knows nothing of types:
//! it reads the text that people approve and that the audit log keeps. A text passes where no
//! forbidden rule finds anything and exactly one allowed form matches all of it. What nobody
//! thought of is refused.

mod allowed;
mod forbidden;
mod template;

pub use allowed::Allowed;
pub use forbidden::Forbidden;

use alloc::vec::Vec;
use core::fmt;

use ks_vocabulary::action::{Action, ActionKind};
use regex::RegexSet;

/// A longer text is refused unread.
pub const TEXT_BYTES_MAX: usize = 200;

/// The rules, ready for use.
#[derive(Debug, Clone)]
pub struct TextPolicy {
    allowed: Vec<Allowed>,
    /// By the first word, which each form has of its own: a text is held against few of them.
    by_word: Vec<(&'static str, Alike)>,
}

/// Forms that begin with one word.
#[derive(Debug, Clone)]
struct Alike {
    /// Their places among those allowed.
    places: Vec<usize>,
    patterns: RegexSet,
}

/// Why a text may not be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is longer than any action's.
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A forbidden rule found something.
    Forbidden(&'static Forbidden),
    /// No allowed form is like it.
    NotAllowed,
    /// More than one allowed form is like it: the rules contradict each other.
    Ambiguous,
    /// The form that matches is not the action's.
    OtherForm {
        /// The form that matches.
        found: ActionKind,
    },
    /// A target is not resolved: the text cannot name it.
    Unresolved {
        /// The parameter that holds it.
        parameter: &'static str,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(out, "it has {bytes} bytes, and no action more than {TEXT_BYTES_MAX}")
            }
            Self::Forbidden(rule) => {
                write!(out, "forbidden rule {}: {}", rule.number, rule.meaning)
            }
            Self::NotAllowed => out.write_str("no allowed form is like it"),
            Self::Ambiguous => out.write_str("more than one allowed form is like it"),
            Self::OtherForm { found } => {
                write!(out, "it reads as `{}`, which is another action", found.name())
            }
            Self::Unresolved { parameter } => {
                write!(out, "`{parameter}` is not resolved, so no text can name it")
            }
        }
    }
}

impl core::error::Error for Refusal {}

impl Default for TextPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl TextPolicy {
    /// The rules of the product.
    pub fn new() -> Self {
        let allowed = allowed::all();
        let mut words: Vec<&str> = allowed.iter().map(|one| first_word(one.template)).collect();
        words.sort_unstable();
        words.dedup();
        let alike = |word: &str| {
            let all = allowed.iter().enumerate();
            let places: Vec<usize> =
                all.filter(|(_, one)| first_word(one.template) == word).map(|(at, _)| at).collect();
            let patterns = RegexSet::new(places.iter().map(|at| &allowed[*at].pattern));
            Alike { places, patterns: patterns.expect("a template makes a pattern") }
        };
        let by_word = words.iter().map(|word| (*word, alike(word))).collect();
        Self { allowed, by_word }
    }

    /// The forms that all of a text is.
    fn matches(&self, text: &str) -> impl Iterator<Item = &Allowed> {
        let word = first_word(text);
        let alike = self.by_word.iter().find(|(known, _)| *known == word);
        let places = alike.map(|(_, alike)| {
            let found = alike.patterns.matches(text);
            alike.places.iter().enumerate().filter(move |(at, _)| found.matched(*at))
        });
        places.into_iter().flatten().map(|(_, at)| &self.allowed[*at])
    }

    /// The allowed forms, in the order of the catalogue.
    pub fn allowed(&self) -> &[Allowed] {
        &self.allowed
    }

    /// The forbidden rules.
    pub fn forbidden(&self) -> &'static [Forbidden] {
        &forbidden::RULES
    }

    /// The allowed form that a text is, or why it may not be carried out.
    pub fn check_text(&self, text: &str) -> Result<&Allowed, Refusal> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refusal::TooLong { bytes: text.len() });
        }
        if let Some(rule) = forbidden::RULES.iter().find(|rule| rule.finds(text)) {
            return Err(Refusal::Forbidden(rule));
        }
        let mut found = self.matches(text);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Refusal::NotAllowed),
            (Some(_), Some(_)) => Err(Refusal::Ambiguous),
        }
    }

    /// The same of the text of an action, which must read as that action.
    pub fn check(&self, action: &Action) -> Result<&Allowed, Refusal> {
        let unresolved = |unresolved: ks_vocabulary::action::Unresolved| Refusal::Unresolved {
            parameter: unresolved.parameter,
        };
        let text = action.canonical().map_err(unresolved)?;
        let found = self.check_text(&text)?;
        if found.kind != action.kind() {
            return Err(Refusal::OtherForm { found: found.kind });
        }
        Ok(found)
    }
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
