//! What the server says in place of a reply: whether to ask again, when, and what to tell people.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::Failure;
use crate::clean::text_of;
use crate::json;
use crate::retry::Refusal;

#[derive(Debug, Deserialize)]
struct Whole {
    error: Said,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    message: String,
    status: String,
    details: Vec<Value>,
}

/// Why a status other than 200 came. A body that is no JSON is one of a proxy: its status counts.
pub(crate) fn refusal(status: u16, text: &str, model: &str) -> Refusal {
    let said = json::read::<Whole>(text).map(|whole| whole.error).unwrap_or_default();
    let message = if said.message.is_empty() { said.status.clone() } else { said.message.clone() };
    let line = text_of(&message);
    match status {
        401 | 403 => Refusal::End(Failure::Key { status }),
        404 => Refusal::End(Failure::NoModel { model: model.to_owned(), instead: None }),
        _ if said.reason("MODEL_CAPACITY_EXHAUSTED") => Refusal::End(Failure::Capacity(line)),
        429 if said.is_of_the_day() => Refusal::End(Failure::Quota(line)),
        408 | 429 | 499 | 500 | 502 | 503 | 504 => Refusal::Again { after: said.retry_delay() },
        // A key that is none is told by 400 as well.
        400 if said.reason("API_KEY_INVALID") => Refusal::End(Failure::Key { status }),
        _ => Refusal::End(Failure::Refused { status, said: line }),
    }
}

impl Said {
    fn of_type(&self, name: &str) -> impl Iterator<Item = &Value> {
        let name = name.to_owned();
        self.details.iter().filter(move |detail| {
            detail.get("@type").and_then(Value::as_str).is_some_and(|of| of.ends_with(&name))
        })
    }

    fn reason(&self, reason: &str) -> bool {
        let mut all = self.of_type("google.rpc.ErrorInfo");
        all.any(|info| info.get("reason").and_then(Value::as_str) == Some(reason))
    }

    /// A quota of the day is no better in a minute.
    fn is_of_the_day(&self) -> bool {
        let violations = self.of_type("google.rpc.QuotaFailure");
        let mut violations =
            violations.filter_map(|failure| failure.get("violations")?.as_array()).flatten();
        let is_daily = |id: &str| id.contains("PerDay") || id.contains("Daily");
        violations.any(|one| one.get("quotaId").and_then(Value::as_str).is_some_and(is_daily))
            || self.message.contains("limit: 0")
    }

    /// When to ask again, where it is said.
    fn retry_delay(&self) -> Option<Duration> {
        let delay = |info: &Value| seconds(info.get("retryDelay")?.as_str()?.strip_suffix('s')?);
        self.of_type("google.rpc.RetryInfo").find_map(delay).or_else(|| {
            let (_, rest) = self.message.split_once("Please retry in ")?;
            let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
            let (number, unit) = rest.split_at(end);
            unit.starts_with('s').then(|| seconds(number.trim_end_matches('.'))).flatten()
        })
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
