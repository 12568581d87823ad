"""Every mistake in delivery.yml is named with its line, and all of them at once."""

# ruff: noqa: E501 - one mistake a line reads as the table it is.

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.delivery import load_environment
from orchestrator.errors import DeliveryError

Complaints = Callable[[str], list[str]]


def good() -> str:
    return Path("inventories/demo-test/delivery.yml").read_text()


def test_the_good_file_loads(site: Path) -> None:
    delivery = load_environment(site).delivery
    assert [step.weight for step in delivery.release.steps] == [10, 50, 100]
    assert delivery.requirements.groups["app"].cpus == 2
    assert delivery.requirements.reach[0].source == "app"


MISTAKES = {
    "unknown key": ("steps:", "stpes:", "18: unknown key 'stpes' in release; did you mean 'steps'?"),
    "unknown key deep below a name": ("cpus:", "cpu:", "14: unknown key 'cpu' in requirements.groups.app; did you mean 'cpus'?"),
    "unknown key in a list": ("port: 5432", "prot: 5432", "16: unknown key 'prot' in requirements.reach[0]; did you mean 'port'?"),
    "key of another section": ("stage: test", "stage: test\nkeep: 3", "4: unknown key 'keep'; it belongs in release"),
    "missing key": ("client: demo\n", "", "1: 'client' is missing; docs/delivery.md says what goes there"),
    "missing key in a section": ("  name: clinic\n", "", "4: 'name' is missing in application; docs/delivery.md says what goes there"),
    "missing key in a list": ("to: db, ", "", "16: 'to' is missing in requirements.reach[0]; docs/delivery.md says what goes there"),
    "duplicate key": ("blue: 8080", "blue: 8080\n    blue: 8081", "10: 'blue' stands here a second time; it is already on line 9"),
    "text for a number": ("timeout: 60", "timeout: soon", "7: application.health.timeout must be a whole number, not 'soon'"),
    "number in quotes": ("8080", '"8080"', "9: application.slots.blue must be a whole number, not '8080'; write it without quotes"),
    "number for text": ("client: demo", "client: 12", "2: client must be text, not 12; put it in quotes"),
    "truth for a number": ("cpus: 2", "cpus: yes", "14: requirements.groups.app.cpus must be a whole number, not True"),
    "half a step": ("10, 50", "10.5, 50", "18: release.steps[0].weight must be a whole number, not 10.5"),
    "nothing for text": ("client: demo", "client:", "2: client must be text, not empty"),
    "a value for a section": ("  groups:\n    app:\n      cpus: 2\n", "  groups: app\n", "12: requirements.groups must be a section with keys of its own, not 'app'"),
    "a section for a list": ("[10, 50, 100]", "{a: 1}", "18: release.steps must be a list, not a section"),
    "percent out of range": ("50, 100", "50, 150", "18: release.steps[2].weight must be at most 100, not 150"),
    "step of nobody": ("[10,", "[0,", "18: release.steps[0].weight must be at least 1, not 0"),
    "steps that do not rise": ("10, 50", "50, 10", "18: release.steps: each step must be larger than the one before it, but 10 follows 50"),
    "steps that do not end in 100": ("50, 100]", "50]", "18: release.steps: the last step must be 100, not 50"),
    "a step too short to soak": ("10, 50", "{weight: 10, soak_minutes: 60, longest_minutes: 30}, 50", "18: release.steps[0]: longest_minutes is 30, which is less than soak_minutes 60"),
    "unknown key in a step": ("10, 50", "{weight: 10, soak_minute: 60}, 50", "18: unknown key 'soak_minute' in release.steps[0]; did you mean 'soak_minutes'?"),
    "unknown mode": ("steps:", "mode: manual\n  steps:", "18: release.mode must be 'auto', 'gated' or 'observe', not 'manual'"),
    "department without a sign": ("steps:", "departments: [{name: lab}]\n  steps:", "18: release.departments[0]: a department is told by 'header' and 'value', or by 'networks'"),
    "department of no network": ("steps:", "departments: [{name: lab, networks: [10.1.2.3/8]}]\n  steps:", "18: release.departments[0].networks: must be networks such as 10.20.0.0/16, not '10.1.2.3/8'"),
    "two departments of one name": ("steps:", "departments: [{name: lab, networks: [10.0.0.0/8]}, {name: lab, networks: [11.0.0.0/8]}]\n  steps:", "17: release: two departments are called lab"),
    "no steps": ("[10, 50, 100]", "[]", "18: release.steps must not be empty"),
    "equal ports": ("8180", "8080", "8: application.slots: both slots use port 8080; the two versions run side by side"),
    "privileged slot port": ("8080", "80", "9: application.slots.blue must be at least 1024, not 80"),
    "port out of range": ("5432", "54320000", "16: requirements.reach[0].port must be at most 65535, not 54320000"),
    "other format": ("schema: 1", "schema: 2", "1: schema is 2, but this lifecycle reads schema 1"),
    "name that is no name": ("client: demo", "client: Demo Clinic", "2: client must be lower-case letters, digits and single hyphens, beginning with a letter, not 'Demo Clinic'"),
    "context path": ("context_path: /", "context_path: clinic/", "6: application.context_path must be '/' or a path such as '/clinic' without a slash at its end, not 'clinic/'"),
    "user id that leaves the directory": ("dr-house", "../b/x", "19: release.pilots[0] must be a user id of at most 128 letters, digits, _ and -, not '../b/x'"),
    "pilot and protected": ("[dr-house]", "[dr-house]\n  protected: [dr-house]", "17: release: dr-house cannot be both pilot and protected"),
    "cookie and header": ("cookie: null", "cookie: a\n    header: X-User", "20: release.identity: a user is named by a cookie or by a header, not by both"),
    "group name": ("    app:", "    App Servers:", "13: requirements.groups.App Servers must be the name of an inventory group (lower case, digits, _), not 'App Servers'"),
    "group that no host is in": ("    app:", "    apps:", "13: hosts.yml has no group 'apps'; did you mean 'app'?"),
    "group at the end of a way": ("to: db", "to: warehouse", "16: hosts.yml has no group 'warehouse'; add its hosts there, or take the requirement out"),
    "index without columns": ("release:", "database:\n  indexes: [{table: visits, columns: []}]\nrelease:", "18: database.indexes[0].columns must not be empty"),
    "index of no table": ("release:", "database:\n  indexes: [{table: 'visits;', columns: [id]}]\nrelease:", "18: database.indexes[0].table must be the name of a table, with its schema before a dot if need be, not 'visits;'"),
    "index with a column twice": ("release:", "database:\n  indexes: [{table: visits, columns: [id, id]}]\nrelease:", "18: database.indexes[0].columns: id stands there twice"),
    "index with two statements": ("release:", "database:\n  indexes: [{table: visits, columns: [id], where: 'a; b'}]\nrelease:", "18: database.indexes[0].where must be an SQL condition in one line, without ';', not 'a; b'"),
    "two indexes of one name": ("release:", "database:\n  indexes: [{table: a, columns: [x], name: i}, {table: b, columns: [x], name: i}]\nrelease:", "17: database: two indexes are called i"),
    "unknown key in an index": ("release:", "database:\n  indexes: [{table: a, column: [x]}]\nrelease:", "18: unknown key 'column' in database.indexes[0]; did you mean 'columns'?"),
    "template": ("client: demo", "client: '{{ who }}'", "2: '{{ who }}' looks like a template, but this file is read as it stands; write the value itself; values that are computed or secret belong in group_vars"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_named_with_its_line(complaints: Complaints, old: str, new: str, said: str) -> None:
    assert old in good()
    assert complaints(good().replace(old, new, 1)) == [said]


SYNTAX = {
    "open bracket": ("a: [1,\n", 2, "did not find expected|expected the node content|expected ',' or ']'"),
    "tab": ("a:\n\tb: 1\n", 2, "tabs"),
    "indentation": ("a: 1\n b: 2\n", 2, "mapping values are not allowed"),
    "vault tag": ("a: !vault x\n", 1, "secrets and computed values belong in group_vars"),
    "two documents": ("a: 1\n---\nb: 1\n", 2, "another document"),
    "unknown alias": ("a: *nobody\n", 1, "undefined alias"),
    "list as a key": ("? [a]\n: 1\n", 1, "unhashable key"),
}


@pytest.mark.parametrize(("text", "line", "said"), SYNTAX.values(), ids=list(SYNTAX))
def test_what_is_no_yaml_is_named_with_its_line(complaints: Complaints, text: str, line: int, said: str) -> None:
    import re

    (found,) = complaints(text)
    assert found.startswith(f"{line}: not valid YAML")
    assert re.search(said, found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: the file is empty"),
        ("# only words\n", "1: the file is empty"),
        ("- a\n", "1: the file must be a section with keys of its own, not a list"),
        ("a: &x [*x]\n", "1: this anchor contains itself"),
        ("schema: 2024-13-45\n", "1: a value cannot be read"),
    ],
)
def test_what_is_no_mapping_is_one_clear_line(complaints: Complaints, text: str, said: str) -> None:
    assert complaints(text)[0].startswith(said)


def test_a_file_that_is_no_text_is_one_clear_line(site: Path) -> None:
    (site / "delivery.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DeliveryError, match="not UTF-8"):
        load_environment(site)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines(complaints: Complaints) -> None:
    text = (
        good()
        .replace("client: demo", "client: 1")
        .replace("steps:", "stpes:")
        .replace("8180", "8080")
        .replace("timeout: 60", "timeout: x")
    )
    lines = complaints(text)
    assert [line.split(":")[0] for line in lines] == ["2", "7", "8", "18"]


def test_the_short_form_says_how_many_more(site: Path) -> None:
    (site / "delivery.yml").write_text(good().replace("client: demo", "client: 1").replace("8180", "8080"))
    with pytest.raises(DeliveryError) as caught:
        load_environment(site)
    assert caught.value.line().endswith("(and 1 more)")
    assert "\n" not in caught.value.line()


def test_an_inventory_that_is_no_yaml_is_named_with_its_line(site: Path) -> None:
    (site / "hosts.yml").write_text("all:\n  children: [\n")
    with pytest.raises(DeliveryError, match=r"^inventories/demo-test/hosts.yml:3: not valid YAML"):
        load_environment(site)


FLOOD = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED = "a: &a {x: 1}\n" + "".join(
    f"{one}: &{one} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("flood", [FLOOD, MERGED])
def test_aliases_that_stand_for_billions_of_values_are_refused_at_once(
    complaints: Complaints, site: Path, flood: str
) -> None:
    whole = good()
    (said,) = complaints(flood + whole)
    assert re.fullmatch(r"1: its anchors and aliases stand for \d+ values; write out what is meant", said)
    (site / "delivery.yml").write_text(whole)
    (site / "hosts.yml").write_text(flood + "all: {}\n")
    with pytest.raises(DeliveryError, match=r"hosts.yml:1: its anchors and aliases stand for"):
        load_environment(site)


def test_what_is_nested_without_end_is_one_line(complaints: Complaints, site: Path) -> None:
    deep, whole = "[" * 3000 + "]" * 3000, good()
    assert complaints(f"{whole}x: {deep}\n") == [
        "1: its values are nested deeper than can be read; write them less deep"
    ]
    (site / "delivery.yml").write_text(whole)
    for hosts in (f"all: {deep}\n", "all: &a {children: *a}\n"):
        (site / "hosts.yml").write_text(hosts)
        with pytest.raises(DeliveryError, match=r"hosts.yml:1: its values are nested deeper than can be read"):
            load_environment(site)


@pytest.mark.parametrize("character", ["\0", '"\\0"'])
def test_the_character_0_is_one_line(complaints: Complaints, character: str) -> None:
    (said,) = complaints(good().replace("name: clinic", f"name: {character}"))
    assert "not YAML" in said or "5: not valid YAML: the character 0 stands in a text" in said


def test_a_list_of_templates_is_not_called_empty_as_well(complaints: Complaints) -> None:
    (said,) = complaints(good().replace("[10, 50, 100]", "['{{ steps }}']"))
    assert "looks like a template" in said


@pytest.mark.parametrize("text", ["", "hello\n", "null\n", "- app1\n"])
def test_an_inventory_without_groups_is_one_line(site: Path, text: str) -> None:
    (site / "hosts.yml").write_text(text)
    with pytest.raises(
        DeliveryError, match=r"hosts.yml:1: the file must hold groups of hosts; `lifecycle init CLIENT`"
    ):
        load_environment(site)


def test_a_list_of_hosts_is_named_with_its_line(site: Path) -> None:
    (site / "hosts.yml").write_text(
        "all:\n  children:\n    app: {hosts: {a: {}}}\n    db:\n      hosts:\n        - db1\n"
    )
    with pytest.raises(DeliveryError, match=r"hosts.yml:6: 'hosts' of a group is a list; write each as a key, `name:`"):
        load_environment(site)
