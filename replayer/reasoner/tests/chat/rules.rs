//! What OpenAI's server refuses of a request, as far as ours could go wrong.

use serde_json::{Value, json};

/// Those of the interface that a client without streams may send.
const FIELDS: &str = "max_completion_tokens max_tokens messages metadata model n \
    parallel_tool_calls reasoning_effort response_format seed stop store temperature tool_choice \
    tools top_p";
const ROLES: [&str; 5] = ["assistant", "developer", "system", "tool", "user"];
const NAME_LENGTH_MAX: usize = 64;

/// Why a request was not taken.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    /// The field that is at fault.
    param: String,
}

impl Refusal {
    pub(crate) fn of(param: &str, message: &str) -> Self {
        let at = if param.is_empty() { String::new() } else { format!("{param}: ") };
        Self { status: 400, message: format!("{at}{message}"), param: param.to_owned() }
    }

    pub(crate) fn body(&self) -> String {
        let param = Some(&self.param).filter(|param| !param.is_empty());
        let code = (self.status == 401).then_some("invalid_api_key");
        let (message, kind) = (&self.message, "invalid_request_error");
        json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
            .to_string()
    }
}

fn require(is_so: bool, param: &str, message: &str) -> Result<(), Refusal> {
    if is_so { Ok(()) } else { Err(Refusal::of(param, message)) }
}

pub(crate) fn check(body: &Value, said: &[String]) -> Result<(), Refusal> {
    let fields = body.as_object().ok_or_else(|| Refusal::of("", "the body is no JSON object"))?;
    for name in fields.keys() {
        let is_known = FIELDS.split(' ').any(|known| known == name);
        require(is_known, name, "there is no such field")?;
    }
    require(body["model"].is_string(), "model", "it is a text")?;
    check_messages(items(&body["messages"]), said)?;
    if body.get("tools").is_some() {
        require(!items(&body["tools"]).is_empty(), "tools", "it is a list of some")?;
        items(&body["tools"]).iter().try_for_each(check_tool)?;
    }
    if let Some(choice) = body.get("tool_choice") {
        let is_word = ["auto", "required", "none"].iter().any(|word| choice == word);
        require(is_word || choice.is_object(), "tool_choice", "it is none of the choices")?;
        require(body.get("tools").is_some(), "tool_choice", "there is no tool")?;
    }
    for name in ["max_tokens", "max_completion_tokens"] {
        let tokens = fields.get(name);
        require(tokens.is_none_or(|tokens| tokens.as_u64() >= Some(1)), name, "it is whole")?;
    }
    Ok(())
}

/// Every call is answered by one message before anything else is said, and nothing else is.
fn check_messages(messages: &[Value], said: &[String]) -> Result<(), Refusal> {
    require(!messages.is_empty(), "messages", "it is a list of some")?;
    let mut open: Vec<&str> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let at = |field: &str| format!("messages[{place}].{field}");
        let role = message["role"].as_str().unwrap_or_default();
        require(ROLES.contains(&role), &at("role"), "there is no such role")?;
        let calls = message.get("tool_calls").filter(|_| role == "assistant");
        let content = &message["content"];
        let is_content = is_text(content) || calls.is_some() && content.is_null();
        require(is_content, &at("content"), "it is a text, or parts that are")?;
        if role == "tool" {
            let id = message["tool_call_id"].as_str();
            let call = open.iter().position(|open| Some(*open) == id);
            let why = "it answers no call of the message before";
            open.remove(call.ok_or_else(|| Refusal::of(&at("tool_call_id"), why))?);
            continue;
        }
        require(open.is_empty(), &at("role"), "a call before it has no answer")?;
        let calls = calls.map(items);
        // A server takes back what it said itself, however odd it is.
        let is_own =
            |text: &String| serde_json::from_str(text).is_ok_and(|own: Value| own == *message);
        if !said.iter().any(is_own) {
            let is_sound = calls.is_none_or(|all| !all.is_empty() && all.iter().all(is_call));
            require(is_sound, &at("tool_calls"), "it is a list of calls")?;
        }
        let ids = calls.into_iter().flatten().map(|call| call["id"].as_str().unwrap_or_default());
        open = ids.collect();
    }
    require(open.is_empty(), "messages", "the last calls have no answer")
}

fn is_text(content: &Value) -> bool {
    let is_part = |part: &Value| part["type"] == "text" && part["text"].is_string();
    content.is_string() || !items(content).is_empty() && items(content).iter().all(is_part)
}

fn is_call(call: &Value) -> bool {
    let function = &call["function"];
    call["id"].as_str().is_some_and(|id| !id.is_empty())
        && call["type"] == "function"
        && is_name(&function["name"])
        && function["arguments"].is_string()
}

fn check_tool(tool: &Value) -> Result<(), Refusal> {
    let function = &tool["function"];
    require(tool["type"] == "function" && function.is_object(), "tools.type", "it is a function")?;
    require(is_name(&function["name"]), "tools.function.name", "it is no name")?;
    let is_told = function["description"].is_string() && function["parameters"].is_object();
    require(is_told, "tools.function", "it has a description and parameters")
}

fn is_name(name: &Value) -> bool {
    let is_in = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    name.as_str()
        .is_some_and(|name| (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.chars().all(is_in))
}

/// The elements of a list; none where there is no list.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
