//! The models that the server has, and what each refuses.

use super::errors::Refusal;

pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// The words of `thinkingLevel` that it takes.
    pub(crate) levels: &'static [&'static str],
    /// Whether it takes penalties for what it has said before.
    pub(crate) takes_penalties: bool,
}

const FROM_MINIMAL: &[&str] = &["MINIMAL", "LOW", "MEDIUM", "HIGH"];
const FROM_LOW: &[&str] = &["LOW", "MEDIUM", "HIGH"];
const TO_XHIGH: &[&str] = &["LOW", "MEDIUM", "HIGH", "XHIGH"];

static MODELS: [Model; 13] = [
    model("gemini-3.1-pro-preview", FROM_LOW, true),
    model("gemini-3.5-flash", FROM_MINIMAL, true),
    model("gemini-3.5-flash-lite", FROM_MINIMAL, true),
    model("gemini-3.6-flash", FROM_MINIMAL, true),
    model("gemini-3.7-flash", FROM_LOW, true),
    model("gemini-3.8-flash", FROM_LOW, true),
    model("gemini-4-argon", FROM_LOW, true),
    model("gemini-4-carbon", FROM_LOW, true),
    model("gemini-4-hydrogen", TO_XHIGH, true),
    model("gemini-4-neon", TO_XHIGH, false),
    // Scripts that stand in for one in `ks eval`.
    model("scripted-competent", &[], true),
    model("scripted-mistaken", &[], true),
    model("scripted-stubborn", &[], true),
];

/// Those that were once.
const RETIRED: [&str; 3] = ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview"];

const fn model(
    name: &'static str,
    levels: &'static [&'static str],
    takes_penalties: bool,
) -> Model {
    Model { name, levels, takes_penalties }
}

/// The model of a name.
pub(crate) fn find(name: &str) -> Result<&'static Model, Refusal> {
    if let Some(found) = MODELS.iter().find(|model| model.name == name) {
        return Ok(found);
    }
    let why = if RETIRED.contains(&name) { "was retired" } else { "is not found" };
    Err(Refusal::not_found(format!("the model `{name}` {why} or does not generate content")))
}
