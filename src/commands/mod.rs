//! The subcommands, one file each.

pub(crate) mod accept;
pub(crate) mod actions;
pub(crate) mod analyze;
pub(crate) mod analyze_csv;
pub(crate) mod analyze_host;
pub(crate) mod analyze_rows;
pub(crate) mod baseline;
pub(crate) mod capture;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod dump;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod live;
pub(crate) mod policy;
mod policy_diff;
pub(crate) mod record;
pub(crate) mod recover;
pub(crate) mod replay;
pub(crate) mod scenario;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod trace;
