//! `ks recover`: seals the log that a killed recorder left.

use ks_recorder::format::writer::recover;

use crate::cli;
use crate::render;

pub(crate) fn run(arguments: &cli::Recover) -> anyhow::Result<()> {
    let recovered = recover(&arguments.path)?;
    render::note(&format!(
        "`{}` holds {} inputs; {} bytes after the last whole one are lost",
        arguments.path.display(),
        recovered.inputs,
        recovered.lost_bytes
    ));
    Ok(())
}
