//! Errors as the provider words them: those of a refused request, and those that a script plays.

use serde_json::{Value, json};

use super::Answer;

/// The type of every body in JSON.
pub(crate) const JSON: &str = "application/json; charset=UTF-8";

/// Why a request was not taken.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) status: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { code: 400, status: "INVALID_ARGUMENT", message: message.into() }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self { code: 403, status: "PERMISSION_DENIED", message: message.into() }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { code: 404, status: "NOT_FOUND", message: message.into() }
    }

    pub(crate) fn body(&self) -> String {
        error_json(self.code, self.status, &self.message, &[])
    }
}

/// The body of an error. One without details has no such field.
pub(crate) fn error_json(code: u16, status: &str, message: &str, details: &[Value]) -> String {
    let mut error = json!({"code": code, "message": message, "status": status});
    if !details.is_empty() {
        error["details"] = Value::from(details);
    }
    json!({ "error": error }).to_string()
}

/// Any error with a body of the provider's form.
pub(crate) fn standard(code: u16, status: &str, message: &str, details: &[Value]) -> Answer {
    let body = error_json(code, status, message, details);
    Answer::Status { code, body, headers: Vec::new(), content_type: JSON }
}

/// 429, with the wait and the quota that it names: `retry` as in "34.07s".
pub(crate) fn exhausted(retry: Option<&str>, quota_id: Option<&str>) -> Answer {
    let quota = quota_id.map(|id| {
        json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": id}],
        })
    });
    let wait = retry.map(
        |delay| json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}),
    );
    let details: Vec<Value> = quota.into_iter().chain(wait).collect();
    standard(429, "RESOURCE_EXHAUSTED", "the quota is used up", &details)
}

/// 503 of one model that has no room, while others may have.
pub(crate) fn no_capacity() -> Answer {
    let info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "MODEL_CAPACITY_EXHAUSTED",
        "domain": "generativelanguage.googleapis.com",
    });
    standard(503, "UNAVAILABLE", "no capacity is left for this model", &[info])
}

pub(crate) fn internal() -> Answer {
    standard(500, "INTERNAL", "an internal error was met", &[])
}

pub(crate) fn unavailable() -> Answer {
    standard(503, "UNAVAILABLE", "the service is overloaded", &[])
}

/// 502 with a page for people, as a proxy in between gives it.
pub(crate) fn html() -> Answer {
    let body = "<html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>";
    let content_type = "text/html";
    Answer::Status { code: 502, body: body.to_owned(), headers: Vec::new(), content_type }
}
