//! `/proc/sys/fs/file-nr`: file handles of the host.

use ks_vocabulary::model::{FileHandles, FileHandlesCell, Rows, Sample};

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, parse_u64};

/// Reads `/proc/sys/fs/file-nr`.
#[derive(Debug)]
pub(super) struct FileNr {
    file: HostFile,
}

impl Default for FileNr {
    fn default() -> Self {
        Self { file: HostFile::single("proc/sys/fs/file-nr") }
    }
}

impl Sampler for FileNr {
    fn sources(&self) -> &'static [&'static str] {
        &["sys/fs/file-nr"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table(
            "sys/fs/file-nr",
            &mut self.file,
            &mut sample.file_handles,
            parse_file_nr,
        );
    }
}

/// The fields in order.
const FIELDS: [FileHandlesCell; 3] =
    [FileHandlesCell::allocated, FileHandlesCell::unused, FileHandlesCell::max];

/// Parses `/proc/sys/fs/file-nr`.
pub(super) fn parse_file_nr(text: &[u8], rows: &mut Rows<FileHandles>) -> Result<(), Malformed> {
    let row = rows.push();
    for (cell, field) in FIELDS.into_iter().zip(fields(text)) {
        row.set_some(cell, parse_u64(field));
    }
    match row.allocated() {
        Some(_) => Ok(()),
        None => Err(Malformed { line: 1, expected: "the number of file handles" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &[u8]) -> [Option<u64>; 3] {
        let mut rows = Rows::default();
        parse_file_nr(text, &mut rows).unwrap();
        let row = rows.first().unwrap();
        [row.allocated(), row.unused(), row.max()]
    }

    #[test]
    fn handles_and_their_limit_are_read() {
        assert_eq!(check(b"525\t0\t2466177\n"), [Some(525), Some(0), Some(2_466_177)]);
        let unlimited = [Some(14_336), Some(12), Some(9_223_372_036_854_775_807)];
        assert_eq!(check(b"14336\t12\t9223372036854775807\n"), unlimited);
    }

    #[test]
    fn a_truncated_text_leaves_the_rest_absent() {
        assert_eq!(check(b"525\t0"), [Some(525), Some(0), None]);
        assert_eq!(check(b"525\t-\t7\n"), [Some(525), None, Some(7)]);
    }

    #[test]
    fn a_text_without_a_number_is_malformed() {
        assert!(parse_file_nr(b"", &mut Rows::default()).is_err());
        assert!(parse_file_nr(b"garbage\n", &mut Rows::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_file_nr(&bytes, &mut Rows::default());
        }
    }
}
