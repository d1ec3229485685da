//! A recording of what a model was asked and what it answered: JSON lines, each with the hash of
//! those before it. A run that asks the same is answered the same, without a network; one that asks
//! anything else is told where it differs.

mod difference;
mod fingerprint;
mod line;
mod play;
mod record;

pub use line::CassetteError;
pub use play::Cassette;
pub use record::{Recording, Tape};

#[cfg(test)]
mod tests;
