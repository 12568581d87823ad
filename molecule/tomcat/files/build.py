"""Build what the scenario needs, with digests: build.py DIRECTORY. A Java agent, a library, certificates."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEN = (2024, 1, 1, 0, 0, 0)

# What an exporter does: it reads its settings, opens a port and tells there what JMX says of Tomcat.
AGENT = """package org.example;

import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.ObjectName;

public class Agent {
  public static void premain(String words) throws Exception {
    String[] word = words.split(":", 3);
    ServerSocket server = new ServerSocket(Integer.parseInt(word[1]), 5, InetAddress.getByName(word[0]));
    Thread thread = new Thread(() -> {
      while (true) {
        try (Socket client = server.accept(); OutputStream out = client.getOutputStream()) {
          client.getInputStream().read(new byte[4096]);
          int beans = ManagementFactory.getPlatformMBeanServer()
              .queryNames(new ObjectName("Catalina:type=GlobalRequestProcessor,*"), null).size();
          String said = "connectors " + beans + "\\n" + Files.readString(Path.of(word[2]));
          out.write(("HTTP/1.0 200 OK\\r\\n\\r\\n" + said).getBytes());
        } catch (Exception error) {
          error.printStackTrace();
        }
      }
    });
    thread.setDaemon(true);
    thread.start();
  }
}
"""


def jar(path: Path, entries: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, WHEN), content)


def build_agent(path: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "Agent.java"
        source.write_text(AGENT)
        subprocess.run(["javac", "--release", "17", "-d", work, source], check=True)
        code = (Path(work) / "org/example/Agent.class").read_bytes()
    manifest = b"Manifest-Version: 1.0\r\nPremain-Class: org.example.Agent\r\n\r\n"
    jar(path, {"META-INF/MANIFEST.MF": manifest, "org/example/Agent.class": code})


def build_certificate(directory: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        "req", "-x509", *new, "-subj", "/CN=scenario authority", "-days", "3", "-keyout", "ca.key", "-out", "chain.pem"
    )
    openssl("req", *new, "-subj", "/CN=scenario", "-keyout", "key.pem", "-out", "request.pem")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ("-CA", "chain.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "request.pem", *signed, "-out", "certificate.pem")


def main() -> None:
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    build_agent(directory / "agent.jar")
    jar(directory / "library.jar", {"scenario-library.txt": b"from the library"})
    build_certificate(directory)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.glob("*.jar")}
    (directory / "digests.json").write_text(json.dumps(digests))


if __name__ == "__main__":
    main()
