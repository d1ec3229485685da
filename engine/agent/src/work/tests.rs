//! The agent at work on the host for tests, with a reasoner that says what a test wants.

mod aside;
mod asking;
mod bench;
mod by_person;
mod course;
mod looks;
mod thinking;
