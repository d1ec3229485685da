"""The document of what each kernel offers: `docs/kernels.md`, written and compared."""

from pathlib import Path

from acting import ACTOR
from checks import TRACERS

OPENING = """# Kernels

What the kernels of `tests/kernels/suites.tsv` offer, as `make test-kernels` sees it in a virtual
machine of the newest Debian cloud kernel of each series. The tracers come first; below them are
only the other sources that some kernel does not give in full. `on: ...` is a source with a limit.
`capabilities kept` are those that a recorder needs after loading. The machine has control groups of
version 2 only. `actor` says whether an actor starts, and `actor/...` what it cannot do there of all
that its test asks for, in its own words.

This file is written by `tests/kernels/run KS --write-table`; without that option the runner
compares, and fails where a kernel gives something else.

"""

Column = dict[str, str]


def parse(text: str) -> dict[str, Column]:
    """The columns of the table, by series; each has the cells of all rows."""
    rows = [cells(line) for line in text.splitlines() if line.startswith("|")]
    if len(rows) < 2:
        return {}
    series = rows[0][1:]
    return {
        one: {row[0].strip("`"): row[number] for row in rows[2:]}
        for number, one in enumerate(series, start=1)
    }


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def render(columns: dict[str, Column]) -> str:
    series = sorted(columns, key=lambda one: [int(part) for part in one.split(".")])
    names = {name for column in columns.values() for name in column}
    tracers = [f"bpf/{name}" for name in (*TRACERS, "processes")] + ["capabilities kept", ACTOR]
    others = [
        name
        for name in sorted(names - set(tracers))
        if any(cell(column, name) not in ("on", "-") for column in columns.values())
    ]
    lines = [["source", *series], ["---"] * (len(series) + 1)]
    for name in tracers + others:
        lines.append([f"`{name}`", *(cell(columns[one], name) for one in series)])
    return OPENING + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(column: Column, name: str) -> str:
    """A row that is not there means `on`; without an actor there is nothing to say of its work."""
    is_idle = name.startswith(f"{ACTOR}/") and column.get(ACTOR, "on") != "on"
    return "-" if is_idle else column.get(name, "on")


def differences(document: Path, series: str, column: Column) -> list[str]:
    """What the document says otherwise of a kernel. A row that is not there means `on`."""
    written = parse(document.read_text() if document.is_file() else "").get(series, {})
    return [
        f"{document.name} says of {name} `{written.get(name, 'on')}`, the kernel `{state}`"
        for name, state in sorted(column.items())
        if written.get(name, "on") != state
    ]


def update(document: Path, found: dict[str, Column]) -> None:
    """Writes what was found, and keeps what is written of kernels and sources that were not run."""
    columns = parse(document.read_text()) if document.is_file() else {}
    merged = {one: columns.get(one, {}) | column for one, column in found.items()}
    document.write_text(render(columns | merged))
