"""Which database servers and caches a host runs: what its inventory says, or what its variables describe."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.host_servers import host_servers

MARIADB: dict[str, Any] = {"mariadb_databases": [{"name": "shop"}]}
MEMCACHED: dict[str, Any] = {"memcached_instances": [{"name": "default"}]}


@pytest.mark.parametrize(
    ("groups", "variables", "found"),
    [
        (["db"], {}, ["postgresql"]),
        (["cache"], {}, ["redis"]),
        (["app", "edge"], {**MARIADB, **MEMCACHED}, []),
        (["db"], MARIADB, ["mariadb"]),
        (["db"], {"mariadb_buffer_pool_mb": 256}, ["mariadb"]),
        (["db"], {"mariadb_port": 3307}, ["postgresql"]),
        (["db"], {**MARIADB, "postgresql_databases": []}, ["postgresql", "mariadb"]),
        (["cache"], MEMCACHED, ["memcached"]),
        (["cache"], {**MEMCACHED, "redis_admin_password": "x"}, ["redis", "memcached"]),
        (["db", "cache"], {**MARIADB, **MEMCACHED}, ["mariadb", "memcached"]),
        (["db", "cache"], {**MARIADB, "lifecycle_servers": ["postgresql", "redis"]}, ["postgresql", "redis"]),
        (["db"], {"lifecycle_servers": []}, []),
        # What a cache runs is nothing to a database host.
        (["db"], {"lifecycle_servers": ["memcached", "mariadb"]}, ["mariadb"]),
    ],
)
def test_a_host_runs_what_is_said_or_described(groups: list[str], variables: dict[str, Any], found: list[str]) -> None:
    assert host_servers(groups, variables) == found


def test_a_server_that_does_not_exist_is_one_line() -> None:
    with pytest.raises(
        AnsibleFilterError, match="names oracle; there are postgresql, mariadb, redis, memcached"
    ) as told:
        host_servers(["db"], {"lifecycle_servers": ["oracle"]})
    assert "\n" not in str(told.value)
