//! The wire of Google's `generateContent` (`gemini-api.md`): a request of a conversation, and what
//! a body is that came for it.

mod errors;
mod frame;
mod reply;
mod request;
mod stream;

pub(crate) use errors::refusal;
pub(crate) use reply::read;
pub(crate) use request::{Asked, body};

#[cfg(test)]
mod tests;
