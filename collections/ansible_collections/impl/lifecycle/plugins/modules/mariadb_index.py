#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Have indexes in a MariaDB database without keeping anybody from writing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_index
short_description: Have indexes in a MariaDB database, built without a lock
version_added: "0.2.0"
description:
  - Builds each index that is not there with C(ALGORITHM=INPLACE, LOCK=NONE), one after another; where the server cannot
    do that it refuses. An index that is the same under another name is enough.
  - A build that is interrupted leaves nothing, because the server takes it back itself.
  - Everything is looked at before the first is built; what cannot be done is refused before anything is changed.
  - Speaks to the server with C(mariadb) as root over the local socket.
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
        description: Name of the table.
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
        description: Refused, because MariaDB has no index on some of the rows.
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
  socket:
    description: The server's local socket.
    type: path
    default: /run/mysqld/mysqld.sock
attributes:
  check_mode:
    description: Tells which indexes would be built, and refuses what would be refused.
    support: full
  diff_mode:
    description: Shows the statements.
    support: full
"""

EXAMPLES = r"""
- name: Have an index
  impl.lifecycle.mariadb_index:
    database: clinic
    indexes:
      - {table: visits, columns: [pet_id, at]}
  become: true
"""

RETURN = r"""
indexes:
  description: What was done for each index; C(action) is V(present) or V(create).
  type: list
  elements: dict
  returned: success
  sample: [{action: create, name: visits_pet_id_at_idx, table: clinic.visits, sql: "ALTER TABLE ..."}]
"""

import re
from typing import Any, Dict, List, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import mariadb_catalog
from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Index
from ansible_collections.impl.lifecycle.plugins.module_utils.database_dialects import Mariadb, default_name
from ansible_collections.impl.lifecycle.plugins.module_utils.index_plan import PRESENT, Refused, step_for
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import Client, MariadbError
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_values import quoted

INDEX_SPEC = {
    "table": {"type": "str", "required": True},
    "columns": {"type": "list", "elements": "str", "required": True},
    "name": {"type": "str", "default": ""},
    "unique": {"type": "bool", "default": False},
    "where": {"type": "str", "default": ""},
    "origin": {"type": "str", "default": ""},
}
COLUMNS = (
    "SELECT JSON_ARRAY(TABLE_NAME, COLUMN_NAME) FROM information_schema.COLUMNS JOIN information_schema.TABLES"
    " USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = "
)


def plan(
    database: str, asked: Mapping[str, Any], existing: Sequence[Index], columns: Mapping[str, Sequence[str]]
) -> Dict[str, Any]:
    """What is to be done for one index. `columns`: table -> its columns. Raises Refused."""
    table, name = asked["table"], asked["name"] or default_name(asked["table"], asked["columns"])
    if asked["where"]:
        raise Refused("MariaDB has no index on some of the rows; take 'where' out")
    if table not in columns:
        raise Refused(f"there is no table {table} in the database {database}")
    unknown = [column for column in asked["columns"] if column not in columns[table]]
    if unknown:
        raise Refused(f"{table} has no column {unknown[0]}")
    wanted = tuple(asked["columns"])
    definition = Index(database, table, name, wanted, tuple(f"{one}  A" for one in wanted), unique=asked["unique"])
    step = step_for(name, definition, [index for index in existing if index.table == table])
    return {
        "action": step.action,
        "name": step.index.name if step.index and step.action == PRESENT else name,
        "table": f"{database}.{table}",
        "sql": Mariadb().create_named(database, table, name, wanted, asked["unique"]),
    }


def plan_all(client: Client, params: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """What is to be done, for all of them. Raises Refused naming the one that cannot be had, and MariadbError."""
    database = params["database"]
    existing = mariadb_catalog.indexes_of(
        client.rows(mariadb_catalog.READING + mariadb_catalog.INDEX_COLUMNS), {}, None
    )
    here = [index for index in existing if index.schema == database]
    columns: Dict[str, List[str]] = {}
    for table, column in client.rows(COLUMNS + quoted(database)):
        columns.setdefault(table, []).append(column)
    planned = []
    for asked in params["indexes"]:
        try:
            planned.append(plan(database, asked, here, columns))
        except Refused as error:
            origin = f"{asked['origin']}: " if asked["origin"] else ""
            raise Refused(f"{origin}{error}. Nothing was changed in {database}") from error
    return planned


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "database": {"type": "str", "required": True},
            "indexes": {"type": "list", "elements": "dict", "required": True, "options": INDEX_SPEC},
            "wait_seconds": {"type": "int", "default": 600},
            "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"},
        },
        supports_check_mode=True,
    )
    client = Client(module, module.params["socket"])
    try:
        planned = plan_all(client, module.params)
        due = [one for one in planned if one["action"] != PRESENT]
        if not module.check_mode:
            for one in due:
                client.ask(f"SET SESSION lock_wait_timeout = {module.params['wait_seconds']};\n{one['sql']}")
    except Refused as error:
        module.fail_json(msg=str(error))
    except MariadbError as error:
        # The words of a refused unique index would show a row.
        module.fail_json(msg="MariaDB: " + re.sub(r"Duplicate entry '.*' for", "Duplicate entry for", str(error)))
    diff = {"before": "", "after": "".join(one["sql"] + "\n" for one in due)}
    module.exit_json(changed=bool(due), indexes=planned, diff=diff)


if __name__ == "__main__":
    main()
