"""build.py DIRECTORY: the scenario's WAR files. All their files carry the same time, as reproducible builds do."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

CONTEXT = """<Context>
  <CookieProcessor className="org.apache.tomcat.util.http.Rfc6265CookieProcessor" sameSiteCookies="strict" />
</Context>"""
WELL = {
    "index.jsp": '<%@ page session="true" %>version <%= "{version}" %>\n',
    "health.txt": "well\n",
    "warm.txt": "warm\n",
    "META-INF/context.xml": CONTEXT,
}
ILL = "<web-app><listener><listener-class>no.such.Listener</listener-class></listener></web-app>"
VERSIONS = {
    "1.0.0": WELL,
    "2.0.0": WELL,
    "3.0.0": WELL,
    "ill": {**WELL, "WEB-INF/web.xml": ILL},
    "outside": {**WELL, "../../../etc/evil": "x"},
    "big": WELL,
}


def build(path: Path, version: str) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in VERSIONS[version].items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text.replace("{version}", version))
        if version == "big":
            archive.writestr("big.bin", b"\0" * 40_000_000)
    return hashlib.sha256(path.read_bytes()).hexdigest()


directory = Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)
digests = {version: build(directory / f"{version}.war", version) for version in VERSIONS}
(directory / "digests.json").write_text(json.dumps(digests), encoding="utf-8")
