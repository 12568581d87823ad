"""Who is told: one receiver by environment variables, any number by the file that LIFECYCLE_NOTIFY_FILE names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.delivery.checking import check
from orchestrator.delivery.shapes import Port, Section, Shape, Text, mistake
from orchestrator.delivery.yamlfile import YamlFile, read_yaml
from orchestrator.errors import LifecycleError, UsageError
from orchestrator.languages import LANGUAGES, Phrase, _, joined
from orchestrator.paths import shown
from orchestrator.records.entities import Status

URL, KEY_FILE, ON = "LIFECYCLE_NOTIFY_URL", "LIFECYCLE_NOTIFY_KEY_FILE", "LIFECYCLE_NOTIFY_ON"
FORMAT, LANGUAGE, FILE = "LIFECYCLE_NOTIFY_FORMAT", "LIFECYCLE_NOTIFY_LANGUAGE", "LIFECYCLE_NOTIFY_FILE"
GUIDE: Final = "docs/runs.md"
POSTED: Final = ("json", "slack", "wecom", "dingtalk", "feishu")
SIGNED: Final = ("json", "dingtalk", "feishu")
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
# `lost` is noticed by a later command, and tells nobody.
Told = Literal["successful", "failed", "unreachable", "incomplete", "canceled", "canceled_unclean"]
# One @, no blank, comma, bracket, quote or control character: nothing that could be a second address or header.
Address = Annotated[str, Shape(r"[!#$%&'*+/=?^`{|}~.\w-]{1,64}@[A-Za-z0-9.-]{1,255}", _("one e-mail address"))]
ServerName = Annotated[str, Shape(r"[A-Za-z0-9.:-]{1,255}", _("a host's name or address"))]


def _web(url: str) -> str:
    """Refused without being shown: the address may hold a token."""
    if not is_web(url):
        raise mistake("shape", _("must be an http or https address"))
    return url


def is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Mail:
    """How a mail is handed in. `security`: starttls, tls, none."""

    server: str
    port: int
    security: str
    sender: str
    recipients: tuple[str, ...]
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom, in which format, of which ends. `secret` is the key, the signing secret, or the mail account's password."""

    name: str
    format: str
    on: frozenset[str]
    url: str = field(default="", repr=False)
    secret: str | None = field(default=None, repr=False)
    mail: Mail | None = None
    language: str = LANGUAGES[0]
    environments: tuple[str, ...] = ()

    def wants(self, body: Mapping[str, Any]) -> bool:
        """Whether this end of this environment is told here."""
        here = not self.environments or any(fnmatchcase(body["environment"], one) for one in self.environments)
        return here and body["status"] in self.on


class Entry(Section):
    """One receiver of the file."""

    name: Text | None = None
    format: Literal["json", "slack", "wecom", "dingtalk", "feishu", "email"]
    # Not `on`, which is true in YAML.
    ends: Annotated[tuple[Told, ...], Field(strict=False)] = ()
    environments: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    language: Literal["en", "zh_CN"] | None = None
    url: Annotated[str, AfterValidator(_web)] | None = None
    url_file: Text | None = None
    secret_file: Text | None = None
    server: ServerName | None = None
    port: Port | None = None
    security: Literal["starttls", "tls", "none"] | None = None
    user: Text | None = None
    password_file: Text | None = None
    sender: Address | None = Field(default=None, alias="from")
    recipients: Annotated[tuple[Address, ...], Field(strict=False)] = Field(default=(), alias="to")

    @model_validator(mode="after")
    def fits_its_format(self) -> Entry:
        mail = {"server", "port", "security", "user", "password_file", "from", "to"}
        given = {(type(self).model_fields[key].alias or key) for key in self.model_fields_set}
        foreign = given & ({"url", "url_file", "secret_file"} if self.format == "email" else mail)
        if self.format not in SIGNED:
            foreign |= given & {"secret_file"}
        if foreign:
            raise _misfit(_("has no '%(key)s'") % {"key": sorted(foreign)[0]}, self.format)
        if self.format != "email" and (self.url is None) == (self.url_file is None):
            raise _misfit(_("needs one of 'url' and 'url_file'"), self.format)
        if self.format == "email":
            self._mail_fits()
        return self

    def _mail_fits(self) -> None:
        for key, value in (("server", self.server), ("from", self.sender), ("to", self.recipients)):
            if not value:
                raise _misfit(_("needs '%(key)s'") % {"key": key}, self.format)
        if (self.user is None) != (self.password_file is None):
            raise _misfit(_("needs 'user' and 'password_file' together"), self.format)
        if self.user is not None and self.security == "none":
            raise _misfit(_("sends no password without TLS; say 'security: starttls' or 'tls'"), self.format)


