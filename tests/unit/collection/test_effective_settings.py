"""What services have set now is read without secrets, from a real PostgreSQL and from answers of the others."""

from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import effective_settings, settings_now

NGINX = """\
nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
# configuration file /etc/nginx/nginx.conf:
user www-data;
worker_processes 2; # two; of them
events { worker_connections 1024; }
http {
    include /etc/nginx/conf.d/*.conf;
    keepalive_timeout 65s;
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_set_header Authorization "Basic planted; }";
    map $a $b { default 1; }
    server { keepalive_timeout 5s; client_max_body_size 1m; }
    gzip on;
}
# configuration file /etc/nginx/mime.types:
gzip off;
# configuration file /etc/nginx/conf.d/limits.conf:
client_max_body_size 20m;
server { client_max_body_size 2m; }
"""
REDIS = {
    "maxmemory": "100", "requirepass": "planted", "masterauth": "planted", "masteruser": "ann",
    "tls-key-file": "/k", "tls-key-file-pass": "planted", "tls-client-key-file-pass": "planted",
    "save": "3600 1  300 100", "appendonly": "no",
}  # fmt: skip


def test_what_may_be_secret_is_left_out_or_hidden() -> None:
    told = effective_settings.redis(REDIS)
    assert told == {"maxmemory": "100", "tls-key-file": "/k", "save": "3600 1 300 100", "appendonly": "no"}
    told = effective_settings.safe(
        {
            "password_encryption": "scram-sha-256",
            "primary_conninfo": "host=db1 password=planted",
            "ssl_passphrase_command": "cat planted",
            "archive_command": "PGPASSWORD=planted push %p",
            "restore_command": "",
            "plugin_url": "https://ann:planted@host/",
            "options": "--token planted",
            "log_line_prefix": "%m [%p] ",
        }
    )
    assert "planted" not in str(told)
    assert told["archive_command"].startswith("sha256 ")
    assert told == {
        "password_encryption": "scram-sha-256", "archive_command": told["archive_command"], "restore_command": "",
        "plugin_url": "(hidden)", "options": "(hidden)", "log_line_prefix": "%m [%p]",
    }  # fmt: skip


def test_nginx_tells_what_it_does_for_all_sites() -> None:
    assert effective_settings.nginx(NGINX) == {
        "worker_processes": "2", "worker_connections": "1024", "keepalive_timeout": "65s", "gzip": "on",
        "ssl_protocols": "TLSv1.2 TLSv1.3", "client_max_body_size": "20m",
    }  # fmt: skip
    assert effective_settings.nginx("") == {}


def test_mariadb_tells_lines_also_where_nothing_is_set() -> None:
    rows = '["sync_binlog", "1"]\n["report_password", "planted"]\n["", ""]\n'
    assert effective_settings.mariadb(rows) == {"sync_binlog": "1"}
    assert effective_settings.mariadb('["", ""]\n') == {}


def test_the_kernel_is_asked_for_what_roles_have_written_down(tmp_path: Path) -> None:
    (tmp_path / "60-lifecycle.conf").write_text(
        "# no\nvm.swappiness = 10\n-net/ipv4/tcp_rmem=1 2 3\n../etc/x = 1\nbad\n"
    )
    proc = tmp_path / "proc" / "sys"
    for name, value in {"vm/swappiness": "60\n", "net/ipv4/tcp_rmem": "4096\t1\t2\n"}.items():
        (proc / name).parent.mkdir(parents=True)
        (proc / name).write_text(value)
    told = settings_now.kernel(str(tmp_path / "*.conf"), str(tmp_path))
    assert told == {"vm.swappiness": "60", "net.ipv4.tcp_rmem": "4096 1 2"}, "as it is, not as the file wants it"


@pytest.fixture
def directory(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The socket's directory of the suite's server. Where the tests are not root, runuser is left out."""
    found = parse_qs(urlsplit(postgresql).query)["host"][0]
    if subprocess.run(["runuser", "-u", "nobody", "--", "true"], check=False, capture_output=True).returncode:
        asked = settings_now.run
        monkeypatch.setattr(settings_now, "run", lambda argv: asked(argv[4:]))
    return found


def ask(directory: str) -> Any:
    return settings_now.postgresql(directory, "nobody", "lifecycle")


def test_a_real_postgresql_tells_what_is_not_its_default(postgresql: str, directory: str) -> None:
    found, unknown = ask(directory)
    assert unknown == {}
    before = found["postgresql"]
    assert before["fsync"] == "off"
    assert before["shared_preload_libraries"] == "pg_stat_statements"
    assert "work_mem" not in before
    assert "max_connections" not in before, "initdb has written it down, and it is the default"
    assert "data_directory" not in before
    assert not {"application_name", "client_encoding"} & set(before), "these are of the one who asks"
    changes = {"work_mem": "9MB", "archive_command": "push --password planted %p", "random_page_cost": "4"}
    with psycopg.connect(postgresql, autocommit=True) as connection:
        try:
            for name, value in {**changes, "primary_conninfo": "host=x password=planted"}.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_sleep(0.3)")
            after = ask(directory)[0]["postgresql"]
        finally:
            for name in (*changes, "primary_conninfo"):
                connection.execute(f"ALTER SYSTEM RESET {name}")
            connection.execute("SELECT pg_reload_conf()")
    new = set(after.items()) - set(before.items())
    assert ("work_mem", "9MB") in new
    assert {name for name, _ in new} == {"work_mem", "archive_command"}, "random_page_cost is the default in any case"
    assert "planted" not in str(after)


def test_a_postgresql_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / ".s.PGSQL.5432"))
        found, unknown = ask(str(tmp_path))
    assert (found, unknown) == ({}, {"postgresql": "the server on port 5432 did not answer"})


@pytest.mark.parametrize("right", [True, False])
def test_redis_is_asked_through_its_socket(tmp_path: Path, right: bool) -> None:
    """Spoken to as Redis 7 answers; the real one is asked in the lab."""
    place, heard = str(tmp_path / "redis.sock"), []

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            heard.append(connection.recv(4096))
            connection.sendall(b"+OK\r\n" if right else b"-WRONGPASS invalid username-password pair\r\n")
            if right:
                heard.append(connection.recv(4096))
                words = [word for pair in REDIS.items() for word in pair]
                connection.sendall(b"*%d\r\n" % len(words))
                connection.sendall(b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words))

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(place)
        server.listen()
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        told, why = settings_now.redis("lifecycle", "hunter22", place)
        thread.join()
    assert b"hunter22" in heard[0]
    if right:
        assert (told["maxmemory"], "requirepass" in told, why) == ("100", False, "")
        assert b"CONFIG" in heard[1]
    else:
        assert (told, why) == ({}, "WRONGPASS invalid username-password pair")
    assert settings_now.redis("lifecycle", "", place + "x") == ({}, "")
