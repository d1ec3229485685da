//! A server, asked over the network: within its time, its budgets and the waits it asks for.

use std::time::Duration;

use ks_vocabulary::random::Random;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep};

use crate::body::Body;
use crate::budget::Budget;
use crate::exchange::{Attempt, Exchange, Interaction};
use crate::key::Key;
use crate::retry::{ATTEMPTS_MAX, Refusal, Waits, after};
use crate::settings::Settings;
use crate::transport::Transport;
use crate::wire::Wire;
use crate::{Failure, clock, gemini, openai};

/// See the module. It has a runtime of its own, which runs only while it is asked.
#[derive(Debug)]
pub struct Live {
    runtime: Runtime,
    transport: Transport,
    wire: Wire,
    timeout: Duration,
    budget: Budget,
    random: Random,
    began: Instant,
    day: fn() -> String,
}

impl Live {
    /// `day` tells today as 2026-12-01; `seed` spreads the waits.
    pub fn new(
        settings: &Settings,
        wire: Wire,
        key: Option<Key>,
        seed: u64,
        day: fn() -> String,
    ) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Network(error.to_string()))?;
        Ok(Self {
            runtime,
            transport: Transport::new(settings.address(wire), key, wire)?,
            wire,
            timeout: Duration::from_secs(settings.timeout_s),
            budget: Budget::new(settings),
            random: Random::stream(seed, "retry"),
            began: clock::now(),
            day,
        })
    }
}

impl Exchange for Live {
    fn exchange(&mut self, body: &Body, within: Duration) -> Result<Interaction, Failure> {
        let Self { runtime, transport, wire, timeout, budget, random, began, day } = self;
        let mut asking = Asking {
            transport,
            wire: *wire,
            timeout: *timeout,
            budget,
            random,
            since: *began,
            ends: clock::now() + within,
            within,
        };
        let asked = clock::now();
        let attempts = runtime.block_on(asking.all(body))?;
        let latency_ms = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Interaction { attempts, day: day(), latency_ms })
    }

    fn count(&mut self, tokens: u64, micro_dollars: Option<u64>) {
        self.budget.count(self.began.elapsed(), tokens, micro_dollars);
    }
}

/// One request while it is made.
struct Asking<'a> {
    transport: &'a Transport,
    wire: Wire,
    timeout: Duration,
    budget: &'a mut Budget,
    random: &'a mut Random,
    since: Instant,
    ends: Instant,
    within: Duration,
}

impl Asking<'_> {
    async fn all(&mut self, body: &Body) -> Result<Vec<Attempt>, Failure> {
        let (mut attempts, mut waits): (Vec<Attempt>, _) = (Vec::new(), Waits::default());
        while attempts.len() < ATTEMPTS_MAX {
            let turn = self.budget.wait(self.since.elapsed())?;
            self.rest(turn, &attempts).await?;
            self.budget.request(self.since.elapsed());
            let left = self.ends.saturating_duration_since(clock::now());
            let attempt = self.transport.post(&body.path, &body.json, left.min(self.timeout)).await;
            attempts.push(attempt);
            let last = attempts.last().and_then(|last| again(self.wire, last, body));
            let Some(Refusal::Again { after: asked }) = last else { break };
            let Some(wait) = waits.next(asked, self.random) else { break };
            if attempts.len() < ATTEMPTS_MAX {
                self.rest(wait, &attempts).await?;
                let waited_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                if let Some(last) = attempts.last_mut() {
                    last.waited_ms = waited_ms;
                }
            }
        }
        Ok(attempts)
    }

    /// Waits, where there is time for it.
    async fn rest(&self, wait: Duration, attempts: &[Attempt]) -> Result<(), Failure> {
        if clock::now() + wait >= self.ends {
            let last = attempts.last().map(told);
            return Err(Failure::Late { seconds: clock::seconds(self.within), last });
        }
        if !wait.is_zero() {
            sleep(wait).await;
        }
        Ok(())
    }
}

/// What an attempt came to, in a line.
fn told(attempt: &Attempt) -> String {
    match (attempt.status, &attempt.error) {
        (_, Some(error)) => error.clone(),
        (Some(status), None) => format!("the last answer was {status}"),
        (None, None) => "nothing came".to_owned(),
    }
}

/// What becomes of a request after an attempt, with the wait that was asked for.
fn again(wire: Wire, attempt: &Attempt, body: &Body) -> Option<Refusal> {
    Some(match refused(wire, attempt, body)? {
        Refusal::Again { after: asked } => {
            Refusal::Again { after: asked.or_else(|| after(attempt.retry_after.as_deref())) }
        }
        end @ Refusal::End(_) => end,
    })
}

/// What an attempt is where it is no reply; `None` where its body is to be read.
pub(crate) fn refused(wire: Wire, attempt: &Attempt, body: &Body) -> Option<Refusal> {
    let is_whole = || match wire {
        Wire::Gemini => gemini::read(&attempt.body, body.streams, Vec::new()).heard.is_ok(),
        Wire::Openai => openai::read(&attempt.body).heard.is_ok(),
    };
    match (attempt.status, &attempt.error) {
        // What was whole before it broke off is whole.
        (Some(200), Some(_)) if is_whole() => None,
        (_, Some(error)) if error.contains("more than") => {
            Some(Refusal::End(Failure::Unreadable(error.clone())))
        }
        (None, None) | (_, Some(_)) => Some(Refusal::Again { after: None }),
        (Some(200), None) => None,
        (Some(status), None) => Some(match wire {
            Wire::Gemini => gemini::refusal(status, &attempt.body, &body.model),
            Wire::Openai => openai::refusal(status, &attempt.body, &body.model),
        }),
    }
}
