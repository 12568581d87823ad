"""Load an environment: the directory of one client's stage, and the manifests of its releases."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.delivery.passed import fingerprint, has_passed, remember
from orchestrator.errors import DeliveryError, InventoryError
from orchestrator.languages import _
from orchestrator.paths import module_util, shown

if TYPE_CHECKING:
    from orchestrator.delivery.manifest import Manifest
    from orchestrator.delivery.models import Delivery
    from orchestrator.delivery.yamlfile import Location, YamlFile

INVENTORIES: Final = "inventories"
# What decides how a run turns out; releases/ is not in it, because a new manifest changes no host by itself.
DIGESTED: Final = ("hosts.yml", "group_vars", "host_vars", "delivery.yml")


@dataclass(frozen=True)
class Environment:
    """One inventory directory with what the client asked for."""

    name: str
    path: Path
    hosts_file: Path

    @cached_property
    def delivery(self) -> Delivery:
        """What the client asked for; read when first asked for. Raises DeliveryError when it has mistakes."""
        from orchestrator.delivery.checking import check
        from orchestrator.delivery.hostsfile import group_names
        from orchestrator.delivery.models import Delivery
        from orchestrator.delivery.yamlfile import read_yaml

        asked = read_yaml(self.path / "delivery.yml")
        return check(asked, Delivery, tuple(_group_problems(asked, group_names(self.hosts_file))))

    @property
    def releases_dir(self) -> Path:
        return self.path / "releases"

    @cached_property
    def inventory_digest(self) -> str:
        """sha256 over hosts.yml, group_vars, host_vars and delivery.yml; computed when first asked for.

        Raises InventoryError for what may not be read: Ansible passes over such a directory of variables in silence.
        """
        digest = hashlib.sha256()
        try:
            for file in _files(self.path):
                digest.update(f"{file.relative_to(self.path)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
        except OSError as error:
            raise InventoryError(
                _("cannot be read: %(reason)s") % {"reason": error.strerror},
                where=shown(Path(error.filename or self.path)),
                remedy=_("let this user read it; a run would go on without the variables there"),
            ) from error
        return digest.hexdigest()

    def manifest_path(self, version: str) -> Path:
        return self.releases_dir / f"{version}.yml"

    def versions(self) -> tuple[str, ...]:
        """The versions that have a manifest, in the order of their file names."""
        return tuple(sorted(file.stem for file in self.releases_dir.glob("*.yml")))


def load_environment(path_or_name: str | Path) -> Environment:
    """The environment at a path, or of that name below ./inventories.

    Raises InventoryError when something is missing and DeliveryError when delivery.yml has mistakes.
    """
    path = _directory(path_or_name)
    hosts_file = path / "hosts.yml"
    for file in (hosts_file, path / "delivery.yml"):
        if not file.is_file():
            raise InventoryError(
                _("the environment has no %(name)s") % {"name": file.name},
                where=shown(path),
                remedy=_("`lifecycle init CLIENT` scaffolds a complete one to copy it from"),
            )
    environment = Environment(name=path.name, path=path, hosts_file=hosts_file)
    _check(environment)
    return environment


def _check(environment: Environment) -> None:
    """Raises DeliveryError when delivery.yml has mistakes; passes what has passed before, as it stands."""
    files = (environment.path / "delivery.yml", environment.hosts_file)
    before = fingerprint(files)
    if has_passed(environment.path, before):
        return
    # Reading it is what checks it.
    checked = environment.delivery
    if checked and before is not None and fingerprint(files) == before:
        remember(environment.path, before)


def load_manifest(environment: Environment, version: str) -> Manifest:
    """The manifest of `version`, with every file it names present.

    Raises DeliveryError with every mistake that was found.
    """
    from orchestrator.delivery.checking import check
    from orchestrator.delivery.manifest import Manifest
    from orchestrator.delivery.yamlfile import read_yaml

    path = environment.manifest_path(version)
    if Path(version).name != version or not path.is_file():
        known = ", ".join(environment.versions()) or "none"
        raise DeliveryError(
            _("there is no manifest of version %(version)s") % {"version": version},
            where=shown(path),
            remedy=_("write it (docs/delivery.md, 'Release manifest'); versions with a manifest: %(known)s")
            % {"known": known},
        )
    file = read_yaml(path)
    return check(file, Manifest, tuple(_manifest_problems(file, environment)))


def artifact_path(environment: Environment, manifest: Manifest) -> Path | None:
    """The artifact's file on the controller; None when the hosts fetch it from an address."""
    if manifest.artifact.path is None:
        return None
    return (environment.releases_dir / manifest.artifact.path).resolve()


