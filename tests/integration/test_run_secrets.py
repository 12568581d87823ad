"""A secret that lifecycle was given is found nowhere: not in the records, on disk, in an argv, or on the terminal."""

from __future__ import annotations

import re
import threading
from typing import Any

from planted import encrypt, on_disk, watch_arguments

PLANTED = {
    "file": "planted-file-5f1c88",
    "argument": "planted-arg-77ab01",
    "vault": "planted-vault-c0ffee",
    "inline": "planted-inline-9d2e44",
    "plain": "planted-plain-31d0aa",
}
SIGNS = re.compile(rb"planted-|plantedkeyline")
KEY = "-----BEGIN KEY-----\nplantedkeyline0001abcdef\nplantedkeyline0002abcdef\n-----END KEY-----\n"
TASKS = """
    - name: "Write the configuration with {{ file_secret }}"
      ansible.builtin.copy:
        content: |
          a: {{ file_secret }}
          b: {{ argument_password }}
          c: {{ vaulted }}
          d: {{ inline }}
          e: {{ plain_token }}
          {{ tls_private_key }}
        dest: "{{ root }}/written/configuration"
        mode: "0600"
      loop: [1]
    - name: Show it all
      ansible.builtin.debug:
        msg: "{{ [file_secret, argument_password, vaulted, inline, plain_token, tls_private_key] }}"
    - name: Tell it
      ansible.builtin.set_stats:
        data: {lifecycle_told: {value: "{{ vaulted }}"}}
        per_host: false
    - name: Give it time to be looked at
      ansible.builtin.wait_for: {timeout: 2}
    - name: Fail with it
      ansible.builtin.fail:
        msg: "cannot log in with {{ vaulted }} or {{ inline }} or {{ file_secret }} or {{ argument_password }}"
"""


def test_planted_secrets_are_found_nowhere(site: Any) -> None:
    site.write("vault-password", "open-sesame\n")
    vaulted = site.group_vars(f"vaulted: {PLANTED['vault']}\n", name="all/vault.yml")
    encrypt(site, "encrypt", str(vaulted))
    inline = encrypt(site, "encrypt_string", PLANTED["inline"], "--name", "inline")
    site.group_vars(f"plain_token: {PLANTED['plain']}\nroot: {site.root}\n" + inline, name="all/main.yml")
    indented = KEY.replace("\n", "\n  ")
    site.write("secrets.yml", f"file_secret: {PLANTED['file']}\ntls_private_key: |\n  {indented}")
    (site.root / "written").mkdir()
    site.playbook(TASKS)
    process = site.start(
        "run", "site.yml", "-i", "site-lab", "--diff", "-vv", "--vault-id", "vault-password",
        "-e", "@secrets.yml", "-e", f"argument_password={PLANTED['argument']}",
    )  # fmt: skip
    stop, seen = threading.Event(), set[str]()
    watcher = threading.Thread(target=watch_arguments, args=(stop, seen, process.pid, SIGNS))
    watcher.start()
    output, _ = process.communicate(timeout=180)
    stop.set()
    watcher.join()

    assert process.returncode == 2, output
    assert "cannot log in with ********" in output
    written = (site.root / "written" / "configuration").read_text()
    assert all(value in written for value in PLANTED.values()), "the host got the real values"
    everything = output + site.lifecycle("show", "1", "--diff").stdout + site.lifecycle("show", "1", "--json").stdout
    assert not SIGNS.search(everything.encode())
    assert "********" in everything
    assert seen == set()
    assert on_disk(site.var, SIGNS) == []


def test_the_records_are_readable_by_their_owner_only(site: Any) -> None:
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    assert site.run("site.yml").returncode == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in site.var.glob("lifecycle.db*")}
    assert modes["lifecycle.db"] == 0o600
    assert all(mode == 0o600 for name, mode in modes.items() if name.endswith(("-wal", "-shm")))


HIDDEN = """
    - name: Hidden in one item
      ansible.builtin.command: "echo {{ item }}"
      no_log: "{{ item == words }}"
      loop: [harmless, "{{ words }}"]
    - name: Hidden by its block
      no_log: true
      block:
        - name: Hidden in its diff
          ansible.builtin.copy: {content: "{{ words }}", dest: "{{ root }}/written", mode: "0600"}
        - name: Hidden in its failure
          ansible.builtin.command: "false {{ words }}"
"""


def test_what_only_no_log_hides_is_in_no_record(site: Any) -> None:
    """Nothing but no_log says that it is a secret: its name does not."""
    site.group_vars(f"words: planted-unnamed-4e1a77\nroot: {site.root}\n")
    ended = site.run(site.playbook(HIDDEN), "--diff")
    assert ended.returncode == 2, ended.stdout
    assert "planted-" not in ended.stdout
    statuses = [(result["task"], result["status"]) for result in site.show(1)["results"]]
    assert statuses == [
        ("Hidden in one item", "changed"),
        ("Hidden in its diff", "changed"),
        ("Hidden in its failure", "failed"),
    ]
    assert on_disk(site.var, SIGNS) == []
    assert (site.root / "written").read_text() == "planted-unnamed-4e1a77"
