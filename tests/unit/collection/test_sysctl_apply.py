"""Kernel parameters, on files that stand for /proc/sys: what they prove is the module's judgement, not the kernel's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.modules import sysctl_apply


@pytest.fixture
def root(tmp_path: Path) -> Path:
    held = {"net/core/somaxconn": "4096", "net/ipv4/tcp_rmem": "4096\t131072\t6291456", "vm/swappiness": "60"}
    for name, value in held.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value + "\n")
    return tmp_path


def apply(root: Path, key: str, value: str, check: bool = False) -> tuple[str, str, str]:
    before, after, problem = sysctl_apply.apply(key, sysctl_apply.normal(value), str(root), check)
    return before, after, problem


def test_a_different_value_is_written_and_read_back(root: Path) -> None:
    assert apply(root, "net.core.somaxconn", "1024") == ("4096", "1024", "")
    assert (root / "net/core/somaxconn").read_text() == "1024"


def test_tabs_and_spaces_are_the_same_value(root: Path) -> None:
    before = (root / "net/ipv4/tcp_rmem").read_text()
    assert apply(root, "net.ipv4.tcp_rmem", "4096 131072  6291456")[2] == ""
    assert (root / "net/ipv4/tcp_rmem").read_text() == before


def test_a_line_of_choices_holds_the_one_in_brackets(root: Path) -> None:
    (root / "enabled").write_text("always [madvise] never\n")
    assert apply(root, "enabled", "madvise") == ("madvise", "madvise", "")
    assert (root / "enabled").read_text() == "always [madvise] never\n", "nothing is written when it is so already"
    assert apply(root, "enabled", "never", check=True) == ("madvise", "never", "")
    assert sysctl_apply.chosen("4096 131072") == "4096 131072"


def test_check_mode_says_what_would_be_and_writes_nothing(root: Path) -> None:
    assert apply(root, "net.core.somaxconn", "1024", check=True) == ("4096", "1024", "")
    assert (root / "net/core/somaxconn").read_text() == "4096\n"


def test_a_parameter_the_kernel_lacks_is_reported(root: Path) -> None:
    assert apply(root, "net.nothing.here", "1") == ("", "", "this kernel does not have it")


def test_a_read_only_parameter_is_reported_with_what_it_holds(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysctl_apply.os, "access", lambda *_: False)
    assert apply(root, "vm.swappiness", "10") == ("60", "60", "read-only here; holds 60")


def test_a_value_the_kernel_does_not_take_is_a_mistake(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, mode: str = "r", **options: object) -> object:
        if mode == "w":
            raise OSError(22, "Invalid argument")
        return Path(path).open(mode, encoding="utf-8")

    monkeypatch.setattr(sysctl_apply, "open", refuse, raising=False)
    with pytest.raises(sysctl_apply.Refused, match=r"net\.core\.somaxconn = many"):
        apply(root, "net.core.somaxconn", "many")


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.core.somaxconn", "/proc/sys/net/core/somaxconn"),
        ("net/ipv4/conf/eth0.100/rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
        ("net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
    ],
)
def test_keys_become_paths_as_with_sysctl(key: str, path: str) -> None:
    assert sysctl_apply.path_of(key, "/proc/sys") == path


def test_the_values_of_before_the_first_change_are_kept(root: Path) -> None:
    kept = root / "kept" / "role.json"
    sysctl_apply.note(str(kept), {"net.core.somaxconn": "4096"})
    sysctl_apply.note(str(kept), {"net.core.somaxconn": "1024", "vm.swappiness": "60"})
    assert json.loads(kept.read_text()) == {"net.core.somaxconn": "4096", "vm.swappiness": "60"}
    assert [path.name for path in kept.parent.iterdir()] == ["role.json"]
