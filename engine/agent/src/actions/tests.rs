//! Every form of action on hosts that differ in one fact.

mod absent;
pub(crate) mod checks;
mod edges;
mod first_version;
mod forms;
mod in_force;
mod planned;
pub(crate) mod properties;
mod refused_groups;
mod refused_host;
mod refused_processes;

use super::{About, plan};
use crate::desk::Desk;
use crate::unfit::Unfit;
use ks_vocabulary::action::Action;
use ks_vocabulary::decision::Plan;

/// What the conditions of the tests are on.
const ABOUT: About<'static> = About { disk: Some(b"sda"), mount: Some(b"/var") };

/// An action of its form and its parameters, as files have it.
fn action(form: &str, parameters: &str) -> Action {
    let written = if parameters.is_empty() {
        format!("\"{form}\"")
    } else {
        format!("{{\"{form}\":{{{parameters}}}}}")
    };
    serde_json::from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"))
}

/// Every form that is planned on the desk, with its parameters.
pub(crate) fn written() -> impl Iterator<Item = (&'static str, &'static str)> {
    forms::FORMS.iter().map(|form| (form.name, form.parameters))
}

/// The plan of a form of the table on a desk.
fn planned(form: &str, desk: &Desk) -> Result<Plan, Unfit> {
    let own = forms::FORMS.iter().find(|own| own.name == form);
    let own = own.unwrap_or_else(|| panic!("no form {form}"));
    plan(&action(own.name, own.parameters), ABOUT, desk)
}

/// One fact that is other, and what an action is refused for because of it: the rule's word and
/// a part of the reason.
type Refused = (&'static str, fn(&mut Desk), &'static str, &'static str);

/// Holds a form against hosts that differ in one fact each.
fn refuses(table: &[Refused]) {
    for (form, change, rule, reason) in table {
        let mut desk = Desk::default();
        assert!(planned(form, &desk).is_ok(), "{form} is planned without the change");
        change(&mut desk);
        let unfit = planned(form, &desk).expect_err(&format!("{form}: {reason}"));
        assert_eq!((unfit.rule(), true), (*rule, unfit.to_string().contains(reason)), "{unfit}");
    }
}
