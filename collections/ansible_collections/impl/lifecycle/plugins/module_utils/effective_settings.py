# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What services have set now: how to ask them, and how their answers read, without anything secret. Pure.

Only what is not a service's own default is told, where the service knows its defaults; then two hosts on which the
same was left alone have nothing to tell, and what somebody set by hand is seen as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, Iterator, List, Mapping, Tuple

Settings = Dict[str, str]

# Not by its source alone: a value that is written down and is the default is no difference.
POSTGRESQL = (
    "SELECT json_build_object('release', current_setting('server_version_num')::int / 10000, 'settings',"
    " (SELECT coalesce(json_object_agg(name, coalesce(current_setting(name, true), setting)), '{}') FROM pg_settings"
    " WHERE source NOT IN ('default', 'override', 'client', 'session') AND setting IS DISTINCT FROM boot_val))"
)
# AUTO: the server has fitted it to the machine by itself.
MARIADB = (
    "SELECT JSON_ARRAY(LOWER(VARIABLE_NAME), GLOBAL_VALUE) FROM information_schema.SYSTEM_VARIABLES"
    " WHERE GLOBAL_VALUE_ORIGIN NOT IN ('COMPILE-TIME', 'AUTO') AND NOT GLOBAL_VALUE <=> DEFAULT_VALUE"
    # So that there is a line, also where all is as it was compiled.
    " UNION ALL SELECT JSON_ARRAY('', '')"
)
# A name that may hold a secret, or in the case of users and connections, whom it belongs to.
SECRET_NAME = re.compile(r"(?i)pass|secret|token|credential|conninfo|auth$|user$|private")
NOT_SECRET = frozenset(("password_encryption",))
SECRET_VALUE = re.compile(r"(?i)(pass|pwd|secret|token|[_-]key)\w*[\s=:]|://[^/\s]*:[^/\s]*@|-----BEGIN")
HIDDEN = "(hidden)"
# What nginx is told for all sites: work, limits, times, TLS. Nothing here can hold a secret.
NGINX = frozenset(
    (
        "worker_processes", "worker_connections", "worker_rlimit_nofile", "multi_accept", "sendfile", "tcp_nopush",
        "tcp_nodelay", "aio", "keepalive_timeout", "keepalive_requests", "keepalive_time", "send_timeout",
        "reset_timedout_connection", "client_max_body_size", "client_body_timeout", "client_body_buffer_size",
        "client_header_timeout", "client_header_buffer_size", "large_client_header_buffers", "server_tokens", "gzip",
        "gzip_comp_level", "gzip_min_length", "gzip_types", "gzip_vary", "gzip_proxied", "ssl_protocols",
        "ssl_ciphers", "ssl_prefer_server_ciphers", "ssl_session_cache", "ssl_session_timeout",
        "ssl_session_tickets", "ssl_stapling", "proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout",
        "proxy_buffering", "proxy_buffers", "proxy_buffer_size", "proxy_http_version", "proxy_next_upstream",
        "proxy_next_upstream_timeout", "proxy_next_upstream_tries", "open_file_cache", "types_hash_max_size",
        "server_names_hash_bucket_size", "variables_hash_max_size",
    )
)  # fmt: skip
NGINX_FILE = re.compile(r"^# configuration file (\S+):$", re.MULTILINE)
NGINX_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#[^\n]*|[{};]|[^\s{};]+")
# Files that nginx reads where `http` stands, as Debian's nginx.conf has it.
NGINX_HTTP = "/etc/nginx/conf.d/"


def postgresql(answer: str) -> Tuple[int, Settings]:
    """Major release and settings out of the answer to POSTGRESQL. Raises ValueError for another answer."""
    told = json.loads(answer)
    return int(told["release"]), safe(told["settings"])


def mariadb(answer: str) -> Settings:
    """The answer to MARIADB, one JSON array a line."""
    rows = [json.loads(line) for line in answer.splitlines() if line.strip()]
    return safe({name: value for name, value in rows if name})


def redis(answer: Mapping[str, str]) -> Settings:
    """The answer to CONFIG GET *, as a dict: Redis does not know its own defaults, so all of it."""
    return safe(answer)


def safe(settings: Mapping[str, Any]) -> Settings:
    """`settings` without secrets: names that may hold one are left out, values that show one hidden.

    Of a command a digest is told: whether it is the same is worth knowing, and what stands in it may be anything.
    """
    told = {}
    for name, value in settings.items():
        text = " ".join(str(value).split())
        if SECRET_NAME.search(name) and name not in NOT_SECRET:
            continue
        if name.endswith("_command") and text:
            text = "sha256 " + hashlib.sha256(text.encode()).hexdigest()[:8]
        told[name] = HIDDEN if SECRET_VALUE.search(text) else text
    return told


def nginx(configuration: str) -> Settings:
    """What `nginx -T` says for all sites, of the directives in NGINX."""
    told = {}
    parts = NGINX_FILE.split(configuration)
    for place in range(1, len(parts), 2):
        path, text = parts[place], parts[place + 1]
        contexts = ("", "events", "http") if path == "/etc/nginx/nginx.conf" else ("",)
        if len(contexts) > 1 or path.startswith(NGINX_HTTP):
            told.update(_directives(text, contexts))
    return told


def _directives(text: str, contexts: Tuple[str, ...]) -> Iterator[Tuple[str, str]]:
    inside: List[str] = []
    words: List[str] = []
    for token in NGINX_TOKEN.findall(text):
        if token.startswith("#"):
            continue
        if token == ";":
            if words and words[0] in NGINX and "/".join(inside) in contexts:
                yield words[0], " ".join(words[1:])
            words = []
        elif token == "{":
            inside.append(words[0] if words else "")
            words = []
        elif token == "}":
            del inside[-1:]
            words = []
        else:
            words.append(token)


def sysctl_names(files: List[str]) -> List[str]:
    """The kernel's settings that files of sysctl.d name, by name and once. `files`: their texts."""
    lines = [line.strip() for text in files for line in text.splitlines()]
    named = [line.partition("=")[0].strip().lstrip("-") for line in lines if line[:1] not in ("", "#", ";")]
    return sorted({name.replace("/", ".") for name in named if re.match(r"^[\w./-]+$", name) and ".." not in name})
