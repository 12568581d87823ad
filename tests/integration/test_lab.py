"""The lab on real podman: what is there is left alone, what is gone comes back, what is not ours is not touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli.main import invoke, lifecycle
from orchestrator.lab import flow, image, inventory
from orchestrator.lab.podman import Podman

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("podman") is None, reason="needs root and podman"),
]


@dataclass
class Site:
    """One lab of one or two small hosts, and the command line to it."""

    name: str
    network: str
    directory: Path
    podman: Podman
    capture: pytest.CaptureFixture[str]
    foreign: list[list[str]] = field(default_factory=list)

    def write(self, **variables: Any) -> None:
        """The inventory: hosts `one` (and `two` if asked for), `variables` for all."""
        two = variables.pop("two", False)
        hosts = {"one": {"ansible_host": f"{self.network}.11"}}
        if two:
            hosts["two"] = {"ansible_host": f"{self.network}.12"}
        shared = {"lab_name": self.name, "lab_subnet": f"{self.network}.0/24", "lab_memory": "128m", **variables}
        self.directory.mkdir(exist_ok=True)
        (self.directory / "hosts.yml").write_text(yaml.safe_dump({"all": {"vars": shared, "hosts": hosts}}))

    def call(self, verb: str, *arguments: str) -> tuple[int, str, str]:
        """`lifecycle lab VERB -i DIR ARGUMENTS`: exit code, output, errors."""
        self.capture.readouterr()
        code = invoke(lifecycle, ["lab", verb, "-i", str(self.directory), *arguments])
        out, err = self.capture.readouterr()
        return code, out, err

    def hosts(self, verb: str) -> dict[str, dict[str, Any]]:
        """The hosts `verb` reports, by name; the verb must succeed."""
        code, out, err = self.call(verb, "--json")
        assert code == 0, err
        return {host["name"]: host for host in json.loads(out)["hosts"]}

    def refused(self, verb: str, *arguments: str) -> str:
        """The one line with which `verb` is refused."""
        code, out, err = self.call(verb, *arguments)
        assert (code, out) == (1, "")
        lines = [line for line in err.splitlines() if line]
        assert len(lines) == 1, err
        return lines[0]

    def ssh(self, host: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a host, through the lab's own key and known_hosts."""
        lab = flow.Lab(inventory.load(self.directory))
        argv = lab.access.ssh(lab.topology.host(host), *command)
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def exists(self, container: str) -> bool:
        return container in self.podman.containers()

    def make(self, argv: list[str], undo: list[str]) -> None:
        """Make something that is not the lab's, to be removed at the end of the test."""
        self.podman.run(argv)
        self.foreign.append(undo)


@pytest.fixture
def site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], worker_id: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    one = Site(f"labtest{number}", f"10.89.{120 + number}", tmp_path / "site", Podman(tmp_path / "var" / "lab"), capsys)
    one.write()
    try:
        yield one
    finally:
        for argv in one.foreign:
            one.podman.attempt(argv)
        one.write()
        one.call("down")


@pytest.fixture
def debian(site: Site) -> str:
    """An image that is on the machine anyway."""
    lab = flow.Lab(inventory.load(site.directory))
    return image.ensure(site.podman, lab.topology, lab.topology.host("one"), lab.directory, lambda _: None)


