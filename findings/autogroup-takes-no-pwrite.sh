#!/usr/bin/env bash
# What:      `/proc/PID/autogroup` and `/proc/PID/oom_score_adj` of a process of our own, in a session
#            of its own, are written by pwrite(2) at offset 0, by write(2), and read by pread(2).
# Versions:  Linux 6.18 (CONFIG_SCHED_AUTOGROUP), Python's os module for the calls.
# Behaviour: of `autogroup` pwrite fails with ESPIPE, "illegal seek", at any offset, and pread and
#            write work. `oom_score_adj`, its neighbour, takes all three.
# Why a good guess goes wrong: a tool that keeps such files open writes them by pwrite at 0, as one must
#            with /proc/sys, where a second write(2) behind the first changes nothing; cgroup files,
#            sysfs and oom_score_adj take it, and pread of the same descriptor works. For this one each
#            write needs a descriptor of its own.
# Output seen:
#            oom_score_adj pwrite: ok
#            oom_score_adj pread: ok
#            oom_score_adj write: ok
#            autogroup pwrite: ESPIPE
#            autogroup pread: ok
#            autogroup write: ok
set -euo pipefail

setsid sleep 60 &
child=$!
trap 'kill "$child"' EXIT
while [[ "$(cut -d ' ' -f 6 "/proc/$child/stat")" != "$child" ]]; do sleep 0.1; done
if [[ ! -e "/proc/$child/autogroup" ]]; then
    echo 'skipped: this kernel has no autogroups'
    exit 0
fi
python3 - "$child" <<'PY'
import errno, os, sys

def tried(name, how):
    fd = os.open(f"/proc/{sys.argv[1]}/{name}", os.O_RDWR)
    try:
        {
            "pwrite": lambda: os.pwrite(fd, b"5", 0),
            "pread": lambda: os.pread(fd, 100, 0),
            "write": lambda: os.write(fd, b"5"),
        }[how]()
        said = "ok"
    except OSError as error:
        said = errno.errorcode[error.errno]
    finally:
        os.close(fd)
    print(f"{name} {how}: {said}")
    return said

hows = ["pwrite", "pread", "write"]
seen = [tried(name, how) for name in ("oom_score_adj", "autogroup") for how in hows]
sys.exit(0 if seen == ["ok"] * 3 + ["ESPIPE", "ok", "ok"] else "the behaviour has changed")
PY
