"""A guest whose first process is systemd, in a small Debian: the test of acting on a unit's group,
over systemd's own socket, and once more over the bus that most hosts have.

The packages are unpacked, and none of their scripts is run. The root is the initramfs itself.
"""

import shutil
import subprocess
from pathlib import Path

import acting
import guest
import image
from mirror import Mirror, Skip

SERIES = "6.12"
SUITE = "trixie"
# What a guest that runs one service does without.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/zoneinfo", "var/cache")
SERVICE = """[Unit]
Description=The test of acting
[Service]
Type=oneshot
ExecStart=/usr/bin/busybox sh /act
"""
ACT = """busybox mkdir -p /run/out
/usr/bin/actor --systemd-without-bus >/run/out/actor.log 2>&1 &&
    systemctl start dbus.service 2>>/run/out/actor.log &&
    /usr/bin/actor --systemd >>/run/out/actor.log 2>&1
echo $? >/run/out/actor.status
busybox stty raw -F /dev/ttyS1
{
    echo BEGIN
    busybox tar -C /run/out -c . | busybox gzip | busybox base64
    echo END
} >/dev/ttyS1
busybox sync
busybox poweroff -f
"""
FILES = {
    "act": ACT,
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
    "messagebus:x:100:100::/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\nmessagebus:x:100:\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/systemd/system/ks-test.service": SERVICE,
}


def findings(
    cache: Path, vmlinuz: Path, actor: Path, folder: Path, timeout_s: int
) -> tuple[list[str], dict[str, str]]:
    """Boots it, and gives what is wrong with what the test says, and rows of the table."""
    cache.mkdir(exist_ok=True)
    packages = Mirror(cache, [SUITE]).with_needs("systemd", "dbus")
    folder.mkdir()
    build(packages, actor, folder / "initrd")
    append = "systemd.unit=ks-test.service systemd.log_target=console systemd.show_status=0"
    guest.boot(vmlinuz, folder / "initrd", folder, timeout_s, append)
    return acting.findings(folder / "out")


def build(packages: list[Path], actor: Path, target: Path) -> None:
    busybox = shutil.which("busybox")
    if not busybox:
        raise Skip("no busybox")
    root = target.parent / "root"
    # The links of `base-files`, which no package asks for.
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    for name in LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("proc", "sys", "dev", "run", "tmp", "etc/systemd/system"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, program in {"busybox": Path(busybox), "actor": actor}.items():
        shutil.copy(program, root / "usr/bin" / name)
        for library in image.libraries(program):
            copy = root / str(library).lstrip("/")
            # Those of the packages are newer, and take what was made for older ones.
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, copy)
    for name, text in FILES.items():
        (root / name).write_text(text)
    (root / "init").symlink_to("usr/lib/systemd/systemd")
    archive = image.Archive()
    archive.tree(root)
    archive.entry("dev/console", 0o020600, device=(5, 1))
    archive.write(target)
