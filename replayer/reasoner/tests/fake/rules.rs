//! All that a body must hold to, one rule after another.

use serde_json::Value;

use super::memory::Memory;
use super::models::Model;
use super::shape::Shape;
use super::{declared, generation, signed, turns};

/// A body that holds to the rules.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The names of the functions that it declares.
    pub(crate) functions: Vec<String>,
    /// The body with all names in camelCase, and without a token to go on by.
    pub(crate) begun: Value,
}

pub(crate) fn check(body: &Value, model: &Model, memory: &Memory) -> Result<Taken, String> {
    let mut body = Shape::Lenient(memory.extras()).request(body)?;
    let turns = turns::turns(&body)?;
    signed::check(&turns, model, memory)?;
    let functions = declared::functions(&body)?;
    declared::check_choice(&body, &functions)?;
    generation::check(&body, model)?;
    let token = body.as_object_mut().and_then(|fields| fields.remove("continuationToken"));
    if let Some(token) = token {
        check_continuation(token.as_str().unwrap_or_default(), &body, memory)?;
    }
    Ok(Taken { functions, begun: body })
}

/// The same request goes on, and not another one.
fn check_continuation(token: &str, body: &Value, memory: &Memory) -> Result<(), String> {
    match memory.begun(token) {
        Some(begun) if begun == body => Ok(()),
        Some(_) => Err("continuationToken: it was issued for another request".to_owned()),
        None => Err("continuationToken: it is none that was issued".to_owned()),
    }
}
