//! A decision as an actor is asked for it, and as people read it.

use ks_actor::perform::Order;
use ks_vocabulary::action::Action;
use ks_vocabulary::decision::Effect;

/// What an actor is asked for.
pub(super) fn order(
    decision: u64,
    action: &Action,
    effects: &[Effect],
    lasts_s: Option<u64>,
) -> Order {
    Order { request: decision, action: text(action), effects: effects.to_vec(), lasts_s }
}

/// An action for people, as policies and the audit log have it.
pub(super) fn text(action: &Action) -> String {
    action.canonical().unwrap_or_else(|_| action.name().to_owned())
}
