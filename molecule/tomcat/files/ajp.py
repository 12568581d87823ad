"""Ask over AJP without the secret, with a wrong one and with the right one, which is on stdin: ajp.py PORT PATH."""

import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "/usr/local/libexec/lifecycle")
import tomcat_answers  # noqa: E402

for secret in ("", "not-the-secret-at-all", sys.stdin.read()):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as connection:
        connection.sendall(tomcat_answers.request(sys.argv[2], secret))
        sys.stdout.write(f"{tomcat_answers.status_of(connection)}\n")
