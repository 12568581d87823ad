"""An address that podman holds for a container that does not run is freed, and no running container loses its own."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from orchestrator.errors import LabError
from orchestrator.lab import addresses
from orchestrator.lab.podman import Container, Podman

GONE, ALIVE = "f4aaa51e0744", "2d8679cea833"
WORDS = "IPAM error: requested ip address 10.89.77.31 is already allocated to container ID "


class Machine:
    """What `free` asks of podman."""

    def __init__(self, *containers: Container) -> None:
        self.all = {container.name: container for container in containers}

    def containers(self) -> dict[str, Container]:
        return self.all


def container(name: str, state: str, lab: str | None, identity: str) -> Container:
    return Container(name, state, lab, None, "", "image", identity)


OURS = container("lab-app1", "running", "lab", ALIVE + "0" * 52)
STOPPED = container("lab-cache1", "exited", "lab", GONE + "0" * 52)


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "ipam.db"
    path.write_text("held")
    return path


def free(words: str, memory: Path, *containers: Container) -> bool:
    return addresses.free(words, cast(Podman, Machine(*containers)), memory)


@pytest.mark.parametrize("holder", [STOPPED.identity, GONE, "0" * 64])
def test_an_address_held_for_what_does_not_run_is_freed(memory: Path, holder: str) -> None:
    assert free(WORDS + holder, memory, OURS, STOPPED)
    assert not memory.exists()


def test_an_address_of_a_running_host_stays(memory: Path) -> None:
    assert not free(WORDS + OURS.identity, memory, OURS, STOPPED)
    assert memory.exists()


def test_other_words_free_nothing(memory: Path) -> None:
    assert not free("no such container", memory, OURS)
    assert memory.exists()


def test_a_strangers_running_container_is_named_and_keeps_its_address(memory: Path) -> None:
    stranger = container("shop", "running", None, "a" * 64)
    with pytest.raises(LabError, match=r"ipam\.db: podman still holds 10\.89\.77\.31 .*; stop shop, remove this file"):
        free(WORDS + STOPPED.identity, memory, OURS, STOPPED, stranger)
    assert memory.exists()
