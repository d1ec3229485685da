"""Boots a kernel in qemu and gets the result of its guest over a serial port."""

import base64
import binascii
import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from mirror import Skip

QEMU = "qemu-system-x86_64"
DISK_BYTES = 64 << 20


class Failed(Exception):
    """What a guest did not do."""


def require_qemu() -> None:
    if not shutil.which(QEMU):
        raise Skip(f"no {QEMU}")


def command(kernel: Path, initrd: Path, folder: Path, append: str) -> list[str]:
    disk = folder / "disk"
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    return [
        QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-kernel", str(kernel), "-initrd", str(initrd),
        "-append", f"console=ttyS0 panic=-1 loglevel=4 {append}",
        "-serial", f"file:{folder / 'console.log'}", "-serial", f"file:{folder / 'result'}",
        "-drive", f"file={disk},format=raw,if=none,id=disk", "-device", "virtio-blk-pci,drive=disk",
    ]  # fmt: skip


def boot(
    kernel: Path, initrd: Path, folder: Path, timeout_s: int, append: str = ""
) -> None:
    """Runs a guest to its end. Its result is below `folder / 'out'`."""
    for name in ("console.log", "result"):
        (folder / name).write_bytes(b"")
    with (folder / "qemu.log").open("wb") as log:
        qemu = subprocess.Popen(
            command(kernel, initrd, folder, append),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: os.nice(10),
        )  # fmt: skip
        try:
            status = qemu.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {timeout_s} s; {last_words(folder)}") from None
        finally:
            qemu.kill()
            qemu.wait()
    if status != 0:
        raise Failed(f"qemu ended with {status}: {(folder / 'qemu.log').read_text().strip()}")
    unpack((folder / "result").read_bytes(), folder / "out", last_words(folder))


def unpack(sent: bytes, target: Path, last: str) -> None:
    # A line of base64 may end with the marker, but is never as short.
    found = re.search(rb"BEGIN\r*\n(.*?)^END\r*$", sent, re.DOTALL | re.MULTILINE)
    if not found:
        raise Failed(f"the guest sent no result; {last}")
    try:
        packed = base64.b64decode(found[1])
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
            for member in archive:
                # A guest is not trusted with a path outside of its folder.
                if member.isfile() and ".." not in Path(member.name).parts:
                    path = target / member.name.lstrip("/")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    source = archive.extractfile(member)
                    path.write_bytes(source.read() if source else b"")
    except (binascii.Error, tarfile.TarError, EOFError, OSError) as error:
        raise Failed(f"the guest's result is damaged: {error}") from None


def last_words(folder: Path) -> str:
    console = (folder / "console.log").read_text(errors="replace")
    lines = [line.strip() for line in console.splitlines() if line.strip()]
    return f"its console ends with `{lines[-1]}`" if lines else "its console is empty"
