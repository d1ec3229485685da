#!/usr/bin/env bash
# What:      a program that the kernel itself starts: the release agent of a control group hierarchy of
#            version 1 of our own, which runs when the last process leaves a group. As root.
# Versions:  Linux 6.18 (CONFIG_SCHED_AUTOGROUP, kernel.sched_autogroup_enabled = 1).
# Behaviour: it is in no autogroup. Its /proc/self/autogroup is there, and empty; a nice level written
#            there is EINVAL. What it starts is in none either, until one of them calls setsid(2).
# Why a good guess goes wrong: sched(7) says that a session has an autogroup, and the file is there where
#            the feature is; so "/autogroup-N nice M" is read from it without asking. Whoever descends
#            from such a program, or from a first process that began no session (as in containers and
#            small virtual machines), has neither a name nor a level there, and competes with all
#            autogroups by its own nice level.
# Output seen:
#            read: 0 bytes
#            write: refused
#            child: 0 bytes
#            child with a session: named
set -euo pipefail

if [[ ! -e /proc/sys/kernel/sched_autogroup_enabled ]]; then
    echo 'skipped: this kernel has no autogroups'
    exit 0
fi
if ((EUID != 0)); then
    echo 'skipped: not root'
    exit 0
fi
folder=$(mktemp -d)
trap 'umount "$folder/groups" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir "$folder/groups"
if ! mount -t cgroup -o none,name=autogroup-finding finding "$folder/groups" 2>/dev/null; then
    echo 'skipped: no hierarchy of version 1 can be mounted'
    exit 0
fi
cat >"$folder/agent" <<AGENT
#!/bin/bash
{
    echo "read: \$(wc -c </proc/self/autogroup) bytes"
    if echo 5 2>/dev/null >/proc/self/autogroup; then echo 'write: taken'; else echo 'write: refused'; fi
    bash -c 'echo "child: \$(wc -c </proc/self/autogroup) bytes"'
    setsid --wait bash -c \
        'grep -q "^/autogroup-" /proc/self/autogroup && echo "child with a session: named"'
} >"$folder/part" 2>/dev/null
mv "$folder/part" "$folder/seen"
AGENT
chmod +x "$folder/agent"
echo "$folder/agent" >"$folder/groups/release_agent"
mkdir "$folder/groups/one"
echo 1 >"$folder/groups/one/notify_on_release"
bash -c 'echo $$ >"$1"' - "$folder/groups/one/cgroup.procs"
for _ in $(seq 100); do
    [[ -e "$folder/seen" ]] && break
    sleep 0.1
done
rmdir "$folder/groups/one"
cat "$folder/seen"
diff - "$folder/seen" <<'SEEN' >/dev/null || { echo 'the behaviour has changed'; exit 1; }
read: 0 bytes
write: refused
child: 0 bytes
child with a session: named
SEEN
