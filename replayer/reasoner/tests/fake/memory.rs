//! What the server has said, by which it knows what comes back: signatures, names of its own
//! making, tokens to go on by.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::base64;
use super::reply::Reply;
use super::splice::with_field;

/// A signature that went out.
pub(crate) struct Issued {
    /// The model that it is of.
    pub(crate) model: String,
    /// The function whose call it came with, if it came with one.
    pub(crate) called: Option<String>,
}

#[derive(Default)]
pub(crate) struct Memory {
    signatures: BTreeMap<Vec<u8>, Issued>,
    extras: BTreeSet<String>,
    tokens: BTreeMap<String, Value>,
    replies: Vec<Vec<String>>,
    /// How much was made up so far, so that nothing is made up twice.
    made: u64,
}

impl Memory {
    pub(crate) fn issued(&self, signature: &[u8]) -> Option<&Issued> {
        self.signatures.get(signature)
    }

    /// Names of parts that went out.
    pub(crate) fn extras(&self) -> &BTreeSet<String> {
        &self.extras
    }

    /// The parts of each reply that went out, in their own bytes.
    pub(crate) fn replies(&self) -> &[Vec<String>] {
        &self.replies
    }

    /// The request that a token goes on with.
    pub(crate) fn begun(&self, token: &str) -> Option<&Value> {
        self.tokens.get(token)
    }

    /// The parts of a reply as they go out. The first call is signed, and no other.
    pub(crate) fn issue(&mut self, reply: &Reply, model: &str) -> Vec<String> {
        let mut has_call = false;
        let mut parts = Vec::new();
        for part in &reply.parts {
            let is_call = parse(&part.json).get("functionCall").is_some();
            let is_first = is_call && !has_call && !reply.is_unsigned;
            has_call |= is_call;
            let is_bare = parse(&part.json).get("thoughtSignature").is_none();
            let json = if is_bare && (is_first || part.is_signed) {
                with_field(&part.json, "thoughtSignature", &self.signature().into())
            } else {
                part.json.clone()
            };
            self.remember(&parse(&json), model);
            parts.push(json);
        }
        self.replies.push(parts.clone());
        parts
    }

    /// A token by which the answer to a body goes on.
    pub(crate) fn token(&mut self, begun: Value) -> String {
        let token = format!("go-on-{:016x}", self.random());
        self.tokens.insert(token.clone(), begun);
        token
    }

    fn remember(&mut self, part: &Value, model: &str) {
        let fields = [part, &part["functionCall"]].into_iter().filter_map(Value::as_object);
        self.extras.extend(fields.flat_map(|fields| fields.keys().cloned()));
        let signature = part["thoughtSignature"].as_str().and_then(base64::decode);
        if let Some(signature) = signature {
            let called = part["functionCall"]["name"].as_str().map(ToOwned::to_owned);
            self.signatures.insert(signature, Issued { model: model.to_owned(), called });
        }
    }

    fn signature(&mut self) -> String {
        let bytes: Vec<u8> = (0..5).flat_map(|_| self.random().to_be_bytes()).collect();
        base64::encode(&bytes)
    }

    /// The next of a sequence that looks random and is the same in each run (SplitMix64).
    fn random(&mut self) -> u64 {
        self.made += 1;
        let mut bits = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// A part that a script wrote.
fn parse(part: &str) -> Value {
    serde_json::from_str(part).expect("a part of a script is JSON")
}
