"""Makes the initramfs of a guest: busybox, the programs with their libraries, and modules."""

import lzma
import os
import re
import shutil
import subprocess
from pathlib import Path

from mirror import Skip

HERE = Path(__file__).resolve().parent
# For a disk, the accept queues of listeners, the count of connections, and weights of disks. The
# guest loads no module by itself; any of them may be part of the kernel.
MODULES = ("virtio_pci", "virtio_blk", "tcp_diag", "nf_conntrack", "bfq")


def libraries(program: Path) -> list[Path]:
    """The shared libraries of a program, the loader among them; none for a static one."""
    run = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", run.stdout)]


def unpack(package: Path, folder: Path) -> tuple[Path, list[Path]]:
    """The kernel of a package, and the modules to insert, in that order."""
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    kernels = sorted(folder.glob("boot/vmlinuz-*"))
    if not kernels:
        raise Skip(f"no kernel in `{package.name}`")
    # The folder lib may itself be below usr.
    trees = [*folder.glob("lib/modules/*"), *folder.glob("usr/lib/modules/*")]
    by_name = {}
    for tree in trees:
        for path in tree.rglob("*.ko*"):
            by_name[module_name(path)] = path
    order: list[str] = []
    for name in MODULES:
        add_with_dependencies(name, by_name, order)
    return kernels[0], [by_name[name] for name in order]


def add_with_dependencies(name: str, by_name: dict[str, Path], order: list[str]) -> None:
    if name in order or name not in by_name:
        return
    found = re.search(rb"\0depends=([^\0]*)\0", module_bytes(by_name[name]))
    for needed in found[1].decode().split(",") if found else []:
        add_with_dependencies(needed, by_name, order)
    order.append(name)


def module_name(path: Path) -> str:
    return path.name.split(".ko")[0].replace("-", "_")


def module_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


class Archive:
    """A cpio archive in the form `newc`, which kernels unpack."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.names: set[str] = set()

    def entry(
        self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)
    ) -> None:
        self.names.add(name)
        path = name.encode() + b"\0"
        # Inode, mode, uid, gid, links, mtime, size, device, special device, length of the name.
        numbers = (len(self.names), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        self.content += b"070701" + b"".join(b"%08x" % number for number in numbers)
        for part in (path, data):
            self.content += part
            self.content += b"\0" * (-len(self.content) % 4)

    def folder(self, name: str) -> None:
        parent = name.rpartition("/")[0]
        if parent:
            self.folder(parent)
        if name not in self.names:
            self.entry(name, 0o040755)

    def file(self, name: str, data: bytes) -> None:
        self.folder(name.rpartition("/")[0])
        self.entry(name, 0o100755, data)

    def tree(self, root: Path) -> None:
        """Everything below a folder."""
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            if path.is_symlink():
                self.entry(name, 0o120777, os.readlink(path).encode())
            elif path.is_dir():
                self.entry(name, 0o040000 | path.stat().st_mode & 0o7777)
            elif path.is_file():
                self.entry(name, 0o100000 | path.stat().st_mode & 0o7777, path.read_bytes())

    def write(self, target: Path) -> None:
        self.entry("TRAILER!!!", 0)
        target.write_bytes(self.content)


def build(ks: Path, actor: Path | None, modules: list[Path], target: Path) -> None:
    """Writes the initramfs."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise Skip("no busybox")
    archive = Archive()
    for folder in ("proc", "sys", "dev", "tmp"):
        archive.folder(folder)
    archive.entry("dev/console", 0o020600, device=(5, 1))
    programs = {"bin/busybox": Path(busybox), "bin/ks": ks}
    if actor:
        programs["bin/actor"] = actor
    for name, program in programs.items():
        archive.file(name, program.read_bytes())
    # A file that a sandbox has to hide.
    archive.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
    needed = [library for program in programs.values() for library in libraries(program)]
    for library in dict.fromkeys(needed):
        if str(library).lstrip("/") not in archive.names:
            archive.file(str(library).lstrip("/"), library.read_bytes())
    for number, module in enumerate(modules):
        archive.file(f"modules/{number:02}-{module_name(module)}.ko", module_bytes(module))
    archive.file("tree.txt", (HERE / "tree.txt").read_bytes())
    archive.entry("init", 0o100755, (HERE / "init").read_bytes())
    archive.write(target)
