"""What must be in the recording of a guest, and what the table of kernels says of it."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from guest import Failed
from mirror import output_of

TRACERS = ("scheduler", "block_io", "syscall", "page_fault", "memory", "tcp", "lifetime")
COLUMNS = (
    "processes.wait_ns,cpu.context_switches,disks.reads,disks.writes,cgroups.memory_*,cgroups.oom_kill,"
    + ",".join(f"bpf_{table}.*" for table in (*TRACERS, "short_lived", "histograms", "events"))
)
# How far each counter goes at least under the load of `init`.
LEAST = (
    ("bpf_scheduler.voluntary", 100),
    ("bpf_scheduler.involuntary", 1),
    ("bpf_scheduler.wakeups", 100),
    ("bpf_block_io.completed", 500),
    ("bpf_block_io.bytes", 500 * 65536),
    ("bpf_syscall.calls", 40_000),
    ("bpf_page_fault.user", 500),
    ("bpf_memory.cache_adds", 100),
    ("bpf_memory.cache_deletes", 100),
    ("bpf_memory.memcg", 1),
    ("bpf_tcp.established", 20),
    ("bpf_tcp.listen", 1),
    ("bpf_lifetime.forks", 40),
    ("bpf_lifetime.execs", 40),
    ("bpf_lifetime.exits", 40),
)
HISTOGRAMS = ("run_queue_ns", "block_latency_ns", "block_size_bytes", "syscall_ns", "reclaim_ns")
GROUP = "/tested/hog"
GROUP_MAX_BYTES = 32 << 20
# Tables are read one after the other, so that counters of the same thing differ a little.
TOLERANCE = 0.1


class Recording:
    """The values of a recording: by column and entity, in the order of time."""

    def __init__(self, ks: Path, path: Path) -> None:
        inspected = output_of([str(ks), "inspect", "--format", "json", str(path)])
        dumped = output_of(
            [str(ks), "dump", "--raw", "--format", "csv", "--columns", COLUMNS, str(path)]
        )
        if not inspected or not dumped:
            raise Failed("the recording cannot be read")
        self.sources: dict[str, dict[str, str]] = json.loads(inspected)["sources"]
        self.values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in csv.DictReader(io.StringIO(dumped)):
            self.values[row["column"]][row["entity"]].append(row["value"])

    def grown(self, column: str, suited: Callable[[str], bool] = lambda _: True) -> int:
        """How far a counter went, summed over its entities. A device that appears began at zero."""
        grown = 0
        for entity, values in self.values[column].items():
            if suited(entity):
                from_zero = column.startswith("bpf_block_io.")
                grown += int(values[-1]) - (0 if from_zero else int(values[0]))
        return grown

    def of(self, column: str, entity: str) -> list[str]:
        return self.values[column].get(entity, [])


def findings(ks: Path, out: Path) -> tuple[list[str], dict[str, str]]:
    """What is wrong with the result of a guest, and its column of the table of kernels."""
    path = out / "recording.parquet"
    if not path.is_file():
        raise Failed(f"no recording: {read(out / 'record.log') or 'the recorder says nothing'}")
    recording = Recording(ks, path)
    absent = {name for name in TRACERS if recording.sources[f"bpf/{name}"]["state"] != "on"}
    found = [f"bpf/{name} is {state_of(recording, f'bpf/{name}')}" for name in sorted(absent)]
    if recording.sources["bpf/processes"]["state"] != "on":
        found.append(f"bpf/processes is {state_of(recording, 'bpf/processes')}")
    elif not any(entity.startswith("1:") for entity in recording.values["processes.wait_ns"]):
        found.append("the first process has no wait for a CPU")
    found += doctor(recording, out)
    for column, least in LEAST:
        grown = recording.grown(column)
        if column.split(".")[0][4:] not in absent and grown < least:
            found.append(f"{column} grew by {grown}, not by {least}")
    if not absent:
        found += [f"no histogram {name}" for name in HISTOGRAMS if not has(recording, name)]
    found += comparisons(recording, absent)
    if "memory" not in absent:
        found += victim(recording, read(out / "victim"), read(out / "group"))
    found += group(recording, read(out / "group"))
    return found, column_of(recording) | {"capabilities kept": capabilities(out)}


def capabilities(out: Path) -> str:
    """What `ks doctor` says of the rights that stay."""
    try:
        return ", ".join(json.loads(read(out / "doctor.json"))["capabilities"]) or "none"
    except (ValueError, KeyError, TypeError):
        return "unknown"


def read(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""


def state_of(recording: Recording, source: str) -> str:
    state = recording.sources[source]
    return f"{state['state']}: {state['reason']}" if state["reason"] else state["state"]


def column_of(recording: Recording) -> dict[str, str]:
    return {source: state_of(recording, source) for source in recording.sources}


def has(recording: Recording, metric: str) -> bool:
    entities = recording.values["bpf_histograms.count"]
    return any(entity.startswith(f"{metric}:") for entity in entities)


def doctor(recording: Recording, out: Path) -> list[str]:
    """`ks doctor` and the recording must say the same."""
    try:
        said = {one["name"]: one for one in json.loads(read(out / "doctor.json"))["sources"]}
    except (ValueError, KeyError):
        return ["ks doctor gave no list of sources"]
    return [
        f"ks doctor says that {name} is {said.get(name, {}).get('state')}, the recording {state}"
        for name, state in ((name, one["state"]) for name, one in recording.sources.items())
        if said.get(name, {}).get("state") != state
    ]


def comparisons(recording: Recording, absent: set[str]) -> list[str]:
    """Counters of the tracers against those of the kernel."""
    pairs = []
    if "scheduler" not in absent:
        ours = sum(recording.grown(f"bpf_scheduler.{kind}voluntary") for kind in ("", "in"))
        pairs.append(("switches", ours, recording.grown("cpu.context_switches")))
    if "block_io" not in absent:
        for operation in ("read", "write"):
            ours = recording.grown("bpf_block_io.completed", lambda e, o=operation: e == f"vda:{o}")
            theirs = recording.grown(f"disks.{operation}s", lambda entity: entity == "vda")
            pairs.append((f"{operation}s of the disk", ours, theirs))
    return [
        f"{ours} {what} counted, {theirs} by the kernel"
        for what, ours, theirs in pairs
        if abs(ours - theirs) > TOLERANCE * theirs
    ]


def victim(recording: Recording, pid: str, inode: str) -> list[str]:
    """The OOM killer's victim is named, with its control group."""
    events = [e for e in recording.values["bpf_events.cgroup"] if e.split(":")[2] == pid]
    if len(events) != 1:
        return [f"{len(events)} events of the victim {pid}, not one"]
    # Once the victim is reaped, only the last part of the path is known.
    paths = (GROUP, GROUP.rpartition("/")[2])
    expected = {"comm": ("tail",), "cgroup": paths, "cgroup_inode": (inode,)}
    found = {name: recording.of(f"bpf_events.{name}", events[0]) for name in expected}
    return [
        f"{name} of the victim is {found[name]}, not {' or '.join(allowed)}"
        for name, allowed in expected.items()
        if len(found[name]) != 1 or found[name][0] not in allowed
    ] + size(recording, events[0]) + short_lived(recording, inode)


