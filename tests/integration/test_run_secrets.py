"""A secret that lifecycle was given is found nowhere: not in the records, on disk, in an argv, or on the terminal."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

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


def encrypt(site: Any, *arguments: str) -> str:
    program = Path(sys.executable).parent / "ansible-vault"
    answer = subprocess.run(
        [program, *arguments, "--vault-password-file", "vault-password"],
        cwd=site.root, text=True, capture_output=True, check=True, env=site.env,
    )  # fmt: skip
    return answer.stdout


def watch_arguments(stop: threading.Event, seen: set[str], own: int) -> None:
    """Every argv on this machine that holds a planted value, except lifecycle's own, which the operator typed.

    A process that lifecycle starts has that argv, too, until it has become another program.
    """
    typed = Path(f"/proc/{own}/cmdline").read_bytes().decode()
    while not stop.is_set():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != own:
                try:
                    line = (entry / "cmdline").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if line != typed and any(value in line for value in (*PLANTED.values(), "plantedkeyline")):
                    seen.add(line)
        time.sleep(0.2)


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
    watcher = threading.Thread(target=watch_arguments, args=(stop, seen, process.pid))
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
    assert _on_disk(site.var) == []


def _on_disk(var: Path) -> list[str]:
    """Files under var/ with a planted value, compressed contents of the records unpacked."""
    found = []
    for path in var.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            if any(SIGNS.search(part) for part in (raw, *_unpacked(raw))):
                found.append(str(path))
    return found


def _unpacked(raw: bytes) -> list[bytes]:
    """Whatever looks like a zlib stream in a file."""
    parts, at = [], raw.find(b"\x78\x9c")
    while at >= 0:
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(raw[at:]))
        at = raw.find(b"\x78\x9c", at + 1)
    return parts


def test_the_records_are_readable_by_their_owner_only(site: Any) -> None:
    site.playbook("- name: Nothing\n  ansible.builtin.debug:")
    assert site.run("site.yml").returncode == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in site.var.glob("lifecycle.db*")}
    assert modes["lifecycle.db"] == 0o600
    assert all(mode == 0o600 for name, mode in modes.items() if name.endswith(("-wal", "-shm")))
