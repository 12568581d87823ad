"""The memory and the processors that count, from trees as kernels, containers and their limits lay them out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import host_limits

COLLECTIONS = Path(__file__).resolve().parents[3] / "collections"
MEMINFO = "MemTotal:       16384000 kB\nMemFree:  1000 kB\n"
V2 = {
    "proc/meminfo": MEMINFO,
    "proc/1/cgroup": "0::/init.scope\n",
    "proc/1/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
}
TOP = "/machine/libpod-abc"
V1 = {
    "proc/meminfo": MEMINFO,
    "proc/1/cgroup": f"5:memory:{TOP}/init.scope\n4:cpu,cpuacct:{TOP}\n1:name=systemd:{TOP}\n0::/\n",
    "proc/1/mountinfo": (
        f"40 24 0:30 {TOP} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        f"41 24 0:31 {TOP} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    ),
}


def lay(root: Path, *parts: dict[str, str]) -> str:
    for name, text in {name: text for part in parts for name, text in part.items()}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(root)


@pytest.mark.parametrize("tree", [V2, V1, {"proc/meminfo": MEMINFO}])
def test_without_a_limit_the_machine_counts(tmp_path: Path, tree: dict[str, str]) -> None:
    root = lay(tmp_path, tree)
    assert host_limits.memory(root) == {
        "mb": 16000,
        "source": "/proc/meminfo MemTotal",
        "limited": False,
        "text": "16000 MB",
        "found": [{"source": "/proc/meminfo MemTotal", "mb": 16000}],
    }
    assert host_limits.cores(root, online=4)["count"] == 4
    assert host_limits.cores(root, online=4)["limited"] is False


def test_the_limit_of_a_container_counts_and_is_named(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        V2,
        {
            "sys/fs/cgroup/init.scope/memory.max": "max\n",
            "sys/fs/cgroup/memory.max": "2147483648\n",
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
        },
    )
    memory = host_limits.memory(root)
    assert (memory["mb"], memory["source"], memory["limited"]) == (2048, "/sys/fs/cgroup/memory.max", True)
    assert memory["text"] == "2048 MB [/sys/fs/cgroup/memory.max]"
    assert [one["mb"] for one in memory["found"]] == [16000, 2048]
    cores = host_limits.cores(root, online=4)
    assert (cores["count"], cores["source"], cores["limited"]) == (1.5, "/sys/fs/cgroup/cpu.max", True)


@pytest.mark.parametrize(("own", "above", "counts"), [("1073741824", "4294967296", 1024), ("max", "536870912", 512)])
def test_the_least_limit_on_the_way_up_counts(tmp_path: Path, own: str, above: str, counts: int) -> None:
    """A host in a slice that has less than the host itself was given."""
    tree = {
        **V2,
        "proc/1/cgroup": "0::/tenants.slice/site.scope\n",
        "sys/fs/cgroup/tenants.slice/memory.max": above,
        "sys/fs/cgroup/tenants.slice/site.scope/memory.max": own,
    }
    assert host_limits.memory(lay(tmp_path, tree))["mb"] == counts


def test_the_limit_counts_with_control_groups_v1(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        V1,
        {
            "sys/fs/cgroup/memory/init.scope/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )
    memory = host_limits.memory(root)
    assert (memory["mb"], memory["source"]) == (1024, "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    assert len(memory["found"]) == 2, "what version 1 calls no limit is none"
    assert host_limits.cores(root, online=2)["count"] == 0.5


def test_a_limit_above_the_machine_is_none(tmp_path: Path) -> None:
    root = lay(tmp_path, V2, {"sys/fs/cgroup/memory.max": str(64 << 30), "sys/fs/cgroup/cpu.max": "800000 100000"})
    assert host_limits.memory(root)["limited"] is False
    assert host_limits.memory(root)["mb"] == 16000
    assert host_limits.cores(root, online=2)["count"] == 2


@pytest.mark.parametrize("quota", ["-1", "max 100000", "0 0", ""])
def test_no_quota_is_no_limit(tmp_path: Path, quota: str) -> None:
    assert host_limits.cores(lay(tmp_path, V2, {"sys/fs/cgroup/cpu.max": quota}), online=2)["count"] == 2


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    nothing = {"mb": 0, "source": "nothing", "limited": False, "text": "0 MB", "found": []}
    assert host_limits.memory(str(tmp_path)) == nothing


def run(name: str, **options: object) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", f"ansible_collections.impl.lifecycle.plugins.modules.{name}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_check_mode": True, **options}}),
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(COLLECTIONS), "PATH": "/usr/bin:/bin"},
    )
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_the_module_tells_this_machine_in_check_mode_too() -> None:
    told = run("host_memory")
    assert told["changed"] is False
    assert 0 < told["memory"]["mb"] <= told["memory"]["found"][0]["mb"]
    assert told["cores"]["count"] > 0
    assert "rc" not in told


def test_a_question_is_answered_in_the_same_call() -> None:
    told = run("host_memory", question=["sh", "-c", "echo installed 10.11; echo careful >&2"])
    assert (told["rc"], told["stdout"], told["stderr"]) == (0, "installed 10.11", "careful")
    assert told["memory"]["mb"] > 0


def test_a_question_without_an_answer_fails_with_the_words_of_the_command_and_the_memory() -> None:
    told = run("host_memory", question=["sh", "-c", "echo no such package >&2; exit 1"])
    assert (told["failed"], told["rc"], told["msg"]) == (True, 1, "sh ended with 1: no such package")
    assert told["memory"]["mb"] > 0, "a role that expects this code goes on with it"


def test_the_instances_of_redis_are_told_with_the_memory(tmp_path: Path) -> None:
    told = run("redis_instances", directory=str(tmp_path))
    assert told["instances"] == {}
    assert told["memory"] == run("host_memory")["memory"]


@pytest.mark.parametrize("part", ["roles", "playbooks", "plugins/filter", "plugins/action"])
def test_nobody_goes_by_the_outer_machines_memory(part: str) -> None:
    """A fact of Ansible's is the machine's memory, also where a container may use a part of it."""
    above = COLLECTIONS / "ansible_collections/impl/lifecycle" / part
    texts = {
        path: path.read_text(encoding="utf-8") for path in above.rglob("*") if path.suffix in (".yml", ".j2", ".py")
    }
    assert texts
    assert not [str(path) for path, text in texts.items() if "memtotal_mb" in text]
