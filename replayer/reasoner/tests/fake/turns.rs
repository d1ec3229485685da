//! The turns of a conversation: who may say what, and that each call is answered where it must be.

use serde_json::Value;

use super::fields::DATA;

/// One of the contents, in its place.
pub(crate) struct Turn<'a> {
    pub(crate) place: usize,
    pub(crate) is_model: bool,
    pub(crate) parts: &'a [Value],
}

impl<'a> Turn<'a> {
    pub(crate) fn calls(&self) -> Vec<&'a Value> {
        self.parts.iter().filter_map(|part| part.get("functionCall")).collect()
    }

    pub(crate) fn responses(&self) -> Vec<&'a Value> {
        self.parts.iter().filter_map(|part| part.get("functionResponse")).collect()
    }
}

/// The turns of a body in camelCase, or why they are none.
pub(crate) fn turns(body: &Value) -> Result<Vec<Turn<'_>>, String> {
    let contents = body["contents"].as_array().map_or(&[][..], Vec::as_slice);
    let turns = contents.iter().enumerate().map(|(place, content)| turn(place, content));
    let turns: Vec<Turn<'_>> = turns.collect::<Result<_, _>>()?;
    let Some(first) = turns.first() else { return Err("contents: there are none".to_owned()) };
    if first.is_model {
        return Err("contents[0]: a conversation begins with the role `user`".to_owned());
    }
    check_answers(&turns)?;
    if turns.last().is_some_and(|last| last.is_model) {
        return Err("contents: the last turn is the model's own".to_owned());
    }
    Ok(turns)
}

/// A content without a role is the user's.
fn turn(place: usize, content: &Value) -> Result<Turn<'_>, String> {
    let role = content.get("role").and_then(Value::as_str).unwrap_or("user");
    if !["user", "model"].contains(&role) {
        return Err(format!("contents[{place}]: unknown role `{role}`"));
    }
    let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
    if parts.is_empty() {
        return Err(format!("contents[{place}]: it has no parts"));
    }
    let is_model = role == "model";
    for part in parts {
        check_part(part, is_model).map_err(|why| format!("contents[{place}]: {why}"))?;
    }
    Ok(Turn { place, is_model, parts })
}

/// What the model said may be of a kind that has no name yet.
fn check_part(part: &Value, is_model: bool) -> Result<(), String> {
    let data: Vec<&str> = DATA.into_iter().filter(|name| part.get(name).is_some()).collect();
    match &data[..] {
        [] if !is_model => Err("a part has no data".to_owned()),
        [first, second, ..] => Err(format!("a part has both `{first}` and `{second}`")),
        [] | [_] => Ok(()),
    }
}

/// Each turn answers the calls of the one before it: all of them, in their order, and no others.
fn check_answers(turns: &[Turn<'_>]) -> Result<(), String> {
    let mut calls: Vec<&Value> = Vec::new();
    for turn in turns {
        let place = turn.place;
        let responses = turn.responses();
        if turn.is_model && !responses.is_empty() {
            return Err(format!("contents[{place}]: a function_response has the role `user`"));
        }
        if !turn.is_model && !turn.calls().is_empty() {
            return Err(format!("contents[{place}]: a function call has the role `model`"));
        }
        let (wanted, found) = (calls.len(), responses.len());
        if wanted != found {
            return Err(format!(
                "contents[{place}]: the number of function response parts is {found}, and that of \
                 the calls in the turn before is {wanted}"
            ));
        }
        if turn.parts[..found].iter().any(|part| part.get("functionResponse").is_none()) {
            return Err(format!(
                "contents[{place}]: the number of function response parts at its beginning is not \
                 that of the calls in the turn before: something stands between them"
            ));
        }
        for (call, response) in calls.iter().zip(responses) {
            check_answer(call, response).map_err(|why| format!("contents[{place}]: {why}"))?;
        }
        calls = turn.calls();
    }
    Ok(())
}

fn check_answer(call: &Value, response: &Value) -> Result<(), String> {
    for field in ["name", "id"] {
        let (called, answered) = (call.get(field), response.get(field));
        if called != answered {
            let show = |value: Option<&Value>| value.map_or("none".to_owned(), Value::to_string);
            return Err(format!(
                "function_response: its `{field}` is {}, and that of its call is {}",
                show(answered),
                show(called)
            ));
        }
    }
    if response["response"].is_object() {
        Ok(())
    } else {
        Err("function_response: its `response` must be an object".to_owned())
    }
}
