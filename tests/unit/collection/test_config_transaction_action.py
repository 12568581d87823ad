"""The controller side of config_transaction, through ansible-playbook itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import COLLECTIONS
from transaction_host import ME


class Site:
    """A directory with a playbook of one task, run on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "out"
        self.out.mkdir()
        (root / "templates").mkdir()
        (root / "files").mkdir()

    def run(self, *arguments: str, **task: Any) -> str:
        options = {"journal_directory": str(self.root / "journal"), **task}
        options["files"] = [{**ME, **item} for item in task["files"]]
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable, "town": "{{ 'Bre' ~ 'men' }}"},
            "tasks": [{"impl.lifecycle.config_transaction": options}],
        }
        (self.root / "play.yml").write_text(json.dumps([play]))
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_LOCALHOST_WARNING": "0"}
        environment["ANSIBLE_LOCAL_TEMP"] = environment["ANSIBLE_REMOTE_TEMP"] = str(self.root / "tmp")
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "play.yml", *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_templates_and_files_are_found_and_rendered_like_ansible_does(site: Site) -> None:
    (site.root / "templates" / "a.j2").write_text(
        "# {{ ansible_managed }}: {{ template_destpath }}\n{% for n in numbers %}\n{{ town }} {{ n }}\n{% endfor %}\n"
        "{% include 'part.j2' %}\n\n"
    )
    (site.root / "templates" / "part.j2").write_text("part of {{ inventory_hostname }}\n")
    (site.root / "files" / "b").write_bytes(b"{{ not a template }}\0\xff")
    site.run(
        files=[
            {"template": "a.j2", "dest": str(site.out / "a"), "vars": {"numbers": [1, 2]}},
            {"src": "b", "dest": str(site.out / "b")},
        ]
    )
    assert (site.out / "a").read_text() == (
        f"# Ansible managed: {site.out}/a\nBremen 1\nBremen 2\npart of localhost\n\n"
    )
    assert (site.out / "b").read_bytes() == b"{{ not a template }}\0\xff"


def test_a_secret_is_in_no_output_however_loud(site: Site) -> None:
    secret = {"dest": str(site.out / "s"), "content": "password = hunter22hunter\n", "secret": True, "mode": "0600"}
    refused = site.run("-vvvv", "--diff", files=[secret], validate=[["sh", "-c", f"cat {site.out}/s; exit 1"]])
    accepted = site.run("-vvvv", "--diff", files=[secret])
    assert "ended with 1" in refused
    assert "changed=1" in accepted
    assert (site.out / "s").read_text() == "password = hunter22hunter\n"
    assert "hunter22hunter" not in refused + accepted


def test_one_module_call_whatever_the_number_of_files(site: Site) -> None:
    files = [{"dest": str(site.out / str(number)), "content": f"{number}\n"} for number in range(30)]
    said = site.run("-vvv", files=files)
    assert "changed=1" in said
    assert said.count("Using module file") == 1
    assert len(list(site.out.iterdir())) == 30


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"files": [{"dest": "/x"}]}, "give exactly one of template, src and content"),
        ({"files": [{"dest": "/x", "content": "a", "src": "b"}]}, "give exactly one of template, src and content"),
        ({"files": [{"dest": "/x", "content": {"a": 1}}]}, "content is not text"),
        ({"files": [{"dest": "/x", "content": "a", "mode": 416}]}, "quote mode"),
        ({"files": [{"dest": "/x", "template": "nowhere.j2"}]}, "nowhere.j2"),
        ({"files": [], "validate": ["nginx -t"]}, "each a list of words"),
    ],
)
def test_a_task_that_cannot_be_meant_is_refused_on_the_controller(site: Site, task: dict[str, Any], words: str) -> None:
    said = site.run(**task)
    assert words in " ".join(said.split())
    assert not (site.root / "journal").exists()
