"""Runs that are submitted and carried out by workers, against this machine and a real PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

NOTHING = "- name: Nothing\n  ansible.builtin.debug:"
LEASE = 3


@pytest.fixture
def shared(site: Any, postgresql: str) -> Iterator[Any]:
    """The site with records in a PostgreSQL database of its own."""
    name = f"queue_{os.getpid()}_{abs(hash(site.root)) % 10**6}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    site.env["LIFECYCLE_DATABASE_URL"] = postgresql.replace("/postgres?", f"/{name}?")
    site.env["LIFECYCLE_QUEUE_LEASE"] = str(LEASE)
    yield site
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def workers(shared: Any) -> Iterator[Callable[..., Any]]:
    """Starts workers; those that live still are killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, host: str | None = None) -> subprocess.Popen[str]:
        # Another controller is a machine with another name and its own processes.
        elsewhere = ["unshare", "--uts", "sh", "-c", f'hostname {host}; exec "$@"', "sh"] if host else []
        program = Path(sys.executable).parent / "lifecycle"
        process = subprocess.Popen(
            [*elsewhere, program, "worker", *arguments],
            cwd=shared.root, env=shared.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def submit(site: Any, *arguments: str) -> int:
    """The number of the job."""
    answer = site.lifecycle("submit", *arguments, "-i", "site-lab", "--json")
    assert answer.returncode == 0, answer.stdout
    return int(json.loads(answer.stdout)["jobs"][0]["job"])


def queue(site: Any) -> dict[int, dict[str, Any]]:
    answer = site.lifecycle("queue", "status", "--json", "--ended", "100")
    assert answer.returncode == 0, answer.stdout
    return {job["job"]: job for job in json.loads(answer.stdout)["jobs"]}


def state(site: Any, job: int) -> str:
    return str(queue(site)[job]["state"])


def test_a_job_is_the_run_that_lifecycle_run_would_be_with_both_names_on_record(shared: Any, workers: Any) -> None:
    shared.write("more.yml", "answer: 42\n")
    # As root, another person: the one who called sudo.
    shared.env["SUDO_USER"] = "ann"
    playbook = shared.playbook("- name: Look\n  ansible.builtin.assert: {that: answer == 42}")
    by_hand = shared.run(playbook, "-e", "@more.yml", "--reason", "both")
    assert by_hand.returncode == 0, by_hand.stdout
    job = submit(shared, playbook, "-e", "@more.yml", "--reason", "both")
    assert state(shared, job) == "waiting"
    del shared.env["SUDO_USER"]
    told = workers("--until-empty").communicate(timeout=60)[0]
    assert f"job {job}, site.yml on site-lab: run 2 successful, unchanged" in told
    done = queue(shared)[job]
    assert (done["state"], done["runs"][0]["run"], done["runs"][0]["status"]) == ("successful", 2, "successful")
    second, first = shared.history()
    assert (second["job"], first["job"]) == (job, None)
    worker = second["options"].pop("worker")
    assert second["operator"] == first["operator"]
    assert (worker != second["operator"]) == (os.getuid() == 0)
    own = ("run", "job", "started_at", "ended_at", "steps")
    assert {k: v for k, v in second.items() if k not in own} == {k: v for k, v in first.items() if k not in own}
    assert [result["status"] for result in shared.show(2)["results"]] == ["ok"]
    assert shared.lifecycle("lock", "status").stdout == "every environment is free\n"


SLOW = """
    - name: Slow
      ansible.builtin.command: sleep 63
    - name: Never reached
      ansible.builtin.command: touch {root}/never
"""


def at_work(site: Any, what: str) -> bool:
    return any(what in line for line in site.at_work())


def test_kill_nine_of_a_worker_in_a_phase_that_is_not_idempotent_loses_the_run_and_keeps_the_lock(
    shared: Any, workers: Any, until: Callable[..., None]
) -> None:
    playbook = shared.playbook(SLOW.format(root=shared.root), name="slow.yml")
    job = submit(shared, playbook)
    first = workers()
    until(lambda: at_work(shared, "sleep 63"))
    first.kill()
    until(lambda: not at_work(shared, "sleep 63"), seconds=20)
    until(lambda: state(shared, job) == "left", seconds=20)
    second = workers()
    until(lambda: state(shared, job) == "failed", seconds=30)
    assert [run["status"] for run in shared.history()] == ["lost"]
    # Nobody runs there: by hand, by the queue, on this controller or on another one.
    shared.playbook(NOTHING)
    refused = shared.run("site.yml")
    assert (refused.returncode, refused.stdout.count("\n")) == (1, 1)
    assert "run 1 was lost in the middle of what may not simply be done again: run slow" in refused.stdout
    assert "lifecycle lock release -i site-lab" in refused.stdout
    another = submit(shared, "site.yml")
    until(lambda: state(shared, another) == "failed", seconds=30)
    (lock,) = json.loads(shared.lifecycle("lock", "status", "--json").stdout)["locks"]
    assert (lock["run"], lock["standing"]) == (1, "kept")
    assert "nobody runs here until `lifecycle lock release`" in shared.lifecycle("lock", "status").stdout
    assert "run 1 is lost and its lock is kept" in shared.lifecycle("queue", "status").stdout
    assert len(shared.history()) == 1
    # A person has looked at the hosts.
    assert shared.lifecycle("lock", "release", "-i", "site-lab").returncode == 0
    third = submit(shared, "site.yml")
    until(lambda: state(shared, third) == "successful", seconds=30)
    second.send_signal(signal.SIGTERM)
    told = second.communicate(timeout=20)[0]
    assert f"job {job}, slow.yml on site-lab: its worker or its process died; its run is lost" in told
    assert not (shared.root / "never").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="another host name needs root")
