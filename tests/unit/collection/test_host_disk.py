"""What data lie on, from trees as kernels lay them out: captured on machines, shortened to what is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.filter.tuning_plan import tuning_plan
from ansible_collections.impl.lifecycle.plugins.module_utils.host_disk import disk, mount_of

PATHS = ["/var/lib/postgresql/*/*", "/var/lib/postgresql", "/var/lib"]
ATA = "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
NVME = "sys/devices/pci0000:00/0000:00:1d.0/0000:3c:00.0/nvme/nvme0/nvme0n1"
VIRTIO = "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda"
ISCSI = "sys/devices/platform/host3/session1/target3:0:0/3:0:0:0/block/sdb"
VMWARE = "sys/devices/pci0000:00/0000:03:00.0/host0/target0:0:0/0:0:0:0/block/sdc"


class Host:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.mounts: list[str] = []
        self.directory("var/lib")

    def directory(self, path: str) -> Path:
        made = self.root / path
        made.mkdir(parents=True, exist_ok=True)
        return made

    def link(self, path: str, target: str) -> None:
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(self.root / target)

    def block(self, path: str, number: str, rotational: str | None = None, vendor: str = "") -> None:
        """A disk; or with no word on rotating a partition of the disk above it."""
        made = self.directory(path)
        if rotational is None:
            (made / "partition").write_text("1\n")
        elif rotational:
            self.directory(f"{path}/queue")
            (made / "queue/rotational").write_text(f"{rotational}\n")
        if vendor:
            self.directory(f"{path}/device")
            (made / "device/vendor").write_text(f"{vendor}\n")
        self.link(f"sys/dev/block/{number}", path)
        self.link(f"sys/class/block/{made.name}", path)

    def mapped(self, name: str, number: str, slaves: list[str], rotational: str = "0") -> None:
        self.block(f"sys/devices/virtual/block/{name}", number, rotational)
        for slave in slaves:
            self.link(f"sys/devices/virtual/block/{name}/slaves/{slave.rpartition('/')[2]}", slave)

    def mount(self, number: str, point: str, kind: str = "ext4", source: str = "/dev/sda1") -> None:
        self.mounts.append(f"{30 + len(self.mounts)} 1 {number} / {point} rw,relatime shared:1 - {kind} {source} rw\n")
        self.directory("proc/self")
        (self.root / "proc/self/mountinfo").write_text("".join(self.mounts))

    def says(self) -> tuple[str, str]:
        found = disk(PATHS, str(self.root))
        assert found["mb"] > 0
        return found["kind"], found["text"]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("path", "part", "rotational", "vendor", "kind", "text"),
    [
        (ATA, "sda1", "1", "ATA", "hdd", "sda rotates"),
        (ATA, "sda1", "0", "ATA", "ssd", "sda does not rotate"),
        (NVME, "nvme0n1p2", "0", "", "ssd", "nvme0n1 does not rotate"),
        (VIRTIO, "vda1", "1", "", "", "vda is a virtual disk, which says that it rotates on whatever it lies"),
        (VMWARE, "sdc1", "0", "VMware", "ssd", "sdc is a virtual disk and says that it does not rotate"),
        (ISCSI, "sdb1", "1", "LIO-ORG", "san", "sdb is reached by iSCSI or Fibre Channel"),
        (ATA, "sda1", "", "", "", "sda does not tell whether it rotates"),
    ],
)
def test_a_disk_is_what_it_says(
    host: Host, path: str, part: str, rotational: str, vendor: str, kind: str, text: str
) -> None:
    host.block(path, "8:0", rotational, vendor)
    host.block(f"{path}/{part}", "8:1")
    host.mount("8:1", "/")
    assert host.says() == (kind, text)


def test_a_whole_disk_without_partitions_is_one_too(host: Host) -> None:
    host.block(VIRTIO, "254:0", "0")
    host.mount("254:0", "/", source="/dev/vda")
    assert host.says() == ("ssd", "vda is a virtual disk and says that it does not rotate")


def test_the_disks_below_a_volume_count_and_the_slowest_decides(host: Host) -> None:
    """LVM on an encrypted partition and a second disk. The volume's own word is not asked for."""
    host.block(NVME, "259:0", "0")
    host.block(f"{NVME}/nvme0n1p3", "259:3")
    host.block(ATA, "8:0", "1")
    host.mapped("dm-0", "253:0", [f"{NVME}/nvme0n1p3"])
    host.mapped("dm-1", "253:1", ["sys/devices/virtual/block/dm-0", ATA])
    host.mount("253:1", "/", source="/dev/mapper/vg-root")
    assert host.says() == ("hdd", "sda rotates, nvme0n1 does not rotate")


def test_btrfs_is_found_by_its_source(host: Host) -> None:
    host.block(NVME, "259:0", "0")
    host.block(f"{NVME}/nvme0n1p3", "259:3")
    host.directory("dev")
    (host.root / "dev/nvme0n1p3").touch()
    host.mount("0:29", "/", "btrfs", "/dev/nvme0n1p3")
    assert host.says() == ("ssd", "nvme0n1 does not rotate")


@pytest.mark.parametrize(("kind", "source"), [("overlay", "overlay"), ("zfs", "tank/data"), ("nfs4", "nas:/data")])
def test_what_cannot_be_seen_is_not_guessed(host: Host, kind: str, source: str) -> None:
    host.block(ATA, "8:0", "1")
    host.mount("0:60", "/", kind, source)
    assert host.says() == ("", f"{kind} does not tell its disk")


def test_nothing_is_said_without_a_word_from_the_kernel(host: Host) -> None:
    assert host.says() == ("", "a file system that is not listed does not tell its disk")


def test_the_file_system_of_the_data_counts_and_not_that_of_the_system(host: Host) -> None:
    host.block(ATA, "8:0", "1")
    host.block(NVME, "259:0", "0")
    host.directory("var/lib/postgresql/15/main")
    host.mount("8:0", "/")
    host.mount("259:0", "/var/lib/postgresql")
    assert host.says() == ("ssd", "nvme0n1 does not rotate")
    assert disk(PATHS, str(host.root))["path"] == "/var/lib/postgresql/15/main"
    assert disk(["/nowhere", "/var/lib"], str(host.root))["kind"] == "hdd"


def test_a_mount_over_another_and_one_with_a_blank_are_told_apart(host: Host) -> None:
    host.directory("var/lib/my data")
    host.mount("8:1", "/var/lib")
    host.mount("8:2", "/var/lib")
    host.mount("8:3", r"/var/lib/my\040data")
    host.mount("8:4", "/")
    host.directory("var/library")
    assert mount_of(str(host.root / "var/lib"), str(host.root))["device"] == "8:2"
    assert mount_of(str(host.root / "var/lib/my data"), str(host.root))["device"] == "8:3"
    assert mount_of(str(host.root / "var/library"), str(host.root))["device"] == "8:4"


def test_a_value_says_who_told_what_the_disk_is() -> None:
    about: dict[str, Any] = {"hostvars": {"one": {}}, "groups": {"db": ["one"]}, "ram_mb": 4096, "cores": 2}
    made = tuning_plan("one", **about, disk="hdd", disk_source="sda rotates", disk_mb=10000)
    values = {one["name"]: one for one in made["settings"]["postgresql"]}
    assert (values["random_page_cost"]["value"], values["random_page_cost"]["why"]) == (
        "4",
        "disk is hdd (sda rotates)",
    )
    assert values["max_wal_size"]["why"] == "a tenth of the disk of 10000 MB"
    assert made["machine"]["disk_source"] == "sda rotates"
    assert tuning_plan("one", **about)["machine"]["disk_source"] == ""