def _misfit(what: Phrase, format_name: str) -> PydanticCustomError:
    told = {"format": format_name, "what": what}
    return mistake("misfit", _("a receiver of format %(format)s %(what)s") % told)


def _some(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    # Not by min_length, which counts an entry with a mistake as none.
    if not entries:
        raise mistake("shape", _("must not be empty"))
    return entries


class NotifyFile(Section):
    """The file: `schema: 1`, a language for all, and the receivers."""

    schema_: Literal[1] = Field(alias="schema")
    language: Literal["en", "zh_CN"] = "en"
    receivers: Annotated[tuple[Entry, ...], Field(strict=False), AfterValidator(_some)]


def receivers(settings: Mapping[str, str]) -> tuple[list[Receiver], list[LifecycleError]]:
    """Everybody who may be told, and what is wrong with the settings of the others: one mistake silences one only."""
    found: list[Receiver] = []
    wrong: list[LifecycleError] = []
    try:
        one = receiver(settings)
        found += [one] if one else []
    except LifecycleError as error:
        wrong.append(error)
    if settings.get(FILE):
        _from_file(Path(settings[FILE]), found, wrong)
    return found, wrong


def receiver(settings: Mapping[str, str]) -> Receiver | None:
    """Who is told by environment variables; None when nobody is. Raises UsageError for what cannot be meant."""
    url = settings.get(URL)
    if not url:
        return None
    if not is_web(url):
        raise UsageError(_("is no http or https address"), where=URL)
    names = [name.strip() for name in settings.get(ON, "").split(",") if name.strip()]
    unknown = next((name for name in names if name not in list(Status)), None)
    if unknown:
        raise UsageError(
            _("'%(unknown)s' is no status of a run") % {"unknown": unknown},
            where=ON,
            remedy=_("of these: %(known)s") % {"known": ", ".join(Status)},
        )
    form, language = settings.get(FORMAT) or "json", settings.get(LANGUAGE) or LANGUAGES[0]
    for value, known, where in ((form, POSTED, FORMAT), (language, LANGUAGES, LANGUAGE)):
        if value not in known:
            remedy = _("of these: %(known)s") % {"known": ", ".join(known)}
            if value == "email":
                remedy = joined("; ", (remedy, _("e-mail is told by %(file)s") % {"file": FILE}))
            raise UsageError(_("'%(value)s' is not known") % {"value": value}, where=where, remedy=remedy)
    secret = _secret(Path(settings[KEY_FILE]), KEY_FILE, _("a key")) if settings.get(KEY_FILE) else None
    if secret is not None and form not in SIGNED:
        raise UsageError(
            _("a receiver of format %(format)s has no key") % {"format": form},
            where=KEY_FILE,
            remedy=_("leave %(variable)s out") % {"variable": KEY_FILE},
        )
    return Receiver(_("the receiver"), form, frozenset(names or Status), url, secret, language=language)


def _from_file(path: Path, found: list[Receiver], wrong: list[LifecycleError]) -> None:
    try:
        file = read_yaml(path)
        entries = check(file, NotifyFile, guide=GUIDE)
    except LifecycleError as error:
        wrong.append(error)
        return
    for number, entry in enumerate(entries.receivers):
        try:
            found.append(_receiver(entry, entries.language, file, number))
        except LifecycleError as error:
            wrong.append(error)


def _receiver(entry: Entry, language: str, file: YamlFile, number: int) -> Receiver:
    def secret(key: str, what: str) -> str | None:
        name = getattr(entry, key)
        return _secret(file.path.parent / name, file.where(("receivers", number, key)), what) if name else None

    url = entry.url or secret("url_file", _("an address")) or ""
    if entry.format != "email" and not is_web(url):
        raise UsageError(
            _("names a file without an http or https address"), where=file.where(("receivers", number, "url_file"))
        )
    return Receiver(
        entry.name or entry.format,
        entry.format,
        frozenset(entry.ends or Status),
        url,
        secret("secret_file", _("a key")) or secret("password_file", _("a password")),
        _mail(entry) if entry.format == "email" else None,
        entry.language or language,
        entry.environments,
    )


def _mail(entry: Entry) -> Mail:
    security = entry.security or "starttls"
    port = entry.port or PORTS[security]
    return Mail(str(entry.server), port, security, str(entry.sender), entry.recipients, entry.user)


def _secret(file: Path, where: str, what: str) -> str:
    try:
        text = file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or _("it is not UTF-8 text")
        raise UsageError(
            _("%(file)s cannot be read: %(reason)s") % {"file": shown(file), "reason": reason}, where=where
        ) from error
    if not text:
        raise UsageError(_("names a file without %(what)s") % {"what": what}, where=where)
    return text
