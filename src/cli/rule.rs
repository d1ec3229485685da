//! Rules of the guard, as they are called on the command line.

use ks_agent::guard::RULES;

/// What precedes the word of a rule.
pub(crate) const PREFIX: &str = "guard:";

/// The place of a rule among those of the guard, by its word.
pub(crate) fn parse(word: &str) -> Result<usize, String> {
    let place =
        word.strip_prefix(PREFIX).and_then(|name| RULES.iter().position(|rule| rule.name == name));
    place.ok_or_else(|| {
        let all: Vec<String> = RULES.iter().map(|rule| format!("{PREFIX}{}", rule.name)).collect();
        format!("it is one of {}", all.join(", "))
    })
}
