"""Role apache: its files depend on the variables alone, and addresses are tried before a reload."""

from __future__ import annotations

import importlib.util
import json
import re
import socket
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle/roles/apache"


def rendered(vhost: dict[str, Any], **variables: Any) -> str:
    """Render one virtual host with the default variables."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    environment.filters.update(
        bool=bool,
        combine=lambda first, second: {**first, **second},
        regex_replace=lambda text, pattern, by: re.sub(pattern, by, text),
        regex_escape=re.escape,
        human_to_bytes=lambda text: int(text[:-1]) << 20,
    )
    environment.tests["match"] = lambda text, pattern: re.match(pattern, text) is not None
    known = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    known.update(
        ansible_managed="managed",
        __apache_htpasswd_directory="/etc/apache2/htpasswd",
        __apache_certificate_paths={"c": ["/c.crt", "/c.key"]},
        **variables,
    )
    template = environment.from_string((ROLE / "templates/vhost.conf.j2").read_text())
    return template.render(vhost={"name": "a", **vhost}, **known)


def test_tls_takes_the_place_of_plain() -> None:
    text = rendered({"server_names": ["a.example", "b.example"], "tls": {"certificate": "c"}})
    assert text.count("<VirtualHost ") == 2
    assert '<VirtualHost *:80>\n    ServerName a.example\n    ServerAlias b.example\n    <Location "/">\n' in text
    assert "SSLCertificateKeyFile /c.key" in text
    assert "Header always set Strict-Transport-Security" in text


@pytest.mark.parametrize(
    ("proxy", "path", "target"),
    [
        ("clinic", "/", "balancer://clinic/"),
        ("clinic", "/app", "balancer://clinic/app"),
        ("http://10.0.0.1:8080", "/app", "http://10.0.0.1:8080/app"),
        ("http://10.0.0.1:8080/other", "/app", "http://10.0.0.1:8080/other"),
    ],
)
def test_the_path_is_passed_as_it_is(proxy: str, path: str, target: str) -> None:
    assert f'ProxyPass "{target}"' in rendered({"locations": [{"path": path, "proxy": proxy}]})


def test_an_alias_stands_alone_and_a_root_has_the_path_behind_it() -> None:
    text = rendered({"locations": [{"path": "/a/", "alias": "/srv/other/"}, {"path": "/b", "root": "/srv"}]})
    assert 'Alias "/a/" "/srv/other/"' in text
    assert 'Alias "/b" "/srv/b"' in text


def test_what_is_not_proxied_is_kept_from_the_proxy_above_it() -> None:
    text = rendered({"locations": [{"path": "/a", "return": "301 /b"}, {"path": "/", "proxy": "clinic"}]})
    assert text.index('<Location "/">') < text.index('<Location "/a">')
    assert 'RedirectMatch 301 "^/a(?:/|$)" "/b"' in text
    assert 'ProxyPass "!"' in text[text.index('<Location "/a">') :]


def test_a_body_that_is_passed_on_has_the_limit_of_the_longest_path() -> None:
    locations = [{"path": "/", "proxy": "clinic"}, {"path": "/large", "proxy": "clinic", "client_max_body_size": "4m"}]
    text = rendered({"client_max_body_size": "1m", "locations": locations})
    large, rest = re.findall(r"\((%\{REQUEST_URI\} =~ .*?) && %\{req_novary:Content-Length\} -gt (\d+)\)", text)
    assert large == ("%{REQUEST_URI} =~ m#^/large(?:/|$)#", str(4 << 20))
    assert rest == ("%{REQUEST_URI} =~ m#^/# && !(%{REQUEST_URI} =~ m#^/large(?:/|$)#)", str(1 << 20))
    assert "<If" not in rendered({"root": "/srv/www"})


def test_both_rules_have_to_be_met() -> None:
    text = rendered({"allow": ["10.0.0.0/8"], "auth": {"users": "staff"}})
    rules = text[text.index("<RequireAll>") : text.index("</RequireAll>")]
    assert "Require ip 10.0.0.0/8" in rules
    assert "Require valid-user" in rules
    assert "AuthUserFile /etc/apache2/htpasswd/staff" in text


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        (["308", "403"], []),
        (["200", "200"], ["http://h/ answers 200"]),
        (["308", "502"], ["https://h/ answers 502"]),
        (["308"], ["https://h/ answers nothing"]),
    ],
)
def test_an_answer_is_wrong_by_its_status(answers: list[str], wrong: list[str]) -> None:
    environment = jinja2.Environment(trim_blocks=True)
    environment.filters["to_json"] = json.dumps
    probe = {"host": "h", "path": "/"}
    probes = [{**probe, "scheme": "http", "status": 308}, {**probe, "scheme": "https", "status": 0}]
    template = environment.from_string((ROLE / "templates/wrong.json.j2").read_text())
    said = template.render(__apache_probes=probes, __apache_answers={"stdout_lines": answers})
    assert json.loads(said) == wrong


@pytest.fixture(scope="module")
def check() -> Any:
    loader = SourceFileLoader("apache_check", str(ROLE / "files/apache-check"))
    spec = importlib.util.spec_from_loader("apache_check", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def test_listen_lines_are_addresses(check: Any) -> None:
    text = "# Listen 1\nListen 80\nListen 10.0.0.1:8080\nListen [::1]:443\n"
    assert list(check.addresses(text)) == [("0.0.0.0", 80), ("10.0.0.1", 8080), ("::1", 443)]


def test_a_taken_address_is_refused(check: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert check.refusal("127.0.0.1", port) == f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert "Cannot assign requested address" in check.refusal("192.0.2.1", 0)
