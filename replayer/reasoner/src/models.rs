//! What is known of models, as data: the fields that each takes, and its prices with the days from
//! which they hold.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::heard::Tokens;
use crate::wire::{Thinking, Wire};

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../models.toml")).expect("the table that comes along is sound")
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    model: Vec<Model>,
}

/// What is known of one model. Of an unknown one nothing is: it is sent the least.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name.
    pub name: String,
    wire: Wire,
    /// It is the usual choice on its wire.
    #[serde(default)]
    usual: bool,
    /// What became of it, where it is gone.
    #[serde(default)]
    pub gone: Option<String>,
    /// How much it can be told to think.
    #[serde(default)]
    pub thinking: Vec<Thinking>,
    /// It can be told to store nothing.
    #[serde(default)]
    pub store: bool,
    #[serde(default)]
    price: Vec<Price>,
}

/// What tokens cost, in dollars for a million.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The first day on which it holds, as 2026-09-02.
    #[serde(default)]
    pub from: String,
    /// Of what is sent.
    pub input: f64,
    /// Of what is said and thought.
    pub output: f64,
    /// Of what was kept from before; that of what is sent where it is not given.
    #[serde(default)]
    pub cached: Option<f64>,
}

impl Price {
    /// What some tokens cost, in millionths of a dollar (`gemini-api.md`, section 7).
    pub fn micro_dollars(&self, tokens: Tokens) -> u64 {
        let cached = tokens.cached.min(tokens.prompt);
        let fresh = tokens.prompt - cached;
        let cost = fresh as f64 * self.input
            + cached as f64 * self.cached.unwrap_or(self.input)
            + tokens.output() as f64 * self.output;
        // A millionth of a dollar a token is a dollar for a million: the units meet.
        whole(cost.ceil())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within")]
fn whole(cost: f64) -> u64 {
    cost.clamp(0.0, 1e15) as u64
}

impl Model {
    /// What is known of a model.
    pub fn of(name: &str, wire: Wire) -> Self {
        let known = TABLE.model.iter().find(|model| model.wire == wire && model.name == name);
        known.cloned().unwrap_or_else(|| Self {
            name: name.to_owned(),
            wire,
            usual: false,
            gone: None,
            thinking: Vec::new(),
            store: false,
            price: Vec::new(),
        })
    }

    /// The usual choice on a wire, where there is one.
    pub fn usual(wire: Wire) -> Option<&'static str> {
        let mut all = TABLE.model.iter();
        all.find(|model| model.wire == wire && model.usual).map(|model| model.name.as_str())
    }

    /// What it costs on a day, as 2026-12-01; `None` where that is not known.
    pub fn price(&self, day: &str) -> Option<&Price> {
        self.price.iter().rfind(|price| price.from.as_str() <= day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_costs_what_the_worked_example_says() {
        let price = Price { from: String::new(), input: 0.75, output: 3.75, cached: Some(0.075) };
        let tokens = Tokens { prompt: 12_000, cached: 8_000, said: 300, thoughts: 700 };
        assert_eq!(price.micro_dollars(tokens), 7_350);
    }

    #[test]
    fn a_price_holds_from_its_day_on() {
        let flash = Model::of("gemini-3.8-flash", Wire::Gemini);
        let input = |day| flash.price(day).map(|price| price.input);
        assert_eq!(input("2026-09-01"), None);
        assert_eq!(input("2026-12-31"), Some(0.75));
        assert_eq!(input("2027-01-01"), Some(1.5));
        assert_eq!(Model::of("gemini-9", Wire::Gemini).price("2027-01-01"), None);
    }

    #[test]
    fn one_model_is_usual_and_those_that_are_gone_say_what_became_of_them() {
        assert_eq!(Model::usual(Wire::Gemini), Some("gemini-3.8-flash"));
        assert_eq!(Model::usual(Wire::Openai), None);
        let gone = Model::of("gemini-3-pro-preview", Wire::Gemini).gone.unwrap();
        assert!(gone.contains("gemini-3.1-pro-preview"), "{gone}");
    }
}
