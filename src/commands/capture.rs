//! `ks capture`: an incident as a small recording of its own.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use ks_replayer::capture::{Part, Redaction, capture};
use ks_replayer::expectations::captured;
use ks_replayer::sequence;

use crate::cli::capture::Capture;
use crate::{render, replaceable};

/// Bytes of the salt: as many as its hash has.
const SALT_BYTES: usize = 32;

pub(crate) fn run(arguments: &Capture) -> anyhow::Result<()> {
    let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let part = Part {
        around: arguments.around,
        before_ns: ns(arguments.before),
        after_ns: ns(arguments.after),
    };
    let redaction = if arguments.redact {
        Some(Redaction::new(salt()?).keeping(&arguments.keep))
    } else {
        None
    };
    sequence::check(&arguments.from)?;
    let output = &arguments.output;
    let beside = output.with_extension("toml");
    replaceable::check(&beside, captured::HEAD, "file of cases of a cut")?;
    let captured = capture(&arguments.from, part, output, redaction.as_ref(), arguments.force)?;
    for difference in &captured.differs {
        render::note(difference);
    }
    render::note(&format!(
        "`{}` holds {} samples; {} episodes{} in the part are {}",
        output.display(),
        captured.ticks,
        captured.episodes,
        match captured.decisions {
            0 => String::new(),
            count => format!(" and {count} decisions"),
        },
        if captured.differs.is_empty() { "those of the original" } else { "NOT all the same" }
    ));
    if !captured.report.decisions.is_empty() {
        let text = captured::cases(output, &captured.report)?;
        std::fs::write(&beside, text)
            .with_context(|| format!("cannot write `{}`", beside.display()))?;
        render::note(&format!("`{}` expects what was decided in it", beside.display()));
    }
    Ok(())
}

/// A salt that nobody keeps.
fn salt() -> anyhow::Result<Vec<u8>> {
    let mut salt = vec![0; SALT_BYTES];
    let mut source = File::open("/dev/urandom").context("cannot open `/dev/urandom`")?;
    source.read_exact(&mut salt).context("cannot read `/dev/urandom`")?;
    Ok(salt)
}
