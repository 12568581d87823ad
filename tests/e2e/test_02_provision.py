"""A provisioned site: what runs is what was asked for, a second run finds nothing to do, secrets stay secret."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from demo.load import Load

from .conftest import BIN, ENVIRONMENT, ROOT, URL, Lifecycle, ansible_processes, eventually

pytestmark = pytest.mark.lab
# Module calls of one role on one host that has nothing to do.
MOST_CALLS = 12
PLANTED = "Planted-7f3e9c51-secret"


def test_every_service_answers_what_it_was_asked_to_be(site: Lifecycle, host: Any) -> None:
    edge, app, cache, db = (host(name) for name in ("edge1", "app1", "cache1", "db1"))
    assert edge.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/").stdout == "503", (
        "nothing is released yet"
    )
    assert edge.run("nginx -t").rc == 0
    assert "Server: nginx/" not in edge.run("curl -sI http://127.0.0.1/").stdout
    assert app.run("systemctl show -p LoadState --value tomcat@clinic-blue").stdout.strip() == "loaded"
    assert not app.service("tomcat10").is_running
    assert cache.run("redis-cli -h 10.89.77.31 PING").stdout.startswith("NOAUTH")
    assert db.run("runuser -u postgres -- psql -Atc 'SHOW password_encryption'").stdout.strip() == "scram-sha-256"
    assert (
        db.run(
            "runuser -u postgres -- psql -Atc \"SELECT datname FROM pg_database WHERE datname='clinic'\""
        ).stdout.strip()
        == "clinic"
    )
    assert db.run("runuser -u postgres -- psql -Atc 'SHOW shared_buffers'").stdout.strip() == "128MB"


def test_a_second_run_by_the_other_door_changes_nothing_and_asks_little(site: Lifecycle, tmp_path: Path) -> None:
    told = tmp_path / "calls.json"
    counting = {
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback")),
        "ANSIBLE_CALLBACKS_ENABLED": "module_calls",
        "MODULE_CALLS": str(told),
    }
    ended = site.ansible_playbook("impl.lifecycle.provision", environment=counting)
    assert ended.returncode == 0, ended.stdout[-3000:]
    recap = [line for line in ended.stdout.splitlines() if "changed=" in line]
    assert len(recap) == 5
    assert all("changed=0 " in line for line in recap), recap
    counted = json.loads(told.read_text())
    assert len(counted["calls"]) >= 12, "every role on every host is counted"
    too_many = {who: counted["tasks"][who] for who, calls in counted["calls"].items() if calls > MOST_CALLS}
    assert not too_many


def test_a_check_of_a_provisioned_site_finds_nothing_to_change(site: Lifecycle) -> None:
    outcome = site.json("run", "provision", "-i", str(ENVIRONMENT), "--check", "--diff")
    assert outcome["status"] == "successful", outcome["failures"]
    shown = site("show", str(outcome["run"]), "--diff").stdout
    assert not outcome["changed"], [line for line in shown.splitlines() if line.startswith("changed")] or shown


def test_a_planted_secret_is_found_nowhere(site: Lifecycle, tmp_path: Path, environment_copy: Path) -> None:
    """Once as a vault variable, once with -e, once inside a file whose diff is shown."""
    password_file = tmp_path / "vault-password"
    password_file.write_text("lab-vault\n")
    vault = environment_copy / "group_vars" / "cache" / "vault.yml"
    vault.write_text(f"vault_planted: {PLANTED}-vault\n")
    subprocess.run(
        [BIN / "ansible-vault", "encrypt", "--vault-password-file", password_file, vault],
        check=True, capture_output=True,
    )  # fmt: skip
    play = tmp_path / "planted.yml"
    play.write_text(
        """
- hosts: cache
  gather_facts: false
  become: true
  tasks:
    - name: Write what nobody may see
      ansible.builtin.copy:
        content: "{{ vault_planted }} {{ extra_password }}\\n"
        dest: /root/planted
        mode: "0600"
    - name: Fail with it
      ansible.builtin.fail:
        msg: "the password {{ extra_password }} was not taken, nor was {{ vault_planted }}"