def test_kill_nine_of_a_worker_in_an_idempotent_phase_lets_another_controller_take_it_over(
    shared: Any, workers: Any, until: Callable[..., None]
) -> None:
    """inspect, on a host whose Python takes long the first time."""
    hindrance = shared.write("hindrance", "")
    wrapper = shared.write(
        "python", f'#!/bin/sh\nwhile [ -e {hindrance} ]; do sleep 0.64; done\nexec {sys.executable} "$@"\n'
    )
    wrapper.chmod(0o755)
    shared.hosts(one={"ansible_connection": "local", "ansible_python_interpreter": str(wrapper)})
    job = submit(shared, "inspect")
    first = workers(host="first.example")
    until(lambda: at_work(shared, "sleep 0.64"))
    second = workers(host="second.example")
    first.kill()
    hindrance.unlink()
    until(lambda: state(shared, job) == "successful", seconds=60)
    again, lost = shared.history()
    assert (lost["status"], lost["controller"]) == ("lost", "first.example")
    assert (again["status"], again["controller"], again["job"]) == ("successful", "second.example", job)
    assert again["operator"] == lost["operator"]
    assert shared.lifecycle("lock", "status").stdout == "every environment is free\n"
    second.send_signal(signal.SIGTERM)
    assert (
        f"job {job}, inspect on site-lab: its worker or its process died; it is carried out again"
        in (second.communicate(timeout=20)[0])
    )


def test_a_waiting_job_is_taken_off_and_one_at_work_ends_after_its_task(
    shared: Any, workers: Any, until: Callable[..., None]
) -> None:
    playbook = shared.playbook(f"""
        - name: Slow
          ansible.builtin.shell: until [ -e {shared.root}/go ]; do sleep 0.65; done; touch {shared.root}/finished
        - name: Never reached
          ansible.builtin.command: touch {shared.root}/never
    """)
    running, waiting = submit(shared, playbook), submit(shared, playbook)
    worker = workers("--concurrency", "2")
    until(lambda: at_work(shared, "sleep 0.65"))
    assert state(shared, waiting) == "waiting", "one environment's jobs are carried out one after the other"
    off = shared.lifecycle("queue", "abort", str(waiting))
    assert (off.returncode, off.stdout) == (0, f"job {waiting} is taken off\n")
    ends = shared.lifecycle("queue", "abort", str(running))
    assert (ends.returncode, "ends after the task" in ends.stdout) == (0, True), ends.stdout
    assert queue(shared)[running]["aborting"] is True
    shared.write("go", "")
    until(lambda: state(shared, running) == "canceled", seconds=20)
    assert state(shared, waiting) == "taken_off"
    assert [run["status"] for run in shared.history()] == ["canceled"]
    assert [(shared.root / name).exists() for name in ("finished", "never")] == [True, False]
    for job, why in ((running, "has ended already: canceled"), (waiting, "has ended already"), (77, "there is no job")):
        refused = shared.lifecycle("queue", "abort", str(job))
        assert (refused.returncode, refused.stdout.count("\n"), why in refused.stdout) == (1, 1, True), refused.stdout
    worker.send_signal(signal.SIGINT)
    told = worker.communicate(timeout=20)[0]
    assert (worker.returncode, "waits: " in told) == (0, False), told


