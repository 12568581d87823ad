"""What the tuned edge is compared with, beside it on its host: the distribution's, and its own without the tuning."""

from __future__ import annotations

import shlex

from tests.bench.tuning.conftest import Site

SIDES = {"distribution": "http://127.0.0.1:8099", "untuned": "http://127.0.0.1:8098", "tuned": "http://127.0.0.1"}

# Debian's own files, but for what would meet the other sides': addresses, logs, and the sites of the edge.
DISTRIBUTION = r"""
set -e
rm -rf /root/plain /var/lib/plain-tomcat; mkdir -p /root/plain; cd /root/plain
apt-get -qq update; apt-get -qq install --no-install-recommends wrk >/dev/null
apt-get -qq download nginx-common; dpkg-deb -x nginx-common_*.deb .
sed -e 's|^pid .*|pid /run/plain-nginx.pid;|' -e 's|/var/log/nginx/|/var/log/nginx/plain-|' \
    -e 's|include /etc/nginx/conf.d/.*|server { listen 8099; location / { proxy_pass http://127.0.0.1:8090; } }|' \
    -e '/sites-enabled/d' etc/nginx/nginx.conf > nginx.conf
nginx -c /root/plain/nginx.conf
home=$(ls -d /usr/share/tomcat1?)
install -d -o tomcat -g tomcat /var/lib/plain-tomcat
cd /var/lib/plain-tomcat; mkdir conf webapps temp work logs
cp -r "$home"/etc/* conf; mv /root/demo.war webapps/ROOT.war
sed -i 's/port="8080"/port="8090"/; s/port="8005"/port="-1"/' conf/server.xml
chown -R tomcat:tomcat .
systemd-run --quiet --unit plain-tomcat --uid tomcat --setenv=CATALINA_HOME="$home" --setenv=CATALINA_BASE="$PWD" \
    "$home/bin/catalina.sh" run
"""

# The same edge and the same slot as the roles have made them, in the same sandboxes, without what `tune` has set. The
# requests go into the edge's own log, so that the guard reads them as well. {options}: of the JVM, to be taken away.
UNTUNED = r"""
set -e
for place in /var/lib/tomcat-instances /var/log/tomcat-instances; do cp -a $place/demo-blue $place/demo-untuned; done
cd /var/lib/tomcat-instances/demo-untuned; ln -sfn /var/log/tomcat-instances/demo-untuned logs
sed -i -e 's/port="8080"/port="8091"/' -e 's/maxThreads="[0-9]*"/maxThreads="200"/' \
    -e 's/acceptCount="[0-9]*"/acceptCount="100"/' conf/server.xml
sed -i 's/demo-blue/demo-untuned/g' conf/logging.properties
cd /etc/tomcat-instances
for one in conf env; do
    sed -e 's/demo-blue/demo-untuned/g' -e 's/"8080"/"8091"/' demo-blue.$one > demo-untuned.$one
done
for option in {options}; do sed -i "s/ $option\b//; s/\"$option /\"/" demo-untuned.conf; done
systemctl start tomcat@demo-untuned

mkdir -p /run/untuned; cd /run/untuned
sed -e 's|^pid .*|pid /run/nginx-untuned.pid;|' -e 's/^worker_processes .*/worker_processes auto;/' \
    -e 's/worker_connections .*/worker_connections 768;/' -e '/^worker_rlimit_nofile/d' -e '/open_file_cache/d' \
    -e 's/gzip_comp_level .*/gzip_comp_level 1;/' -e 's/listen 127.0.0.1:8089/listen 127.0.0.1:8088/' \
    -e 's|/etc/nginx/conf.d/\*.conf|/run/untuned/gray.conf|' \
    /etc/nginx/nginx.conf > nginx.conf
sed -e 's/listen 80 /listen 8098 /' -e 's/:8080 max_fails/:8091 max_fails/' /etc/nginx/conf.d/gray-demo.conf > gray.conf
cd /run/systemd/system
sed -e 's|/run/nginx.pid|/run/nginx-untuned.pid|' -e 's|/usr/sbin/nginx|/usr/sbin/nginx -c /run/untuned/nginx.conf|' \
    /lib/systemd/system/nginx.service > nginx-untuned.service
cp -r /etc/systemd/system/nginx.service.d nginx-untuned.service.d
systemctl daemon-reload; systemctl start nginx-untuned
"""

WAIT = r"""
for second in $(seq 60); do
    all=yes
    for port in 8099 8098; do curl -fsS -o /dev/null http://127.0.0.1:$port/health.txt 2>/dev/null || all=; done
    [ $all ] && exit 0; sleep 1
done
journalctl -u plain-tomcat -u tomcat@demo-untuned -u nginx-untuned -n 40; exit 1
"""

# They are not the host's services, whose memory is counted by other tests.
GONE = r"""
systemctl stop plain-tomcat tomcat@demo-untuned nginx-untuned; nginx -c /root/plain/nginx.conf -s stop
systemctl reset-failed plain-tomcat tomcat@demo-untuned nginx-untuned
rm -rf /var/lib/tomcat-instances/demo-untuned /var/log/tomcat-instances/demo-untuned
rm -rf /etc/tomcat-instances/demo-untuned.*
rm -rf /run/untuned /run/systemd/system/nginx-untuned.service*
systemctl daemon-reload
"""


def begin(site: Site) -> None:
    """Have the two other sides answer."""
    tuned = site.tuning()["variables"]
    heap = f"{tuned['app_slot_heap_mb']}m"
    options = [f"-Xms{heap}", f"-Xmx{heap}", *tuned["app_slot_jvm_options"]]
    site("podman", "cp", str(site.directory / "inventory/wars/1.0.0.war"), f"{site.host}:/root/demo.war")
    site.inside("bash", "-c", DISTRIBUTION)
    site.inside("bash", "-c", UNTUNED.format(options=" ".join(shlex.quote(one) for one in options)))
    site.inside("bash", "-c", WAIT)
    left = site.inside("grep", "CATALINA_OPTS", "/etc/tomcat-instances/demo-untuned.conf")
    assert not [one for one in options if one in left], left


def end(site: Site) -> None:
    """Leave the host as it was."""
    site.inside("bash", "-c", GONE)
