"""Who is told: by variables, by a file, and what is wrong with either, in a line that shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.receivers.settings import PORTS, receivers

WHOLE = """\
schema: 1
language: zh_CN
receivers:
  - {name: on call, format: wecom, url_file: wecom.url, ends: [failed, unreachable], environments: ["*-prod"]}
  - {format: dingtalk, url_file: /dev/stdin-is-not-asked, secret_file: key}
  - {format: feishu, url: "https://open.feishu.cn/open-apis/bot/v2/hook/x", secret_file: key, language: en}
  - format: email
    server: mail.example.com
    security: tls
    user: ann
    password_file: password
    from: lifecycle@example.com
    to: [ann@example.com]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    texts = {"wecom.url": "https://qyapi.weixin.qq.com/x?key=k\n", "key": "SECx\n", "password": "p\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def found(place: Path, text: str) -> tuple[list[str], list[str]]:
    (place / "notify.yml").write_text(text)
    told, wrong = receivers({"LIFECYCLE_NOTIFY_FILE": str(place / "notify.yml")})
    return [one.name for one in told], [line for error in wrong for line in error.lines()]


def test_a_file_names_many_and_one_mistake_silences_one_only(place: Path) -> None:
    names, wrong = found(place, WHOLE)
    assert names == ["on call", "feishu", "email"]
    assert len(wrong) == 1
    assert wrong[0].endswith("notify.yml:5: /dev/stdin-is-not-asked cannot be read: No such file or directory")
    told, _ = receivers({"LIFECYCLE_NOTIFY_FILE": str(place / "notify.yml"), "LIFECYCLE_NOTIFY_URL": "http://x/"})
    assert [(one.format, one.language) for one in told] == [
        ("json", "en"), ("wecom", "zh_CN"), ("feishu", "en"), ("email", "zh_CN"),
    ]  # fmt: skip
    assert told[3].mail is not None
    assert (told[3].mail.port, told[3].secret) == (PORTS["tls"], "p")
    assert "SECx" not in repr(told)
    assert "key=k" not in repr(told)


def test_only_chosen_ends_of_chosen_environments_are_told(place: Path) -> None:
    (place / "notify.yml").write_text(WHOLE)
    on_call = receivers({"LIFECYCLE_NOTIFY_FILE": str(place / "notify.yml")})[0][0]
    assert on_call.wants({"environment": "client-prod", "status": "failed"})
    assert not on_call.wants({"environment": "client-prod", "status": "successful"})
    assert not on_call.wants({"environment": "client-test", "status": "failed"})


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{format: wecom}", "a receiver of format wecom needs one of 'url' and 'url_file'"),
        ("{format: slack, url: ftp://host/SECRET}", "receivers[0].url must be an http or https address"),
        ("{format: slack, url: 'http://[SECRET'}", "receivers[0].url must be an http or https address"),
        ("{format: slack, url_file: key}", "names a file without an http or https address"),
        ("{format: slack, url: http://x/, secret_file: key}", "a receiver of format slack has no 'secret_file'"),
        ("{format: json, url: http://x/, to: [a@b]}", "a receiver of format json has no 'to'"),
        ("{format: teams, url: http://x/}", "receivers[0].format must be "),
        ("{format: json, ulr: http://x/}", "did you mean 'url'?"),
        ("{url: http://x/}", "'format' is missing in receivers[0]; docs/runs.md says what goes there"),
        ("{format: json, url: http://x/, ends: [lost]}", "receivers[0].ends[0] must be "),
        ("{format: email, server: m, from: a@b, url: http://x/}", "a receiver of format email has no 'url'"),
        ("{format: email, from: a@b, to: [a@b]}", "a receiver of format email needs 'server'"),
        ("{format: email, server: m, from: a@b, to: []}", "a receiver of format email needs 'to'"),
        ("{format: email, server: m, from: a@b, to: [a@b], user: u}", "needs 'user' and 'password_file' together"),
        ("{format: email, server: m, from: 'a@b, c@d', to: [a@b]}", "receivers[0].from must be one e-mail address"),
        ('{format: email, server: m, from: "a@b\\nBcc: c@d", to: [a@b]}', "must be one e-mail address"),
        (
            "{format: email, server: m, from: a@b, to: [a@b], user: u, password_file: password, security: none}",
            "sends no password without TLS; say 'security: starttls' or 'tls'",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_its_place(place: Path, entry: str, words: str) -> None:
    names, wrong = found(place, f"schema: 1\nreceivers:\n  - {entry}\n")
    assert names == []
    (line,) = wrong
    assert words in line
    assert "notify.yml:3: " in line
    assert "SECRET" not in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "notify.yml:1: the file is empty"),
        ("schema: 2\nreceivers: [{format: json, url: http://x/}]\n", "this lifecycle reads schema 1"),
        ("schema: 1\nreceivers: []\n", "receivers must not be empty"),
        ("schema: 1\nreceivers: [\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_none(place: Path, text: str, words: str) -> None:
    names, wrong = found(place, text)
    assert names == []
    assert words in wrong[0]
    _, missing = receivers({"LIFECYCLE_NOTIFY_FILE": str(place / "nowhere.yml")})
    assert "cannot be read: No such file" in missing[0].line()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"LIFECYCLE_NOTIFY_URL": "ftp://x/"}, "LIFECYCLE_NOTIFY_URL: is no http or https address"),
        ({"LIFECYCLE_NOTIFY_ON": "broken"}, "'broken' is no status of a run"),
        ({"LIFECYCLE_NOTIFY_KEY_FILE": "/nowhere"}, "cannot be read"),
        ({"LIFECYCLE_NOTIFY_KEY_FILE": "/dev/null"}, "a file without a key"),
        ({"LIFECYCLE_NOTIFY_FORMAT": "teams"}, "LIFECYCLE_NOTIFY_FORMAT: 'teams' is not known; of these: json, slack"),
        ({"LIFECYCLE_NOTIFY_FORMAT": "email"}, "e-mail is told by LIFECYCLE_NOTIFY_FILE"),
        ({"LIFECYCLE_NOTIFY_LANGUAGE": "de"}, "LIFECYCLE_NOTIFY_LANGUAGE: 'de' is not known"),
        (
            {"LIFECYCLE_NOTIFY_FORMAT": "slack", "LIFECYCLE_NOTIFY_KEY_FILE": "key"},
            "of format slack has no key",
        ),
    ],
)
def test_variables_that_cannot_be_meant_are_said_so(place: Path, settings: dict[str, str], words: str) -> None:
    if settings.get("LIFECYCLE_NOTIFY_KEY_FILE") == "key":
        settings = settings | {"LIFECYCLE_NOTIFY_KEY_FILE": str(place / "key")}
    told, wrong = receivers({"LIFECYCLE_NOTIFY_URL": "http://x/"} | settings)
    assert told == []
    assert words in wrong[0].line()
