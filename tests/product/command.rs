//! The product as a command, in a folder of its own.

use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn ks(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// Runs it, and holds its exit code and what it says against what is expected.
pub(crate) fn check(folder: &Path, arguments: &[&str], code: i32, expected: &str) {
    let output = ks(folder, arguments);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.contains(expected), "{told}");
}
