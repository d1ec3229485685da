//! `ks stop-acting` and `ks resume-acting`: a file that the actor looks at right before each act,
//! so that no daemon has to answer.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Context;
use ks_actor::process::Setup;

use crate::acting::FOLDER;
use crate::cli::acting::Switch;
use crate::exit::Misused;
use crate::render;

pub(crate) fn stop(arguments: &Switch) -> anyhow::Result<()> {
    let daemon = &arguments.daemon.output;
    // A name that is wrong by a letter must not look like a switch that works.
    if !daemon.is_dir() {
        return Err(Misused("no daemon writes there: name the directory of `ks live -o`").into());
    }
    let path = path(arguments);
    let folder = path.parent().unwrap_or(&path);
    // It may stop what is started only later.
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let made = File::create(&path).and_then(|file| file.sync_all());
    made.with_context(|| format!("cannot create `{}`: acting goes on", path.display()))?;
    render::note(&format!(
        "who acts for `{}` does nothing more until `ks resume-acting`; what is done can be undone",
        daemon.display()
    ));
    Ok(())
}

pub(crate) fn resume(arguments: &Switch) -> anyhow::Result<()> {
    let path = path(arguments);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            render::note("acting was not stopped");
            Ok(())
        }
        removed => {
            removed.with_context(|| format!("cannot remove `{}`", path.display()))?;
            render::note("acting may go on");
            Ok(())
        }
    }
}

fn path(arguments: &Switch) -> PathBuf {
    Setup::stop_in(&arguments.daemon.output.join(FOLDER))
}
