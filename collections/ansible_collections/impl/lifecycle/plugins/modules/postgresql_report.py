#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say which indexes and tables of a PostgreSQL server want attention, and which statements are slow."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_report
short_description: Find missing, duplicate and unused indexes and slow statements in PostgreSQL
version_added: "0.2.0"
description:
  - Reads the catalogues and the statistics of the databases in transactions that cannot write, and returns what it
    finds as data, each with a sentence and, where there is one, the SQL that would mend it. Changes nothing.
  - Foreign keys that no index leads with, indexes that another one replaces, that nobody reads or that a build left
    unfinished, tables without primary key, tables far larger than their rows (an estimate from C(pg_stats) and the page
    layout in PostgreSQL's documentation), and the slowest statements by C(pg_stat_statements).
  - Of statements only those are shown whose constants the server takes out, so that no password is.
  - Speaks to the server with C(psql) as O(user) over the local socket.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  databases:
    description: Databases to look at; when empty, all but templates.
    type: list
    elements: str
    default: []
  unused_after_days:
    description:
      - How old the statistics have to be before an index that was never read is told. A month's end should be in it.
    type: float
    default: 30
  bloat_percent:
    description: The least share of a table, in percent, that holds no rows by estimate.
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
  socket_directory:
    description: Where the server's local socket is.
    type: path
    default: /var/run/postgresql
  port:
    description: The server's port, part of the socket's name.
    type: int
    default: 5432
  user:
    description: The operating system's user who may log in as superuser by the socket.
    type: str
    default: postgres
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Look for indexes that are missing
  impl.lifecycle.postgresql_report:
    databases: [clinic]
  become: true
  register: report
"""

RETURN = r"""
running:
  description: Whether a server listens on the socket. When none does, nothing else is returned.
  type: bool
  returned: always
in_recovery:
  description: Whether the server is a standby; its catalogue is the primary's, so only its statements are told.
  type: bool
  returned: when running
databases:
  description: Days for which the statistics of each database have been counted, null when that is not known.
  type: dict
  returned: when running
  sample: {clinic: 41.2}
findings:
  description:
    - What was found. C(kind) is one of V(missing_index), V(duplicate_index), V(unused_index), V(invalid_index),
      V(no_primary_key), V(bloat), V(slow_statement); C(said) is a sentence, C(sql) what to do or empty; sizes in bytes.
  type: list
  elements: dict
  returned: when running
  sample:
    - kind: missing_index
      database: clinic
      schema: public
      table: visits
      index: ""
      columns: [pet_id]
      bytes: 8192
      constraint: visits_pet_id_fkey
      said: "visits.pet_id points to pets without an index: each change of a row there reads all 8 kB of visits"
      sql: CREATE INDEX CONCURRENTLY ON "public"."visits" ("pet_id");
notes:
  description: What could not be judged, and how it could be.
  type: list
  elements: str
  returned: when running
"""

from typing import Any, Dict, List, Mapping, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import database_judging, statement_judging
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Finding
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import Postgresql
from ansible_collections.impl.lifecycle.plugins.module_utils.database_judging import found_in, notes_on
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_catalog import (
    CATALOG,
    SERVER,
    STATEMENTS,
    catalog_of,
    statement_of,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import PostgresqlError
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_server import ARGUMENTS, Server, literal

HOW_TO_COUNT = (
    "no statements are counted: pg_stat_statements in shared_preload_libraries (postgresql_settings; a restart) and "
    "the extension in one database (postgresql_extensions) have them counted from then on"
)


def slow_statements(
    server: Server, about: Mapping[str, Any], extensions: Mapping[str, str], databases: List[str]
) -> Tuple[List[Finding], List[str]]:
    """The slowest statements, or the sentence that says how to have them. One extension counts for all databases."""
    if not extensions or "pg_stat_statements" not in about["libraries"]:
        return [], [HOW_TO_COUNT]
    where, schema = next(iter(extensions.items()))
    query = STATEMENTS.format(
        schema=Postgresql().quoted(schema), databases=", ".join(literal(name) for name in databases)
    )
    statements = [statement_of(one) for one in server.read(query, where)]
    return list(statement_judging.slowest(statements, server.module.params["statements"])), []


def report(server: Server) -> Dict[str, Any]:
    """Ask the server and judge its answers. Raises PostgresqlError."""
    params = server.module.params
    about = server.read(SERVER)
    databases = params["databases"] or about["databases"]
    unknown = sorted(set(databases) - set(about["databases"]))
    if unknown:
        raise PostgresqlError(f"there is no database {unknown[0]} here; there are: {', '.join(about['databases'])}")
    findings: List[Finding] = []
    notes: List[str] = []
    days: Dict[str, Any] = {}
    extensions: Dict[str, str] = {}
    for name in about["databases"]:
        answer = server.read(CATALOG, name)
        if answer["extension"]:
            extensions[name] = answer["extension"]
        if name not in databases:
            continue
        catalog = catalog_of(name, answer)
        days[name] = catalog.days if catalog.days is None else round(catalog.days, 1)
        if not about["in_recovery"]:
            findings += found_in(catalog, Postgresql(), params, reads_elsewhere=about["standbys"] > 0)
            notes += notes_on(catalog, params)
    if about["in_recovery"]:
        notes.append("this is a standby: its indexes and tables are its primary's and told there")
    slow, how = slow_statements(server, about, extensions, databases)
    return {
        "in_recovery": about["in_recovery"],
        "databases": days,
        "findings": findings + slow,
        "notes": notes + how,
    }


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={**database_judging.ARGUMENTS, **ARGUMENTS},
        supports_check_mode=True,
    )
    server = Server(module)
    if not server.running:
        module.exit_json(changed=False, running=False)
    try:
        module.exit_json(changed=False, running=True, **report(server))
    except PostgresqlError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
