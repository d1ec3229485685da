//! More than a map of the kernel holds: what found no room is told, and the rest is there.

use std::process::{Command, Stdio};

use crate::recorded::Recorded;
use crate::{KS, Own, skipped, wait_until_begun};

/// Names of short-lived processes: the map has room for 512 (`lifetime.h`).
const NAMES: usize = 800;

#[test]
fn short_lives_that_find_no_room_are_a_gap() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut command = Command::new(KS);
    command.args(["record", "--processes", "none", "--interval", "20s", "--duration", "21s", "-o"]);
    let mut child = Own(command.arg(&path).stderr(Stdio::null()).spawn().unwrap());
    wait_until_begun(folder.path());
    let original = folder.path().join("true");
    std::fs::copy("/bin/true", &original).unwrap();
    for name in 0..NAMES {
        let program = folder.path().join(format!("ks-life-{name}"));
        std::fs::hard_link(&original, &program).unwrap();
        assert!(Command::new(&program).status().unwrap().success());
    }
    assert!(child.0.wait().unwrap().success());
    let recorded = Recorded::read(&path);
    if !recorded.has("bpf/lifetime") {
        return;
    }
    let told = |name: &[u8]| name.starts_with(b"ks-life-");
    let rows = recorded.samples().into_iter().flat_map(|sample| sample.bpf_short_lived.iter());
    let kept = rows.filter(|row| row.comm().is_some_and(told)).count();
    let lost = recorded.grown(|sample| sample.bpf_lifetime.first()?.lost());
    assert!(lost > 0, "{kept} of {NAMES} are kept and none is lost");
    assert!(kept as u64 + lost >= NAMES as u64, "{kept} kept, {lost} lost of {NAMES}");
    assert_eq!(recorded.lost("bpf/lifetime"), lost, "the gap says how many");
}
