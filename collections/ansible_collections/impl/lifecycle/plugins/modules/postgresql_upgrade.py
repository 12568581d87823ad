#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_upgrade
short_description: Bring the data of a PostgreSQL cluster to another major release, and back
version_added: "0.2.0"
description:
  - Has Debian's C(pg_upgradecluster) make a cluster of the new release from the old one, with the same name.
    While it does, nobody but the owner of the clusters comes in.
  - Users, rows of every table, sequences and extensions are counted before and after. C(pg_upgradecluster) does not
    look at the errors of what it puts in. When the counts differ, the new cluster is dropped, and the old one runs.
  - The old cluster is left as it was, stopped and not started at boot. The new one is left stopped, for its
    configuration to be written.
  - The way back (O(state=taken_back)) stops the new cluster and starts the old one.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  old:
    description: Major release the data are in.
    type: str
    required: true
  new:
    description: Major release they are brought to. Its packages have to be installed.
    type: str
    required: true
  cluster:
    description: Name of both clusters.
    type: str
    default: main
  state:
    description: Where the data shall be used.
    type: str
    choices: [upgraded, taken_back]
    default: upgraded
  method:
    description:
      - V(dump) writes all out and in again, which takes longest, keeps nothing of the old files, and builds indexes
        anew. V(upgrade) copies the files by C(pg_upgrade). V(clone) does so on a file system that shares blocks. Both
        need the same checksums and block sizes.
      - Hard links are not offered, because the old cluster could not be started any more.
    type: str
    choices: [dump, upgrade, clone]
    default: dump
  confirmed:
    description: Has to be true for O(state=taken_back), because what was written since the upgrade stays behind.
    type: bool
    default: false
  patience:
    description: Seconds a server has to answer after its start.
    type: float
    default: 120
notes:
  - Must run as root of the server's host.
attributes:
  check_mode:
    description: Refuses what would be refused, and changes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Bring the data from 15 to 17
  impl.lifecycle.postgresql_upgrade:
    old: "15"
    new: "17"
  become: true
"""

RETURN = r"""
port:
  description: The port at which applications find their data.
  returned: success
  type: int
rows:
  description: Rows of all tables that were counted.
  returned: success
  type: int
lost:
  description: What the way back leaves behind, a line each.
  returned: when O(state=taken_back)
  type: list
  elements: str
