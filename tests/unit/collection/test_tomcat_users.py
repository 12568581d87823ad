"""Digests as Tomcat's SecretKeyCredentialHandler reads them, stable as long as the passwords are."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.impl.lifecycle.plugins.modules import tomcat_users

WORDS = {"iterations": 1000}


def digests(path: Path, **passwords: str) -> dict[str, str]:
    users = [{"name": name, "password": password} for name, password in passwords.items()]
    found: dict[str, str] = tomcat_users._digests({"files": [{"path": str(path), "users": users}], **WORDS})[str(path)]
    return found


def write(path: Path, **stored: str) -> None:
    users = "".join(f'<user username="{name}" password="{digest}" roles="a"/>' for name, digest in stored.items())
    path.write_text(f'<tomcat-users xmlns="http://tomcat.apache.org/xml" version="1.0">{users}</tomcat-users>')


def test_a_digest_is_salt_iterations_and_key() -> None:
    # Made by Tomcat 10.1 itself: SecretKeyCredentialHandler with PBKDF2WithHmacSHA512 and keys of 256 bits.
    salt = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    said = "000102030405060708090a0b0c0d0e0f$1000$cbf7918f61701e0b3a03477cc0a85e396391e4f8e52995151080f92bc96ba58d"
    assert tomcat_users.digest("p\u00e4ssword", salt, 1000) == said


def test_the_digest_of_the_same_password_stays(tmp_path: Path) -> None:
    path = tmp_path / "tomcat-users.xml"
    first = digests(path, operator="a password", viewer="another")
    write(path, **first)
    assert digests(path, operator="a password", viewer="another") == first


def test_only_the_digest_of_a_changed_password_changes(tmp_path: Path) -> None:
    path = tmp_path / "tomcat-users.xml"
    first = digests(path, operator="a password", viewer="another")
    write(path, **first)
    second = digests(path, operator="changed", viewer="another")
    assert second["viewer"] == first["viewer"]
    assert second["operator"] != first["operator"]


def test_every_digest_has_a_salt_of_its_own(tmp_path: Path) -> None:
    found = digests(tmp_path / "nowhere.xml", operator="the same", viewer="the same")
    assert found["operator"] != found["viewer"]


def test_a_password_in_clear_or_another_count_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "tomcat-users.xml"
    write(path, operator="a password", viewer=tomcat_users.digest("another", b"0" * 16, 999))
    found = digests(path, operator="a password", viewer="another")
    assert all(digest.split("$")[1] == "1000" for digest in found.values())


def test_a_file_that_is_no_xml_is_as_none(tmp_path: Path) -> None:
    path = tmp_path / "tomcat-users.xml"
    path.write_text("<tomcat-users")
    assert set(digests(path, operator="a password")) == {"operator"}
