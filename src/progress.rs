//! The progress of long work, on stderr and only where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over the bytes of what is read.
pub(crate) fn bar() -> ProgressBar {
    ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {elapsed}")
            .expect("the template is valid"),
    )
}

/// A bar over the seconds of a run.
pub(crate) fn seconds() -> ProgressBar {
    ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} s {elapsed}")
            .expect("the template is valid"),
    )
}

/// A bar over runs in which nothing is done.
pub(crate) fn runs() -> ProgressBar {
    ProgressBar::new(0).with_style(
        ProgressStyle::with_template(
            "{bar:30} {pos}/{len} runs in which nothing is done {elapsed}",
        )
        .expect("the template is valid"),
    )
}

/// Says how far a bar is.
pub(crate) fn set(bar: &ProgressBar, done: u64, all: u64) {
    bar.set_length(all);
    bar.set_position(done);
}

/// A bar over so many cases.
pub(crate) fn cases(all: u64) -> ProgressBar {
    ProgressBar::new(all).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} cases {elapsed}")
            .expect("the template is valid"),
    )
}

/// Tells a bar how far the work is: what is done, and all of it.
pub(crate) fn told(bar: &ProgressBar) -> impl FnMut(u64, u64) + use<> {
    let bar = bar.clone();
    move |done, all| set(&bar, done, all)
}
