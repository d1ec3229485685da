"""What the test of acting printed in a guest, and what the table of kernels says of it."""

from pathlib import Path

ACTOR = "actor"


def findings(out: Path) -> tuple[list[str], dict[str, str]]:
    """What is wrong, and the rows of the table: an actor, and each check of it."""
    log = out / "actor.log"
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    status = out / "actor.status"
    ended = status.read_text().strip() if status.is_file() else "nothing"
    found = []
    column = {}
    for line in lines:
        what, _, rest = line.partition(" ")
        name, _, why = rest.partition(": ")
        if what == "ok":
            column[row(name)] = "on"
        elif what == "cannot":
            column[row(name)] = f"absent: {why}"
        else:
            # In a guest nothing that a check needs may be missing.
            found.append(line)
    if ACTOR not in column:
        found.append("the test of acting says nothing of an actor")
    if ended != "0" and not found:
        found.append(f"the test of acting ended with {ended}")
    return found, column


def row(name: str) -> str:
    return name if name == ACTOR else f"{ACTOR}/{name}"
