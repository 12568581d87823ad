#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: package_bundle
short_description: Put Debian packages and their index into one archive, for hosts without Internet
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Downloads packages on a host that has sources for them, and writes one tar archive with them and an index for apt.
  - The same packages give the same archive, byte by byte, so its sha256 says what is in it.
  - The role P(impl.lifecycle.package_source#role) gives it to hosts as their source of packages.
options:
  packages:
    description: Name, architecture and version of each package, as in C(libc6:amd64=2.36-9+deb12u10).
    type: list
    elements: str
    required: true
  dest:
    description: The archive on the host.
    type: path
    required: true
  work_directory:
    description: Where the packages are downloaded. Packages that are not asked for are removed from there.
    type: path
    default: /var/cache/lifecycle-bundle
attributes:
  check_mode:
    description: Says that the archive would be written when it is not there, downloads nothing.
    support: full
"""

EXAMPLES = r"""
- name: Pack Redis
  impl.lifecycle.package_bundle:
    packages: ["redis-server:amd64=5:7.0.15-1~deb12u10", "redis-tools:amd64=5:7.0.15-1~deb12u10"]
    dest: /var/cache/lifecycle-bundle.tar
"""

RETURN = r"""
sha256:
  description: Digest of the archive.
  returned: success
  type: str
count:
  description: How many packages are in it.
  returned: success
  type: int
"""

import hashlib
import os
import tarfile

from ansible.module_utils.basic import AnsibleModule

BLOCK = 1 << 20
AT_ONCE = 100  # packages a call of apt-get: a command line is finite


class NotThere(Exception):
    """A package cannot be had."""


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def download(module: AnsibleModule, packages: list, directory: str) -> None:
    """Have exactly these packages in `directory`. What is there already is not fetched again."""
    wanted = sorted(packages)
    for start in range(0, len(wanted), AT_ONCE):
        argv = ["apt-get", "--quiet", "download", *wanted[start : start + AT_ONCE]]
        code, out, err = module.run_command(argv, cwd=directory, environ_update={"LC_ALL": "C.UTF-8"})
        if code != 0:
            words = [line for line in (err or out).splitlines() if line.startswith("E:")]
            raise NotThere(
                "{0}. A bundle can only have what this host's sources offer; bring the host to that first".format(
                    "; ".join(words) or err.strip()[-300:]
                )
            )


def index(module: AnsibleModule, directory: str, packages: list) -> str:
    """Return apt's index of the packages in `directory`, and remove what is not asked for."""
    stanzas = {}
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if not name.endswith(".deb"):
            continue
        control = module.run_command(["dpkg-deb", "--field", path], check_rc=True)[1].strip()
        fields = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line and line[0] not in " \t")
        if not asked(fields, packages):
            os.unlink(path)
            continue
        stanzas[name] = "{0}\nFilename: ./{1}\nSize: {2}\nSHA256: {3}\n".format(
            control, name, os.path.getsize(path), sha256_of(path)
        )
    return "\n".join(stanzas.values())


def asked(fields: dict, packages: list) -> bool:
    """Say whether a package (its control fields) is one that is asked for. One for all architectures has any."""
    named = [fields["Package"] + "=" + fields["Version"]]
    named.append("{Package}:{Architecture}={Version}".format(**fields))
    return any(name in packages for name in named)


def pack(directory: str, packages_index: str, dest: str) -> str:
    """Write the archive, the same for the same content, and return its digest."""
    staged = dest + ".new"
    with open(os.path.join(directory, "Packages"), "w", encoding="utf-8") as handle:
        handle.write(packages_index)
    with tarfile.open(staged, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(os.listdir(directory)):
            if name == "Packages" or name.endswith(".deb"):
                archive.add(os.path.join(directory, name), "packages/" + name, recursive=False, filter=_plain)
    digest = sha256_of(staged)
    os.rename(staged, dest)
    return digest


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o644
    member.mtime = 0
    return member


def run(module: AnsibleModule) -> dict:
    packages = module.params["packages"]
    dest, directory = module.params["dest"], module.params["work_directory"]
    before = sha256_of(dest) if os.path.exists(dest) else ""
    if module.check_mode:
        return {"changed": not before, "sha256": before, "count": len(packages)}
    os.makedirs(directory, mode=0o755, exist_ok=True)
    # apt fetches as a user of its own, who has to be able to write there.
    code = module.run_command(["chown", "_apt", directory])[0]
    if code != 0:
        raise NotThere("the user _apt is missing on this host; is it Debian?")
    download(module, packages, directory)
    digest = pack(directory, index(module, directory, packages), dest)
    return {"changed": digest != before, "sha256": digest, "count": len(packages)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "required": True},
            "dest": {"type": "path", "required": True},
            "work_directory": {"type": "path", "default": "/var/cache/lifecycle-bundle"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except NotThere as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="{0}: {1}".format(error.strerror or error, error.filename or ""))


if __name__ == "__main__":
    main()
