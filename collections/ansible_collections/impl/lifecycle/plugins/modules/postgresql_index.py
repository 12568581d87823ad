#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Have indexes in a PostgreSQL database without keeping anybody from writing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_index
short_description: Have indexes in a PostgreSQL database, built concurrently
version_added: "0.2.0"
description:
  - Builds each index that is not there with C(CREATE INDEX CONCURRENTLY), one after another. An index that is the same
    under another name is enough.
  - What an interrupted build has left, an index that is not valid, is dropped and built again. One that is being built
    at the moment is left alone and told. A build that fails leaves nothing,
    or says what it had to leave because a transaction of somebody else is open.
  - The server itself is asked how it would write an index, on an empty copy of the table's columns that is taken back
    at once, so that C(where) is compared as the server understands it.
  - Everything is looked at before the first is built; what cannot be done is refused before anything is changed.
  - Speaks to the server with C(psql) as O(user) over the local socket.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  database:
    description: Name of the database.
    type: str
    required: true
  indexes:
    description: The indexes to have.
    type: list
    elements: dict
    required: true
    suboptions:
      table:
        description: Name of the table, with its schema before a dot where it is not C(public).
        type: str
        required: true
      columns:
        description: Its columns, in the order of the index.
        type: list
        elements: str
        required: true
      name:
        description: Name of the index; when empty, made of table and columns.
        type: str
        default: ""
      unique:
        description: Whether no two rows may have the same values.
        type: bool
        default: false
      where:
        description: Only rows for which this SQL condition holds.
        type: str
        default: ""
      origin:
        description: Where this index is asked for, such as V(delivery.yml:31); stands before what is wrong with it.
        type: str
        default: ""
  wait_seconds:
    description: How long a build waits for transactions of others to end before it gives up.
    type: int
    default: 600
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
    description: Tells which indexes would be built, and refuses what would be refused.
    support: full
  diff_mode:
    description: Shows the statements.
    support: full
"""

EXAMPLES = r"""
- name: Have the index that the report missed
  impl.lifecycle.postgresql_index:
    database: clinic
    indexes:
      - {table: visits, columns: [pet_id]}
      - {table: pets, columns: [owner_id, born], where: died IS NULL}
  become: true
"""

RETURN = r"""
indexes:
  description: What was done for each index; C(action) is one of V(present), V(create), V(mend).
  type: list
  elements: dict
  returned: success
  sample: [{action: create, name: visits_pet_id_idx, table: public.visits, sql: "CREATE INDEX ..."}]
