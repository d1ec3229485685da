//! Knowledge that a command begins with: read, and told where it is of another host.

use std::path::Path;

use ks_engine::analysis::Knowledge;
use ks_replayer::knowledge_file;

use crate::render;

/// Reads the file of `--baseline`, where there is one.
pub(crate) fn of(file: Option<&Path>) -> anyhow::Result<Option<(Knowledge, String)>> {
    let Some(file) = file else { return Ok(None) };
    Ok(Some((knowledge_file::load(file)?, file.display().to_string())))
}

/// Says where knowledge of one host was used for another.
pub(crate) fn tell(learned_on: &str, file: &str, host: &str) {
    if learned_on != host {
        render::note(&format!(
            "`{file}` was learned on {}, and this is {}: its baselines and slopes are taken as \
             they are, and intervals that rest on its residuals name its host",
            named(learned_on),
            named(host)
        ));
    }
}

/// The name of a host for people.
pub(crate) fn named(host: &str) -> &str {
    if host.is_empty() { "an unnamed host" } else { host }
}