"""

import json
import os
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import (
    OWN,
    PostgresqlError,
    Release,
    interruptible,
    read_postmaster,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_contents import counted, differences, some

MB = 1024 * 1024
RECORDS = "/var/lib/lifecycle/postgresql-upgrades"
MANUAL = (
    "# Written by impl.lifecycle: the data are used in another release. See its playbook postgresql_upgrade.\nmanual\n"
)
TABLESPACES = "SELECT string_agg(spcname, ', ') FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')"


def size_of(directory):
    return sum(
        os.lstat(os.path.join(place, name)).st_size
        for place, _directories, names in os.walk(directory)
        for name in names
        if os.path.lexists(os.path.join(place, name))
    )


class Upgrade:
    """The way from one release to another on this host, and what is remembered of it."""

    def __init__(self, module):
        params = module.params
        self.module, self.params = module, params
        self.old, self.new = Release(module, params["old"]), Release(module, params["new"])
        self.path = os.path.join(RECORDS, f"{params['old']}-{params['new']}-{params['cluster']}.json")

    def record(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def remember(self, about):
        os.makedirs(RECORDS, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=RECORDS)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(about, file)
        os.rename(temporary, self.path)

    def result(self, changed, about, **more):
        rows = sum(
            number
            for entries in about["contents"]["databases"].values()
            for name, number in entries.items()
            if name.startswith("table ")
        )
        return dict(more, changed=changed, port=about["port"], rows=rows)

    # There.

    def check(self):
        """Refuse what can be refused while everything still runs. Return what the old cluster has as its port."""
        old, new = self.old, self.new
        installed = os.access(os.path.join(new.programs, "postgres"), os.X_OK)
        # In check mode the packages may be what would come.
        if not installed and not self.module.check_mode:
            raise PostgresqlError(f"PostgreSQL {new.version} is not installed")
        if not old.running():
            raise PostgresqlError(f"{old.name} does not run; start it, so that its data can be counted")
        if old.ask("SELECT pg_is_in_recovery()") == "t":
            raise PostgresqlError(f"{old.name} is a standby; upgrade its primary, and load the standby anew")
        tablespaces = old.ask(TABLESPACES)
        if tablespaces:
            raise PostgresqlError(f"{old.name} has tablespaces ({tablespaces}), which both releases would share")
        if installed:
            self.check_extensions()
        self.check_room()
        self.check_new()
        return read_postmaster(old.data)[0]

    def check_extensions(self):
        shelf = f"/usr/share/postgresql/{self.new.version}/extension"
        names = "SELECT string_agg(DISTINCT extname, ' ') FROM pg_extension"
        databases = json.loads(self.old.ask("SELECT json_agg(datname) FROM pg_database WHERE datallowconn"))
        used = {name: database for database in sorted(databases) for name in self.old.ask(names, database).split()}
        missing = [
            f"{name} ({database})"
            for name, database in sorted(used.items())
            if not os.path.exists(os.path.join(shelf, name + ".control"))
        ]
        if missing:
            raise PostgresqlError(
                f"PostgreSQL {self.new.version} has no extension {', '.join(missing)}; "
                "add its package to postgresql_extension_packages, or drop it from the database"
            )

    def check_room(self):
        place = os.path.dirname(os.path.dirname(self.new.data))
        left = os.statvfs(place)
        free, need = left.f_bavail * left.f_frsize, size_of(self.old.data)
        if self.params["method"] != "clone" and free < need:
            raise PostgresqlError(f"{place} needs {need // MB} MB for a second copy, and has {free // MB} MB")

    def check_new(self):
        new = self.new
        if not new.exists():
            return
        if not new.running():
            raise PostgresqlError(
                f"{new.name} is there and does not run, so nobody can say whether its data are needed. "
                f"When they are not: pg_dropcluster {' '.join(new.named)}"
            )
        own = new.ask(OWN)
        if own:
            raise PostgresqlError(
                f"{new.name} has data of its own ({own}). Use another host, or drop it: "
                f"pg_dropcluster --stop {' '.join(new.named)}"
            )

    def bring_over(self, port):
        """Copy and compare. On the way out the new cluster is stopped, and the old one, too."""
        old, new = self.old, self.new
        with tempfile.NamedTemporaryFile("w", prefix="lifecycle-hba-", encoding="utf-8") as hba:
            hba.write(f"local all {old.user} peer\n")
            hba.flush()
            os.fchmod(hba.fileno(), 0o644)
            old.end()
            old.start_alone(hba.name)
            before = counted(old.ask)
            if new.exists():
                new.command("pg_dropcluster", "--stop", *new.named)
            how = ("--method=" + self.params["method"], "--keep-port", "--no-start")
            new.command("pg_upgradecluster", "-v", new.version, *how, *old.named)
            new.start_alone(hba.name)
            wrong = differences(before, counted(new.ask))
            new.end()
        if wrong:
            raise PostgresqlError(f"the data are not all there in PostgreSQL {new.version}: {some(wrong)}")
        return {"port": port, "contents": before, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}

    def go(self):
        about = self.record()
        if about.get("state") == "upgraded" and self.new.exists() and not self.old.running():
            return self.result(False, about)
        port = self.check()
        if self.module.check_mode:
            return {"changed": True, "port": port, "rows": 0}
        with open(self.old.start_conf, encoding="utf-8") as file:
            start_conf = file.read()
        with interruptible():
            try:
                about = dict(self.bring_over(port), state="upgraded", start_conf=start_conf)
                self.old.starts_at_boot(MANUAL)
                self.remember(about)
            except (PostgresqlError, OSError, ValueError) as error:
                raise PostgresqlError(f"{error}. {self.stay(start_conf)}") from error
        return self.result(True, about)

    def stay(self, start_conf):
        """Have the old cluster as it was before; say how that went."""
        try:
            if self.new.exists():
                self.new.end()
                self.new.command("pg_dropcluster", *self.new.named)
            self.old.end()
            self.old.starts_at_boot(start_conf)
            self.old.must_start(self.params["patience"])
        except (PostgresqlError, OSError) as error:
            return f"The data are untouched in {self.old.data}, but not in use: {error}"
        return f"{self.old.name} runs as before"

    # And back.

    def back(self):
        about = self.record()
        if about.get("state") == "taken_back" and self.old.running():
            return self.result(False, about, lost=[])
        if about.get("state") != "upgraded" or not self.old.exists():
            raise PostgresqlError(
                f"there is no upgrade from {self.old.version} to {self.new.version} that could be taken back"
            )
        lost = self.lost(about)
        if not self.params["confirmed"]:
            raise PostgresqlError(
                f"what was written to {self.new.name} since {about['at']} stays behind there: "
                f"{some(lost) or 'no row more or less'}, and changes within rows. "
                "Stop the applications, then run again with postgresql_upgrade_confirmed true. "
                "Nothing was changed"
            )
        if not self.module.check_mode:
            with interruptible():
                self.change_places(about)
            self.remember(dict(about, state="taken_back"))
        return self.result(True, about, lost=lost)

    def lost(self, about):
        if not self.new.running():
            return [f"{self.new.name} does not run, so nobody can say what"]
        return differences(about["contents"], counted(self.new.ask))

    def change_places(self, about):
        try:
            self.new.end()
            self.new.starts_at_boot(MANUAL)
            self.old.starts_at_boot(about["start_conf"])
            self.old.must_start(self.params["patience"])
        except (PostgresqlError, OSError) as error:
            try:
                self.old.end()
                self.old.starts_at_boot(MANUAL)
                self.new.starts_at_boot(about["start_conf"])
                self.new.must_start(self.params["patience"])
                how = f"{self.new.name} runs as before"
            except (PostgresqlError, OSError) as other:
                how = f"nor does the other one: {other}"
            raise PostgresqlError(f"{error}; {how}") from error


def main():
    module = AnsibleModule(
        argument_spec={
            "old": {"type": "str", "required": True},
            "new": {"type": "str", "required": True},
            "cluster": {"type": "str", "default": "main"},
            "state": {"type": "str", "choices": ["upgraded", "taken_back"], "default": "upgraded"},
            "method": {"type": "str", "choices": ["dump", "upgrade", "clone"], "default": "dump"},
            "confirmed": {"type": "bool", "default": False},
            "patience": {"type": "float", "default": 120},
        },
        supports_check_mode=True,
    )
    upgrade = Upgrade(module)
    there = module.params["state"] == "upgraded"
    try:
        module.exit_json(**(upgrade.go() if there else upgrade.back()))
    except PostgresqlError as error:
        module.fail_json(msg=f"the {'upgrade' if there else 'way back'} was not done: {error}")


if __name__ == "__main__":
    main()
