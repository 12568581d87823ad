"""The text of a task is its own lines and no others, and no secret that stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.scrub import Scrubber
from orchestrator.engine.task_source import LINES, TaskSources, excerpt

PLAY = """\
- hosts: all
  tasks:
    - name: First
      ansible.builtin.shell: |
        echo one

        echo two
      when: true

    # About the second.
    - name: Second
      community.general.thing:
        login_password: planted-literal
        password: "{{ vaulted }}"
        password_file: /run/x
        tls_private_key: |
          -----BEGIN
          planted-line
        connect: {user: ann, password: planted-inline, port: 5}
        command: tool --x token=planted-word --password planted-flag "--api-key" 'planted-no' --secret '{{ s }}'
        environment: {"DB_PASSWORD": "planted-quoted", MODE: quick}
        passwords:
          - planted-item
        url: http://host/
    - name: Third
      ansible.builtin.debug:
      no_log: true
  handlers:
    - name: Last
      ansible.builtin.debug: {msg: "known-secret"}
"""


def of(line: int) -> str | None:
    return excerpt(PLAY.splitlines(), line)


def test_a_task_is_its_own_lines() -> None:
    assert of(3) == "- name: First\n  ansible.builtin.shell: |\n    echo one\n\n    echo two\n  when: true"
    assert of(29) == '- name: Last\n  ansible.builtin.debug: {msg: "known-secret"}'
    assert of(0) is of(99) is None
    assert of(25) is None, "it has no_log"


def test_literal_secrets_are_masked_and_templates_are_not() -> None:
    text = of(11)
    assert text is not None
    assert "planted" not in text
    for line in (
        "    login_password: ********",
        '    password: "{{ vaulted }}"',
        "    password_file: /run/x",
        "    connect: {user: ann, password: ********, port: 5}",
        """    command: tool --x token=******** --password ******** "--api-key" ******** --secret '{{ s }}'""",
        '    environment: {"DB_PASSWORD": ********, MODE: quick}',
        "    passwords:\n      ********",
        "    url: http://host/",
    ):
        assert line + "\n" in text + "\n"
    assert "tls_private_key: |\n      ********\n      ********\n    connect" in text


def test_what_is_long_is_cut_and_says_so() -> None:
    lines = ["- name: Long", *(f"  {number}: x" for number in range(100)), "- name: Next"]
    text = excerpt(lines, 1)
    assert text is not None
    assert text.splitlines()[-1] == "…"
    assert len(text.splitlines()) == LINES + 1


@given(st.lists(st.text(alphabet=" -:abno_lg{}|#\n\t", max_size=20), max_size=20), st.integers(-2, 25))
def test_no_file_is_a_surprise(lines: list[str], number: int) -> None:
    text = excerpt(lines, number)
    assert text is None or len(text.splitlines()) <= len(lines) + sum(line.count("\n") for line in lines) + 1


def test_a_file_is_read_once_and_known_secrets_are_replaced(tmp_path: Path) -> None:
    file = tmp_path / "site:1.yml"
    file.write_text(PLAY)
    sources = TaskSources(Scrubber(["known-secret"]))
    assert sources.of(f"{file}:29") == '- name: Last\n  ansible.builtin.debug: {msg: "********"}'
    file.write_text("- changed\n")
    assert sources.of(f"{file}:3") == of(3), "as it stood when the play began"


@pytest.mark.parametrize("where", ["", "site.yml", "/nowhere/x.yml:3", "/dev/zero:1", ":3", "/:1"])
def test_what_cannot_be_read_has_no_text(where: str) -> None:
    assert TaskSources(Scrubber([])).of(where) is None


def test_what_is_no_text_has_none(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_bytes(b"\xff\xfe- a\n")
    assert TaskSources(Scrubber([])).of(f"{tmp_path}/x.yml:1") is None
