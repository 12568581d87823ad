"""What role tomcat makes of its instances, and what it refuses before it touches a host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.tomcat_plan import tomcat_plan

DIGEST = "ab" * 32


def instance(**more: Any) -> dict[str, Any]:
    return {"name": "one", "port": 8081, "heap_mb": 64, **more}


def refused(*instances: dict[str, Any], **options: Any) -> str:
    return " ".join(tomcat_plan(list(instances), **options)["refused"])


def test_an_instance_that_asks_for_nothing_gets_its_libraries_only() -> None:
    plan = tomcat_plan([instance(libraries=["/a/b.jar"])], libraries=["/usr/share/java/postgresql.jar"])
    assert plan["refused"] == plan["artifacts"] == []
    assert plan["instances"]["one"]["agents"] == plan["instances"]["one"]["checked"] == []
    assert {link["path"]: link["target"] for link in plan["instances"]["one"]["links"]} == {
        "/var/lib/tomcat-instances/one/lib/postgresql.jar": "/usr/share/java/postgresql.jar",
        "/var/lib/tomcat-instances/one/lib/b.jar": "/a/b.jar",
    }


def test_a_file_is_kept_once_by_its_digest_and_linked_where_it_is_used() -> None:
    sent = {"src": "/controller/agent.jar", "sha256": DIGEST}
    plan = tomcat_plan([instance(agents=[{**sent, "options": "a=b"}], jars=[sent])])
    store = f"/var/lib/tomcat-artifacts/{DIGEST}-agent.jar"
    assert plan["artifacts"] == [{"dest": store, "sha256": DIGEST, "path": "/controller/agent.jar"}]
    assert [link["target"] for link in plan["instances"]["one"]["links"]] == [store, store]
    assert plan["instances"]["one"]["agents"] == ["-javaagent:/var/lib/tomcat-instances/one/agents/agent.jar=a=b"]


def test_an_agent_of_the_host_is_compared_only_when_its_digest_is_given() -> None:
    agents = [{"path": "/opt/a.jar", "sha256": DIGEST}, {"path": "/opt/b.jar"}]
    plan = tomcat_plan([instance(agents=agents)])
    assert plan["refused"] == plan["artifacts"] == []
    assert plan["instances"]["one"]["checked"] == [f"{DIGEST}:/opt/a.jar"]


def test_instances_that_are_absent_are_left_out() -> None:
    assert tomcat_plan([{"name": "two", "state": "absent"}])["instances"] == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"https": {"port": 8081, "certificate": "/c", "key": "/k"}}, "8081 is given to HTTP of one and HTTPS of one"),
        ({"ajp": {"port": 80, "secret": "s" * 16}}, "Port 80 of AJP of one is not 1024-65535"),
        ({"https": {"port": 8443}}, "needs its certificate and its key"),
        ({"https": {"port": 8443, "certificate": "/c", "key_content": "k"}}, "needs its certificate and its key"),
        ({"https": {"port": 8443, "certificate": "/c", "key": "/k", "protocols": []}}, "protocols is empty"),
        ({"ajp": {"port": 8009, "secret": "short"}}, "ajp.secret needs 16 characters"),
        ({"ajp": {"port": 8009, "secret": "long-enough-but-${a}"}}, "ajp.secret needs 16 characters"),
        ({"users": [{"name": "a:b", "password": "p" * 12}]}, "without a colon"),
        ({"users": [{"name": "a", "password": "short"}]}, "the password of a has fewer than 12 characters"),
        ({"users": [{"name": "a", "password": "p" * 12, "roles": ["x,y"]}]}, "not x,y"),
        ({"jars": [{"src": "/a.jar", "sha256": "AB"}]}, "needs its sha256"),
        ({"jars": [{"src": "/a.jar", "url": "https://b/a.jar", "sha256": DIGEST}]}, "needs one of path"),
        ({"jars": [{"src": "/a.war", "sha256": DIGEST}]}, "is not the name of a jar"),
        ({"jars": [{"src": "/a.jar", "sha256": DIGEST}], "libraries": ["/b/a.jar"]}, "is there twice"),
        ({"agents": [{"url": "https://b/a.jar"}]}, "agents: a.jar needs its sha256"),
        ({"agents": [{}]}, "agents: ? needs one of path"),
        ({"manager": {"class_name": "Manager"}}, "is not a class with its package"),
        ({"manager": {"class_name": "a.B", "attributes": {"a b": 1}}}, "cannot be a name in XML"),
        ({"manager": {"class_name": "a.B", "elements": [{"element": "S T", "class_name": "c.D"}]}}, "cannot be a name"),
        ({"files": [{"name": "../a", "content": ""}]}, "without a directory"),
        ({"jvm_options": ["-Dcom.sun.management.jmxremote.port=1", "-Dcom.sun.management.jmxremote.ssl=false"]}, "TLS"),
    ],
)
def test_what_contradicts_itself_is_refused_with_what_to_do(wrong: dict[str, Any], words: str) -> None:
    assert words in refused(instance(**wrong))


def test_no_secret_is_in_what_is_said() -> None:
    short = instance(users=[{"name": "a", "password": "planted"}], ajp={"port": 8009, "secret": "planted"})
    assert "planted" not in str(tomcat_plan([short]))


def test_remote_jmx_without_a_password_is_refused_wherever_it_listens() -> None:
    start = "-Dcom.sun.management.jmxremote"
    options = [f"{start}.port=9010", f"{start}.host=127.0.0.1", f"{start}.ssl=false"]
    assert refused(instance(jvm_options=options)) == ""
    assert "without a password" in refused(instance(), jvm_options=[*options, f"{start}.authenticate=false"])


def test_a_description_that_is_none_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="tomcat_plan"):
        tomcat_plan([{"port": 1}])
