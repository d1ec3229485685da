//! `ks recover`: seals the log that a killed recorder left.

use ks_recorder::format::recovery::recover;

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
    render::left_out(0, &recovered.damages);
    Ok(())
}
