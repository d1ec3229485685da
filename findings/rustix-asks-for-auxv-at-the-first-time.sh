#!/usr/bin/env bash
# What:      a program that puts a seccomp filter on itself (crate seccompiler) and tells the time
#            afterwards, by rustix and by the standard library; once with a reading of rustix before
#            the filter, and once without. The filter kills for prctl, and allows all else.
# Versions:  rustix 1.1.6 (feature `time`, Linux backend without libc), seccompiler 0.5.0, Linux 6.18.
# Behaviour: the first clock_gettime of rustix, of any clock, calls prctl(PR_GET_AUXV) to find the
#            vDSO. Under a filter without prctl the process is killed at its first reading, which may be
#            long after the filter was put on. With one reading before the filter it is not.
#            The standard library calls nothing: libc knows the vDSO since the program was loaded.
# Why a good guess goes wrong: clock_gettime is listed in every allow-list, and a vDSO makes no call at
#            all, so nobody looks for prctl; an strace of a run without the filter shows the call early,
#            among what happens before main, if the program tells the time early. Make one reading
#            before the filter.
# Output seen:
#            rustix, first reading in the filter: status 159
#            rustix, a reading before the filter: status 0
#            the standard library: status 0
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "reading"
version = "0.1.0"
edition = "2021"

[dependencies]
libc = "=0.2.191"
rustix = { version = "=1.1.6", features = ["time"] }
seccompiler = { version = "=0.5.0", default-features = false }
TOML
cat >"$work/src/main.rs" <<'RUST'
use rustix::time::{clock_gettime, ClockId};
use seccompiler::{apply_filter, BpfProgram, SeccompAction, SeccompFilter, TargetArch};

fn main() {
    let how = std::env::args().nth(1).unwrap();
    if how == "before" {
        let _ = clock_gettime(ClockId::Monotonic);
    }
    let rules = [(libc::SYS_prctl, vec![])].into_iter().collect();
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::KillProcess, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    apply_filter(&program).unwrap();
    if how == "std" {
        let _ = std::time::Instant::now();
    } else {
        let _ = clock_gettime(ClockId::Monotonic);
    }
}
RUST
cargo build --quiet --manifest-path "$work/Cargo.toml" --target-dir "$work/target"

seen=()
try() {
    local status=0
    (ulimit -c 0; exec "$work/target/debug/reading" "$2") || status=$?
    printf '%s: status %d\n' "$1" "$status"
    seen+=("$status")
}
try 'rustix, first reading in the filter' first
try 'rustix, a reading before the filter' before
try 'the standard library' std
if [[ "${seen[*]}" != '159 0 0' ]]; then
    echo 'the behaviour has changed' >&2
    exit 1
fi
