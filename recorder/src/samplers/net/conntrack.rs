//! `nf_conntrack_count` and `nf_conntrack_max`: connections tracked, of the own namespace only, and
//! those that were not, from `net/stat/nf_conntrack`.
//!
//! The files are there only while the module is loaded, the last one with an option of the kernel
//! too. The table itself is not read.

use ks_vocabulary::model::{Netns, NetnsCell};

use super::patient_file::PatientFile;
use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::Context;
use crate::text::{fields, lines, parse_hex, parse_only_u64};

/// The two files that are of the own namespace alone.
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
    /// Adds what the files say to the row of the own namespace, whose `net/stat/nf_conntrack` is
    /// `refusals`.
    pub(super) fn sample(
        &mut self,
        refusals: &mut PatientFile,
        context: &mut Context<'_>,
        row: &mut Netns,
    ) -> Result<(), Absence> {
        if let Ok(text) = refusals.read(context.host, context.buffer, context.tick) {
            set_refusals(text, row);
        }
        row.set(NetnsCell::conntrack, read(&mut self.count, context)?);
        row.set(NetnsCell::conntrack_max, read(&mut self.max, context)?);
        Ok(())
    }
}

fn read(file: &mut PatientFile, context: &mut Context<'_>) -> Result<u64, Absence> {
    let text = file.read(context.host, context.buffer, context.tick)?;
    parse_only_u64(text).ok_or(Absence::Malformed(Malformed { line: 1, expected: "a number" }))
}

/// The columns of interest, by their names.
const COLUMNS: [(&[u8], NetnsCell); 3] = [
    (b"insert_failed", NetnsCell::conntrack_insert_failed),
    (b"drop", NetnsCell::conntrack_drop),
    (b"early_drop", NetnsCell::conntrack_early_drop),
];

/// Parses `net/stat/nf_conntrack`: names, then a line of hexadecimal numbers for each CPU, which
/// are summed. Where one of them is missing the sum is not known.
fn set_refusals(text: &[u8], row: &mut Netns) {
    let mut lines = lines(text);
    let header = lines.next().unwrap_or_default();
    let places = COLUMNS.map(|(name, _)| fields(header).position(|field| field == name));
    let mut sums = places.map(|place| place.map(|_| 0u64));
    let mut any = false;
    for line in lines {
        any = true;
        for (sum, place) in sums.iter_mut().zip(places) {
            let value = place.and_then(|place| fields(line).nth(place)).and_then(parse_hex);
            *sum = sum.and_then(|sum| sum.checked_add(value?));
        }
    }
    for ((_, cell), sum) in COLUMNS.into_iter().zip(sums) {
        row.set_some(cell, sum.filter(|_| any));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusals(text: &[u8]) -> [Option<u64>; 3] {
        let mut row = Netns::default();
        set_refusals(text, &mut row);
        [row.conntrack_insert_failed(), row.conntrack_drop(), row.conntrack_early_drop()]
    }

    #[test]
    fn what_was_refused_is_found_by_name_in_hexadecimal_and_summed_over_cpus() {
        let new = b"entries  clashres found new invalid ignore delete chainlength insert \
            insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete \
            search_restart\n\
            00000011  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 \
            0000000a 000000ff 00000001 00000000  00000000 00000000 00000000 00000000\n\
            00000011  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 \
            00000001 00000001 00000002 00000000  00000000 00000000 00000000 00000000\n";
        assert_eq!(refusals(new), [Some(11), Some(256), Some(3)]);
        let other_order = b"drop entries insert_failed\n02 09 01\n03 09 01\n";
        assert_eq!(refusals(other_order), [Some(2), Some(5), None]);
    }

    #[test]
    fn a_sum_of_which_a_part_is_missing_is_not_known() {
        assert_eq!(refusals(b"insert_failed drop\n01 02\n01\n"), [Some(2), None, None]);
        assert_eq!(refusals(b"insert_failed drop early_drop\n"), [None; 3]);
        assert_eq!(refusals(b""), [None; 3]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = refusals(&bytes);
        }
    }
}
