//! Checks of the repository itself: sizes, wording, module trees, circles, crate borders, fixtures.
//!
//! Each check is a pure function from the files to a list of findings. It runs on the checkout, and
//! on bad input of its own in which it must find something. What the compiler, rustfmt or clippy
//! refuse by themselves is not repeated here.

mod calls;
mod checksums;
mod circles;
mod crate_sizes;
mod errors;
mod judgement;
mod lexer;
mod manifests;
mod modules;
mod needs;
mod paths;
mod sizes;
mod tree;
mod wording;
