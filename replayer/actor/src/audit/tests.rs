//! What an audit log holds, and what of it cannot be changed unnoticed.

use super::*;

fn entry(number: u64) -> serde_json::Value {
    serde_json::json!({ "of": "test", "number": number, "text": "renice -n 10 -p 5678" })
}

/// A log of five lines.
fn written(folder: &Path) -> Paths {
    let paths = Paths::of(folder);
    let (mut audit, torn) = Audit::open(paths.clone()).unwrap();
    assert_eq!(torn, 0);
    for number in 1..=5 {
        audit.append(1_700_000_000, &entry(number)).unwrap();
    }
    paths
}

fn lines(paths: &Paths) -> Vec<String> {
    let text = fs::read_to_string(&paths.log).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn problem(paths: &Paths) -> String {
    verify(paths).unwrap_err().to_string()
}

#[test]
fn what_was_written_is_whole_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    assert_eq!(verify(&paths).unwrap().lines, 5);
    let (mut audit, _) = Audit::open(paths.clone()).unwrap();
    audit.append(1, &entry(6)).unwrap();
    assert_eq!(verify(&paths).unwrap(), *audit.head());
    assert_eq!(audit.head().lines, 6);
}

#[test]
fn an_empty_log_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::of(folder.path());
    drop(Audit::open(paths.clone()).unwrap());
    assert_eq!(verify(&paths).unwrap(), Head::none());
}

/// Every byte of it counts.
#[test]
fn any_change_of_a_line_is_found_at_that_line() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    let whole = fs::read(&paths.log).unwrap();
    let mut line = 1;
    for at in 0..whole.len() {
        let mut other = whole.clone();
        other[at] ^= 1;
        fs::write(&paths.log, &other).unwrap();
        let AuditError::Broken { line: found, problem, .. } = verify(&paths).unwrap_err() else {
            unreachable!("byte {at}")
        };
        // A line end that is gone makes one line of two.
        assert_eq!(found, line, "byte {at}: {problem}");
        line += u64::from(whole[at] == b'\n');
    }
}

#[test]
fn lines_that_are_taken_out_moved_or_doubled_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    let all = lines(&paths);
    for (order, line) in [
        (&[1, 2, 3, 4][..], 1),
        (&[0, 1, 3, 4], 3),
        (&[0, 2, 1, 3, 4], 2),
        (&[0, 1, 1, 2, 3, 4], 3),
        (&[0, 1, 2, 3, 4, 4], 6),
    ] {
        let text: String = order.iter().map(|at| all[*at].as_str()).collect();
        fs::write(&paths.log, text).unwrap();
        assert!(problem(&paths).contains(&format!("line {line}: ")), "{order:?}");
    }
}

#[test]
fn an_end_that_is_cut_off_is_found_by_the_anchor() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    let all = lines(&paths);
    fs::write(&paths.log, all[..3].concat()).unwrap();
    assert!(problem(&paths).contains("line 4: the end is cut off: 2 lines are missing"));
    let told = Audit::open(paths.clone()).unwrap_err().to_string();
    assert!(told.contains("the end is cut off"), "nobody goes on with it: {told}");
    fs::write(&paths.log, "").unwrap();
    assert!(problem(&paths).contains("5 lines are missing"));
}

#[test]
fn a_line_of_another_key_is_a_forged_one() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (paths, others) = (written(folder.path()), written(other.path()));
    fs::copy(&others.log, &paths.log).unwrap();
    assert!(problem(&paths).contains("line 1: it was changed since it was sealed"));
    fs::remove_file(&paths.key).unwrap();
    assert!(matches!(verify(&paths), Err(AuditError::Key { .. })));
    assert!(matches!(Audit::open(paths.clone()), Err(AuditError::Key { .. })), "no new key");
    fs::write(&paths.key, [0; 31]).unwrap();
    assert!(problem(&paths).contains("it has not 32 bytes"));
}

#[test]
fn a_line_that_a_kill_left_by_halves_is_cut_off_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    let mut log = OpenOptions::new().append(true).open(&paths.log).unwrap();
    log.write_all(b"{\"number\":\xc3").unwrap();
    assert!(problem(&paths).contains("line 6: 11 bytes without an end"));
    let (mut audit, torn) = Audit::open(paths.clone()).unwrap();
    assert_eq!(torn, 11);
    audit.append(1, &entry(6)).unwrap();
    assert_eq!(verify(&paths).unwrap().lines, 6);
}

/// A kill between the line and the anchor.
#[test]
fn an_anchor_that_is_a_line_behind_is_caught_up() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    let anchor = fs::read(&paths.anchor).unwrap();
    let (mut audit, _) = Audit::open(paths.clone()).unwrap();
    audit.append(1, &entry(6)).unwrap();
    drop(audit);
    fs::write(&paths.anchor, anchor).unwrap();
    drop(Audit::open(paths.clone()).unwrap());
    assert_eq!(verify(&paths).unwrap().lines, 6);
}

#[test]
fn what_is_no_log_and_no_anchor_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    for text in [&b"\xff\xff\n"[..], b"{}\n", b"\n", b"null\n"] {
        fs::write(&paths.log, text).unwrap();
        assert!(problem(&paths).contains("line 1: "), "{text:?}");
    }
    let long = vec![b'a'; usize::try_from(LINE_BYTES_MAX).unwrap() + 1];
    fs::write(&paths.log, long).unwrap();
    assert!(problem(&paths).contains("longer than a line can be"));
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    fs::write(&paths.anchor, "x").unwrap();
    assert!(problem(&paths).contains("it is no number and no seal"));
}

#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    for path in [&paths.log, &paths.anchor, &paths.key] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (audit, _) = Audit::open(paths).unwrap();
    assert!(!format!("{audit:?}").contains("Key(["), "the key is not shown");
}

#[test]
fn a_line_that_nobody_would_take_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let paths = written(folder.path());
    let (mut audit, _) = Audit::open(paths.clone()).unwrap();
    assert!(audit.append(1, &"x".repeat(1 << 20)).is_err());
    audit.append(1, &entry(6)).unwrap();
    assert_eq!(verify(&paths).unwrap().lines, 6);
}
