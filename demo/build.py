#!/usr/bin/env python3
"""Build the demo application, one WAR a version, and write the release manifests that name their checksums.

    demo/build.py [VERSION ...] [--environment DIR]

Needs javac and Debian's libtomcat10-java (Debian 13: libtomcat11-java); downloads and installs nothing. The versions
are the files releases/VERSION.ini: all come from one source tree and differ by the generated class clinic.Version.

    notes       appointments carry a note (needs the column that clinic-1.1.0-expand.sql adds)
    fail_every  every so many requests one fails with 500; 0: never
    slow_every  every so many requests one takes 1.5 s longer; 0: never
    expand      database scripts, in order; each may be run again, so a version lists all it stands on

The same sources and JDK give the same WAR, byte for byte. A checksum belongs to the JDK it was built with, so the
manifests are written here and not kept in git.
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

DEMO = Path(__file__).resolve().parent
DIST = DEMO / "dist"
# Debian 12 and 13 both run this; `--release` also keeps newer JDKs from compiling against their own class library.
JAVA_RELEASE = "17"
# Debian 12 carries Tomcat 10's, Debian 13 Tomcat 11's; what the clinic uses is in both.
SERVLET_APIS = (Path("/usr/share/java/tomcat10-servlet-api.jar"), Path("/usr/share/java/tomcat11-servlet-api.jar"))
# The oldest time a zip entry can carry: every build has the same one.
ENTRY_TIME = (1980, 1, 1, 0, 0, 0)

VERSION_CLASS = """package clinic;

/** Written by build.py: what makes this version different from the others. */
final class Version {{
    static final String NAME = "{name}";
    static final boolean NOTES = {notes};
    static final int FAIL_EVERY = {fail_every};
    static final int SLOW_EVERY = {slow_every};

    private Version() {{
    }}
}}
"""

MANIFEST = """---
# Written by demo/build.py together with the artifact it names.
schema: 1
application: clinic
version: {version}
artifact:
  path: {artifact}
  sha256: "{sha256}"
database:
  expand: [{expand}]
  contract: []
sessions: shared
"""


def servlet_api() -> Path | None:
    """The servlet API of this machine."""
    return next((path for path in SERVLET_APIS if path.exists()), None)


def missing_packages() -> list[str]:
    """The Debian packages that must be there before anything can be built."""
    missing = [] if shutil.which("javac") else ["default-jdk-headless"]
    return missing if servlet_api() else [*missing, "libtomcat10-java (Debian 13: libtomcat11-java)"]


def read_version(version: str) -> configparser.ConfigParser:
    """The switches and database scripts of a version."""
    path = DEMO / "releases" / f"{version}.ini"
    if not path.is_file():
        sys.exit(f"demo/build.py: there is no version {version}; the versions are {', '.join(all_versions())}")
    parser = configparser.ConfigParser()
    parser.read(path, encoding="utf-8")
    return parser


def all_versions() -> list[str]:
    """Every version this tree can build, oldest first."""
    names = [path.stem for path in (DEMO / "releases").glob("*.ini")]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def compile_classes(version: str, switches: configparser.SectionProxy, target: Path) -> None:
    """Compile the sources and this version's class Version into `target`."""
    generated = target.parent / "generated" / "Version.java"
    generated.parent.mkdir(parents=True)
    generated.write_text(
        VERSION_CLASS.format(
            name=version,
            notes=str(switches.getboolean("notes")).lower(),
            fail_every=switches.getint("fail_every"),
            slow_every=switches.getint("slow_every"),
        ),
        encoding="utf-8",
    )
    sources = [str(path) for path in sorted((DEMO / "src").rglob("*.java"))]
    command = ["javac", "--release", JAVA_RELEASE, "-encoding", "UTF-8", "-proc:none", "-Xlint:all", "-Werror", "-g"]
    command += ["-cp", str(servlet_api()), "-d", str(target), *sources, str(generated)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"demo/build.py: javac refused version {version}:\n{done.stdout}{done.stderr}")


def pack(entries: Iterable[tuple[str, Path]], war: Path) -> None:
    """Write `entries` (name in the WAR, file) in order of name, with nothing in it that changes between builds."""
    with zipfile.ZipFile(war, "w") as archive:
        for name, path in sorted(entries):
            entry = zipfile.ZipInfo(name, ENTRY_TIME)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            # Stored, not deflated: the bytes would depend on the version of zlib.
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_STORED)


def build(version: str, switches: configparser.SectionProxy) -> Path:
    """Build the WAR of one version; it appears under its name only when it is complete."""
    DIST.mkdir(exist_ok=True)
    war = DIST / f"clinic-{version}.war"
    with tempfile.TemporaryDirectory(dir=DIST) as scratch:
        classes = Path(scratch) / "classes"
        compile_classes(version, switches, classes)
        entries = [(f"WEB-INF/classes/{path.relative_to(classes)}", path) for path in classes.rglob("*.class")]
        web = DEMO / "web"
        entries += [(str(path.relative_to(web)), path) for path in web.rglob("*") if path.is_file()]
        packed = Path(scratch) / war.name
        pack(entries, packed)
        packed.replace(war)
    return war


def write_manifest(version: str, expand: list[str], war: Path, environment: Path) -> Path:
    """Write the release manifest of `version` into the environment; paths in it are relative to itself."""
    directory = environment.resolve() / "releases"
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / f"{version}.yml"
    text = MANIFEST.format(
        version=version,
        artifact=os.path.relpath(war, directory),
        sha256=hashlib.sha256(war.read_bytes()).hexdigest(),
        expand=", ".join(os.path.relpath(DEMO / "releases" / script, directory) for script in expand),
    )
    manifest.write_text(text, encoding="utf-8")
    return manifest


def main(arguments: list[str] | None = None) -> None:
    """Build what was asked for and say what was written."""
    parser = argparse.ArgumentParser(description="Build the demo application and its release manifests.")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: all")
    parser.add_argument("--environment", type=Path, default=DEMO.parent / "inventories" / "lab", metavar="DIR")
    chosen = parser.parse_args(arguments)
    if missing := missing_packages():
        sys.exit(f"demo/build.py: missing on this machine; install with apt: {', '.join(missing)}")
    for version in chosen.versions or all_versions():
        settings = read_version(version)
        war = build(version, settings["version"])
        manifest = write_manifest(version, settings["release"]["expand"].split(), war, chosen.environment)
        print(f"{war}  {manifest}")


if __name__ == "__main__":
    main()
