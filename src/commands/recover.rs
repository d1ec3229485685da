//! `ks recover`: seals the log that a killed recorder left.

use std::path::{Path, PathBuf};

use ks_recorder::format::recovery::recover;

use crate::cli;
use crate::render;

pub(crate) fn run(arguments: &cli::Recover) -> anyhow::Result<()> {
    let path = recording(&arguments.path);
    let recovered = recover(&path)?;
    render::note(&format!(
        "`{}` holds {} inputs; {} bytes after the last whole one are lost",
        path.display(),
        recovered.inputs,
        recovered.lost_bytes
    ));
    render::left_out(0, &recovered.damages);
    Ok(())
}

/// The recording that is meant: people name the log as well, which is what they see.
fn recording(path: &Path) -> PathBuf {
    let is_log = path.extension().is_some_and(|extension| extension == "log");
    let of = path.with_extension("");
    if is_log && of.extension().is_some() { of } else { path.to_owned() }
}
