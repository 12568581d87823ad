"""The server configuration of an instance: that of its version, with what was asked for and without the rest."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.impl.lifecycle.plugins.filter.wildfly_instances import wildfly_instances
from ansible_collections.impl.lifecycle.plugins.module_utils.wildfly_xml import Unusable, configured

BASE = """<?xml version="1.0" encoding="UTF-8"?>
<server xmlns="urn:jboss:domain:20.0">
    <profile>
        <subsystem xmlns="urn:jboss:domain:datasources:{version}">
            <datasources>
                <datasource jndi-name="java:jboss/datasources/ExampleDS" pool-name="ExampleDS">
                    <driver>h2</driver>
                </datasource>
                <drivers><driver name="h2" module="com.h2database.h2"/></drivers>
            </datasources>
        </subsystem>
        <subsystem xmlns="urn:jboss:domain:deployment-scanner:2.0">
            <deployment-scanner path="deployments" relative-to="jboss.server.base.dir" scan-interval="5000"/>
        </subsystem>
        <subsystem xmlns="urn:jboss:domain:ee:6.0">
            <default-bindings context-service="java:c" datasource="java:jboss/datasources/ExampleDS"/>
        </subsystem>
        <subsystem xmlns="urn:jboss:domain:undertow:community:14.0">
            <server name="default-server">
                <http-listener name="default" socket-binding="http" redirect-socket="https"/>
                <https-listener name="https" socket-binding="https" ssl-context="applicationSSC"/>
                <host name="default-host">
                    <location name="/" handler="welcome-content"/>
                    <http-invoker http-authentication-factory="application-http-authentication"/>
                </host>
            </server>
        </subsystem>
        <subsystem xmlns="urn:wildfly:health:1.0" security-enabled="false"/>
    </profile>
</server>
"""
SOURCE = {"name": "clinic", "url": "jdbc:a://b/c?d&e", "username": "<u>", "password": "secret", "driver": "pg"}
DRIVER = {"name": "pg", "module": "lifecycle.jdbc.pg", "driver_class": "org.postgresql.Driver"}


def wanted(**changes: Any) -> dict[str, Any]:
    source = wildfly_instances([{"name": "one", "datasources": [SOURCE]}])["one"]["datasources"]
    plain: dict[str, Any] = {
        "datasources": source, "drivers": [DRIVER], "default_datasource": "", "scan_interval_ms": 1500,
        "deployment_timeout": 90, "access_log_pattern": "%h", "proxy_address_forwarding": False,
    }  # fmt: skip
    return plain | changes


def made(version: str = "7.2", **changes: Any) -> ElementTree.Element:
    return ElementTree.fromstring(configured(BASE.format(version=version), wanted(**changes)))


def one(root: ElementTree.Element, name: str) -> ElementTree.Element:
    found = [node for node in root.iter() if node.tag.endswith("}" + name)]
    assert len(found) == 1, (name, found)
    return found[0]


def test_the_datasource_has_a_name_of_the_environment_instead_of_its_password() -> None:
    source = one(made(), "datasource")
    assert source.get("pool-name") == "clinic"
    assert source.get("jndi-name") == "java:jboss/datasources/clinic"
    assert source.tag == "{urn:jboss:domain:datasources:7.2}datasource"
    assert one(source, "connection-url").text == "jdbc:a://b/c?d&e"
    assert one(source, "security").attrib == {"user-name": "<u>", "password": "${env.WILDFLY_DS_CLINIC_PASSWORD}"}
    assert "secret" not in configured(BASE.format(version="7.2"), wanted())


def test_an_older_namespace_wants_elements_where_a_newer_wants_attributes() -> None:
    security = one(made("7.0"), "security")
    assert security.attrib == {}
    assert [child.text for child in security] == ["<u>", "${env.WILDFLY_DS_CLINIC_PASSWORD}"]


def test_drivers_stand_behind_those_of_the_version() -> None:
    drivers = one(made(), "drivers")
    assert [driver.get("name") for driver in drivers] == ["h2", "pg"]
    assert one(drivers, "driver-class").text == "org.postgresql.Driver"


@pytest.mark.parametrize("name", ["", "java:jboss/datasources/clinic"])
def test_the_default_datasource_is_what_was_said(name: str) -> None:
    assert one(made(default_datasource=name), "default-bindings").get("datasource", "") == name


def test_only_markers_deploy() -> None:
    scanner = one(made(), "deployment-scanner")
    assert scanner.get("auto-deploy-zipped") == "false"
    assert (scanner.get("scan-interval"), scanner.get("deployment-timeout")) == ("1500", "90")


def test_no_tls_with_a_self_signed_certificate_and_an_access_log_where_the_schema_wants_it() -> None:
    root = made()
    assert not [node for node in root.iter() if node.tag.endswith("https-listener")]
    assert one(root, "http-listener").get("redirect-socket") is None
    host = one(root, "host")
    assert [child.tag.partition("}")[2] for child in host] == ["location", "access-log", "http-invoker"]


def test_the_rest_stays_and_the_result_is_the_same_each_time() -> None:
    text = configured(BASE.format(version="7.2"), wanted())
    assert '<subsystem xmlns="urn:wildfly:health:1.0" security-enabled="false"/>' in text
    assert text == configured(BASE.format(version="7.2"), wanted())
    assert "ns0:" not in text


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("<server", "it is no XML"),
        ("<domain/>", "no configuration of a standalone server"),
        ("<server/>", "no deployment-scanner"),
    ],
)
def test_what_is_no_configuration_is_refused(base: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        configured(base, wanted())
