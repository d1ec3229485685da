//! The scenarios that come with the product.

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Names of all, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    LIBRARY.iter().map(|(name, _)| *name)
}

/// The text of one.
pub fn find(name: &str) -> Option<&'static str> {
    LIBRARY.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// How the quantities of one go on when nothing is done, as JSON; only where an agent acts on it.
pub fn untreated(name: &str) -> Option<&'static str> {
    UNTREATED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What was measured to be right about one, as JSON ([`crate::remedies::Remedies`]).
pub fn right(name: &str) -> Option<&'static str> {
    RIGHT.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
