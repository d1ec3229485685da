//! Calls into libraries that panic over files that are not as they should be.
//!
//! The Parquet library asserts in places on what a file says. Such a file is bad input, which is
//! told with its name; the panic goes no further than this.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is caught: then there is nothing to say of it on stderr.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// What `work` gives, or the words of its panic. What `work` was changing is not used after one.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    done.map_err(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
        format!("the Parquet library gave up: {text}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_is_guarded_only_while_it_lasts() {
        assert_eq!(guarded(is_guarded), Ok(true));
        let caught = guarded(|| -> u8 { panic!("an offset of 7") });
        assert_eq!(caught, Err("the Parquet library gave up: an offset of 7".to_owned()));
        assert!(!is_guarded());
    }
}
