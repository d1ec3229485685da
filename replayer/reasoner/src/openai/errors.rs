//! What the server says in place of a reply.

use serde::Deserialize;
use serde_json::Value;

use crate::Failure;
use crate::clean::text_of;
use crate::json;
use crate::retry::Refusal;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Whole {
    error: Value,
}

/// Why a status other than 200 came. `error` is an object with a message, or the message itself.
pub(crate) fn refusal(status: u16, text: &str, model: &str) -> Refusal {
    let error = json::read::<Whole>(text).unwrap_or_default().error;
    let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let message = error.as_str().unwrap_or_else(|| field("message"));
    let line = text_of(message);
    match status {
        401 | 403 => Refusal::End(Failure::Key { status }),
        404 => {
            let instead = Some(format!("the server says: {line}")).filter(|_| !line.is_empty());
            Refusal::End(Failure::NoModel { model: model.to_owned(), instead })
        }
        429 if field("code") == "insufficient_quota" => Refusal::End(Failure::Quota(line)),
        408 | 409 | 429 | 500 | 502 | 503 | 504 => Refusal::Again { after: None },
        _ => Refusal::End(Failure::Refused { status, said: line }),
    }
}
