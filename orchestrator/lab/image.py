"""The image of a lab host: built once from Debian packages, and again only when its recipe changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import LabError
from orchestrator.lab import commands
from orchestrator.lab.podman import Podman, last_words, require_program
from orchestrator.lab.topology import Host, Topology
from orchestrator.languages import _

RECIPE = Path(__file__).resolve().parent / "recipe"
MIRROR = "http://deb.debian.org/debian"
SECURITY_MIRROR = "http://deb.debian.org/debian-security"
# The tar of the root file system with the package cache, and room beside it.
BUILD_MB = 1500
MEMORY_DIRECTORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where Debian packages come from, and through what."""

    mirror: str = MIRROR
    security: str = SECURITY_MIRROR
    proxy: str = ""


def digest(recipe: Path = RECIPE) -> str:
    """A short digest of everything in the recipe's folder."""
    content = hashlib.sha256()
    for path in sorted(recipe.iterdir()):
        content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()[:12]


def reference(debian: str) -> str:
    """The name of the image built here."""
    return f"localhost/impl-lifecycle-lab:debian{debian}-{digest()}"


def ensure(podman: Podman, topology: Topology, host: Host, directory: Path, say: Callable[[str], None]) -> str:
    """Return the image of `host`, building or pulling it when this machine has not got it."""
    name = host.image or reference(host.debian)
    with only_one(directory / "image.lock"):
        if podman.attempt(commands.image_exists(name)).returncode == 0:
            return checked(podman, name) if host.image else name
        if host.image:
            say(_("pulling %(name)s") % {"name": name})
            podman.run(commands.pull(name))
            return checked(podman, name)
        say(_("building the image for Debian %(debian)s (once, about a minute)") % {"debian": host.debian})
        build(podman, name, host.debian, machine_sources(topology.mirror))
        remove_older(podman, name)
    return name


def checked(podman: Podman, name: str) -> str:
    """An image from elsewhere must be made from a lab recipe, or the host would never boot."""
    labels = podman.json(commands.image_labels(name))
    if not labels or commands.IMAGE_LABEL not in labels:
        raise LabError(
            _("%(name)s was not made from the lab's recipe") % {"name": name},
            where="lab_image",
            remedy=_("build one with lifecycle lab up and push it: podman push %(reference)s %(name)s")
            % {"reference": reference("12"), "name": name},
        )
    return name


def build(podman: Podman, name: str, debian: str, sources: Sources) -> None:
    """Build the root file system and import it, or leave nothing behind."""
    require_program("mmdebstrap")
    recipe = tomllib.loads((RECIPE / "recipe.toml").read_text())
    release = recipe["debian"][debian]
    with tempfile.TemporaryDirectory(prefix="lifecycle-lab-", dir=scratch()) as directory:
        archive = Path(directory) / "root.tar"
        outcome = subprocess.run(
            commands.build_root(
                suite=release["suite"],
                archive=str(archive),
                sources=source_lines(release, sources),
                include=recipe["image"]["include"],
                recipe=str(RECIPE),
                apt_options=[f'Acquire::http::Proxy "{sources.proxy}"'] if sources.proxy else [],
            ),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **build_environment(recipe, debian), "TMPDIR": build_directory()},
        )
        if outcome.returncode != 0:
            raise LabError(
                _("cannot build the image: %(words)s") % {"words": apt_words(outcome.stderr)},
                where=f"Debian {debian}",
            )
        podman.run(commands.import_image(str(archive), name, digest()))


def build_environment(recipe: dict[str, Any], debian: str) -> dict[str, str]:
    """What customize.sh is told about this Debian release."""
    downloads = [entry["packages"] for entry in recipe["downloads"] if entry.get("debian", debian) == debian]
    return {
        "MASK": " ".join(recipe["image"]["mask"]),
        "DISABLE": " ".join(recipe["image"]["disable"]),
        "DOWNLOADS": "\n".join(" ".join(packages) for packages in downloads),
    }


def source_lines(release: dict[str, str], sources: Sources) -> list[str]:
    """The sources.list of the image."""
    return [
        f"deb {sources.mirror} {release['suite']} main",
        f"deb {sources.mirror} {release['suite']}-updates main",
        f"deb {sources.security} {release['security']} main",
    ]


def machine_sources(mirror: str | None) -> Sources:
    """`lab_mirror` if given, else the mirrors and proxy this machine's own apt uses, else Debian's."""
    proxy = query(["apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy"]).strip()
    proxy = proxy or os.environ.get("http_proxy", "")
    if mirror:
        base = mirror.rstrip("/")
        return Sources(base, f"{base.removesuffix('/debian')}/debian-security", proxy)
    used: dict[str, str] = {}
    for line in query(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)"]).splitlines():
        label, _, uri = line.partition(" ")
        used.setdefault(label, uri.rstrip("/"))
    return Sources(used.get("Debian", MIRROR), used.get("Debian-Security", SECURITY_MIRROR), proxy)


def query(argv: list[str]) -> str:
    """The output of a command of the machine's apt; nothing if there is no apt."""
    if shutil.which(argv[0]) is None:
        return ""
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def scratch() -> Path | None:
    """Memory for the tar if there is enough, else the system's temporary directory."""
    if MEMORY_DIRECTORY.is_dir() and shutil.disk_usage(MEMORY_DIRECTORY).free > 2 * BUILD_MB * 1024**2:
        return MEMORY_DIRECTORY
    return None


def build_directory() -> str:
    """Where mmdebstrap unpacks: a disk, because a tmpfs may be mounted nodev or noexec."""
    return tempfile.gettempdir()


def apt_words(stderr: str) -> str:
    """The first error apt or mmdebstrap named."""
    errors = [line for line in stderr.splitlines() if line.startswith("E:")]
    return (errors or [last_words(stderr)])[0]


def remove_older(podman: Podman, name: str) -> None:
    """Remove images of earlier recipes for the same Debian. podman refuses where a host still uses one."""
    family = name.rpartition("-")[0]
    for image in podman.json(commands.images()):
        for other in image.get("Names") or []:
            if other != name and other.startswith(f"{family}-"):
                podman.attempt(commands.remove_image(other))


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file: two labs coming up at once build the image once."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
