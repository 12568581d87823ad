"""The environment variables an ansible process gets: a list of what is allowed, not what happens to be there."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator.paths import collections_dir

MARKER = "LIFECYCLE_RUN"
# Names of further variables to hand on, separated by commas, for inventories that read them with lookup('env', ...).
PASS_ON = "LIFECYCLE_PASS_ENV"

ALLOWED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SUDO_USER", "SHELL", "TERM", "TMPDIR", "VIRTUAL_ENV", "LIFECYCLE_VAR"),
        *("LANG", "LANGUAGE", "TZ", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "KRB5CCNAME", "GNUPGHOME", "GPG_AGENT_INFO"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    )
)
ALLOWED_PREFIXES = ("ANSIBLE_", "LC_", "XDG_")
# What ansible-runner needs to find its callback and to receive its events.
RUNNER_PREFIXES = ("ANSIBLE_", "AWX_", "RUNNER_", "ORIGINAL_")

CALLBACKS = Path(__file__).parent / "callback"

# A result above this size is dropped by ansible-runner without a word. We cut it ourselves and say so.
MAX_EVENT_RESULT = 64_000_000

# Used where no ansible.cfg speaks: an installed `lifecycle` behaves as in a checkout with its ansible.cfg. It is
# a file, because Ansible takes some of it (internal_poll_interval) from nowhere else.
WITHOUT_CONFIG = Path(__file__).parent / "ansible.cfg"
SYSTEM_CONFIG = Path("/etc/ansible/ansible.cfg")


def inherited(outer: Mapping[str, str]) -> dict[str, str]:
    """What of the operator's environment reaches ansible."""
    named = {name.strip() for name in outer.get(PASS_ON, "").split(",")}
    return {
        name: value
        for name, value in outer.items()
        if name in ALLOWED or name in named or name.startswith(ALLOWED_PREFIXES)
    }


def compose(outer: Mapping[str, str], from_runner: Mapping[str, str], marker: str) -> dict[str, str]:
    """The whole environment of an ansible process: allowed, ours, and what ansible-runner needs."""
    config = config_file(outer)
    ours = {} if config else {"ANSIBLE_CONFIG": str(WITHOUT_CONFIG)}
    needed = {name: value for name, value in from_runner.items() if name.startswith(RUNNER_PREFIXES)}
    return {
        **inherited(outer),
        **needed,
        **ours,
        # Our callback stands on ansible-runner's, which stands on one that prints nothing.
        "ANSIBLE_STDOUT_CALLBACK": "lifecycle_events",
        "ORIGINAL_STDOUT_CALLBACK": "lifecycle_quiet",
        "ANSIBLE_CALLBACK_PLUGINS": os.pathsep.join((str(CALLBACKS), needed.get("ANSIBLE_CALLBACK_PLUGINS", ""))),
        "ANSIBLE_COLLECTIONS_PATH": collections_path(outer, config),
        # ansible-runner switches it off unless it is set.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "MAX_EVENT_RES": str(MAX_EVENT_RESULT),
        MARKER: marker,
    }


def config_file(outer: Mapping[str, str]) -> Path | None:
    """The ansible.cfg that ansible will read, by ansible's own order."""
    named = outer.get("ANSIBLE_CONFIG")
    candidates = [Path(named).expanduser()] if named else []
    if not Path.cwd().stat().st_mode & 0o002:
        candidates.append(Path.cwd() / "ansible.cfg")
    candidates += [Path("~/.ansible.cfg").expanduser(), SYSTEM_CONFIG]
    return next((path for path in candidates if path.is_file()), None)


def collections_path(outer: Mapping[str, str], config: Path | None) -> str:
    """Our own collections first, then those the operator set up."""
    theirs = outer.get("ANSIBLE_COLLECTIONS_PATH") or _configured(config)
    theirs = theirs or "~/.ansible/collections:/usr/share/ansible/collections"
    return os.pathsep.join([str(collections_dir()), theirs])


def _configured(config: Path | None) -> str:
    """collections_path of an ansible.cfg; a relative one counts from the file, as ansible does it."""
    if config is None:
        return ""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(config, encoding="utf-8")
    except configparser.Error:
        return ""
    paths = parser.get("defaults", "collections_path", fallback="").split(os.pathsep)
    return os.pathsep.join(str(config.parent / Path(path).expanduser()) for path in paths if path)
