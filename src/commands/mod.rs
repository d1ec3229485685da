//! The subcommands, one file each.

pub(crate) mod live;
pub(crate) mod record;
pub(crate) mod recover;
pub(crate) mod replay;
