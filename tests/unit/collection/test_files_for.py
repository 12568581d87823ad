"""One transaction file for each item of a list."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.files_for import files_for

DEST = "/etc/nginx/conf.d/vhost-{name}.conf"


def test_each_item_becomes_a_file_that_knows_its_item() -> None:
    items = [{"name": "a", "port": 1}, {"name": "b"}]
    assert files_for(items, "vhost.conf.j2", DEST, "vhost", mode="0600") == [
        {"template": "vhost.conf.j2", "dest": DEST.format(name=item["name"]), "vars": {"vhost": item}, "mode": "0600"}
        for item in items
    ]


def test_an_item_without_the_key_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match="needs the key 'name'"):
        files_for([{"title": "a"}], "vhost.conf.j2", DEST, "vhost")
