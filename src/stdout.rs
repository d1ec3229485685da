//! Standard output for data: whole texts, JSON, and long streams.
//!
//! A reader of a pipe that has seen enough, such as `head`, is no error: what is left to print is
//! not printed.

use std::io::{self, BufWriter, StdoutLock, Write};

use serde::Serialize;

use crate::plain::Page;

/// Standard output for a stream. Flush it, and give what came of it to [`unless_closed`].
pub(crate) fn stream() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// Prints `text`, which is for programs or has no word of a host or a file.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    unless_closed(written.map_err(anyhow::Error::from))
}

/// Prints text for people.
pub(crate) fn print_page(page: &Page) -> anyhow::Result<()> {
    print(page.as_str())
}

/// Prints `value` as JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// The outcome of printing, where a reader that is gone is none to speak of.
pub(crate) fn unless_closed(outcome: anyhow::Result<()>) -> anyhow::Result<()> {
    let kind = |error: &anyhow::Error| error.downcast_ref::<io::Error>().map(io::Error::kind);
    match outcome {
        Err(error) if kind(&error) == Some(io::ErrorKind::BrokenPipe) => Ok(()),
        Err(error) if kind(&error).is_some() => {
            Err(error.context("cannot write to standard output"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_gone_is_no_error_and_a_full_disk_is() {
        let outcome = |kind: io::ErrorKind| unless_closed(Err(io::Error::from(kind).into()));
        assert!(outcome(io::ErrorKind::BrokenPipe).is_ok());
        let full = outcome(io::ErrorKind::StorageFull).unwrap_err();
        assert!(full.to_string().contains("standard output"));
        let other = unless_closed(Err(anyhow::anyhow!("damaged"))).unwrap_err();
        assert_eq!(other.to_string(), "damaged");
    }
}
