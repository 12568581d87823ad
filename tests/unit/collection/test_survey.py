"""What a host is, read from files laid out as kernels and containers lay them out."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import survey, survey_network

MEMINFO = "MemTotal:       2048000 kB\nMemFree:  1000 kB\nMemAvailable:   1024000 kB\n"


def lay(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(root)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n', "Debian 12"),
        ('NAME="Rocky Linux"\nID="rocky"\nVERSION_ID="9.4"\n', "Rocky Linux 9.4"),
        ("ID=debian\n", "Debian"),
        ("", "unknown"),
    ],
)
def test_the_system_is_called_as_delivery_yml_calls_it(tmp_path: Path, text: str, name: str) -> None:
    assert survey.operating_system(lay(tmp_path, {"etc/os-release": text})) == name


def test_a_machine_without_limits_has_what_its_kernel_says(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "proc/meminfo": MEMINFO,
            "proc/1/cgroup": "0::/init.scope\n",
            "proc/1/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        },
    )
    assert survey.memory_total_mb(root) == 2000
    assert survey.memory_used_mb(root) == 1000
    assert survey.processors(root, online=4) == 4


def test_limits_of_a_container_count_with_control_groups_v2(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "proc/meminfo": MEMINFO,
            "proc/1/cgroup": "0::/init.scope\n",
            "proc/1/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n",
            "sys/fs/cgroup/init.scope/memory.max": "max\n",
            "sys/fs/cgroup/memory.max": "536870912\n",
            "sys/fs/cgroup/memory.current": "209715200\n",
            "sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 104857600\n",
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
        },
    )
    assert survey.memory_total_mb(root) == 512
    assert survey.memory_used_mb(root) == 100
    assert survey.processors(root, online=4) == 1.5


def test_limits_of_a_container_count_with_control_groups_v1(tmp_path: Path) -> None:
    """The container's own subtree is mounted, and process 1 sits one level below."""
    top = "/libpod_parent/libpod-abc"
    root = lay(
        tmp_path,
        {
            "proc/meminfo": MEMINFO,
            "proc/1/cgroup": f"5:memory:{top}/init.scope\n4:cpu,cpuacct:{top}\n1:name=systemd:{top}\n",
            "proc/1/mountinfo": (
                f"40 24 0:30 {top} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                f"41 24 0:31 {top} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            ),
            "sys/fs/cgroup/memory/init.scope/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )
    assert survey.memory_total_mb(root) == 256
    assert survey.processors(root, online=2) == 1


def test_no_quota_is_no_limit_with_control_groups_v1(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "proc/1/cgroup": "4:cpu,cpuacct:/\n",
            "proc/1/mountinfo": "41 24 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    )
    assert survey.processors(root, online=2) == 2


TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1
   1: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1
   2: 0100007F:C000 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 103 1
"""
TCP6 = """  sl  local_address                         remote_address   st
   0: 00000000000000000000000000000000:1F90 0:0 0A 00000000:00000000 00:00000000 00000000     0        0 104 1
   1: 00000000000000000000000001000000:0050 0:0 0A 00000000:00000000 00:00000000 00000000     0        0 105 1
   2: 00000000000000000000000001000000:1538 0:0 0A 00000000:00000000 00:00000000 00000000     0        0 106 1
"""


def test_listeners_are_told_from_connections_and_loopback_from_the_rest(tmp_path: Path) -> None:
    root = lay(tmp_path, {"proc/net/tcp": TCP, "proc/net/tcp6": TCP6})
    found = {port: entry["loopback_only"] for port, entry in survey.listeners(root).items()}
    assert found == {8080: False, 5432: False, 80: True}


def test_the_holder_of_a_port_is_named_with_its_service(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "proc/net/tcp": TCP,
            "proc/42/comm": "postgres\n",
            "proc/42/cgroup": "1:name=systemd:/x/system.slice/system-pg.slice/postgresql@15-main.service\n0::/\n",
        },
    )
    (tmp_path / "proc/42/fd").mkdir()
    (tmp_path / "proc/42/fd/5").symlink_to("socket:[102]")
    assert survey.holders({5432, 9999}, root) == {
        5432: {"loopback_only": False, "process": "postgres", "pid": 42, "unit": "postgresql@15-main.service"}
    }


def test_a_held_port_is_reported_even_if_its_holder_may_not_be_seen(tmp_path: Path) -> None:
    root = lay(tmp_path, {"proc/net/tcp": TCP})
    assert survey.holders({5432}, root)[5432]["pid"] == 0


def test_a_directory_that_is_missing_counts_for_the_one_above_it(tmp_path: Path) -> None:
    [only] = survey.disks(["/not/yet/there", "/"], str(tmp_path))
    assert only["path"] == "/not/yet/there"
    assert 0 < only["free_mb"] <= only["total_mb"]


def test_an_open_port_a_closed_one_and_a_wrong_name_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert survey_network.connect("127.0.0.1", listening.getsockname()[1], 2) == "open"
    with socket.socket() as silent:  # bound and not listening: nobody else on this machine can open the port meanwhile
        silent.bind(("127.0.0.1", 0))
        assert survey_network.connect("127.0.0.1", silent.getsockname()[1], 2) == "refused"
    assert "does not resolve" in survey_network.connect("no-such-host.invalid", 1, 2)


def test_a_connection_that_nobody_answers_is_a_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(3):  # the queue is full then, and the kernel drops what follows
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        assert survey_network.connect(*full.getsockname(), 0.3) == "timeout"
        for one in waiting:
            one.close()


def test_names_that_do_not_resolve_are_listed() -> None:
    assert survey_network.unresolved(["localhost", "no-such-host.invalid"]) == ["no-such-host.invalid"]
