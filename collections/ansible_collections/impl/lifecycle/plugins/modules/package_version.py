#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: package_version
short_description: Bring installed Debian packages to a version, older or newer, without restarting anything
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Brings packages to the version that is asked for, and all installed packages of the same source along, because apt
    refuses to take only one of them back.
  - No service is stopped, started or restarted by the packages meanwhile (C(policy-rc.d)). Who calls decides when.
  - Configuration files stay as they are on the host.
  - When dpkg fails half way, the versions before are installed again and the task fails with apt's own words.
options:
  packages:
    description: Name and version of each package. An empty version is the newest that the host's sources offer.
    type: dict
    required: true
  update_cache:
    description: Fetch the lists of packages first.
    type: bool
    default: false
  lock_timeout:
    description: Seconds to wait for another run of apt or dpkg to end.
    type: int
    default: 120
attributes:
  check_mode:
    description: Reports what would change, and has apt try it without doing it.
    support: full
  diff_mode:
    description: Shows the versions before and after.
    support: full
"""

EXAMPLES = r"""
- name: Bring Redis to the newest version of the distribution
  impl.lifecycle.package_version:
    packages: {redis-server: ""}
    update_cache: true
  register: upgraded

- name: Take it back
  impl.lifecycle.package_version:
    packages: "{{ upgraded.before }}"
"""

RETURN = r"""
before:
  description: Name and version, before, of each package that changed.
  returned: success
  type: dict
  sample: {"redis-server": "5:7.0.15-1~deb12u7", "redis-tools": "5:7.0.15-1~deb12u7"}
after:
  description: Name and version, now, of each package that changed.
  returned: success
  type: dict
  sample: {"redis-server": "5:7.0.15-1~deb12u10", "redis-tools": "5:7.0.15-1~deb12u10"}
"""

import contextlib
import os
import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.impl.lifecycle.plugins.module_utils.package_plan import NotOffered, Package, Version, plan

try:
    import apt

    APT_ERROR = ""
except ImportError:
    apt = None
    APT_ERROR = traceback.format_exc()

POLICY = "/usr/sbin/policy-rc.d"
NOTHING_STARTS = "#!/bin/sh\n# Written by impl.lifecycle.package_version for the time of one installation.\nexit 101\n"
LAST_WORDS = 12  # lines of apt's output


def installed(cache) -> dict:
    """Return what is installed, by name, as the plan reads it."""
    found = {}
    for package in cache:
        if package.installed is not None:
            offered = sorted(package.versions, reverse=True)
            chosen = package.candidate
            ordered = ([chosen] if chosen else []) + [version for version in offered if version != chosen]
            # What is only installed cannot be fetched again.
            there = [version for version in ordered if version.downloadable]
            found[package.name] = Package(_version(package.installed), [_version(version) for version in there])
    return found


def _version(version) -> Version:
    return Version(version.version, version.source_name, version.source_version)


@contextlib.contextmanager
def nothing_starts():
    """Keep the packages' own scripts from touching a service. A policy that is there already is put back after it."""
    aside = POLICY + ".lifecycle"
    if os.path.lexists(POLICY) and not _is_ours(POLICY):
        os.rename(POLICY, aside)
    with open(POLICY, "w", encoding="ascii") as handle:
        handle.write(NOTHING_STARTS)
        os.fchmod(handle.fileno(), 0o755)
    try:
        yield
    finally:
        if os.path.lexists(aside):
            os.rename(aside, POLICY)
        else:
            os.unlink(POLICY)


def _is_ours(path: str) -> bool:
    """Say whether a call that was killed has left its policy behind."""
    try:
        with open(path, "rb") as handle:
            return handle.read(1000) == NOTHING_STARTS.encode()
    except OSError:
        return False


def install(module: AnsibleModule, versions: dict, simulate: bool) -> str:
    """Have apt install exactly these. Return its last words when it failed, else nothing."""
    argv = ["apt-get", "--yes", "--quiet", "--allow-downgrades", "--no-install-recommends", "--no-remove"]
    argv += ["-o", "DPkg::Lock::Timeout={0}".format(module.params["lock_timeout"])]
    argv += ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
    argv += ["--simulate"] if simulate else []
    argv += ["install"] + ["{0}={1}".format(*item) for item in sorted(versions.items())]
    code, out, err = module.run_command(argv, environ_update={"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
    if code == 0:
        return ""
    lines = [line for line in (out + err).splitlines() if line.strip()]
    return "\n".join(lines[-LAST_WORDS:])


def run(module: AnsibleModule) -> dict:
    if module.params["update_cache"]:
        code, out, err = module.run_command(["apt-get", "--quiet", "update"])
        if code != 0:
            module.fail_json(msg="apt-get update ended with {0}: {1}".format(code, (err or out).strip()[-500:]))
    host = installed(apt.Cache())
    wanted = {name: str(version or "") for name, version in module.params["packages"].items()}
    after = plan(wanted, host)
    before = {name: host[name].installed.version for name in after}
    if after:
        words = install(module, after, simulate=True)
        if words:
            module.fail_json(msg="apt refuses, nothing was changed: " + words)
    if after and not module.check_mode:
        with nothing_starts():
            words = install(module, after, simulate=False)
            if words:
                undone = install(module, before, simulate=False)
                state = "NOT everything could be put back: " + undone if undone else "the versions before are back"
                module.fail_json(msg="apt failed, {0}. It said: {1}".format(state, words))
    return {
        "changed": bool(after),
        "before": before,
        "after": after,
        "diff": {"before": _listed(before), "after": _listed(after)},
    }


def _listed(versions: dict) -> str:
    return "".join("{0} {1}\n".format(*item) for item in sorted(versions.items()))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "dict", "required": True},
            "update_cache": {"type": "bool", "default": False},
            "lock_timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    if apt is None:
        module.fail_json(msg=missing_required_lib("python3-apt"), exception=APT_ERROR)
    try:
        module.exit_json(**run(module))
    except NotOffered as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
