#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Back a database up before a release changes it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_backup
short_description: Back a PostgreSQL database up once for each version of an application
version_added: "0.2.0"
description:
  - Runs C(pg_dump) in its custom format as the server's own user, who logs in by the local socket without a password.
  - A version that has a backup is not backed up again. A release tried twice keeps the state before the first try.
  - The backup gets its name when it is complete and C(pg_restore) can read its table of contents.
  - One that fails leaves nothing.
  - Refuses before it begins when the disk has less room than the database takes.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  database:
    description: Name of the database.
    type: str
    required: true
  application:
    description: Name of the application; the backup is called after it.
    type: str
    required: true
  version:
    description: Version that is about to change the database.
    type: str
    required: true
  directory:
    description: Where backups are kept, readable for O(user) alone.
    type: path
    default: /var/backups/lifecycle
  keep:
    description: How many backups of the application stay, this one included.
    type: int
    default: 3
  user:
    description: System user who runs the server.
    type: str
    default: postgres
attributes:
  check_mode:
    description: Looks for a backup and for room, writes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Keep what the database is now
  impl.lifecycle.postgresql_backup:
    database: clinic
    application: clinic
    version: 1.1.0
  become: true
"""

RETURN = r"""
path:
  description: The version's backup (in check mode, empty when there is none yet).
  returned: success
  type: str
size:
  description: Its bytes.
  returned: success
  type: int
removed:
  description: Older backups that were removed.
  returned: success
  type: list
  elements: str
"""

import contextlib
import os
import pwd
import re
import time
from typing import Any, Dict, List, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule

STAMP = r"[0-9]{8}T[0-9]{6}Z"
MB = 1024 * 1024


def name_of(application: str, version: str, seconds: float) -> str:
    """The file name of a backup taken then."""
    return f"{application}_{version}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(seconds))}.dump"


def backups_of(names: Sequence[str], application: str, version: str = "") -> List[str]:
    """The backups of an application, or of one version, the oldest first."""
    wanted = re.escape(version) if version else "[^_]+.*"
    pattern = re.compile(rf"{re.escape(application)}_{wanted}_({STAMP})\.dump\Z")
    found = [(match.group(1), name) for name in names if (match := pattern.match(name))]
    return [name for _moment, name in sorted(found)]


def shortage(database: str, size: int, directory: str, free: int) -> str:
    """Why there is no room; empty when there is. A compressed dump is hardly ever larger than the database."""
    if free >= size:
        return ""
    return (
        f"there is no room for a backup of {database}: it takes {size // MB + 1} MB, and {directory} has "
        f"{free // MB} MB left. Make room there, or name another place (release_backup_directory). Nothing was changed"
    )


def sync(path: str) -> None:
    """Wait until a file or directory is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Backup:
    """One backup on this host."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.wanted: Dict[str, Any] = module.params
        self.directory: str = module.params["directory"]

    def names(self) -> List[str]:
        """What is in the directory."""
        return os.listdir(self.directory) if os.path.isdir(self.directory) else []

    def as_user(self, *command: str) -> Tuple[str, str]:
        """Output and complaint of a command run as the server's user; exactly one of them is empty when it matters."""
        argv = ["runuser", "--user=" + self.wanted["user"], "--", *command]
        code, out, complaint = self.module.run_command(argv, cwd="/", umask=0o077)
        return out.strip(), (complaint.strip() or f"{command[0]} ended with {code}") if code else ""

    def refuse(self, what: str, complaint: str) -> None:
        """End with what went wrong, in the tool's own words."""
        self.module.fail_json(msg=f"{what}: {complaint}. Nothing was changed")

    def check_room(self) -> None:
        """Refuse what the disk cannot hold."""
        database = self.wanted["database"]
        size, complaint = self.as_user(
            "psql", "--no-psqlrc", "-Atqc", "SELECT pg_database_size(current_database())", "--dbname=" + database
        )
        if complaint:
            self.refuse(f"the size of {database} cannot be asked", complaint)
        place = self.directory
        while not os.path.isdir(place):
            place = os.path.dirname(place)
        left = os.statvfs(place)
        lacking = shortage(database, int(size), place, left.f_bavail * left.f_frsize)
        if lacking:
            self.module.fail_json(msg=lacking)

    def make_place(self) -> None:
        """A directory for the server's user alone."""
        user = pwd.getpwnam(self.wanted["user"])
        os.makedirs(os.path.dirname(self.directory), mode=0o755, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.directory, 0o700)
        os.chown(self.directory, user.pw_uid, user.pw_gid)
        os.chmod(self.directory, 0o700)

    def write(self) -> str:
        """The backup under its name, complete and readable."""
        path = os.path.join(self.directory, name_of(self.wanted["application"], self.wanted["version"], time.time()))
        part, database = path + ".part", self.wanted["database"]
        _written, complaint = self.as_user(
            "pg_dump", "--format=custom", "--no-password", "--file=" + part, "--dbname=" + database
        )
        if not complaint:
            _contents, complaint = self.as_user("pg_restore", "--list", part)
        if complaint:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
            self.refuse(f"the backup of {database} failed", complaint)
        sync(part)
        os.rename(part, path)
        sync(self.directory)
        return path

    def prune(self) -> List[str]:
        """Remove the oldest backups beyond those that are kept, and what a killed run left."""
        names = self.names()
        kept = backups_of(names, self.wanted["application"])
        mine = self.wanted["application"] + "_"
        gone = kept[: max(0, len(kept) - self.wanted["keep"])]
        gone += [name for name in names if name.startswith(mine) and name.endswith(".part")]
        for name in gone:
            os.unlink(os.path.join(self.directory, name))
        return gone


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "database": {"type": "str", "required": True},
            "application": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
            "directory": {"type": "path", "default": "/var/backups/lifecycle"},
            "keep": {"type": "int", "default": 3},
            "user": {"type": "str", "default": "postgres"},
        },
        supports_check_mode=True,
    )
    if module.params["keep"] < 1:
        module.fail_json(msg=f"keep is {module.params['keep']}; at least the backup that is made has to stay")
    backup = Backup(module)
    try:
        there = backups_of(backup.names(), module.params["application"], module.params["version"])
        if there:
            path = os.path.join(backup.directory, there[0])
            module.exit_json(changed=False, path=path, size=os.path.getsize(path), removed=[])
        backup.check_room()
        if module.check_mode:
            module.exit_json(changed=True, path="", size=0, removed=[])
        backup.make_place()
        path = backup.write()
        module.exit_json(changed=True, path=path, size=os.path.getsize(path), removed=backup.prune())
    except KeyError:
        module.fail_json(msg=f"there is no user {module.params['user']}; is PostgreSQL installed on this host?")
    except OSError as error:
        backup.refuse(f"{error.filename or backup.directory} cannot be used", error.strerror or str(error))


if __name__ == "__main__":
    main()
