//! An approval is of one order as it was shown, on the evidence that it was shown with, until a
//! time, and once.
//!
//! The actor seals what it is shown (HMAC-SHA256, RFC 2104) under a key that it makes when it
//! starts and that never leaves it. What comes back has to be the same to the byte: an approval of
//! one thing is none of another, however alike they look. No seal outlives the actor.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use crate::hexadecimal::{bytes, hex};
use crate::perform::Order;

const KEY_BYTES: usize = 32;

/// What a person is shown before he approves of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// What will be done.
    pub order: Order,
    /// Numbers of the signals that it rests on.
    pub evidence: Vec<u64>,
    /// Until when it may be, by CLOCK_BOOTTIME.
    pub until_ns: u64,
}

/// The seal of what was shown, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

/// Why an approval is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotApproved {
    /// It is that of something else, or of nobody.
    #[error("the approval is not of this: it has to be shown and approved again")]
    Other,
    /// Its time is over.
    #[error("the approval has expired: it has to be shown and approved again")]
    Expired,
    /// It was used.
    #[error("the approval was used already: one approval is for one act")]
    Used,
}

/// See the module.
pub struct Approvals {
    key: [u8; KEY_BYTES],
    /// What was used, with the time until which it could be used again.
    used: BTreeMap<Token, u64>,
}

impl std::fmt::Debug for Approvals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Approvals").field("used", &self.used.len()).finish_non_exhaustive()
    }
}

impl Approvals {
    /// With a key of its own.
    pub fn new() -> io::Result<Self> {
        let mut key = [0; KEY_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(Self { key, used: BTreeMap::new() })
    }

    /// Seals what a person is shown.
    pub fn seal(&self, shown: &Shown) -> Token {
        Token(hex(&self.mac(shown).finalize().into_bytes()))
    }

    /// Whether a token approves of what is to be done now. It is used by that.
    pub fn take(&mut self, shown: &Shown, token: &Token, now_ns: u64) -> Result<(), NotApproved> {
        let seal = bytes(&token.0).ok_or(NotApproved::Other)?;
        self.mac(shown).verify_slice(&seal).map_err(|_| NotApproved::Other)?;
        if now_ns > shown.until_ns {
            return Err(NotApproved::Expired);
        }
        self.used.retain(|_, until_ns| *until_ns >= now_ns);
        match self.used.insert(token.clone(), shown.until_ns) {
            None => Ok(()),
            Some(_) => Err(NotApproved::Used),
        }
    }

    fn mac(&self, shown: &Shown) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.key).expect("keys of any length are taken");
        mac.update(&serde_json::to_vec(shown).expect("it is plain data"));
        mac
    }
}

#[cfg(test)]
mod tests {
    use ks_vocabulary::decision::Effect;
    use ks_vocabulary::kind::Entity;
    use ks_vocabulary::lasting::Exact;

    use super::*;

    fn shown() -> Shown {
        let process = Exact(Entity::Process(5678, 99));
        let effects = vec![Effect::Nice { process, nice: 10 }];
        let action = "renice -n 10 -p 5678".to_owned();
        let order = Order { request: 7, action, effects, lasts_s: None };
        Shown { order, evidence: vec![3, 4], until_ns: 100 }
    }

    #[test]
    fn it_is_of_what_was_shown_once_and_in_time() {
        let mut approvals = Approvals::new().unwrap();
        let token = approvals.seal(&shown());
        assert_eq!(token.0.len(), 64);
        assert_eq!(approvals.take(&shown(), &token, 101), Err(NotApproved::Expired));
        assert_eq!(approvals.take(&shown(), &token, 100), Ok(()));
        assert_eq!(approvals.take(&shown(), &token, 100), Err(NotApproved::Used));
    }

    #[test]
    fn it_is_of_nothing_else() {
        let mut approvals = Approvals::new().unwrap();
        let token = approvals.seal(&shown());
        let changes: [fn(&mut Shown); 7] = [
            |shown| shown.order.request = 8,
            |shown| shown.order.action.push(' '),
            |shown| shown.order.lasts_s = Some(60),
            |shown| shown.order.effects.clear(),
            |shown| {
                let process = Exact(Entity::Process(5679, 99));
                shown.order.effects = vec![Effect::Nice { process, nice: 10 }];
            },
            |shown| shown.evidence.push(5),
            |shown| shown.until_ns = 1000,
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut other = shown();
            change(&mut other);
            assert_eq!(approvals.take(&other, &token, 1), Err(NotApproved::Other), "{at}");
        }
        assert_eq!(approvals.take(&shown(), &token, 1), Ok(()), "it was not used by that");
    }

    #[test]
    fn a_token_that_nobody_gave_is_none() {
        let mut approvals = Approvals::new().unwrap();
        let other = Approvals::new().unwrap().seal(&shown());
        let own = approvals.seal(&shown()).0;
        let longer = format!("{own}0");
        for token in ["", "0", "zz", &own[..62], &own.to_uppercase(), &longer, &other.0] {
            let token = Token(token.to_owned());
            if token.0 == own {
                continue;
            }
            assert_eq!(approvals.take(&shown(), &token, 1), Err(NotApproved::Other), "{token:?}");
        }
        assert!(!format!("{approvals:?}").contains("key"));
    }
}
