//! Our recordings as other writers rewrote them: the same inputs, and nothing vouches for them.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};

use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::Input;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/rewritten").join(name)
}

/// The inputs of a file, and what makes it another stream than was recorded.
fn read(path: &Path) -> (Vec<Input>, Vec<String>) {
    let mut reader = Reader::open(&[path.to_owned()]).unwrap();
    let inputs = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    assert!(reader.damages().is_empty(), "{:?}", reader.damages());
    (inputs, reader.differs().to_vec())
}

/// pyarrow copies the keys of our footer, the checksums of another file among them.
#[test]
fn a_file_that_another_writer_rewrote_is_read_and_named() {
    let (original, differs) = read(&fixture("original.parquet"));
    assert!(original.len() > 40 && differs.is_empty(), "{differs:?}");
    for (name, writer) in [
        ("pyarrow.parquet", "parquet-cpp-arrow version 26.0.1"),
        ("duckdb.parquet", "DuckDB version v2.0.1"),
        ("polars.parquet", "Polars (python) version 2.1.0"),
    ] {
        let (inputs, differs) = read(&fixture(name));
        assert_eq!(inputs, original, "{name}");
        assert_eq!(differs.len(), 1);
        assert!(differs[0].contains(&format!("was written by {writer}")), "{}", differs[0]);
        assert!(differs[0].ends_with("nothing vouches for its content"), "{}", differs[0]);
    }
}

/// A checksum that another writer copied is not one of its content; those of older versions are.
#[test]
fn nobody_vouches_for_what_has_no_checksum_of_ours() {
    let versions = |name: &str| fixture("../versions").join(name);
    let check = |path: &Path, expected: Option<&str>| {
        let mut reader = Reader::open(&[path.to_owned()]).unwrap();
        assert!(reader.next().unwrap().is_some());
        let writers: Vec<&str> =
            reader.unvouched().iter().map(|file| file.writer.as_str()).collect();
        assert_eq!(writers, expected.as_slice(), "{}", path.display());
        assert!(reader.unvouched().iter().all(|file| file.path == path));
    };
    check(&fixture("original.parquet"), None);
    check(&fixture("pyarrow.parquet"), Some("parquet-cpp-arrow version 26.0.1"));
    check(&fixture("duckdb.parquet"), Some("DuckDB version v2.0.1 (build 8d78114e90)"));
    check(&versions("version_1_2.parquet"), None);
    check(&versions("version_1_3.parquet"), None);
}

/// Wherever one bit of the footer is another one, the file is not believed.
#[test]
fn a_footer_that_is_not_the_one_that_was_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let good = std::fs::read(fixture("original.parquet")).unwrap();
    let length: [u8; 4] = good[good.len() - 8..good.len() - 4].try_into().unwrap();
    let begin = good.len() - 8 - usize::try_from(u32::from_le_bytes(length)).unwrap();
    let step = (good.len() - begin) / 150;
    for at in (begin..good.len()).step_by(step) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bad).unwrap();
        let mut reader = Reader::open(std::slice::from_ref(&path)).unwrap();
        match reader.next() {
            Err(_) => {}
            // What turned it into another writer's file made nobody believe it.
            Ok(_) => assert!(!reader.differs().is_empty(), "byte {at} of {}", good.len()),
        }
    }
}