def size(recording: Recording, event: str) -> list[str]:
    """The victim filled its group: its memory is most of the limit, and not more."""
    resident = int((recording.of("bpf_events.resident_bytes", event) or ["0"])[0])
    if GROUP_MAX_BYTES // 2 <= resident <= GROUP_MAX_BYTES + (4 << 20):
        return []
    return [f"the victim had {resident} bytes, of a group of {GROUP_MAX_BYTES}"]


def short_lived(recording: Recording, inode: str) -> list[str]:
    """A few of the forty may live at a tick, and are then processes like others."""
    count = sum(map(int, recording.of("bpf_short_lived.count", f"true:{inode}")))
    return [] if count >= 30 else [f"{count} short lives in the control group, not 30 or more"]


def group(recording: Recording, inode: str) -> list[str]:
    """The control group of version 2, with its memory and its killed process."""
    entity = f"v2:{GROUP}:{inode}"
    found = []
    if not any(int(value) > 0 for value in recording.of("cgroups.memory_bytes", entity)):
        found.append(f"no memory of the control group {entity}")
    if set(recording.of("cgroups.memory_max_bytes", entity)) != {str(GROUP_MAX_BYTES)}:
        found.append(f"the limit of {entity} is not {GROUP_MAX_BYTES}")
    if recording.grown("cgroups.oom_kill", lambda one: one == entity) != 1:
        found.append(f"oom_kill of {entity} did not grow by 1")
    return found
