#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say which indexes and tables of a MariaDB server want attention, and which statements are slow."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_report
short_description: Find duplicate and unused indexes and slow statements in MariaDB
version_added: "0.2.0"
description:
  - Reads C(information_schema) and C(performance_schema) in transactions that cannot write, and returns what it finds
    as data, each with a sentence and, where there is one, the SQL that would mend it. Changes nothing.
  - Indexes that another one replaces or that nobody reads, tables without primary key, tables of InnoDB with much free
    room (C(DATA_FREE)), foreign keys that lost their index, and the slowest statements.
  - Of statements only those are shown that read or write rows, without their constants.
  - Speaks to the server with C(mariadb) as root over the local socket.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  databases:
    description: Databases to look at; when empty, all but the server's own.
    type: list
    elements: str
    default: []
  unused_after_days:
    description:
      - For how long reads have to be counted before an index that was never read is told. They are counted from the
        server's start, where C(performance_schema) is on.
    type: float
    default: 30
  bloat_percent:
    description: The least share of a table, in percent, that holds no rows.
    type: float
    default: 40
  bloat_mb:
    description: The least size of that share, in MB.
    type: float
    default: 16
  statements:
    description: How many statements to tell, by time in all and by time a call.
    type: int
    default: 10
  socket:
    description: The server's local socket.
    type: path
    default: /run/mysqld/mysqld.sock
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Look for indexes that are there twice
  impl.lifecycle.mariadb_report:
    databases: [clinic]
  become: true
  register: report
"""

RETURN = r"""
running:
  description: Whether there is a socket. When there is none, nothing else is returned.
  type: bool
  returned: always
in_recovery:
  description: Whether the server takes no changes (C(read_only)), as a replica does.
  type: bool
  returned: when running
databases:
  description: Days for which reads have been counted in each database, null when nobody counts.
  type: dict
  returned: when running
  sample: {clinic: 41.2}
findings:
  description: What was found, as M(impl.lifecycle.postgresql_report) returns it.
  type: list
  elements: dict
  returned: when running
notes:
  description: What could not be judged, and how it could be.
  type: list
  elements: str
  returned: when running
"""

import os
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import mariadb_catalog, statement_judging
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Catalog
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import Mariadb
from ansible_collections.impl.lifecycle.plugins.module_utils.database_judging import ARGUMENTS, found_in, notes_on
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import Client, MariadbError

HOW_TO_COUNT = (
    "neither reads nor statements are counted: performance_schema: true in mariadb_startup_settings (a restart) has "
    "them counted from then on"
)


def ask(client: Client, query: str) -> List[Any]:
    """The rows of a query, each as data, asked for so that nothing can be written."""
    rows: List[Any] = client.rows(mariadb_catalog.READING + query)
    return rows


def catalogs(client: Client, counts: bool, days: float) -> Dict[str, Catalog]:
    """Every database that has tables."""
    reads = {tuple(row[:3]): int(row[3]) for row in ask(client, mariadb_catalog.READS)} if counts else None
    return mariadb_catalog.catalogs_of(
        ask(client, mariadb_catalog.TABLES),
        ask(client, mariadb_catalog.INDEX_COLUMNS),
        ask(client, mariadb_catalog.FOREIGN_KEYS),
        {tuple(row[:3]): int(row[3]) for row in ask(client, mariadb_catalog.SIZES)},
        reads,
        days,
    )


def report(client: Client, params: Dict[str, Any]) -> Dict[str, Any]:
    """Ask the server and judge its answers. Raises MariadbError."""
    (about,) = ask(client, mariadb_catalog.SERVER)
    counts, names = bool(int(about["counts"])), ask(client, mariadb_catalog.DATABASES)
    wanted = params["databases"] or names
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise MariadbError(f"there is no database {unknown[0]} here; there are: {', '.join(names)}")
    found = catalogs(client, counts, float(about["days"]))
    findings, notes = [], [] if counts else [HOW_TO_COUNT]
    for name in wanted:
        catalog = found.get(name)
        if catalog is not None:
            findings += found_in(catalog, Mariadb(), params, reads_elsewhere=False)
            notes += notes_on(catalog, params) if counts else []
    if counts:
        statements = [mariadb_catalog.statement_of(one) for one in ask(client, mariadb_catalog.STATEMENTS)]
        here = [one for one in statements if one.database in wanted]
        findings += statement_judging.slowest(here, params["statements"])
    days = round(float(about["days"]), 1) if counts else None
    return {
        "in_recovery": bool(int(about["read_only"])),
        "databases": dict.fromkeys(wanted, days),
        "findings": findings,
        "notes": notes,
    }


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={**ARGUMENTS, "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"}},
        supports_check_mode=True,
    )
    if not os.path.exists(module.params["socket"]):
        module.exit_json(changed=False, running=False)
    try:
        answer = report(Client(module, module.params["socket"]), module.params)
    except MariadbError as error:
        module.fail_json(msg=f"MariaDB: {error}")
    module.exit_json(changed=False, running=True, **answer)


if __name__ == "__main__":
    main()