def _group_problems(file: YamlFile, groups: frozenset[str]) -> Iterator[DeliveryError]:
    """A requirement for a group that does not exist would be checked on no host, silently."""
    from orchestrator.delivery.shapes import GROUP_NAME

    named: list[tuple[Location, Any]] = []
    wanted, reach = file.at("requirements", "groups"), file.at("requirements", "reach")
    if isinstance(wanted, dict):
        named += [(("requirements", "groups", name), name) for name in wanted]
    for index, way in enumerate(reach if isinstance(reach, list) else ()):
        if isinstance(way, dict):
            named += [(("requirements", "reach", index, end), way[end]) for end in ("from", "to") if end in way]
    for location, name in named:
        if isinstance(name, str) and GROUP_NAME.fits(name) and name not in groups:
            close = difflib.get_close_matches(name, groups, n=1)
            remedy = (
                _("did you mean '%(close)s'?") % {"close": close[0]}
                if close
                else _("add its hosts there, or take the requirement out")
            )
            yield file.problem(location, _("hosts.yml has no group '%(name)s'") % {"name": name}, remedy)


def _manifest_problems(file: YamlFile, environment: Environment) -> Iterator[DeliveryError]:
    """What does not fit the manifest's surroundings. Reads what is there, whether or not the rest is right."""
    version, application = file.text("version"), file.text("application")
    if version is not None and version != file.path.stem:
        yield file.problem(
            ("version",),
            _("version is %(version)s, but the file is called %(name)s") % {"version": version, "name": file.path.name},
            _("rename the file to %(version)s.yml or mend the version") % {"version": version},
        )
    name = environment.delivery.application.name
    if application is not None and application != name:
        yield file.problem(
            ("application",),
            _("application is %(application)s, but delivery.yml delivers %(name)s")
            % {"application": application, "name": name},
        )
    artifact = file.text("artifact", "path")
    if artifact is not None and not (found := (file.path.parent / artifact).resolve()).is_file():
        yield file.problem(
            ("artifact", "path"),
            _("there is no artifact %(file)s") % {"file": shown(found)},
            _("build it, or mend the path"),
        )
    oldest = file.text("database", "oldest_compatible")
    if oldest is not None and version is not None and module_util("versions").older(version, oldest):
        yield file.problem(
            ("database", "oldest_compatible"),
            _("database.oldest_compatible is %(oldest)s, which is newer than this version, %(version)s")
            % {"oldest": oldest, "version": version},
            _("name the oldest version that can live with the database after these scripts"),
        )
    for kind in ("expand", "contract"):
        for index, script in enumerate(file.texts("database", kind)):
            if not (file.path.parent / script).is_file():
                yield file.problem(
                    ("database", kind, index),
                    _("there is no script %(script)s beside the manifest") % {"script": script},
                )


def _directory(path_or_name: str | Path) -> Path:
    """The directory that is meant: itself, that of a hosts.yml, or a name below ./inventories."""
    given = Path(path_or_name)
    if given.name == "hosts.yml" and given.is_file():
        given = given.parent
    if given.is_dir():
        return given.resolve()
    below = Path(INVENTORIES) / given
    if below.is_dir():
        return below.resolve()
    known = sorted(hosts.parent.name for hosts in Path(INVENTORIES).glob("*/hosts.yml"))
    close = difflib.get_close_matches(given.name, known, n=1)
    if close:
        remedy = _("did you mean '%(close)s'?") % {"close": close[0]}
    elif known:
        remedy = _("environments here: %(known)s; `lifecycle init CLIENT` makes a new one") % {
            "known": ", ".join(known)
        }
    else:
        remedy = _("`lifecycle init CLIENT` makes one")
    raise InventoryError(
        _("there is no environment '%(name)s'") % {"name": path_or_name},
        where=shown(below),
        remedy=remedy,
    )


def _files(path: Path) -> Iterator[Path]:
    for name in DIGESTED:
        entry = path / name
        if entry.is_file():
            yield entry
        elif entry.is_dir():
            yield from sorted(_below(entry))


def _below(directory: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for place, _directories, names in os.walk(directory, onerror=refuse):
        yield from (file for name in names if (file := Path(place) / name).is_file())