def test_a_fleet_is_carried_out_by_two_workers_each_environment_once(shared: Any, workers: Any) -> None:
    names = fleet(shared, 8)
    answer = shared.lifecycle("submit", "site.yml", "--all-environments", "--json")
    assert len(json.loads(answer.stdout)["jobs"]) == 8, answer.stdout
    two = [workers("--until-empty", "--json") for _ in range(2)]
    told = [process.communicate(timeout=120)[0].splitlines() for process in two]
    ended = [[json.loads(line) for line in lines if '"ended"' in line] for lines in told]
    assert all(ended), "both had their share"
    assert sorted(each["environment"] for lines in ended for each in lines) == names
    assert sorted(run["environment"] for run in shared.history()) == names
    assert {run["status"] for run in shared.history()} == {"successful"}
    assert {job["state"] for job in queue(shared).values()} == {"successful"}


def fleet(site: Any, size: int) -> list[str]:
    """So many environments with a light phase; their names."""
    site.playbook("- name: Look\n  ansible.builtin.ping:")
    for number in range(1, size):
        shutil.copytree(site.environment, site.root / "inventories" / f"site{number}-lab")
    return sorted(path.name for path in (site.root / "inventories").iterdir())


def test_a_job_waits_for_whoever_has_the_environment_and_gives_up_in_time(
    shared: Any, workers: Any, until: Callable[..., None]
) -> None:
    by_hand = shared.start("run", shared.playbook(SLOW.format(root=shared.root), name="slow.yml"), "-i", "site-lab")
    until(lambda: at_work(shared, "sleep 63"))
    shared.playbook(NOTHING)
    patient, impatient = submit(shared, "site.yml"), submit(shared, "site.yml", "--wait", "0")
    worker = workers()
    until(lambda: state(shared, patient) == "waiting" and _said(worker, "waits: "), seconds=20)
    shared.stop_at_once(by_hand)
    until(lambda: state(shared, patient) == "successful", seconds=40)
    until(lambda: state(shared, impatient) == "successful", seconds=20)
    by_hand = shared.start("run", "slow.yml", "-i", "site-lab")
    until(lambda: at_work(shared, "sleep 63"))
    late = submit(shared, "site.yml", "--wait", "0")
    until(lambda: state(shared, late) == "failed", seconds=20)
    shared.stop_at_once(by_hand)
    worker.send_signal(signal.SIGTERM)
    assert f"job {late}, site.yml on site-lab: given up: " in worker.communicate(timeout=20)[0]


def test_a_worker_that_is_interrupted_lets_its_job_finish_and_interrupted_again_cancels_it(
    shared: Any, workers: Any, until: Callable[..., None]
) -> None:
    playbook = shared.playbook(f"""
        - name: Slow
          ansible.builtin.shell: until [ -e {shared.root}/go ]; do sleep 0.66; done
        - name: After
          ansible.builtin.command: touch {shared.root}/after
    """)
    first, second = submit(shared, playbook), submit(shared, playbook)
    worker = workers()
    until(lambda: at_work(shared, "sleep 0.66"))
    worker.send_signal(signal.SIGINT)
    shared.write("go", "")
    told = worker.communicate(timeout=30)[0]
    assert (worker.returncode, "takes no other job" in told) == (0, True), told
    assert (state(shared, first), state(shared, second)) == ("successful", "waiting")
    assert (shared.root / "after").exists()
    for name in ("go", "after"):
        (shared.root / name).unlink()
    worker = workers()
    until(lambda: at_work(shared, "sleep 0.66"))
    worker.send_signal(signal.SIGINT)
    until(lambda: shared.lifecycle("lock", "status"))
    worker.send_signal(signal.SIGINT)
    shared.write("go", "")
    worker.communicate(timeout=30)
    assert (state(shared, second), shared.history()[0]["status"]) == ("canceled", "canceled")
    assert not (shared.root / "after").exists()


def test_a_worker_that_cannot_reach_the_queue_ends_what_it_has_at_work(
    shared: Any, workers: Any, postgresql: str, until: Callable[..., None]
) -> None:
    job = submit(shared, shared.playbook(SLOW.format(root=shared.root), name="slow.yml"))
    worker = workers()
    until(lambda: at_work(shared, "sleep 63"))
    database = shared.env["LIFECYCLE_DATABASE_URL"].split("/")[3].split("?")[0]
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        told = worker.communicate(timeout=20)[0]
        until(lambda: not shared.at_work(), seconds=10)
        server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    assert (worker.returncode, "what was at work is killed" in told) == (1, True), told
    workers()
    until(lambda: state(shared, job) == "failed", seconds=30)
    assert [run["status"] for run in shared.history()] == ["lost"]


