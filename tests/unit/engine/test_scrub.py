"""Known secrets do not get through, and ordinary text does."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.scrub import MASK, SECRET_WORD, SIGNS, Scrubber, looks_secret, secret_values


@pytest.mark.parametrize("name", ["db_password", "API_TOKEN", "secret", "vault_secrets", "tls_private_key", "api_key"])
def test_names_that_look_secret(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["ansible_ssh_private_key_file", "password_encryption", "monkey", "keyboard", "user"])
def test_names_that_do_not(name: str) -> None:
    assert not looks_secret(name)


def test_everything_below_a_secret_name_counts() -> None:
    variables = {"users": [{"name": "ann", "password": "pw-ann"}], "tokens": {"a": ["t1", 22]}, "port": 80}
    assert set(secret_values(variables)) == {"pw-ann", "t1", "22"}


@given(st.from_regex(SECRET_WORD))
def test_no_name_looks_secret_without_a_sign(name: str) -> None:
    assert SIGNS.search(name)


@given(st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4 and "{{" not in text))
def test_a_secret_is_gone_from_json_of_any_nesting(secret: str) -> None:
    scrubber = Scrubber([secret])
    for text in (json.dumps({"a": f"x{secret}y"}), json.dumps({"a": f"x{secret}y"}, ensure_ascii=False)):
        found = json.loads(scrubber.text(text))["a"]
        assert secret.strip() not in found or MASK in found


def test_a_secret_is_found_in_base64_and_in_an_address() -> None:
    scrubber = Scrubber(["p@ss/word"])
    assert scrubber.text(base64.b64encode(b"p@ss/word").decode()).startswith(MASK)
    assert scrubber.text("postgresql://app:p%40ss%2Fword@db/x") == f"postgresql://app:{MASK}@db/x"


def test_lines_of_a_private_key_are_gone_from_a_diff() -> None:
    key = "-----BEGIN-----\nabcdefghijklmnop\nqrstuvwxyz012345\n-----END-----"
    diff = "\n".join("+" + line for line in key.splitlines())
    assert Scrubber([key]).text(diff) == f"+-----BEGIN-----\n+{MASK}\n+{MASK}\n+-----END-----"


def test_the_longer_of_two_secrets_is_taken_out_whole() -> None:
    assert Scrubber(["pass", "password1"]).text("password1 pass") == f"{MASK} {MASK}"


def test_templates_and_short_values_are_no_secrets() -> None:
    assert Scrubber(["{{ vaulted }}", "abc", ""]).text("abc {{ vaulted }}") == "abc {{ vaulted }}"


def test_a_tree_is_scrubbed_in_keys_values_and_numbers() -> None:
    found = Scrubber(["hunter22", "123456"]).tree({"hunter22": ["x hunter22", 123456, True, None]})
    assert found == {MASK: [f"x {MASK}", MASK, True, None]}


def test_what_anchors_repeat_is_looked_at_once() -> None:
    variables: dict[str, object] = {"password": "pw"}
    for _again in range(40):
        variables = {"one": variables, "other": variables, "secrets": [variables]}
    variables["itself"] = variables
    assert set(secret_values(variables)) == {"pw"}
