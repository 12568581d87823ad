#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_reload
short_description: Let a running PostgreSQL cluster read its files, and tell what still needs a restart
version_added: "0.1.0"
description:
  - Compares the time at which the server last loaded its configuration with the files; when a file is younger, the
    server reads them again. A run that was cut off between writing and reloading is completed by the next one.
  - Takes back C(ALTER SYSTEM) for the settings that are given in files, because it would win over them.
  - Asks the server which settings wait for a restart. Never restarts.
  - Speaks to the server with C(psql) as O(user) over the local socket.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  data_directory:
    description: Data directory of the cluster.
    type: path
    required: true
  files:
    description: The files of the server that the caller writes.
    type: list
    elements: path
    required: true
  settings:
    description: Names of the settings given in O(files).
    type: list
    elements: str
    default: []
  restart_paths:
    description: Files or directories that ask for a restart when they are younger than the server.
    type: list
    elements: path
    default: []
  user:
    description: The operating system's user who owns the cluster.
    type: str
    default: postgres
  timeout:
    description: Seconds to wait until the server has read its files.
    type: float
    default: 30
attributes:
  check_mode:
    description: Tells whether the server would read its files and which C(ALTER SYSTEM) would be taken back.
    support: full
  diff_mode:
    description: Shows the values that are taken back.
    support: full
"""

EXAMPLES = r"""
- name: Let the server read its files
  impl.lifecycle.postgresql_reload:
    data_directory: /var/lib/postgresql/15/main
    files:
      - /etc/postgresql/15/main/conf.d/lifecycle.conf
    settings: [work_mem]
"""

RETURN = r"""
running:
  description: Whether the cluster runs. When it does not, nothing else is known.
  type: bool
  returned: always
port:
  description: The port the server has now.
  type: int
  returned: when running
socket_directory:
  description: Where the server's local socket is.
  type: str
  returned: when running
reloaded:
  description: Whether the server read its files again.
  type: bool
  returned: when running
reset:
  description: Settings for which C(ALTER SYSTEM) was taken back.
  type: list
  elements: str
  returned: when running
pending_restart:
  description: Settings whose new value waits for a restart, and paths of O(restart_paths) that do.
  type: list
  elements: str
  returned: when running
shadowed:
  description: Settings of O(settings) for which another file or the command line wins.
  type: list
  elements: str
  returned: when running
databases:
  description: Names of the databases.
  type: list
  elements: str
  returned: when running
in_recovery:
  description: Whether the server is a standby (or still being restored).
  type: bool
  returned: when running
receiver:
  description: What the standby's receiver says of its connection to the primary, such as V(streaming).
  type: str
  returned: when running
lag:
  description: Seconds by which a standby is behind what it has received.
  type: float
  returned: when running
"""

import json
import os
import re
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import read_postmaster

# lc_messages, because the reason "needs a restart" is known only by its text.
STATE = """
SET lc_messages TO 'C';
SELECT json_build_object(
  'loaded', extract(epoch FROM pg_conf_load_time()),
  'started', extract(epoch FROM pg_postmaster_start_time()),
  'in_recovery', pg_is_in_recovery(),
  'receiver', (SELECT status FROM pg_stat_wal_receiver),
  'lag', CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
              ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END,
  'pending_restart', (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM pg_settings WHERE pending_restart),
  'altered', (SELECT coalesce(json_agg(json_build_array(name, setting) ORDER BY name), '[]') FROM pg_file_settings
              WHERE sourcefile LIKE '%/postgresql.auto.conf' AND lower(name) IN ({names})),
  'shadowed', (SELECT coalesce(json_agg(name || ' comes from ' || source ORDER BY name), '[]') FROM (
      SELECT s.name, coalesce(s.sourcefile || ':' || s.sourceline, s.source) AS source
      FROM pg_settings s WHERE lower(s.name) IN ({names}) AND s.sourcefile IS DISTINCT FROM {file}
      AND NOT EXISTS (SELECT FROM pg_file_settings f WHERE lower(f.name) = lower(s.name) AND f.sourcefile = {file}
                      AND (f.error = 'setting could not be applied' OR (s.source = 'default' AND f.applied)))) AS x),
  'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database));
"""

SETTING_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]*$")


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Cluster:
    """One running cluster, spoken to as its owner."""

    def __init__(self, module):
        self.module = module
        self.port, self.directory = read_postmaster(module.params["data_directory"])
        self.names = module.params["settings"]
        self.file = module.params["files"][0]

    def ask(self, sql):
        user = self.module.params["user"]
        psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-p", str(self.port), "-d", "postgres"]
        rc, out, err = self.module.run_command(["runuser", "-u", user, "--", *psql], data=sql, cwd="/")
        if rc != 0:
            self.module.fail_json(msg="PostgreSQL on port {0} answered: {1}".format(self.port, err.strip()))
        return out

    def state(self):
        names = ", ".join(literal(name.lower()) for name in self.names) or "NULL"
        return json.loads(self.ask(STATE.format(names=names, file=literal(self.file))))

    def reset(self, names):
        for name in names:
            self.ask("ALTER SYSTEM RESET {0}".format(name))

    def reload(self):
        """Have the files read; the server does so a moment after it was told."""
        told = time.time()
        self.ask("SELECT pg_reload_conf()")
        deadline = time.monotonic() + self.module.params["timeout"]
        while time.monotonic() < deadline:
            state = self.state()
            if state["loaded"] > told:
                return state
            time.sleep(0.1)
        return self.module.fail_json(
            msg="PostgreSQL did not take over its configuration within {0} s; its log says why".format(
                self.module.params["timeout"]
            )
        )


def newest_of(paths):
    return max((os.stat(path).st_mtime for path in paths if os.path.exists(path)), default=0)


def younger_than(paths, started):
    return [path for path in paths if os.path.exists(path) and os.stat(path).st_mtime > started]


def bring_to_files(module, cluster):
    state = cluster.state()
    altered = dict(state["altered"])
    stale = bool(altered) or state["loaded"] < newest_of(module.params["files"])
    if stale and not module.check_mode:
        cluster.reset(altered)
        state = cluster.reload()
    before = ["ALTER SYSTEM SET {0} = {1}\n".format(*item) for item in altered.items()]
    return {
        "changed": stale,
        "running": True,
        "port": cluster.port,
        "socket_directory": cluster.directory,
        "reloaded": stale,
        "reset": sorted(altered),
        "pending_restart": state["pending_restart"] + younger_than(module.params["restart_paths"], state["started"]),
        "shadowed": state["shadowed"],
        "databases": state["databases"],
        "in_recovery": state["in_recovery"],
        "receiver": state["receiver"] or "",
        "lag": state["lag"],
        "diff": {"before": "".join(before), "after": ""},
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "data_directory": {"type": "path", "required": True},
            "files": {"type": "list", "elements": "path", "required": True},
            "settings": {"type": "list", "elements": "str", "default": []},
            "restart_paths": {"type": "list", "elements": "path", "default": []},
            "user": {"type": "str", "default": "postgres"},
            "timeout": {"type": "float", "default": 30},
        },
        supports_check_mode=True,
    )
    odd = [name for name in module.params["settings"] if not SETTING_NAME.match(name)]
    if odd:
        module.fail_json(msg="not names of settings: {0}".format(", ".join(odd)))
    cluster = Cluster(module)
    if cluster.port is None:
        module.exit_json(changed=False, running=False)
    module.exit_json(**bring_to_files(module, cluster))


if __name__ == "__main__":
    main()
