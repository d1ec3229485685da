//! The wires that models speak, and what they can be told of thinking.

use ks_vocabulary::decision::Reasoner;
use serde::Deserialize;

/// What is spoken with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// Google's `generateContent`.
    Gemini,
    /// Chat completions, as Ollama, vLLM and llama.cpp speak them too.
    Openai,
}

impl Wire {
    /// That of a reasoner, where it is a model.
    pub fn of(reasoner: Reasoner) -> Option<Self> {
        match reasoner {
            Reasoner::Gemini => Some(Self::Gemini),
            Reasoner::Openai => Some(Self::Openai),
            Reasoner::Off | Reasoner::Person | Reasoner::Rules => None,
        }
    }

    /// The reasoner that speaks it.
    pub fn reasoner(self) -> Reasoner {
        match self {
            Self::Gemini => Reasoner::Gemini,
            Self::Openai => Reasoner::Openai,
        }
    }

    /// Where a server of it is usually found.
    pub(crate) fn base_url(self) -> &'static str {
        match self {
            Self::Gemini => "https://generativelanguage.googleapis.com",
            // That of Ollama: a model at home is the usual one on this wire.
            Self::Openai => "http://127.0.0.1:11434/v1",
        }
    }
}

/// How much a model should think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// As little as it can.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// As much as it can.
    Xhigh,
}

impl Thinking {
    /// The word on Gemini's wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Minimal => "MINIMAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Xhigh => "XHIGH",
        }
    }
}
