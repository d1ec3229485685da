//! Breaks loops of a reasoner: the same call again, nearly the same, or two in turn. It counts what
//! it has seen by itself, so that a shorter history changes nothing.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::decision::ToolCall;
use serde_json::Value;

/// Calls that are nearly equal, in one incident.
const ALIKE_MAX: usize = 2;
/// Numbers this far apart are nearly equal.
const NEAR_SHARE: f64 = 0.1;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breaker {
    seen: Vec<(String, Value)>,
}

impl Breaker {
    /// Takes a call; the error says that it was made often enough.
    pub(crate) fn take(&mut self, call: &ToolCall) -> Result<(), String> {
        let tool = call.tool().word();
        let value = serde_json::to_value(call).unwrap_or_default();
        let alike = self.seen.iter().filter(|(known, old)| known == tool && is_near(old, &value));
        if alike.count() >= ALIKE_MAX {
            return Err(alloc::format!(
                "`{tool}` was called {ALIKE_MAX} times with nearly these arguments, and its answer \
                 is the same"
            ));
        }
        self.seen.push((tool.to_string(), value));
        Ok(())
    }
}

/// Whether two arguments ask the same: numbers may be a tenth apart, texts are not compared.
fn is_near(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap_or(0.0), other.as_f64().unwrap_or(0.0));
            libm::fabs(one - other) <= NEAR_SHARE * libm::fabs(one).max(libm::fabs(other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    key == "justification"
                        || other.get(key).is_some_and(|other| is_near(value, other))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_near(one, other))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::kind::Severity;

    fn query(lookback_minutes: u64) -> ToolCall {
        let (severity_min, signal_types, limit) = (Severity::Low, Vec::new(), 20);
        ToolCall::QuerySignals { severity_min, lookback_minutes, signal_types, limit }
    }

    #[test]
    fn nearly_equal_calls_and_calls_in_turn_are_broken() {
        let mut breaker = Breaker::default();
        assert!(breaker.take(&query(100)).is_ok());
        assert!(breaker.take(&query(101)).is_ok());
        assert!(breaker.take(&query(102)).is_err());
        assert!(breaker.take(&query(500)).is_ok(), "another question");
        let mut turns = Breaker::default();
        let taken = [10, 60, 10, 60, 10, 60].map(|minutes| turns.take(&query(minutes)).is_ok());
        assert_eq!(taken, [true, true, true, true, false, false]);
    }
}
