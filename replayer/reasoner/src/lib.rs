//! A model as a reasoner: what it is sent, over which wire, and what was recorded of it.
//!
//! The engine asks by a [`ModelRequest`](ks_vocabulary::decision::ModelRequest) and is answered by
//! a [`ModelReply`](ks_vocabulary::input::ModelReply). Between the two a [`Mind`] keeps the
//! conversation with the model, in the model's own words: what it said goes back to it byte for
//! byte. A wire ([`gemini`], [`openai`]) makes a request of a conversation and reads what came;
//! an [`Exchange`] has it answered by a server, or by what was recorded of one.
//!
//! Nothing here is trusted and nothing here decides: each call that a model makes is held against
//! the tools' bounds by the engine, as that of any other reasoner is.

pub mod body;
pub mod budget;
pub mod cassette;
mod clean;
mod clock;
mod conversation;
pub mod exchange;
mod failure;
pub mod gemini;
mod heard;
mod json;
pub mod key;
pub mod live;
mod mind;
pub mod models;
pub mod openai;
pub mod prompts;
mod retry;
pub mod settings;
mod tools;
mod transport;
pub mod wire;

pub use body::Body;
pub use exchange::Exchange;
pub use failure::Failure;
pub use mind::{Mind, Preview};
pub use settings::Settings;
pub use wire::Wire;