def test_what_the_schedule_says_is_submitted_for_each_environment_once(
    shared: Any, workers: Any, until: Callable[..., None]
) -> None:
    fleet(shared, 2)
    shared.write(
        "inventories/queue.yml",
        """
        schedule:
          - name: each-minute
            at: "* * * * *"
            phases: [site.yml]
            check_mode: true
          - name: never
            at: "0 0 30 2 *"
            phases: [inspect]
            environments: [site-lab]
        """,
    )
    two = [workers(), workers()]
    until(lambda: len(queue(shared)) >= 2, seconds=20)
    until(lambda: {job["state"] for job in queue(shared).values()} == {"successful"}, seconds=40)
    for worker in two:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=30)
    runs = shared.history()
    # A minute may have begun while they were at work, or while they were told to end: then one may still be queued.
    environments = [run["environment"] for run in runs]
    assert {environments.count(name) for name in ("site-lab", "site1-lab")} <= {1, 2}
    assert set(environments) == {"site-lab", "site1-lab"}
    assert {(run["reason"], run["check"]) for run in runs} == {("schedule each-minute", True)}


@pytest.mark.skipif(os.getuid() != 0, reason="another host name needs root")
def test_controllers_that_share_records_have_one_mark_between_them(shared: Any, until: Callable[..., None]) -> None:
    """What a run that was cut on one controller left on the anchor is no other's on the next."""
    playbook = shared.playbook(SLOW.format(root=shared.root), name="slow.yml")
    program = Path(sys.executable).parent / "lifecycle"
    elsewhere = ["unshare", "--uts", "sh", "-c", 'hostname first.example; exec "$@"', "sh"]
    process = subprocess.Popen(
        [*elsewhere, program, "run", playbook, "-i", "site-lab"], cwd=shared.root, env=shared.env, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    until(lambda: at_work(shared, "sleep 63"))
    shared.stop_at_once(process)
    assert list((shared.root / "marks").iterdir()), "it stays after a run that was cut"
    # Another controller also has another directory for its own state.
    shared.env["LIFECYCLE_VAR"] = str(shared.root / "other")
    outcome = shared.run(shared.playbook(NOTHING))
    assert outcome.returncode == 0, outcome.stdout
    assert [run["controller"] for run in shared.history()][1:] == ["first.example"]


def test_what_cannot_be_is_refused_in_one_line(shared: Any) -> None:
    shared.playbook(NOTHING)
    shared.write("inventories/queue.yml", 'schedule:\n  - {name: nightly, at: "at two", phases: [inspect]}\n')
    cases = [
        (("worker",), "inventories/queue.yml:2: schedule[0].at must be minute, hour, day"),
        (("submit", "provison", "-i", "site-lab"), "did you mean 'provision'?"),
        (("submit", "release", "-i", "site-lab"), "release is a step of `lifecycle release`"),
        (("submit", "inspect"), "give -i ENV, or --all-environments"),
        (("submit", "gone.yml", "-i", "site-lab"), "gone.yml: there is no such file"),
        (("submit", "inspect", "-i", "site-lab", "-e", "password=hunter22"), "give -e @FILE"),
    ]
    for arguments, why in cases:
        refused = shared.lifecycle(*arguments)
        assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
        assert why in refused.stdout
        assert "hunter22" not in refused.stdout
    assert shared.lifecycle("queue", "status").stdout == "the queue is empty\n"


def test_without_postgresql_or_procrastinate_one_line_says_what_to_do(site: Any) -> None:
    for arguments in (("worker",), ("queue", "status"), ("submit", "inspect", "-i", "site-lab")):
        refused = site.lifecycle(*arguments)
        assert (refused.returncode, refused.stdout.count("\n")) == (1, 1), refused.stdout
        assert "the queue needs records in PostgreSQL; set LIFECYCLE_DATABASE_URL" in refused.stdout
    site.write("without/procrastinate.py", "raise ImportError('not installed')\n")
    site.env["PYTHONPATH"] = str(site.root / "without")
    refused = site.lifecycle("worker")
    assert refused.returncode == 1
    told = r"lifecycle: the queue needs procrastinate; \S*pip install .*\[queue\]'? adds it\n"
    assert re.fullmatch(told, refused.stdout), refused.stdout


def _said(process: subprocess.Popen[str], what: str) -> bool:
    """Whether a worker has told that since it was asked last, without waiting for more."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 0)
    return bool(ready) and what in os.read(process.stdout.fileno(), 100_000).decode()
