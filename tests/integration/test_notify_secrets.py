"""A secret is told to no receiver, and no note holds a receiver's key, its password or a token of its address."""

from __future__ import annotations

import re
import threading
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from planted import encrypt, on_disk, watch_arguments
from receiving import TOKENS, Answer, PostOffice, Web

PLANTED = {
    "vault": "planted-vault-c0ffee",
    "argument": "planted-arg-77ab01",
    "no_log": "planted-hidden-5d10bb",
    "key": "planted-key-0a44cd",
    "password": "planted-password-91aa",
}
SIGNS = re.compile(rb"planted-")
FORMATS = ("json", "slack", "wecom", "dingtalk", "feishu")
WELL = {"json": "", "slack": "ok", "wecom": '{"errcode":0}', "dingtalk": '{"errcode":0}', "feishu": '{"code":0}'}
TASKS = """
    - name: What the play can see of receivers
      ansible.builtin.command: env
      changed_when: false
    - name: Not to be seen
      ansible.builtin.shell: cat hidden >&2; exit 1
      args: {chdir: "{{ root }}"}
      no_log: true
      ignore_errors: true
    - name: "Log in with {{ vaulted }}"
      ansible.builtin.shell: echo "refused {{ argument_password }}" >&2; echo "{{ vaulted }}"; exit 1
"""


def receivers(site: Any, web: Web, office: PostOffice) -> set[Path]:
    """A receiver of each format, with what secrets it may have. Returns the files that hold these."""
    lines = ["schema: 1", "language: zh_CN", "receivers:"]
    given = {site.write("key", PLANTED["key"]), site.write("password", PLANTED["password"])}
    for form in FORMATS:
        given.add(site.write(f"{form}.url", web.url(form)))
        signed = ", secret_file: key" if form in ("json", "dingtalk", "feishu") else ""
        lines.append(f"  - {{format: {form}, url_file: {form}.url{signed}}}")
    lines.append(
        f"  - {{format: email, server: 127.0.0.1, port: {office.port}, from: l@example.com, to: [ann@example.com],"
        " user: ann, password_file: password}"
    )
    site.write("notify.yml", "\n".join(lines) + "\n")
    # By the variables as well: the address is in the environment then.
    site.env |= {
        "LIFECYCLE_NOTIFY_FILE": str(site.root / "notify.yml"),
        "LIFECYCLE_NOTIFY_URL": web.url("slack"),
        "LIFECYCLE_NOTIFY_FORMAT": "slack",
    }
    return given


@pytest.mark.parametrize("well", [True, False], ids=["all succeed", "all fail and say what they got"])
def test_planted_secrets_reach_no_receiver_and_those_of_receivers_nobody(
    site: Any, web: Web, own_certificate: Path, well: bool
) -> None:
    echoed = f"{' '.join(TOKENS)} {PLANTED['key']}"
    web.answers |= {form: Answer(body=WELL[form]) if well else Answer(418, echoed, echo=True) for form in FORMATS}
    given = {site.write("vault-password", "open-sesame\n"), site.write("hidden", PLANTED["no_log"])}
    vaulted = site.group_vars(f"vaulted: {PLANTED['vault']}\n", name="all/vault.yml")
    encrypt(site, "encrypt", str(vaulted))
    site.group_vars(f"root: {site.root}\n", name="all/main.yml")
    site.playbook(TASKS)
    with PostOffice(own_certificate, "starttls", PLANTED["password"]) as office:
        site.env |= {"SSL_CERT_FILE": str(own_certificate)}
        given |= receivers(site, web, office)
        if not well:
            office.refused, office.refusal = {"ann@example.com"}, f"not with {PLANTED['password']}"
        process = site.start(
            "run", "site.yml", "-i", "site-lab", "--diff", "-vv", "--vault-id", "vault-password",
            "-e", f"argument_password={PLANTED['argument']}", "--reason", f"after {PLANTED['vault']} was changed",
        )  # fmt: skip
        stop, seen = threading.Event(), set[str]()
        watcher = threading.Thread(target=watch_arguments, args=(stop, seen, process.pid, SIGNS))
        watcher.start()
        output, _ = process.communicate(timeout=180)
        stop.set()
        watcher.join()
        tried = site.lifecycle("notify").stdout + site.lifecycle("notify", "--json").stdout

    assert process.returncode == 2, output
    notes = [line for line in output.splitlines() if "was not told" in line]
    assert len(notes) == (0 if well else len(FORMATS) + 2), output
    shown = output + tried + site.lifecycle("show", "1", "--diff").stdout + site.lifecycle("show", "1", "--json").stdout
    assert not [line for line in shown.splitlines() if SIGNS.search(line.encode())]
    assert seen == set()
    assert on_disk(site.root, SIGNS, given) == []
    bodies = [body for _, _, body in web.got if b"trial" not in body and "测试" not in body.decode()]
    assert len(bodies) == len(FORMATS) + 1
    letters = [message_from_bytes(each.content, policy=default) for each in office.letters]
    bodies += [part.encode() for each in letters for part in (each.get_content(), *map(str, each.values()))]  # type: ignore[attr-defined]
    assert not [body for body in bodies if SIGNS.search(body)]
    masks = (b"********", "＊＊＊＊＊＊＊＊".encode())
    assert all(any(mask in body for mask in masks) for body in bodies[: len(FORMATS)]), "told, without the secret"
    headers = [str(headers).encode() for _, headers, _ in web.got]
    assert not [each for each in headers if SIGNS.search(each)]
    assert len(letters) == (3 if well else 0)
