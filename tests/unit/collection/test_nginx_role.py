"""Role nginx: its files depend on the variables alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "collections/ansible_collections/impl/lifecycle/roles/nginx"


def rendered(vhost: dict[str, Any], release: str = "12", **variables: Any) -> str:
    """Render one virtual host with the default variables."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    environment.filters["combine"] = lambda first, second: {**first, **second}
    environment.filters["bool"] = bool
    known = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    known.update(yaml.safe_load((ROLE / f"vars/Debian_{release}.yml").read_text()))
    known.update(
        ansible_managed="managed",
        __nginx_plain_ports=["80"],
        __nginx_tls_ports=["443"],
        __nginx_tls_directory="/etc/nginx/tls",
        __nginx_self_signed_stems={},
        **variables,
    )
    template = environment.from_string((ROLE / "templates/vhost.conf.j2").read_text())
    return template.render(vhost={"name": "a", **vhost}, **known)


@pytest.mark.parametrize(
    ("release", "directives"),
    [("12", ["listen 443 ssl http2;"]), ("13", ["listen 443 ssl;", "http2 on;"])],
)
def test_http2_is_said_in_the_words_of_the_release(release: str, directives: list[str]) -> None:
    text = rendered(
        {"tls": {"certificate": "c"}}, release, nginx_certificates=[{"name": "c", "certificate_content": "x"}]
    )
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line in directives] == directives
    assert "ssl_certificate_key /etc/nginx/tls/c.key;" in lines
    assert "return 308 https://$host$request_uri;" in lines


def test_a_location_with_its_own_headers_keeps_the_others() -> None:
    text = rendered({"headers": {"X-Site": "1"}, "locations": [{"path": "/own", "headers": {"X-Own": "2"}}]})
    location = text[text.index("location /own") :]
    assert "snippets/lifecycle-headers.conf" in location
    assert 'add_header X-Site "1" always;' in location
    assert 'add_header X-Own "2" always;' in location


@pytest.mark.parametrize(
    ("proxy", "target"), [("clinic", "http://clinic"), ("https://10.0.0.1:8443", "https://10.0.0.1:8443")]
)
def test_a_proxy_is_an_upstream_or_a_url(proxy: str, target: str) -> None:
    assert f"proxy_pass {target};" in rendered({"locations": [{"path": "/", "proxy": proxy}]})
