"""Finds and downloads Debian's kernel packages, by apt and the mirrors that it is set up with.

apt runs with lists and a cache of its own, so that the machine's stay as they are and no root is
needed. It checks the signatures of the suites; the sum of a package is checked here once more,
since a cached file passes no apt.
"""

import fnmatch
import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

POCKETS = ("", "-updates", "-security")


class Skip(Exception):
    """Why a kernel cannot be had."""


@dataclass(frozen=True)
class Kernel:
    """One line of `suites.tsv`."""

    series: str
    suite: str
    pattern: str


def read_kernels(table: Path) -> list[Kernel]:
    lines = table.read_text().splitlines()
    return [Kernel(*line.split("\t")) for line in lines if line and not line.startswith("#")]


def output_of(command: list[str], cwd: Path | None = None) -> str:
    """What a command prints; empty when it fails, which its caller sees by what is missing."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    return run.stdout if run.returncode == 0 else ""


def sites() -> list[tuple[str, str]]:
    """The archives of Debian that apt is set up with, each with its option for the signing key."""
    fields = "$(CREATED_BY)\t$(ORIGIN)\t$(REPO_URI)\t$(SIGNED_BY)"
    found: dict[str, str] = {}
    for line in output_of(["apt-get", "indextargets", "--format", fields]).splitlines():
        created_by, origin, site, key = line.split("\t")
        # The origin is known only once the lists were fetched.
        if created_by == "Packages" and origin in ("Debian", "", "$(ORIGIN)"):
            found[site] = key if key.startswith("/") else ""
    return list(found.items())


class Mirror:
    """The packages of the suites that the kernels need."""

    def __init__(self, cache: Path, suites: list[str]) -> None:
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise Skip("no apt-get or no dpkg-deb")
        archives = sites()
        if not archives:
            raise Skip("apt is set up with no archive of Debian")
        self.cache = cache
        self.suites = ", ".join(suites)
        self.apt = cache / "apt"
        for folder in ("lists/partial", "cache/archives/partial"):
            (self.apt / folder).mkdir(parents=True, exist_ok=True)
        (self.apt / "status").write_text("")
        (self.apt / "sources.list").write_text(sources(archives, suites))
        self.complaints = self.update()

    def options(self) -> list[str]:
        settings = {
            "Dir::Etc::sourcelist": self.apt / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": self.apt / "lists",
            "Dir::State::status": self.apt / "status",
            "Dir::Cache": self.apt / "cache",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            # Root keeps to root: the user that apt changes to may not enter the cache folder.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": 1,
            "Acquire::http::Timeout": 20,
            # The lists of an old suite may be out of date for good.
            "Acquire::Check-Valid-Until": "false",
        }
        return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def update(self) -> str:
        """Fetches the lists. Not every archive has every pocket of a suite, so it may fail."""
        command = ["apt-get", "-q", *self.options(), "update"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr

    def newest(self, kernel: Kernel) -> tuple[str, str, str]:
        """Name, version and SHA-256 of the newest package that fits."""
        prefix = kernel.pattern.split("*")[0]
        names = output_of(["apt-cache", *self.options(), "pkgnames", prefix]).split()
        signed = fnmatch.filter(names, kernel.pattern)
        unsigned = fnmatch.filter(names, kernel.pattern + "-unsigned")
        for name in sorted(signed + unsigned, key=age_order, reverse=True):
            shown = output_of(["apt-cache", *self.options(), "show", "--no-all-versions", name])
            fields = dict(re.findall(r"^(Version|SHA256): (\S+)$", shown, re.MULTILINE))
            if "SHA256" in fields:
                return name, fields["Version"], fields["SHA256"]
        why = [line for line in self.complaints.splitlines() if f" {kernel.suite} " in line]
        raise Skip(f"no `{kernel.pattern}` in {kernel.suite}: {why[0] if why else 'not offered'}")

    def fetch(self, kernel: Kernel) -> tuple[Path, str]:
        """The package's file and version."""
        name, version, sha256 = self.newest(kernel)
        return self.package(name, version, sha256), version

    def package(self, name: str, version: str, sha256: str) -> Path:
        """The file of a package. One of another content is fetched anew."""
        target = self.cache / f"{name}_{version}.deb"
        if not target.is_file() or sha256_of(target) != sha256:
            folder = self.apt / "downloads"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            output_of(["apt-get", "-q", *self.options(), "download", f"{name}={version}"], folder)
            found = list(folder.glob("*.deb"))
            if not found:
                raise Skip(f"`{name}` {version} cannot be downloaded")
            found[0].replace(target)
        if sha256_of(target) != sha256:
            target.unlink()
            raise Skip(f"`{name}` {version} has another SHA-256 than the list says")
        return target

    def with_needs(self, *names: str) -> list[Path]:
        """The files of some packages and of all that they need."""
        command = ["apt-get", *self.options(), "-s", "--no-install-recommends", "install", *names]
        chosen = re.findall(r"^Inst (\S+) \((\S+)", output_of(command), re.MULTILINE)
        if not chosen:
            raise Skip(f"no {' or no '.join(names)} in {self.suites}")
        files = []
        for one, version in chosen:
            shown = output_of(["apt-cache", *self.options(), "show", f"{one}={version}"])
            sums = re.search(r"^SHA256: (\S+)$", shown, re.MULTILINE)
            if not sums:
                raise Skip(f"`{one}` {version} has no SHA-256")
            files.append(self.package(one, version, sums[1]))
        return files


def sources(archives: list[tuple[str, str]], suites: list[str]) -> str:
    lines = []
    for site, key in archives:
        options = "arch=amd64 target=Packages" + (f" signed-by={key}" if key else "")
        for suite in suites:
            for pocket in POCKETS:
                lines.append(f"deb [{options}] {site} {suite}{pocket} main\n")
    return "".join(lines)


def age_order(name: str) -> tuple[list[int], bool]:
    """Orders names by the numbers in them; of two with the same numbers the signed one is last."""
    return [int(number) for number in re.findall(r"\d+", name)], not name.endswith("-unsigned")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
