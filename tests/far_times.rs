//! Recordings whose times lie centuries apart cost no more memory than others.

use std::path::Path;
use std::process::Command;

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::Input;

/// Address space that `ks` may take, in kB: several times what a replay of this recording takes.
const SPACE_KB: u32 = 2_000_000;
const CENTURIES_NS: u64 = 9_000_000_000_000_000_000;

#[test]
fn a_replay_over_centuries_takes_no_memory_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("far.parquet");
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings/cpu_overload_one.parquet");
    let mut reader = Reader::open(&[fixture]).unwrap();
    let mut inputs: Vec<Input> = std::iter::from_fn(|| reader.next().unwrap().cloned()).collect();
    let half = inputs.len() / 2;
    for input in &mut inputs[half..] {
        input.mono = input.mono.plus_ns(CENTURIES_NS);
    }
    let mut writer = Writer::create(&path, false).unwrap();
    for input in &inputs {
        writer.append(input).unwrap();
    }
    writer.seal().unwrap();
    for words in ["replay --format json", "analyze", "dump --columns cpu.user_ticks", "inspect"] {
        let limited = format!("ulimit -v {SPACE_KB}; exec \"$0\" {words} \"$1\"");
        let mut shell = Command::new("sh");
        let output =
            shell.args(["-c", &limited, env!("CARGO_BIN_EXE_ks")]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
