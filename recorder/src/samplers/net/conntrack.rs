//! `nf_conntrack_count` and `nf_conntrack_max`: connections tracked, of the own namespace only.
//!
//! Both files are there only while the module is loaded. The table itself is not read.

use ks_vocabulary::model::{Netns, NetnsCell};

use super::patient_file::PatientFile;
use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::Context;
use crate::text::parse_only_u64;

/// The two files.
#[derive(Debug)]
pub(super) struct Conntrack {
    count: PatientFile,
    max: PatientFile,
}

impl Default for Conntrack {
    fn default() -> Self {
        let file = |name: &str| {
            PatientFile::new(HostFile::single(format!(
                "proc/sys/net/netfilter/nf_conntrack_{name}"
            )))
        };
        Self { count: file("count"), max: file("max") }
    }
}

impl Conntrack {
    /// Adds both numbers to the row of the own namespace.
    pub(super) fn sample(
        &mut self,
        context: &mut Context<'_>,
        row: &mut Netns,
    ) -> Result<(), Absence> {
        row.set(NetnsCell::conntrack, read(&mut self.count, context)?);
        row.set(NetnsCell::conntrack_max, read(&mut self.max, context)?);
        Ok(())
    }
}

fn read(file: &mut PatientFile, context: &mut Context<'_>) -> Result<u64, Absence> {
    let text = file.read(context.host, context.buffer, context.tick)?;
    parse_only_u64(text).ok_or(Absence::Malformed(Malformed { line: 1, expected: "a number" }))
}
