#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_restore
short_description: Put a backup in the place of the data of a PostgreSQL cluster
version_added: "0.2.0"
description:
  - Takes what the timer of the role P(impl.lifecycle.postgresql#role) made by C(pg_basebackup) (tar format, gzip).
  - Unpacks it beside the data of the cluster and lets C(pg_verifybackup) check it, while the server still runs.
    Only then the server is stopped, its data are moved aside, and it is started with those of the backup.
  - When it does not answer with them, the data before are put back and the server is started again.
  - The restored cluster begins a new timeline, so that a standby of the one before can never follow it by mistake.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  version:
    description: Major version of the cluster.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    default: main
  directory:
    description: Where the backups are.
    type: path
    required: true
  name:
    description: Name of the backup in O(directory).
    type: str
    required: true
  patience:
    description: Seconds the server has to replay the backup's changes and to answer.
    type: float
    default: 900
notes:
  - Must run as root of the server's host.
attributes:
  check_mode:
    description: Checks version and room, not the contents of the backup. Changes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Go back to last night
  impl.lifecycle.postgresql_restore:
    version: "15"
    directory: /var/backups/postgresql
    name: 2026-11-26T020000Z
  become: true
"""

RETURN = r"""
before:
  description: Where the data before are; they stay until somebody removes them. Empty in check mode.
  returned: success
  type: str
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import Cluster, PostgresqlError

MB = 1024 * 1024
# Archive recovery, which begins a new timeline, needs a command; everything it asks for is in the backup.
RECOVERY = "restore_command = 'false'\n"


def unpacked_size(copy):
    """Bytes of the backup's files as its manifest says; 0 when it cannot be read, which pg_verifybackup will say."""
    try:
        with open(os.path.join(copy, "backup_manifest"), encoding="utf-8") as file:
            return sum(entry["Size"] for entry in json.load(file)["Files"])
    except (ValueError, KeyError, TypeError):
        return 0


def check(cluster, copy):
    """Refuse what can be refused before anything is done."""
    try:
        with open(os.path.join(copy, "lifecycle-release"), encoding="utf-8") as file:
            release = file.read().strip()
    except OSError:
        release = ""
    if release != cluster.version:
        raise PostgresqlError(f"{copy} is no finished backup of PostgreSQL {cluster.version}")
    cluster.check_movable()
    place = os.path.dirname(cluster.data)
    left = os.statvfs(place)
    free, need = left.f_bavail * left.f_frsize, unpacked_size(copy) + 32 * MB
    if free < need:
        raise PostgresqlError(
            f"{place} needs {need // MB} MB for the backup beside the data before, and has {free // MB} MB"
        )


def unpack(cluster, copy, new):
    """The backup as a data directory, checked against its manifest."""
    cluster.remove(new)
    cluster.run("mkdir", "--mode=0700", new)
    cluster.run("tar", "-xzf", os.path.join(copy, "base.tar.gz"), "-C", new)
    cluster.run("tar", "-xzf", os.path.join(copy, "pg_wal.tar.gz"), "-C", os.path.join(new, "pg_wal"))
    manifest = "--manifest-path=" + os.path.join(copy, "backup_manifest")
    cluster.run(os.path.join(cluster.programs, "pg_verifybackup"), "--quiet", manifest, new)
    # A backup may have been made on a standby.
    cluster.run("rm", "-f", os.path.join(new, "standby.signal"))
    cluster.run("touch", os.path.join(new, "recovery.signal"))
    cluster.run("tee", "-a", os.path.join(new, "postgresql.auto.conf"), data=RECOVERY)


def carry_out(module, cluster):
    copy = os.path.join(module.params["directory"], module.params["name"])
    check(cluster, copy)
    if module.check_mode:
        return ""
    new = cluster.data + ".restoring"
    try:
        try:
            unpack(cluster, copy, new)
        except PostgresqlError as error:
            raise PostgresqlError(f"{copy} is refused by {error}. Nothing was changed") from error
        before = cluster.put_in_place(new, module.params["patience"], ("f",))
    finally:
        cluster.remove(new)
    cluster.ask("ALTER SYSTEM RESET restore_command")
    cluster.ask("SELECT pg_reload_conf()")
    return before


def main():
    module = AnsibleModule(
        argument_spec={
            "version": {"type": "str", "required": True},
            "cluster": {"type": "str", "default": "main"},
            "directory": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "patience": {"type": "float", "default": 900},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=True, before=carry_out(module, Cluster(module)))
    except PostgresqlError as error:
        module.fail_json(msg=f"the restore failed: {error}")


if __name__ == "__main__":
    main()
