"""What Tomcat, Memcached and Apache have set is read off their processes and files, and nothing secret with it."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.impl.lifecycle.plugins.module_utils import settings_files, settings_now

SLOT = [
    "/usr/bin/java", "-Dcatalina.base=/var/lib/tomcat-instances/demo-blue", "-Ddb.password=planted", "-Xmx345m",
    "-Xss512k", "-XX:+UseG1GC", "-XX:-UsePerfData", "-XX:MaxMetaspaceSize=128m", "-XX:OnOutOfMemoryError=mail planted",
    "-Xint", "org.apache.catalina.startup.Bootstrap", "start",
]  # fmt: skip
JVM = {
    "-Xmx": "345m", "-Xss": "512k", "-XX:UseG1GC": "on", "-XX:UsePerfData": "off", "-XX:MaxMetaspaceSize": "128m",
    "-Xint": "on",
}  # fmt: skip
SERVER = """<?xml version="1.0"?>
<Server port="-1"><Service name="Catalina">
  <Connector port="8443" maxThreads="9" SSLEnabled="true" />
  <Connector protocol="AJP/1.3" port="8009" secret="planted" />
  <Connector port="8080" address="127.0.0.1" maxThreads="25" acceptCount="50" keepAliveTimeout="75000" />
</Service></Server>"""
CONTEXT = """<Context><Resource name="jdbc/shop" type="javax.sql.DataSource" username="shop" password="planted"
  url="jdbc:postgresql://db/shop?password=planted" maxTotal="15" maxWaitMillis="5000" /></Context>"""
APACHE = [
    "Timeout 60\nKeepAlive On\nErrorLog planted\n<Directory />\n  LimitRequestBody 5\n</Directory>\n",
    "<IfModule mpm_event_module>\n  MaxRequestWorkers \\\n 400\n</IfModule>\nTimeout 30\n"
    "<VirtualHost *:80>\n<IfModule x>\nKeepAlive Off\n</IfModule>\n</VirtualHost>\n# ServerTokens Full\n",
]


def test_a_jvm_tells_memory_collector_and_compiler_and_no_property() -> None:
    assert settings_files.java(SLOT) == JVM
    assert settings_files.base(SLOT) == "/var/lib/tomcat-instances/demo-blue"
    assert settings_files.base(["/usr/bin/java", "-jar", "x"]) == ""


def test_a_tomcat_tells_its_connectors_and_pools_and_no_password() -> None:
    assert settings_files.tomcat(SERVER) == {
        "connector with TLS maxThreads": "9", "connector of AJP protocol": "AJP/1.3", "connector maxThreads": "25",
        "connector acceptCount": "50", "connector keepAliveTimeout": "75000",
    }  # fmt: skip
    assert settings_files.tomcat(CONTEXT) == {"pool jdbc/shop maxTotal": "15", "pool jdbc/shop maxWaitMillis": "5000"}
    assert settings_files.tomcat("<Server") == {}


def test_a_memcached_tells_its_options() -> None:
    options = ["-u", "memcache", "-m", "64", "-t4", "-S", "-c", "1024", "-l", "127.0.0.1", "-o", "no_modern"]
    told = settings_files.memcached(["/usr/bin/memcached", *options])
    assert told == {"-m": "64", "-t": "4", "-S": "on", "-c": "1024", "-o": "no_modern"}


def test_apache_tells_what_holds_for_all_sites() -> None:
    assert settings_files.apache(APACHE) == {"timeout": "30", "keepalive": "On", "maxrequestworkers": "400"}


def test_two_slots_are_one_service_where_both_have_the_same_set() -> None:
    one, other = {"-Xmx": "1g"}, {"-Xmx": "2g"}
    alike = settings_files.instances({"demo-blue": one, "demo-green": one, "admin": other}, "demo")
    assert alike == {"tomcat demo": one, "tomcat admin": other}
    assert settings_files.instances({"demo-blue": one, "demo-green": other}, "demo") == {
        "tomcat demo-blue": one,
        "tomcat demo-green": other,
    }


def test_what_runs_is_read_off_the_processes_and_their_files(tmp_path: Path) -> None:
    processes, bases, apache = tmp_path / "proc", tmp_path / "bases", tmp_path / "apache2"
    (bases / "demo-blue" / "conf").mkdir(parents=True)
    (bases / "demo-blue" / "conf" / "server.xml").write_text(SERVER)
    (bases / "demo-blue" / "conf" / "context.xml").write_text(CONTEXT)
    slot = [one.replace("/var/lib/tomcat-instances", str(bases)) for one in SLOT]
    stores = [["/usr/bin/memcached", "-p", port, "-m", "64"] for port in ("11211", "11311")]
    for number, command in enumerate([["/sbin/init"], slot, *stores]):
        (processes / str(number + 1)).mkdir(parents=True)
        (processes / str(number + 1) / "cmdline").write_text("\0".join(command) + "\0")
    (processes / "99").mkdir()
    (processes / "99" / "cmdline").write_text("")
    (apache / "mods-enabled").mkdir(parents=True)
    (apache / "apache2.conf").write_text(APACHE[0])
    (apache / "mods-enabled" / "mpm.conf").write_text(APACHE[1])
    commands = settings_now.running(str(processes))
    found = settings_now.tomcat(commands, "demo", str(bases))
    assert found == {"tomcat demo": {**JVM, **settings_files.tomcat(SERVER), **settings_files.tomcat(CONTEXT)}}
    assert settings_now.memcached(commands) == {"memcached 11211": {"-m": "64"}, "memcached 11311": {"-m": "64"}}
    assert settings_now.apache(str(apache)) == settings_files.apache(APACHE)
    assert "planted" not in str(found)
