//! The functions that a request declares, and which of them the model may or must call.

use serde_json::{Map, Value};

/// The names of the declared functions, or what is wrong with a declaration.
pub(crate) fn functions(body: &Value) -> Result<Vec<String>, String> {
    let tools = body["tools"].as_array().into_iter().flatten();
    let declarations =
        tools.flat_map(|tool| tool["functionDeclarations"].as_array().into_iter().flatten());
    let mut names: Vec<String> = Vec::new();
    for declaration in declarations {
        let name = declaration["name"].as_str().unwrap_or_default();
        let wrong = |why: &str| format!("the function declaration `{name}`: {why}");
        if !is_name(name, 128) {
            return Err(wrong("its name is no name of a function"));
        }
        if names.iter().any(|known| known == name) {
            return Err(wrong("it is declared twice"));
        }
        check_parameters(declaration).map_err(wrong)?;
        names.push(name.to_owned());
    }
    Ok(names)
}

/// Whether a name begins with a letter or `_` and goes on with these, digits and `.:-`.
pub(crate) fn is_name(name: &str, length_max: usize) -> bool {
    let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let is_next = |letter: char| is_first(letter) || letter.is_ascii_digit();
    name.starts_with(is_first)
        && name.chars().all(|letter| is_next(letter) || ".:-".contains(letter))
        && name.len() <= length_max
}

fn check_parameters(declaration: &Value) -> Result<(), &'static str> {
    let (openapi, json) = (declaration.get("parameters"), declaration.get("parametersJsonSchema"));
    if openapi.is_some() && json.is_some() {
        return Err("it has both `parameters` and `parametersJsonSchema`");
    }
    let is_hollow = openapi.is_some_and(has_hollow_object)
        || json.is_some_and(|schema| is_empty_object(&schema["properties"]));
    if is_hollow { Err("an object in its parameters has no properties") } else { Ok(()) }
}

/// Whether an OBJECT is declared that can hold nothing, in whatever depth.
fn has_hollow_object(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_hollow = schema["type"] == "OBJECT" && properties.is_none_or(Map::is_empty);
    let inner = properties.into_iter().flat_map(Map::values);
    let inner = inner.chain(schema["anyOf"].as_array().into_iter().flatten());
    is_hollow || inner.chain(schema.get("items")).any(has_hollow_object)
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// Whether the model may be held to the functions that the request allows.
pub(crate) fn check_choice(body: &Value, functions: &[String]) -> Result<(), String> {
    let choice = &body["toolConfig"]["functionCallingConfig"];
    let mode = choice["mode"].as_str().unwrap_or("AUTO");
    let Some(allowed) = choice["allowedFunctionNames"].as_array() else { return Ok(()) };
    if !allowed.is_empty() && !["ANY", "VALIDATED"].contains(&mode) {
        return Err(format!("allowedFunctionNames: there are none with the mode {mode}"));
    }
    let is_declared = |name: &Value| functions.iter().any(|known| name == known);
    allowed
        .iter()
        .find(|name| !is_declared(name))
        .map_or(Ok(()), |name| Err(format!("allowedFunctionNames: no function {name} is declared")))
}
