"""One transaction for several services: all of them or none, and which of them needs what."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from transaction_host import ME, Host, absent, file


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def checker(path: Path) -> list[str]:
    """A service's own check: its file may not have the word `wrong`."""
    return ["sh", "-c", f"! grep -H wrong {path}"]


def test_the_second_service_refuses_and_the_first_is_as_before_too(host: Host) -> None:
    web, cache = host.etc / "web.conf", host.etc / "cache.conf"
    host.apply(file(web, "good 1\n"), file(cache, "good 1\n"))
    before = host.everything()
    with pytest.raises(tx.TransactionError, match="everything was put back") as failure:
        host.apply(
            file(web, "good 2\n", service="web"),
            file(host.etc / "web-new.conf", "x", service="web"),
            file(cache, "wrong 2\n", service="cache"),
            validate=[checker(web), checker(cache)],
        )
    assert failure.value.output == f"{cache}:wrong 2"
    assert host.everything() == before


def test_each_service_says_what_it_needs(host: Host) -> None:
    (host.etc / "web-old.conf").write_text("x")
    host.apply(file(host.etc / "same", "x"))
    items: dict[str, Any] = {
        "owns": [_owned(host.etc, "web-*.conf", "web")],
        "links": [{"path": str(host.etc / "current"), "target": "v2", "on_change": "live", "service": "app"}],
        "directories": [{"path": str(host.etc / "d"), "mode": "0755", "on_change": "live", "service": "spool", **ME}],
    }
    files = [
        file(host.etc / "cache.conf", "x", on_change="restart", service="cache"),
        file(host.etc / "cache-live.conf", "x", on_change="live", service="cache"),
        file(host.etc / "same", "x", on_change="restart", service="idle"),
        file(host.etc / "nobody", "x", on_change="live"),
    ]
    wanted = {"web": "reload", "cache": "restart", "idle": "none", "app": "live", "spool": "live"}
    assert host.apply(*files, **items, check=True)["required_actions"] == wanted
    result = host.apply(*files, **items)
    assert (result["required_action"], result["required_actions"]) == ("restart", wanted)
    assert set(host.apply(*files, **items)["required_actions"].values()) == {"none"}


def _owned(directory: Path, pattern: str, service: str) -> dict[str, Any]:
    about = {"pattern": pattern, "on_change": "reload", "foreign": "remove"}
    return {"directory": str(directory), "service": service, **about}


PROCESS = """
import sys
sys.path.insert(0, {tests!r})
import conftest
from transaction_host import Host, file
from pathlib import Path
host = Host.__new__(Host)
host.root = Path({root!r}); host.etc = host.root / "etc"; host.journal = host.root / "journal"; host.warnings = []
host.generations = host.root / "generations"
result = host.apply(file(host.etc / {name!r}, "new\\n", on_change="restart", service={name!r}),
                    validate=[["sh", "-c", {validator!r}]])
print(result["recovered_files"], result["required_actions"])
"""


def start(host: Host, name: str, validator: str) -> subprocess.Popen[str]:
    script = PROCESS.format(tests=str(Path(__file__).parent), root=str(host.root), name=name, validator=validator)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_transactions_at_once_come_one_after_the_other(host: Host) -> None:
    # Each validator finds the other one's mark if they overlap; and a second one that came too early would take the
    # first one's journal for that of a dead host.
    alone = f"test ! -e {host.root}/busy && touch {host.root}/busy && sleep 0.7 && rm {host.root}/busy"
    both = [start(host, name, alone) for name in ("a", "b")]
    said = [process.communicate(timeout=30) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert [out for out, _ in said] == ["[] {'a': 'restart'}\n", "[] {'b': 'restart'}\n"]
    assert sorted(host.everything()) == ["a", "b"]


def test_a_second_transaction_waits_for_one_that_is_killed_and_puts_it_back(host: Host) -> None:
    (host.etc / "a").write_text("old\n")
    first = start(host, "a", f"touch {host.root}/swapped; sleep 30")
    deadline = time.monotonic() + 20
    while not (host.root / "swapped").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    second = start(host, "b", "true")
    time.sleep(0.7)
    waited = second.poll() is None and not (host.etc / "b").exists()
    first.send_signal(signal.SIGKILL)
    out, err = second.communicate(timeout=30)
    first.communicate()
    assert waited
    assert second.returncode == 0, err
    assert out == f"['{host.etc / 'a'}'] {{'b': 'restart', 'a': 'restart'}}\n"
    assert (host.etc / "a").read_text() == "old\n"


def test_a_file_that_goes_tells_its_service_as_well(host: Host) -> None:
    host.apply(file(host.etc / "a", "x", service="web"))
    assert host.apply(absent(host.etc / "a", service="web"))["required_actions"] == {"web": "reload"}
