"""`lifecycle report` as a process, over a real run: a file that stands alone, and the same data for a program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
PLANTED = "<script>alert('planted')</script>"


@pytest.fixture
def reported(site: Any) -> Any:
    """One run: both hosts write a file, the second one fails then."""
    site.hosts(**{"one": LOCAL, "two<b>": LOCAL})
    site.playbook(f"""
        - name: Write {PLANTED}
          ansible.builtin.copy:
            content: "first {PLANTED}\\n"
            dest: "{site.root}/note-{{{{ inventory_hostname | hash('sha1') }}}}"
            mode: "0600"
        - name: Refuse the second host
          ansible.builtin.shell: |
            echo "the reason {PLANTED}" >&2; exit 3
          when: inventory_hostname != "one"
    """)
    assert site.run("site.yml", "--diff").returncode == 2
    return site


def test_a_run_becomes_one_page_with_its_failure_first(reported: Any) -> None:
    ended = reported.lifecycle("report", "1")
    assert ended.returncode == 0, ended.stdout
    file = Path(ended.stdout.strip())
    assert file == reported.var / "reports" / "site-lab" / "run-1.html"
    page = file.read_text(encoding="utf-8")
    assert page.index("Refuse the second host") < page.index('id="time-line"')
    assert "the reason &lt;script&gt;" in page
    assert f"<code>{reported.root}/site.yml:" in page
    assert '<span class="added">+first &lt;script&gt;' in page
    assert "two&lt;b&gt;" in page
    assert page.count("<script") == 1
    assert reported.lifecycle("report", "1").returncode == 0
    assert file.read_text(encoding="utf-8") == page


def test_a_program_gets_the_same_data(reported: Any, tmp_path: Path) -> None:
    ended = reported.lifecycle("report", "1", "--json", "--output", str(tmp_path / "a" / "b"))
    told = json.loads(ended.stdout)
    assert Path(told["file"]).is_file()
    assert told["run"]["status"] == "failed"
    (failure,) = told["failures"]
    assert (failure["hosts"], failure["task"], failure["excused"]) == (["two<b>"], "Refuse the second host", False)
    (matrix,) = told["matrices"]
    assert [(row["hosts"], row["cells"]) for row in matrix["rows"]] == [(["two<b>"], "CF"), (["one"], "C-")]
    assert PLANTED in told["differences"][0]["text"]


def test_an_environment_becomes_one_page_too(reported: Any) -> None:
    for named in ("site-lab", "inventories/site-lab"):
        ended = reported.lifecycle("report", "--environment", named)
        assert ended.returncode == 0, ended.stdout
        assert Path(ended.stdout.strip()) == reported.var / "reports" / "site-lab" / "environment.html"
    told = json.loads(reported.lifecycle("report", "-i", "site-lab", "--json", "--lang", "zh_CN").stdout)
    assert '<html lang="zh-CN">' in Path(told["file"]).read_text(encoding="utf-8")
    assert [(host["host"], host["letter"]) for host in told["hosts"]] == [("two<b>", "F"), ("one", "C")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a report is of a run or of an environment; lifecycle report RUN, or lifecycle report -i ENV"),
        (("1", "-i", "site-lab"), "a report is of a run or of an environment"),
        (("7",), "there is no run 7 on record; lifecycle history lists the runs"),
        (("-i", "nowhere"), "nowhere: nothing is on record of it"),
    ],
)
def test_what_cannot_be_reported_is_one_line(site: Any, arguments: tuple[str, ...], words: str) -> None:
    ended = site.lifecycle("report", *arguments)
    assert ended.returncode == 1
    assert words in ended.stdout
    assert len(ended.stdout.splitlines()) == 1


def test_the_text_of_a_failed_task_is_kept_as_it_stood_without_secrets(site: Any) -> None:
    site.group_vars("plain_token: planted-token-31d0aa\n")
    tasks = """
        - name: Before
          ansible.builtin.debug: {msg: nothing}
        - name: Log in
          ansible.builtin.command:
            argv: ["false", planted-token-31d0aa]
          environment: {DB_PASSWORD: planted-literal, MODE: quick}
    """
    hidden = """
        - no_log: true
          block:
            - name: Hide
              ansible.builtin.command: "false planted-block"
              ignore_errors: true
    """
    site.playbook(tasks)
    assert site.run("site.yml").returncode == 2
    site.playbook("- name: Another\n  ansible.builtin.debug:")
    made = json.loads(site.lifecycle("report", "1", "--json").stdout)
    assert made["failures"][0]["source"].splitlines() == [
        "- name: Log in",
        "  ansible.builtin.command:",
        '    argv: ["false", ********]',
        "  environment: {DB_PASSWORD: ********, MODE: quick}",
    ]
    page = Path(made["file"]).read_text(encoding="utf-8")
    assert "MODE: quick" in page
    assert "planted" not in page
    site.playbook(hidden)
    assert site.run("site.yml").returncode == 0
    made = json.loads(site.lifecycle("report", "2", "--json").stdout)
    assert [one["source"] for one in made["failures"]] == [""], "no_log of its block"
