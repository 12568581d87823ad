"""What the bench asks: lynis, systemd, gixy and testssl.sh, each for one figure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
STATE = Path(os.environ.get("LIFECYCLE_VAR") or ROOT / "var")
INVENTORY = HERE / "inventory"
LAB = "security"


def environment() -> dict[str, str]:
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LIFECYCLE_VAR": str(STATE),
        "ANSIBLE_NOCOLOR": "1",
        # With this file the lab says how podman runs on a machine without cgroup v2.
        "CONTAINERS_CONF": str(STATE / "lab" / "containers.conf"),
    }


def run(*command: str, timeout: int = 1800) -> str:
    """Standard output of a command that must succeed."""
    ended = subprocess.run(
        command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip
    assert ended.returncode == 0, (
        f"{command} ended with {ended.returncode}\n{ended.stdout[-4000:]}{ended.stderr[-2000:]}"
    )
    return ended.stdout


def lab(verb: str) -> None:
    run("lifecycle", "lab", verb, "-i", str(INVENTORY))


def playbook(name: str, certificates: Path) -> None:
    run("ansible-playbook", "-i", str(INVENTORY / "hosts.yml"), str(HERE / name), "-e", f"bench_tls={certificates}")


def inside(host: str, command: str) -> str:
    """Run a command as root on a lab host; its output, whatever its exit code says."""
    return subprocess.run(
        ["podman", "exec", f"{LAB}-{host}", "sh", "-c", command],
        env=environment(), capture_output=True, text=True, check=False, timeout=1200,
    ).stdout  # fmt: skip


def lynis(host: str) -> int:
    """The hardening index, 0 to 100."""
    said = inside(
        host,
        "lynis audit system --quick --no-colors --quiet >/dev/null 2>&1;"
        " grep hardening_index= /var/log/lynis-report.dat",
    )
    return int(said.strip().partition("=")[2])


def exposure(host: str, unit: str) -> float:
    """What systemd says of the unit's sandbox: 10 is none."""
    said = inside(host, f"systemd-analyze security --no-pager {unit} | tail -n 1")
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert found, f"{host}: {unit}: {said}"
    return float(found[1])


def gixy(host: str) -> Counter[str]:
    """Findings in nginx's configuration by severity."""
    program = STATE / "bench-gixy"
    if not (program / "bin" / "gixy").is_file():
        run(sys.executable, "-m", "venv", str(program))
        run(str(program / "bin" / "pip"), "install", "-q", "--no-deps", "-r", str(HERE / "requirements.txt"))
    dump = STATE / "bench-gixy" / f"{host}.conf"
    dump.write_text(inside(host, "nginx -T 2>/dev/null"))
    assert "server {" in dump.read_text()
    # Its exit code says that there are findings.
    told = subprocess.run(
        [program / "bin" / "gixy", "-f", "json", dump], capture_output=True, text=True, check=False, timeout=120
    ).stdout
    return Counter(finding["severity"] for finding in json.loads(told))


def openscap(host: str) -> str:
    """Rules of the standard profile for Debian 12 that hold, of those that apply; only Debian 13 has that guide."""
    guide = "ssg-debian12-ds.xml"
    copied = "podman cp {lab}-tester:/usr/share/xml/scap/ssg/content/{guide} - | podman cp - {lab}-{host}:/root/"
    run("sh", "-c", copied.format(lab=LAB, guide=guide, host=host))
    profile = "xccdf_org.ssgproject.content_profile_standard"
    said = inside(host, f"oscap xccdf eval --profile {profile} /root/{guide} 2>/dev/null | grep '^Result'")
    results = Counter(line.split()[-1] for line in said.splitlines())
    return f"{results['pass']} of {results['pass'] + results['fail']}"


def mysqltuner(host: str) -> str:
    """How many things it would change. It ends with an error on MariaDB 10.11, after most of its checks."""
    return str(sum(line.startswith("[!!]") for line in inside(host, "mysqltuner --nocolor 2>&1").splitlines()))


def grade(address: str, port: int = 443) -> str:
    """The grade testssl.sh gives a site, asked by its name from another host."""
    inside(
        "tester",
        "rm -f /root/o.json; testssl --color 0 --warnings batch --quiet"
        f" --add-ca /root/ca.pem --ip {address} --jsonfile /root/o.json https://edge.example:{port}",
    )
    answers = {entry["id"]: entry["finding"] for entry in json.loads(inside("tester", "cat /root/o.json"))}
    return str(answers["overall_grade"])


def answer(address: str, port: int, name: str, *options: str) -> str:
    """Head of what a site answers to a request from another host."""
    to = f"--cacert /root/ca.pem --resolve {name}:{port}:{address}"
    return inside(
        "tester", f"curl -s -o /dev/null -D - {to} {' '.join(options)} https://{name}:{port}/nothing/here"
    ).lower()


def authority(directory: Path) -> Path:
    """A private authority and a certificate of it for edge.example."""
    directory.mkdir(parents=True, exist_ok=True)
    extensions = directory / "extensions"
    extensions.write_text("subjectAltName=DNS:edge.example,DNS:site.example\nextendedKeyUsage=serverAuth\n")
    openssl = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    files = {name: str(directory / name) for name in ("ca.pem", "ca.key", "edge.csr", "edge.key", "edge.crt")}
    run(*openssl, "-x509", "-days", "30", "-subj", "/CN=bench CA", "-keyout", files["ca.key"], "-out", files["ca.pem"])
    run(*openssl, "-subj", "/CN=edge.example", "-keyout", files["edge.key"], "-out", files["edge.csr"])
    run(
        "openssl", "x509", "-req", "-days", "30", "-in", files["edge.csr"], "-CA", files["ca.pem"],
        "-CAkey", files["ca.key"], "-CAcreateserial", "-extfile", str(extensions), "-out", files["edge.crt"],
    )  # fmt: skip
    (directory / "edge.pem").write_text(Path(files["edge.crt"]).read_text() + Path(files["ca.pem"]).read_text())
    return directory
