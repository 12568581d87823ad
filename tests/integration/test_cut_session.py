"""What a run that is stopped at once leaves on a host that is reached by SSH. It takes an sshd, and no root."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SSHD = os.environ.get("LIFECYCLE_TEST_SSHD") or shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="openssh-server is not installed here")


@pytest.fixture
def far(site: Any, tmp_path: Path, until: Callable[..., None]) -> Iterator[Any]:
    """The site with one host behind a real sshd of our own on loopback."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/user.pub\n"
        "StrictModes no\nPidFile none\nUsePAM no\nPasswordAuthentication no\n"
    )
    if os.getuid() == 0:
        # sshd of root wants it; the unit that makes it need not have run here.
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([str(SSHD), "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
    until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, seconds=10)
    known = f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}"
    (tmp_path / "known").write_text(known)
    sockets = tmp_path / "cp"
    options = f"-o UserKnownHostsFile={tmp_path}/known -o ControlMaster=auto -o ControlPersist=5s"
    site.hosts(
        far={
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(tmp_path / "user"),
            "ansible_ssh_common_args": options,
            "ansible_control_path_dir": str(sockets),
            "ansible_python_interpreter": sys.executable,
        }
    )
    yield site
    server.terminate()
    server.wait()


def running(site: Any, until: Callable[..., None]) -> Any:
    task = f"touch {site.root}/began; sleep 4; touch {site.root}/ended"
    site.playbook(f"- name: Slow\n  ansible.builtin.shell: {task}")
    process = site.start("run", "site.yml", "-i", "site-lab")
    until(lambda: (site.root / "began").exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    return process


def test_what_a_host_had_begun_goes_on_to_its_end_when_the_session_is_cut(far: Any, until: Callable[..., None]) -> None:
    process = running(far, until)
    far.stop_at_once(process)
    assert process.returncode == 99
    assert not (far.root / "ended").exists(), "nobody waited for the task"
    assert far.history()[0]["status"] == "canceled_unclean"
    # This is why it is called unclean: no SSH client is left, and the command on the host does not know.
    until(lambda: (far.root / "ended").exists(), seconds=10)


def test_after_one_interrupt_the_host_has_finished_what_it_had_begun(far: Any, until: Callable[..., None]) -> None:
    process = running(far, until)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert (far.root / "ended").exists()
    assert far.history()[0]["status"] == "canceled"


def test_a_killed_lifecycle_leaves_the_command_on_the_host_as_well(far: Any, until: Callable[..., None]) -> None:
    process = running(far, until)
    process.kill()
    process.wait()
    time.sleep(1)
    assert far.history()[0]["status"] == "lost"
    until(lambda: (far.root / "ended").exists(), seconds=10)
