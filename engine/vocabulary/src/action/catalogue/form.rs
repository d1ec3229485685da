//! What is said of a form of action: its word, its parameters, its text and what it is good for.

use super::ActionKind;
use crate::action::parameter::Accepts;
use crate::action::risk::{Blast, Risk, Undo};
use crate::kind::Kind;

/// One parameter of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it accepts: one of these.
    pub accepts: &'static [Accepts],
}

/// One form of action: a row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Which.
    pub kind: ActionKind,
    /// Its word.
    pub name: &'static str,
    /// Its parameters.
    pub fields: &'static [Field],
    /// Its canonical text, with its parameters in braces.
    pub grammar: &'static str,
    /// What it reaches.
    pub blast: Blast,
    /// What it risks.
    pub risk: Risk,
    /// What undoes it.
    pub undo: Undo,
    /// Kinds that it is an answer to.
    pub answers: &'static [Kind],
    /// What it does.
    pub effect: &'static str,
}
