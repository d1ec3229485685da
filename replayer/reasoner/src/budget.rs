//! What may be asked of a model within a time: requests a minute, tokens an hour, dollars a run.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Failure;
use crate::settings::Settings;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// See the module. Times are spans since its beginning.
#[derive(Debug)]
pub(crate) struct Budget {
    requests_per_minute: u32,
    tokens_per_hour: u64,
    max_micro_dollars: Option<u64>,
    /// When requests of the last minute were made: as many as are allowed, at the most.
    requests: VecDeque<Duration>,
    /// What replies of the last hour took, joined by minute.
    tokens: VecDeque<(Duration, u64)>,
    micro_dollars: u64,
}

impl Budget {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            requests_per_minute: settings.requests_per_minute,
            tokens_per_hour: settings.tokens_per_hour,
            max_micro_dollars: settings.max_usd.map(micro),
            requests: VecDeque::new(),
            tokens: VecDeque::new(),
            micro_dollars: 0,
        }
    }

    /// How long to wait until a request may be made; the error is what is used up.
    pub(crate) fn wait(&mut self, now: Duration) -> Result<Duration, Failure> {
        if let Some(most) = self.max_micro_dollars
            && self.micro_dollars >= most
        {
            let dollars = most as f64 / 1e6;
            return Err(Failure::Spent(format!("the {dollars} dollars of this run are spent")));
        }
        while self.tokens.front().is_some_and(|(at, _)| *at + HOUR <= now) {
            self.tokens.pop_front();
        }
        let used: u64 = self.tokens.iter().map(|(_, tokens)| tokens).sum();
        if used >= self.tokens_per_hour {
            let most = self.tokens_per_hour;
            return Err(Failure::Spent(format!("the {most} tokens of this hour are used")));
        }
        while self.requests.front().is_some_and(|at| *at + MINUTE <= now) {
            self.requests.pop_front();
        }
        if self.requests.len() < self.requests_per_minute as usize {
            return Ok(Duration::ZERO);
        }
        Ok(self
            .requests
            .front()
            .map_or(Duration::ZERO, |first| (*first + MINUTE).saturating_sub(now)))
    }

    /// A request is made.
    pub(crate) fn request(&mut self, now: Duration) {
        self.requests.push_back(now);
    }

    /// A reply took so much.
    pub(crate) fn count(&mut self, now: Duration, tokens: u64, micro_dollars: Option<u64>) {
        self.micro_dollars = self.micro_dollars.saturating_add(micro_dollars.unwrap_or(0));
        match self.tokens.back_mut() {
            Some((at, used)) if *at + MINUTE > now => *used = used.saturating_add(tokens),
            Some(_) | None => self.tokens.push_back((now, tokens)),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within")]
fn micro(dollars: f64) -> u64 {
    (dollars * 1e6).round().clamp(0.0, 1e15) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_used_up_comes_back_with_time_but_money() {
        let settings = Settings {
            requests_per_minute: 2,
            tokens_per_hour: 100,
            max_usd: Some(0.5),
            ..Settings::default()
        };
        let mut budget = Budget::new(&settings);
        budget.request(at(0));
        assert_eq!(budget.wait(at(10)), Ok(Duration::ZERO));
        budget.request(at(10));
        assert_eq!(budget.wait(at(20)), Ok(at(40)));
        assert_eq!(budget.wait(at(60)), Ok(Duration::ZERO));
        budget.count(at(60), 99, None);
        assert_eq!(budget.wait(at(61)), Ok(Duration::ZERO));
        budget.count(at(61), 1, None);
        let tokens = budget.wait(at(62)).unwrap_err().to_string();
        assert!(tokens.contains("100 tokens of this hour"), "{tokens}");
        assert_eq!(budget.wait(at(3_700)), Ok(Duration::ZERO));
        budget.count(at(3_700), 1, Some(500_000));
        let money = budget.wait(at(9_999)).unwrap_err().to_string();
        assert!(money.contains("0.5 dollars of this run"), "{money}");
    }
}
