//! What a request may want of the generation, which depends on the model.

use serde_json::Value;

use super::models::Model;

pub(crate) fn check(body: &Value, model: &Model) -> Result<(), String> {
    let config = &body["generationConfig"];
    check_thinking(&config["thinkingConfig"], model)?;
    if config.get("candidateCount").is_some_and(|count| *count != 1) {
        return Err("candidateCount: it must be 1".to_owned());
    }
    let tokens = config.get("maxOutputTokens").and_then(Value::as_i64);
    if tokens.is_some_and(|tokens| tokens <= 0) {
        return Err("maxOutputTokens: it must be above 0".to_owned());
    }
    let penalties = ["frequencyPenalty", "presencePenalty"];
    let penalty = penalties.into_iter().find(|penalty| config.get(penalty).is_some());
    match penalty {
        Some(penalty) if !model.takes_penalties => {
            Err(format!("{penalty}: {} does not take it", model.name))
        }
        Some(_) | None => Ok(()),
    }
}

/// Models before those of this server had a budget; each of these takes its own levels.
fn check_thinking(thinking: &Value, model: &Model) -> Result<(), String> {
    if thinking.get("thinkingBudget").is_some() {
        return Err(format!("thinkingBudget: {} does not take it", model.name));
    }
    let level = thinking.get("thinkingLevel").and_then(Value::as_str);
    match level.filter(|level| !model.levels.contains(level)) {
        Some(level) => Err(format!("thinkingLevel: {} does not take {level}", model.name)),
        None => Ok(()),
    }
}