"""
    )
    extra = tmp_path / "extra.yml"
    extra.write_text(f"extra_password: {PLANTED}-extra\n")
    running = site.start(
        "run",
        str(play),
        "-i",
        str(environment_copy),
        "--diff",
        "-vvv",
        "-e",
        f"@{extra}",
        "--vault-id",
        str(password_file),
    )
    seen_in_argv: set[str] = set()
    while running.poll() is None:
        seen_in_argv.update(command for command in every_command_line() if PLANTED in command)
    assert running.stdout is not None
    printed = running.stdout.read()
    assert running.returncode == 2, printed
    assert "was not taken" in printed
    assert PLANTED not in printed
    assert not seen_in_argv
    assert_nowhere(PLANTED, [site.records.parent, ROOT / "var", Path("/dev/shm")])
    # The store compresses what it keeps: read all of it back.
    newest = site.json("history", "--limit", "1")[0]["run"]
    assert PLANTED not in site("show", str(newest), "--diff", "--json").stdout


def every_command_line() -> list[str]:
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            found.append((directory / "cmdline").read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


def assert_nowhere(secret: str, places: list[Path]) -> None:
    for place in places:
        for path in place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert secret.encode() not in path.read_bytes(), path


def test_kill_nine_of_the_command_leaves_nothing_running_and_is_recorded_as_lost(clinic: Lifecycle, host: Any) -> None:
    running = clinic.start("run", "provision", "-i", str(ENVIRONMENT))
    assert running.stdout is not None
    for count, _ in enumerate(running.stdout):
        if count == 25:
            break
    assert ansible_processes(), "the play was to be under way"
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert eventually(lambda: not ansible_processes(), 10), ansible_processes()
    assert host("edge1").run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/health").stdout == "200"
    newest = clinic.json("history", "-i", str(ENVIRONMENT))[0]
    assert newest["status"] == "lost"
    again = clinic.json("run", "provision", "-i", str(ENVIRONMENT))
    assert again["status"] == "successful", again["failures"]


def test_what_waits_for_a_restart_is_restarted_host_by_host_and_no_user_notices(clinic: Lifecycle, host: Any) -> None:
    later = ["-e", "lifecycle_allow_restart=false", "-e", "app_slot_heap_mb=152", "--limit", "app,edge"]
    assert clinic.json("run", "provision", "-i", str(ENVIRONMENT), *later)["status"] == "successful"
    edge = clinic.json("release", "status", "--live", "-i", str(ENVIRONMENT))["edge"]
    slot = f"tomcat@clinic-{edge['stable']['colour']}"
    before = {name: main_pid(host(name), slot) for name in ("app1", "app2")}
    with Load(URL + "/", clients=20, think=0.05, timeout=30, max_seconds=240) as load:
        done = clinic.json("run", "restart-pending", "-i", str(ENVIRONMENT))
        time.sleep(1)
    report = load.report()
    assert sorted(done["data"]["lifecycle_waiting"]) == ["app1", "app2"]
    assert (report.failures, report.errors_5xx) == (0, 0), report.samples
    assert report.requests > 1000
    for name, pid in before.items():
        now = main_pid(host(name), slot)
        assert now != pid
        assert b"-Xmx152m" in host(name).run(f"cat /proc/{now}/cmdline").stdout_bytes.split(b"\0")
    assert host("edge1").run("ls /var/lib/lifecycle/gray/clinic/resting").stdout == ""
    again = clinic.json("run", "restart-pending", "-i", str(ENVIRONMENT))
    assert (again["data"]["lifecycle_waiting"], again["changed"]) == ({}, False)


def main_pid(machine: Any, unit: str) -> str:
    return str(machine.run(f"systemctl show -p MainPID --value {unit}").stdout.strip())
