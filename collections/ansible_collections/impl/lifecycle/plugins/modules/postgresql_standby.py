#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_standby
short_description: Have a PostgreSQL cluster follow a primary
version_added: "0.2.0"
description:
  - Loads a cluster that holds nothing yet by C(pg_basebackup) from its primary and starts it as a standby.
  - A cluster that is a standby already is left alone.
  - A cluster with data of its own is refused unless O(overwrite); its data are then moved aside and stay there.
  - When the server does not start with what it got, the data before are put back.
  - The server has to find C(primary_conninfo) and C(primary_slot_name) in its configuration.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  version:
    description: Major version of the cluster; the primary must have the same.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    default: main
  conninfo:
    description: How to reach the primary, in libpq's words. The password belongs into a password file that it names.
    type: str
    required: true
  slot:
    description: The slot that the primary keeps for this standby.
    type: str
    required: true
  overwrite:
    description: Whether data of the cluster's own, or of a standby that does not follow, may be replaced.
    type: bool
    default: false
  restart:
    description: Whether the server may be restarted. If not, a cluster that would have to be loaded is refused.
    type: bool
    default: true
  patience:
    description: Seconds to wait for a primary that is set up at the same time and does not let the standby in yet.
    type: float
    default: 60
notes:
  - Must run as root of the standby's host.
attributes:
  check_mode:
    description: Tells whether the cluster would be loaded, without asking the primary.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Follow db1
  impl.lifecycle.postgresql_standby:
    version: "15"
    conninfo: host=10.0.0.41 user=replicator passfile=/etc/postgresql/15/main/lifecycle-primary.pass
    slot: db2
  become: true
"""

RETURN = r"""
before:
  description: Where the data before are, when there were some; they stay until somebody removes them.
  returned: success
  type: str
"""

import os
import re
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import OWN, Cluster, PostgresqlError

FOLLOWS = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'"
# What a primary says that is about to become one.
NOT_YET = re.compile(
    r"authentication failed|no pg_hba\.conf entry|replication slot .* does not exist|"
    r"Connection refused|database system is"
)


def follows(cluster, patience=10.0):
    """Whether a standby gets what its primary writes; it may just have been started."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if cluster.ask(FOLLOWS) == "1":
                return True
        except PostgresqlError:
            return False
        time.sleep(0.5)
    return False


def must_load(cluster, overwrite):
    """Whether to load the cluster, and what of its own it would lose."""
    if os.path.exists(os.path.join(cluster.data, "standby.signal")):
        return overwrite and not follows(cluster), "a standby that does not follow"
    own = cluster.ask(OWN)
    if own and not overwrite:
        raise PostgresqlError(
            f"{cluster.name} is no standby and has data of its own ({own}); nothing was changed. Give it no primary, "
            "or have its data replaced with postgresql_standby_overwrite true (they are moved aside)"
        )
    return True, own


def copy_from_primary(cluster, params, new):
    """The primary's data, as soon as it lets the standby in."""
    argv = [os.path.join(cluster.programs, "pg_basebackup"), "--dbname=" + params["conninfo"], "--pgdata=" + new]
    argv += ["--wal-method=stream", "--checkpoint=fast", "--no-password", "--slot=" + params["slot"]]
    deadline = time.monotonic() + params["patience"]
    while True:
        cluster.remove(new)
        try:
            cluster.run(*argv)
            break
        except PostgresqlError as error:
            if time.monotonic() > deadline or not NOT_YET.search(str(error)):
                raise
        time.sleep(1)
    with open(os.path.join(new, "PG_VERSION"), encoding="utf-8") as file:
        version = file.read().strip()
    if version != cluster.version:
        raise PostgresqlError(
            f"the primary runs PostgreSQL {version}, and this host {cluster.version}; both must be the same"
        )
    cluster.run("touch", os.path.join(new, "standby.signal"))


def load(cluster, params, own):
    new = cluster.data + ".joining"
    cluster.check_movable()
    try:
        try:
            copy_from_primary(cluster, params, new)
        except PostgresqlError as error:
            raise PostgresqlError(f"{error}. Nothing was changed") from error
        before = cluster.put_in_place(new, params["patience"], ("t",))
    finally:
        cluster.remove(new)
    if not own:
        cluster.remove(before)
        before = ""
    return before


def carry_out(module, cluster):
    loading, own = must_load(cluster, module.params["overwrite"])
    if loading and not module.params["restart"]:
        raise PostgresqlError(f"{cluster.name} has to be loaded from its primary, but lifecycle_allow_restart is false")
    if not loading or module.check_mode:
        return {"changed": loading, "before": ""}
    return {"changed": True, "before": load(cluster, module.params, own)}


def main():
    module = AnsibleModule(
        argument_spec={
            "version": {"type": "str", "required": True},
            "cluster": {"type": "str", "default": "main"},
            "conninfo": {"type": "str", "required": True},
            "slot": {"type": "str", "required": True},
            "overwrite": {"type": "bool", "default": False},
            "restart": {"type": "bool", "default": True},
            "patience": {"type": "float", "default": 60},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**carry_out(module, Cluster(module)))
    except PostgresqlError as error:
        module.fail_json(msg=f"the standby cannot be made: {error}")


if __name__ == "__main__":
    main()
