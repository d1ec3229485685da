//! The wire of chat completions with tools, which Ollama, vLLM and llama.cpp speak too.

mod errors;
mod reply;
mod request;

pub(crate) use errors::refusal;
pub(crate) use reply::read;
pub(crate) use request::body;
