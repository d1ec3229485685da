//! Where a model is, and what it may take: the table `[model]` of the configuration. None of it is
//! part of a recording but the model's name.

use std::path::PathBuf;

use serde::Deserialize;

use crate::models::{Model, Price};
use crate::wire::{Thinking, Wire};

/// The table `[model]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The model.
    pub name: Option<String>,
    /// Where it is, without the path.
    pub base_url: Option<String>,
    /// Version of Gemini's interface: `v1beta` or `v1`.
    pub api_version: String,
    /// Variable of the environment that holds the key.
    pub key_env: Option<String>,
    /// File that holds the key.
    pub key_file: Option<PathBuf>,
    /// Whether replies are streamed: a proxy that ends silent connections needs it.
    pub stream: bool,
    /// Seconds that one request may take.
    pub timeout_s: u64,
    /// Models to go on with where this one has no room, in order.
    pub fallback: Vec<String>,
    /// Requests that are made a minute at most.
    pub requests_per_minute: u32,
    /// Tokens that are used an hour at most.
    pub tokens_per_hour: u64,
    /// Dollars that a run may cost, where prices are known.
    pub max_usd: Option<f64>,
    /// How much it should think, where it can be told.
    pub thinking: Option<Thinking>,
    /// Tokens that a reply may have, thoughts among them.
    pub max_output_tokens: u32,
    /// What it costs, where the table of prices does not know.
    pub price: Option<Price>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: None,
            base_url: None,
            api_version: "v1beta".to_owned(),
            key_env: None,
            key_file: None,
            stream: false,
            timeout_s: 120,
            fallback: Vec::new(),
            requests_per_minute: 30,
            tokens_per_hour: 2_000_000,
            max_usd: None,
            thinking: None,
            max_output_tokens: 8_192,
            price: None,
        }
    }
}

/// What is wrong with the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No model is named, and none is usual.
    #[error("which model? Name it by `name` in the table [model] of the configuration")]
    NoName,
    /// The model is gone.
    #[error("there is no model `{name}` any more: {became}")]
    Gone {
        /// Its name.
        name: String,
        /// What became of it.
        became: String,
    },
    /// A value makes no sense.
    #[error("`{name}` in [model]: {problem}")]
    Value {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Settings {
    /// The model that is asked. One that is gone is told with what became of it.
    pub fn model(&self, wire: Wire) -> Result<Model, SettingsError> {
        let name = self.name.as_deref().or_else(|| Model::usual(wire));
        named(name.ok_or(SettingsError::NoName)?, wire)
    }

    /// Those to go on with where it has no room.
    pub fn fallbacks(&self, wire: Wire) -> Result<Vec<Model>, SettingsError> {
        self.fallback.iter().map(|name| named(name, wire)).collect()
    }

    /// Checks what no type holds.
    pub fn check(&self, wire: Wire) -> Result<(), SettingsError> {
        let wrong =
            |name, problem: &str| Err(SettingsError::Value { name, problem: problem.to_owned() });
        self.model(wire)?;
        self.fallbacks(wire)?;
        if !["v1", "v1beta"].contains(&self.api_version.as_str()) {
            return wrong("api_version", "it is `v1beta` or `v1`");
        }
        if !(1..=900).contains(&self.timeout_s) {
            return wrong("timeout_s", "a request takes 1 to 900 s");
        }
        if !(1..=100_000).contains(&self.max_output_tokens) {
            return wrong("max_output_tokens", "a reply has 1 to 100000 tokens");
        }
        if self.requests_per_minute == 0 {
            return wrong("requests_per_minute", "none at all is `--reasoner rules`");
        }
        if self.key_env.is_some() && self.key_file.is_some() {
            return wrong("key_env", "the key is in a variable or in a file: name one");
        }
        if self.max_usd.is_some_and(|most| !most.is_finite() || most < 0.0) {
            return wrong("max_usd", "it is an amount of dollars");
        }
        Ok(())
    }

    /// Where the model is.
    pub fn address(&self, wire: Wire) -> &str {
        self.base_url.as_deref().unwrap_or(wire.base_url()).trim_end_matches('/')
    }

    /// What a token costs on a day.
    pub fn price(&self, model: &Model, day: &str) -> Option<Price> {
        self.price.clone().or_else(|| model.price(day).cloned())
    }
}

/// What is known of a model by its name.
fn named(name: &str, wire: Wire) -> Result<Model, SettingsError> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/".contains(letter);
    if name.is_empty() || name.contains("..") || !name.chars().all(is_name) {
        let problem = "a model's name has letters, digits, and - _ . : /".to_owned();
        return Err(SettingsError::Value { name: "name", problem });
    }
    let mut model = Model::of(name, wire);
    if let Some(became) = model.gone.take() {
        return Err(SettingsError::Gone { name: model.name, became });
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wire: Wire, expected: &str) {
        let settings: Settings = toml::from_str(text).unwrap();
        let error = settings.check(wire).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        assert_eq!(Settings::default().check(Wire::Gemini), Ok(()));
        check("", Wire::Openai, "which model?");
        check("name = \"gemini-3-pro-preview\"", Wire::Gemini, "shut down on 9 March 2026");
        check("fallback = [\"gemini-2.5-pro\"]", Wire::Gemini, "retired");
        check("name = \"a b\"", Wire::Gemini, "letters");
        check("name = \"../x\"", Wire::Gemini, "letters");
        check("api_version = \"v2\"", Wire::Gemini, "v1beta");
        check("timeout_s = 0", Wire::Gemini, "1 to 900");
        check("max_usd = -1.0", Wire::Gemini, "dollars");
        check("key_env = \"A\"\nkey_file = \"/b\"", Wire::Gemini, "name one");
        check("requests_per_minute = 0", Wire::Gemini, "rules");
        assert!(toml::from_str::<Settings>("nmae = \"x\"").is_err());
    }
}