"""

from typing import Any, Dict, List, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Index
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import Postgresql, default_name
from ansible_collections.impl.lifecycle.plugins.module_utils.index_plan import MEND, PRESENT, Refused, Step, step_for
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_catalog import (
    CATALOG,
    DEFINITION,
    NAMES,
    catalog_of,
    index_of,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_cluster import PostgresqlError
from ansible_collections.impl.lifecycle.plugins.module_utils.postgresql_server import (
    ARGUMENTS,
    WRITING,
    Server,
    literal,
)

SQL = Postgresql()
INDEX_SPEC = {
    "table": {"type": "str", "required": True},
    "columns": {"type": "list", "elements": "str", "required": True},
    "name": {"type": "str", "default": ""},
    "unique": {"type": "bool", "default": False},
    "where": {"type": "str", "default": ""},
    "origin": {"type": "str", "default": ""},
}


class Database:
    """One database of the server, and the indexes that are asked for."""

    def __init__(self, server: Server, name: str, wait_seconds: int) -> None:
        self.server = server
        self.name = name
        self.options = WRITING.format(wait_seconds)
        # After a failure nobody should wait that long again.
        self.hasty = WRITING.format(min(wait_seconds, 5))

    def indexes(self) -> List[Index]:
        """Those that are there."""
        return list(catalog_of(self.name, self.server.read(CATALOG, self.name)).indexes)

    def plan(self, asked: Mapping[str, Any], existing: List[Index]) -> Dict[str, Any]:
        """What is to be done for one index. Raises Refused and PostgresqlError."""
        name = asked["name"] or default_name(asked["table"], asked["columns"])
        place = self.place(asked["table"], name)
        table = SQL.quoted(place["schema"], place["name"])
        text = {
            "unique": "UNIQUE " if asked["unique"] else "",
            "columns": ", ".join(SQL.quoted(column) for column in asked["columns"]),
            "where": f" WHERE {asked['where']}" if asked["where"] else "",
        }
        (definition,) = self.server.read(DEFINITION.format(table=table, **text), self.name, self.options)
        here = [index for index in existing if index.place == (place["schema"], place["name"])]
        holder = (place["holder"] or "something else") if place["taken"] else ""
        step = step_for(name, index_of(definition), here, holder)
        return {
            "step": step,
            "schema": place["schema"],
            "name": step.index.name if step.index and step.action == PRESENT else name,
            "table": f"{place['schema']}.{place['name']}",
            "sql": "CREATE {unique}INDEX CONCURRENTLY {name} ON {table} ({columns}){where};".format(
                name=SQL.quoted(name), table=table, **text
            ),
        }

    def place(self, table: str, name: str) -> Dict[str, Any]:
        """Where the table is, and who has the index's name. Raises Refused."""
        given = literal(SQL.quoted(*table.split(".", 1)))
        place: Dict[str, Any] = self.server.read(NAMES.format(table=given, index=literal(name)), self.name)
        if place["kind"] is None:
            raise Refused(f"there is no table {table} in the database {self.name}")
        if place["kind"] == "p":
            raise Refused(f"{table} is partitioned, and PostgreSQL builds nothing concurrently on it; name a partition")
        if place["kind"] != "r":
            raise Refused(f"{table} is no table")
        return place

    def carry_out(self, planned: Mapping[str, Any]) -> None:
        """Build one index; what a failure leaves is removed if it can be, else told. Raises PostgresqlError."""
        step: Step = planned["step"]
        gone = f"DROP INDEX CONCURRENTLY IF EXISTS {SQL.quoted(planned['schema'], planned['name'])};"
        if step.action == MEND:
            self.server.ask(gone, self.name, self.options)
        try:
            self.server.ask(planned["sql"], self.name, self.options)
        except PostgresqlError as error:
            raise PostgresqlError(f"{error}{self.clear_up(planned, gone)}") from error

    def clear_up(self, planned: Mapping[str, Any], gone: str) -> str:
        """Remove what a build that failed has left. What kept it from ending may keep that from happening as well."""
        try:
            if any(self.is_left_of(index, planned) for index in self.indexes()):
                self.server.ask(gone, self.name, self.hasty)
            return ""
        except PostgresqlError:
            return f". {planned['name']} stays behind unfinished; the next run drops it and builds it again"

    def is_left_of(self, index: Index, planned: Mapping[str, Any]) -> bool:
        """Whether an index is what a build that failed has left."""
        named = (index.schema, index.name) == (planned["schema"], planned["name"])
        return named and not index.valid and not index.building


def plan_all(database: Database, asked: List[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """What is to be done, for all of them. Raises Refused naming the one that cannot be had."""
    existing = database.indexes()
    planned = []
    for index in asked:
        origin = f"{index['origin']}: " if index["origin"] else ""
        try:
            planned.append(database.plan(index, existing))
        except (Refused, PostgresqlError) as error:
            raise Refused(f"{origin}{error}. Nothing was changed in {database.name}") from error
    return planned


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "database": {"type": "str", "required": True},
            "indexes": {"type": "list", "elements": "dict", "required": True, "options": INDEX_SPEC},
            "wait_seconds": {"type": "int", "default": 600},
            **ARGUMENTS,
        },
        supports_check_mode=True,
    )
    database = Database(Server(module), module.params["database"], module.params["wait_seconds"])
    try:
        planned = plan_all(database, module.params["indexes"])
        due = [one for one in planned if one["step"].action != PRESENT]
        if not module.check_mode:
            for one in due:
                database.carry_out(one)
    except (Refused, PostgresqlError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=bool(due),
        indexes=[
            {"action": one["step"].action, "name": one["name"], "table": one["table"], "sql": one["sql"]}
            for one in planned
        ],
        diff={"before": "", "after": "".join(one["sql"] + "\n" for one in due)},
    )


if __name__ == "__main__":
    main()
