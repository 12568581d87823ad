"""`lifecycle run` against this machine: what it tells, what it records, how it exits."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def test_a_run_that_changes_something_says_so_and_the_second_does_not(site: Any) -> None:
    site.playbook(f"""
        - name: Write a note
          ansible.builtin.copy:
            content: "first line\\n"
            dest: {site.root}/note
            mode: "0600"
    """)
    first = site.run("site.yml", "--diff")
    second = site.run("site.yml")
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + second.stdout
    newest, oldest = site.history()
    assert (oldest["changed"], newest["changed"]) == (True, False)
    assert oldest["steps"][0]["hosts"]["one"] | {"ok": 1, "changed": 1} == oldest["steps"][0]["hosts"]["one"]
    (result,) = site.show(1, "--diff")["results"]
    assert result["status"] == "changed"
    assert "+first line" in result["diff"]


def test_a_failing_host_gives_exit_code_2_and_its_own_words(site: Any) -> None:
    site.hosts(one=LOCAL, two=LOCAL)
    site.playbook("""
        - name: Refuse the second host
          ansible.builtin.assert:
            that: inventory_hostname == "one"
            fail_msg: only the first host will do
        - name: Speak through a program
          ansible.builtin.shell: echo the reason >&2; exit 3
    """)
    outcome = site.run("site.yml")
    assert outcome.returncode == 2
    assert f"two failed: Refuse the second host: only the first host will do ({site.root}/site.yml:" in outcome.stdout
    assert "one failed: Speak through a program: " in outcome.stdout
    assert "the reason" in outcome.stdout, outcome.stdout
    assert {result["host"] for result in site.show(1, "--failed")["results"]} == {"one", "two"}


def test_an_unreachable_host_gives_exit_code_4_and_the_reason(site: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    site.hosts(far={"ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": "nobody"})
    site.playbook("- name: Reach it\n  ansible.builtin.ping:")
    outcome = site.run("site.yml")
    assert outcome.returncode == 4
    assert "far unreachable: Reach it: " in outcome.stdout
    assert "Connection refused" in outcome.stdout
    assert site.history()[0]["status"] == "unreachable"


def test_a_failing_loop_names_the_items_reasons_and_a_rescued_failure_is_none(site: Any) -> None:
    site.playbook("""
        - name: Try and recover
          block:
            - name: Fail at first
              ansible.builtin.fail:
                msg: rescued reason
          rescue:
            - name: Recover
              ansible.builtin.debug:
                msg: recovered
        - name: Loop
          ansible.builtin.fail:
            msg: "item {{ item }} is bad"
          when: item > 1
          loop: [1, 2, 3]
    """)
    outcome = site.run("site.yml")
    assert outcome.returncode == 2
    assert "Loop: item 2 is bad" in outcome.stdout
    assert "item 3 is bad" in outcome.stdout
    assert "one failed: Fail at first" not in outcome.stdout


def test_a_phase_after_a_failed_one_is_not_started(site: Any) -> None:
    site.playbook("- name: Stop here\n  ansible.builtin.fail:", name="first.yml")
    site.playbook("- name: Never\n  ansible.builtin.debug:", name="second.yml")
    outcome = site.run("first.yml", "second.yml")
    assert outcome.returncode == 2
    assert [step["phase"] for step in site.history()[0]["steps"]] == ["first"]


def test_two_phases_are_two_steps_and_what_they_tell_is_kept(site: Any) -> None:
    tell = "- name: Tell\n  ansible.builtin.set_stats:\n    data: {{{0}: {{answer: 42}}}}\n    per_host: false"
    site.playbook(tell.format("lifecycle_first"), name="first.yml")
    site.playbook(tell.format("lifecycle_second"), name="second.yml")
    outcome = site.lifecycle("run", "first.yml", "second.yml", "-i", "site-lab", "--json", "--reason", "a rehearsal")
    told = json.loads(outcome.stdout)
    assert told["data"] == {"lifecycle_first": {"answer": 42}, "lifecycle_second": {"answer": 42}}
    (run,) = site.history()
    assert [step["data"] for step in run["steps"]] == [{key: {"answer": 42}} for key in told["data"]]
    assert run["reason"] == "a rehearsal"
    assert run["versions"]["ansible-core"].startswith("2.")
    assert len(site.show(1)["results"]) == 2


def test_check_mode_changes_nothing_and_is_marked_in_the_record(site: Any) -> None:
    site.playbook(f"""
        - name: Write a note
          ansible.builtin.copy: {{content: x, dest: {site.root}/note, mode: "0600"}}
    """)
    assert site.run("site.yml", "--check").returncode == 0
    assert not (site.root / "note").exists()
    assert site.history()[0]["check"] is True


def test_a_playbook_ansible_cannot_read_is_refused_with_its_line(site: Any) -> None:
    site.write("site.yml", "- hosts: all\n  tasks:\n    - name: Wrong\n      no.such.module: {}\n")
    outcome = site.run("site.yml")
    assert outcome.returncode == 1
    assert "no.such.module" in outcome.stdout
    assert site.history()[0]["status"] == "failed"


def test_a_limit_that_matches_no_host_is_no_success(site: Any) -> None:
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    outcome = site.run("site.yml", "--limit", "nowhere")
    assert outcome.returncode == 1, outcome.stdout


def test_an_unknown_phase_is_refused_before_anything_is_recorded(site: Any) -> None:
    outcome = site.run("provison")
    assert outcome.returncode == 1
    assert outcome.stdout == "lifecycle: there is no phase 'provison'; did you mean 'provision'?\n"
    assert site.history() == []


def test_a_step_of_another_command_is_refused_before_anything_is_recorded(site: Any) -> None:
    refused = site.run("rollback")
    expected = "lifecycle: rollback is a step of `lifecycle release`; use `lifecycle release`\n"
    assert (refused.returncode, refused.stdout) == (1, expected)
    assert site.history() == []


def test_ansible_sees_only_allowed_environment_variables(site: Any) -> None:
    site.env |= {"CLOUD_TOKEN": "must-not-be-seen", "SITE_NUMBER": "17", "LIFECYCLE_PASS_ENV": "SITE_NUMBER"}
    site.playbook("""
        - name: Look
          ansible.builtin.assert:
            that:
              - lookup('env', 'CLOUD_TOKEN') == ''
              - lookup('env', 'SITE_NUMBER') == '17'
              - lookup('config', 'HOST_KEY_CHECKING')
    """)
    outcome = site.run("site.yml")
    assert outcome.returncode == 0, outcome.stdout


def test_results_survive_at_any_size_and_say_when_they_were_cut(site: Any) -> None:
    site.playbook("""
        - name: Say much
          ansible.builtin.command: seq 1 200000
    """)
    assert site.run("site.yml").returncode == 0
    (result,) = site.show(1)["results"]
    assert result["cut"] is True
    assert len(result["output"]) == 256_000


def test_extra_variables_come_in_ansibles_three_ways(site: Any) -> None:
    site.write("more.yml", "third: [1, 2]\n")
    site.playbook("""
        - name: Compare
          ansible.builtin.assert:
            that:
              - first == "1"
              - second == 2
              - third == [1, 2]
    """)
    outcome = site.run("site.yml", "-e", "first=1", "-e", '{"second": 2}', "-e", "@more.yml")
    assert outcome.returncode == 0, outcome.stdout
    options = site.history()[0]["options"]
    assert (options["extra_vars"], options["extra_files"]) == (["first", "second"], ["more.yml"])
    assert options["digests"].keys() == {"site.yml", "more.yml"}


def test_a_mistaken_extra_variable_is_not_repeated(site: Any) -> None:
    outcome = site.run(site.playbook("- name: Nothing\n  ansible.builtin.debug:"), "-e", "hunter22")
    assert (outcome.returncode, outcome.stdout.count("\n")) == (1, 1)
    assert "hunter22" not in outcome.stdout


def test_what_ansible_is_made_of_is_frozen_and_what_comes_after_is_collected_as_ever(site: Any) -> None:
    site.write(
        "filter_plugins/collections_of.py",
        """
        import gc


        class FilterModule:
            def filters(self):
                return {"collections_of": lambda _: [*gc.get_threshold(), gc.get_freeze_count() > 50_000]}
        """,
    )
    site.playbook("""
        - name: Say when garbage is collected
          ansible.builtin.debug:
            msg: "{{ '' | collections_of }}"
    """)
    assert site.run("site.yml").returncode == 0
    (result,) = site.show(1)["results"]
    assert result["output"]["msg"] == [700, 10, 10, True]
