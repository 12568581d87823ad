"""Build what the scenario needs, with digests: build.py DIRECTORY. Stand-ins for WildFly, applications, a driver."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHEN = (2024, 1, 1, 0, 0, 0)

# As the real files are: each subsystem in a namespace of its own, values as expressions, the example datasource.
CONFIGURATION = """<?xml version="1.0" encoding="UTF-8"?>
<server xmlns="urn:jboss:domain:{domain}">
    <extensions>
        <extension module="org.jboss.as.connector"/>
        <extension module="org.wildfly.extension.undertow"/>
    </extensions>
    <management>
        <management-interfaces>
            <http-interface http-authentication-factory="management-http-authentication">
                <http-upgrade enabled="true" sasl-authentication-factory="management-sasl-authentication"/>
                <socket-binding http="management-http"/>
            </http-interface>
        </management-interfaces>
    </management>
    <profile>
        <subsystem xmlns="urn:jboss:domain:datasources:{datasources}">
            <datasources>
                <datasource jndi-name="java:jboss/datasources/ExampleDS" pool-name="ExampleDS" enabled="true"
                            use-java-context="true">
                    <connection-url>jdbc:h2:mem:test;DB_CLOSE_DELAY=-1</connection-url>
                    <driver>h2</driver>
                    {security}
                </datasource>
                <drivers>
                    <driver name="h2" module="com.h2database.h2">
                        <xa-datasource-class>org.h2.jdbcx.JdbcDataSource</xa-datasource-class>
                    </driver>
                </drivers>
            </datasources>
        </subsystem>
        <subsystem xmlns="urn:jboss:domain:deployment-scanner:2.0">
            <deployment-scanner path="deployments" relative-to="jboss.server.base.dir" scan-interval="5000"/>
        </subsystem>
        <subsystem xmlns="urn:jboss:domain:ee:6.0">
            <default-bindings context-service="java:jboss/ee/concurrency/context/default"
                              datasource="java:jboss/datasources/ExampleDS"/>
        </subsystem>
        <subsystem xmlns="urn:jboss:domain:undertow:{undertow}" default-server="default-server"
                   default-virtual-host="default-host">
            <buffer-cache name="default"/>
            <server name="default-server">
                <http-listener name="default" socket-binding="http" redirect-socket="https" enable-http2="true"/>
                <https-listener name="https" socket-binding="https" ssl-context="applicationSSC" enable-http2="true"/>
                <host name="default-host" alias="localhost">
                    <location name="/" handler="welcome-content"/>
                    <http-invoker http-authentication-factory="application-http-authentication"/>
                </host>
            </server>
        </subsystem>
    </profile>
    <interfaces>
        <interface name="management">
            <inet-address value="${{jboss.bind.address.management:127.0.0.1}}"/>
        </interface>
        <interface name="public">
            <inet-address value="${{jboss.bind.address:127.0.0.1}}"/>
        </interface>
    </interfaces>
    <socket-binding-group name="standard-sockets" default-interface="public"
                          port-offset="${{jboss.socket.binding.port-offset:0}}">
        <socket-binding name="http" port="${{jboss.http.port:8080}}"/>
        <socket-binding name="https" port="${{jboss.https.port:8443}}"/>
        <socket-binding name="management-http" interface="management" port="${{jboss.management.http.port:9990}}"/>
    </socket-binding-group>
</server>
"""
OLD = {
    "domain": "19.0", "datasources": "7.0", "undertow": "12.0",
    "security": "<security><user-name>sa</user-name><password>sa</password></security>",
}  # fmt: skip
NEW = {
    "domain": "20.0", "datasources": "7.2", "undertow": "14.0", "security": '<security user-name="sa" password="sa"/>',
}  # fmt: skip
MODULE = '<module xmlns="urn:jboss:module:1.9" name="com.h2database.h2"><resources/></module>\n'


def members(version: str, form: dict[str, str], fault: str) -> dict[str, tuple[str, int]]:
    files = {
        "bin/standalone.sh": ((HERE / "standalone.sh").read_text(), 0o755),
        "bin/jboss-cli.sh": ("#!/bin/sh\necho 'a stand-in has no command line interface' >&2\nexit 1\n", 0o755),
        "bin/stand_in.py": ((HERE / "stand_in.py").read_text(), 0o644),
        "bin/fault": (fault + "\n", 0o644),
        "jboss-modules.jar": ("", 0o644),
        "modules/system/layers/base/com/h2database/h2/main/module.xml": (MODULE, 0o644),
        # The server finds layers below its own modules by itself; the stand-in does not.
        "modules/com/h2database/h2/main/module.xml": (MODULE, 0o644),
        "standalone/configuration/standalone.xml": (CONFIGURATION.format(**form), 0o644),
        "standalone/configuration/logging.properties": ("loggers=\n", 0o644),
        "standalone/deployments/README.txt": ("Marker files say what is deployed.\n", 0o644),
    }
    return {f"wildfly-{version}/{name}": content for name, content in files.items()}


def tar_gz(path: Path, files: dict[str, tuple[str, int]]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, (text, mode) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(text.encode()), mode, 1704067200
            archive.addfile(member, io.BytesIO(text.encode()))


def zipped(path: Path, files: dict[str, tuple[str, int]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, (text, mode) in files.items():
            member = zipfile.ZipInfo(name, WHEN)
            member.external_attr = (0o100000 | mode) << 16
            archive.writestr(member, text)


def main() -> None:
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    tar_gz(directory / "wildfly-26.1.3.Final.tar.gz", members("26.1.3.Final", OLD, ""))
    zipped(directory / "wildfly-35.0.1.Final.zip", members("35.0.1.Final", NEW, ""))
    zipped(directory / "wildfly-36.0.0.Final.zip", members("36.0.0.Final", NEW, "boot"))
    zipped(directory / "wildfly-forged.zip", members("35.0.1.Final", NEW, "forged"))
    zipped(directory / "driver-1.0.jar", {"META-INF/MANIFEST.MF": ("Manifest-Version: 1.0\n", 0o644)})
    applications = {
        "1.0.0": {"index.html": "clinic 1.0.0\n"},
        "1.1.0": {"index.html": "clinic 1.1.0\n"},
        "broken": {"index.html": "never\n", "WEB-INF/broken": "java.lang.RuntimeException: no such table: visits"},
        "only26": {"index.html": "only 26\n", "WEB-INF/needs-version": "26"},
    }
    for version, files in applications.items():
        zipped(directory / f"clinic-{version}.war", {name: (text, 0o644) for name, text in files.items()})
    made = [path for path in sorted(directory.iterdir()) if path.suffix != ".json"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made}
    (directory / "digests.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
