//! `ks accept`: tells a daemon that a condition is normal.

use crate::cli::control::Accept;
use crate::control::{Question, Reply, ask};
use crate::render;
use ks_recorder::clock;

pub(crate) fn run(arguments: &Accept) -> anyhow::Result<()> {
    let folder = &arguments.daemon.output;
    let (kind, entity) = (arguments.kind, arguments.entity.clone());
    let stands = match ask(folder, &Question::Status {})? {
        Reply::Status(status) => {
            status.standing.iter().any(|one| one.kind == kind && one.entity == entity)
        }
        Reply::Done | Reply::Judged(_) | Reply::Refused { .. } => false,
    };
    ask(folder, &Question::Accept { kind, entity, until_ns: arguments.until })?;
    let (kind, entity) = (kind.word(), &arguments.entity);
    if arguments.until.is_some_and(|until| until <= clock::anchor().at_ns.0) {
        let past = "that time is past, so what was called normal is taken back";
        render::note(&format!("{kind} on {entity} is judged as ever: {past}"));
        return Ok(());
    }
    render::note(&format!("{kind} on {entity} is normal: only physical harm is raised"));
    if !stands {
        render::note("no verdict of that kind stands there at the moment");
    }
    Ok(())
}
