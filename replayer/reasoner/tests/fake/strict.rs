//! A check of bodies of our own, which asks more than the server does: only names in camelCase,
//! only what we mean to send, and each value of exactly its type.
//!
//! What the model said is passed on as it came, so that names of its own making are let through
//! there.

use serde_json::{Map, Value};

use super::declared::is_name;
use super::fields::DATA;
use super::shape::Shape;

/// The longest name of a function that every definition of the interface takes.
const NAME_LENGTH_MAX: usize = 63;
/// The same of a parameter.
const PARAMETER_LENGTH_MAX: usize = 64;
/// The modes that we set.
const MODES: [&str; 4] = ["AUTO", "ANY", "NONE", "VALIDATED"];

/// Why a body is none that we may send.
pub(crate) fn strict(body: &Value) -> Result<(), String> {
    Shape::Exact.request(body)?;
    check_system(body)?;
    check_contents(body)?;
    let names = check_tools(body)?;
    check_choice(body, &names)?;
    let tokens = body["generationConfig"].get("maxOutputTokens").and_then(Value::as_i64);
    require(tokens.is_none_or(|tokens| tokens > 0), || "maxOutputTokens: not above 0".to_owned())
}

fn check_system(body: &Value) -> Result<(), String> {
    let Some(system) = body.get("systemInstruction") else { return Ok(()) };
    let parts = items(&system["parts"]);
    let is_text = |part: &Value| keys(part).eq(["text"]);
    require(!parts.is_empty() && parts.iter().all(is_text), || {
        "systemInstruction: it has parts, each of which is a text".to_owned()
    })
}

fn check_contents(body: &Value) -> Result<(), String> {
    let contents = items(&body["contents"]);
    for (place, content) in contents.iter().enumerate() {
        let wrong = |why: &str| format!("contents[{place}]: {why}");
        let expected = if place % 2 == 0 { "user" } else { "model" };
        require(content["role"] == expected, || wrong("roles alternate, from `user` on"))?;
        let parts = items(&content["parts"]);
        require(!parts.is_empty(), || wrong("it has no parts"))?;
        let check = if expected == "user" { check_own_part } else { check_part_of_model };
        parts.iter().try_for_each(check).map_err(wrong)?;
    }
    require(contents.len() % 2 == 1, || "contents: the last turn is not the user's".to_owned())
}

fn check_own_part(part: &Value) -> Result<(), &'static str> {
    if keys(part).eq(["text"]) {
        return Ok(());
    }
    if !keys(part).eq(["functionResponse"]) {
        return Err("a part of ours is a text or a response, and nothing beside it");
    }
    let response = &part["functionResponse"];
    if response["name"].is_string() && response["response"].is_object() {
        Ok(())
    } else {
        Err("a response has a name, and an object as its response")
    }
}

fn check_part_of_model(part: &Value) -> Result<(), &'static str> {
    if DATA.iter().filter(|name| part.get(name).is_some()).count() > 1 {
        return Err("a part has one kind of data");
    }
    match part.get("functionCall") {
        Some(call) if !call["name"].is_string() => Err("a call has a name"),
        Some(_) | None => Ok(()),
    }
}

/// The names of the declared functions.
fn check_tools(body: &Value) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    for tool in items(&body["tools"]) {
        let declarations = items(&tool["functionDeclarations"]);
        require(!declarations.is_empty(), || "tools: one declares nothing".to_owned())?;
        for declaration in declarations {
            let name = declaration["name"].as_str().unwrap_or_default();
            let wrong = |why| format!("the function declaration `{name}`: {why}");
            check_declaration(declaration).map_err(wrong)?;
            require(!names.contains(&name), || wrong("it is declared twice"))?;
            names.push(name);
        }
    }
    require(body.get("tools").is_none() || !names.is_empty(), || {
        "tools: there are none".to_owned()
    })?;
    Ok(names)
}

fn check_declaration(declaration: &Value) -> Result<(), &'static str> {
    let name = declaration["name"].as_str().unwrap_or_default();
    if !is_name(name, NAME_LENGTH_MAX) {
        return Err("its name is none, or is too long");
    }
    if declaration["description"].as_str().unwrap_or_default().is_empty() {
        return Err("it has no description");
    }
    let (openapi, json) = (declaration.get("parameters"), declaration.get("parametersJsonSchema"));
    let ((Some(schema), None) | (None, Some(schema))) = (openapi, json) else {
        return Err("it has one of `parameters` and `parametersJsonSchema`");
    };
    let properties = schema["properties"].as_object().map_or(0, Map::len);
    if properties == 0 {
        return Err("its parameters are an object with properties");
    }
    if keys(&schema["properties"]).all(is_parameter) {
        Ok(())
    } else {
        Err("the name of a parameter is of letters, digits and `_`, and short")
    }
}

fn is_parameter(name: &str) -> bool {
    let is_in = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !name.is_empty() && name.len() <= PARAMETER_LENGTH_MAX && name.chars().all(is_in)
}

fn check_choice(body: &Value, names: &[&str]) -> Result<(), String> {
    let Some(config) = body.get("toolConfig") else { return Ok(()) };
    let choice = &config["functionCallingConfig"];
    let mode = choice["mode"].as_str().unwrap_or_default();
    require(MODES.contains(&mode), || "toolConfig: it has no mode".to_owned())?;
    let Some(allowed) = choice.get("allowedFunctionNames") else { return Ok(()) };
    let wrong = |why: &str| format!("allowedFunctionNames: {why}");
    require(["ANY", "VALIDATED"].contains(&mode), || wrong(&format!("not with {mode}")))?;
    let allowed = items(allowed);
    require(!allowed.is_empty(), || wrong("there are none"))?;
    let is_declared = |name: &Value| name.as_str().is_some_and(|name| names.contains(&name));
    require(allowed.iter().all(is_declared), || wrong("one is not declared"))
}

fn require(is_so: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(why()) }
}

/// The elements of a list; none where there is no list.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The names of the fields of an object.
fn keys(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flat_map(Map::keys).map(String::as_str)
}