def started_at(site: Site) -> str:
    return site.podman.run(["podman", "inspect", "--format", "{{.State.StartedAt}}", f"{site.name}-one"])


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def test_a_second_up_leaves_everything_as_it_is(site: Site) -> None:
    first = site.hosts("up")["one"]
    assert (first["action"], first["state"], first["system"]) == ("created", "running", "running")
    before, key = started_at(site), site.ssh("one", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout
    second = site.hosts("up")["one"]
    assert second["action"] == "unchanged"
    assert started_at(site) == before
    assert site.ssh("one", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout == key != ""


def test_a_host_stopped_by_hand_is_shown_and_started_again(site: Site) -> None:
    site.hosts("up")
    assert site.ssh("one", "touch", "/home/ops/kept").returncode == 0
    site.podman.run(["podman", "kill", f"{site.name}-one"])
    assert until(lambda: site.hosts("status")["one"]["state"] == "stopped")
    assert site.refused("shell", "one") == "lifecycle: one: is stopped; lifecycle lab up starts it"
    again = site.hosts("up")["one"]
    assert (again["action"], again["system"]) == ("started", "running")
    assert site.ssh("one", "ls", "/home/ops/kept").returncode == 0, "a host keeps its disk"


def test_a_host_stopped_by_a_podman_with_other_settings_comes_up_again(site: Site, tmp_path: Path) -> None:
    site.hosts("up")
    settings = tmp_path / "containers.conf"
    given = Path(site.podman.environment.get("CONTAINERS_CONF", settings))
    text = given.read_text() if given.is_file() else '[network]\nnetwork_backend = "netavark"\n'
    settings.write_text(text.replace('"netavark"', '"cni"'))
    stop = ["podman", "stop", "--time", "1", f"{site.name}-one"]
    # It looks for the lab's network among its own, and if it is quicker than the host's own monitor, the host's
    # address is never given back: about every second time.
    for _ in range(6):
        environment = os.environ | {"CONTAINERS_CONF": str(settings)}
        if subprocess.run(stop, env=environment, capture_output=True, check=False).returncode:
            pytest.skip("this podman has only one network backend")
        assert site.hosts("up")["one"]["action"] == "started"
    assert site.ssh("one", "true").returncode == 0
    bridge = site.podman.networks()[f"lifecycle-{site.name}"].interface
    subprocess.run(stop, env=environment, capture_output=True, check=True)
    site.hosts("down")
    assert not Path(f"/sys/class/net/{bridge}").exists(), "its route would stand in the way of the next up"


def test_a_host_that_comes_back_is_reached_by_the_others_at_once(site: Site) -> None:
    site.write(two=True)
    site.hosts("up")
    ask = ("one", "curl", "--silent", "--http0.9", "--max-time", "2", "http://two:22/")
    bridge = site.podman.networks()[f"lifecycle-{site.name}"].interface
    before = Path(f"/sys/class/net/{bridge}/address").read_text()
    assert "SSH-2.0" in site.ssh(*ask).stdout
    site.podman.run(["podman", "kill", f"{site.name}-two"])
    assert until(lambda: site.hosts("status")["two"]["state"] == "stopped")
    assert site.hosts("up")["two"]["action"] == "started"
    assert "SSH-2.0" in site.ssh(*ask).stdout, "it kept its hardware address, so nobody has to unlearn the old one"
    assert Path(f"/sys/class/net/{bridge}/address").read_text() == before


def test_a_paused_host_is_shown_and_goes_on(site: Site) -> None:
    site.hosts("up")
    # runc gives up after a second when a busy machine does not let all processes freeze: ask again.
    assert until(lambda: site.podman.attempt(["podman", "pause", f"{site.name}-one"]).returncode == 0)
    assert site.hosts("status")["one"]["state"] == "paused"
    assert site.hosts("up")["one"]["action"] == "unpaused"


def test_what_nobody_brought_up_is_missing(site: Site) -> None:
    assert site.hosts("status")["one"]["state"] == "missing"
    assert site.hosts("down") == {}


def test_down_removes_the_labs_hosts_and_network_and_nothing_else(site: Site, debian: str) -> None:
    name = f"{site.name}-foreign"
    site.make(["podman", "create", "--name", name, debian, "true"], ["podman", "rm", "--force", name])
    site.hosts("up")
    assert site.hosts("down")["one"]["action"] == "removed"
    assert not site.exists(f"{site.name}-one")
    assert f"lifecycle-{site.name}" not in site.podman.networks()
    assert site.exists(name)


def test_a_container_name_taken_by_something_else_is_refused_and_untouched(site: Site, debian: str) -> None:
    name = f"{site.name}-one"
    site.make(["podman", "create", "--name", name, debian, "true"], ["podman", "rm", "--force", name])
    assert f"the container name {name} is taken by something else" in site.refused("up")
    assert site.hosts("down") == {}
    assert site.exists(name)


def test_a_subnet_taken_by_another_network_is_refused_before_anything_is_made(site: Site) -> None:
    name = f"{site.name}-foreign"
    create = ["podman", "network", "create", "--subnet", f"{site.network}.0/24", name]
    site.make(create, ["podman", "network", "rm", name])
    assert f"{site.network}.0/24 is already used by the network {name}" in site.refused("up")
    assert not site.exists(f"{site.name}-one")


def test_too_little_memory_is_refused_before_anything_is_made(site: Site) -> None:
    site.write(lab_memory="9999g")
    assert "MB of memory are free" in site.refused("up")
    assert not site.exists(f"{site.name}-one")
    assert f"lifecycle-{site.name}" not in site.podman.networks()


def test_changed_settings_ask_for_a_reset_and_reset_makes_the_hosts_anew(site: Site) -> None:
    site.hosts("up")
    site.write(lab_memory="160m")
    assert "lifecycle lab reset" in site.refused("up")
    reset = site.hosts("reset")["one"]
    assert (reset["action"], reset["memory_mb"]) == ("created", 160)


def test_an_image_that_is_no_lab_image_is_refused(site: Site, tmp_path: Path) -> None:
    archive = tmp_path / "empty.tar"
    subprocess.run(["tar", "-cf", str(archive), "--files-from", "/dev/null"], check=True)
    name = f"localhost/{site.name}-empty:1"
    site.make(["podman", "import", str(archive), name], ["podman", "rmi", name])
    site.write(lab_image=name)
    assert "was not made from the lab's recipe" in site.refused("up")


def test_an_image_by_setting_is_used_as_it_is(site: Site, debian: str) -> None:
    name = f"localhost/{site.name}-copy:1"
    site.make(["podman", "tag", debian, name], ["podman", "untag", debian, name])
    site.write(lab_image=name)
    assert site.hosts("up")["one"]["system"] == "running"


def test_a_host_with_another_key_is_not_trusted_until_the_lab_has_read_it(site: Site) -> None:
    site.hosts("up")
    forged = (
        "rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key;"
        " systemctl restart ssh"
    )
    site.podman.run(["podman", "exec", f"{site.name}-one", "sh", "-c", forged])
    answer = site.ssh("one", "true")
    assert answer.returncode != 0
    assert "Host key verification failed" in answer.stderr
    site.hosts("up")
    assert site.ssh("one", "true").returncode == 0


def test_the_hosts_know_each_other_and_their_limits_hold(site: Site) -> None:
    site.write(two=True, lab_tmpfs=["/srv/small:size=1m"])
    assert set(site.hosts("up")) == {"one", "two"}
    assert site.ssh("one", "getent", "hosts", "two").stdout.split()[0] == f"{site.network}.12"
    reached = site.ssh("one", "curl", "--max-time", "5", "--silent", "--http0.9", "http://two:22/")
    assert "SSH-2.0" in reached.stdout
    fits, too_much = (
        site.ssh("one", "sudo", "systemd-run", "--wait", "--quiet", "python3", "-c", f"'bytes(1).ljust({size} << 20)'")
        for size in (20, 300)
    )
    assert fits.returncode == 0, fits.stderr
    assert too_much.returncode != 0, "the host's own limit is 128 MB"
    assert not Path("oom").exists(), "podman's monitor leaves nothing where the user stands"
    full = site.ssh("one", "sudo", "dd", "if=/dev/zero", "of=/srv/small/file", "bs=1M", "count=2")
    assert "No space left on device" in full.stderr
    limited = site.ssh("one", "sudo", "systemd-run", "--wait", "--quiet", "-p", "TasksMax=1", "sh", "-c", "'ls | cat'")
    assert limited.returncode != 0, "systemd's limits reach the kernel"


def test_a_service_that_fails_later_does_not_stop_up(site: Site) -> None:
    site.hosts("up")
    site.ssh("one", "sudo", "systemd-run", "--unit", "broken", "--wait", "false")
    again = site.hosts("up")["one"]
    assert (again["system"], again["failed_units"]) == ("degraded", ["broken.service"])


def test_shell_knows_its_hosts(site: Site) -> None:
    assert site.refused("shell", "nine") == "lifecycle: nine: no host 'nine' in this lab; there are one"


def test_an_inventory_that_is_no_yaml_is_refused_in_one_line(site: Site) -> None:
    (site.directory / "hosts.yml").write_text("all: [\n")
    assert "hosts.yml" in site.refused("up")


def test_a_fresh_host_that_comes_up_degraded_is_an_error_naming_the_unit(
    site: Site, debian: str, tmp_path: Path
) -> None:
    units = tmp_path / "units"
    (units / "multi-user.target.wants").mkdir(parents=True)
    (units / "broken.service").write_text("[Service]\nType=oneshot\nExecStart=/bin/false\n")
    (units / "multi-user.target.wants" / "broken.service").symlink_to("../broken.service")
    name, container = f"localhost/{site.name}-broken:1", f"{site.name}-broken"
    site.make(["podman", "create", "--name", container, debian, "true"], ["podman", "rm", "--force", container])
    site.podman.run(["podman", "cp", f"{units}/.", f"{container}:/etc/systemd/system/"])
    site.make(["podman", "commit", "--quiet", container, name], ["podman", "rmi", "--force", name])
    site.write(lab_image=name)
    assert "one: came up degraded: broken.service failed; lifecycle lab shell one" in site.refused("up")


def test_without_podman_up_says_how_to_get_it(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert "podman is not installed; apt-get install --no-install-recommends podman" in site.refused("up")
