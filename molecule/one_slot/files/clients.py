"""clients.py URL STOP REPORT: keep-alive clients that never try again, until the file STOP is there, an hour at most.

Writes what they saw: requests, the ones that were lost with their time and reason, and answers by slot.
"""

import collections
import http.client
import json
import sys
import threading
import time
import urllib.parse
from pathlib import Path

CLIENTS = 20
THINK_SECONDS = 0.1
END = time.monotonic() + 3600

url, stop, report = urllib.parse.urlsplit(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
lock = threading.Lock()
seen = collections.Counter()
lost = []


def visit(number: int) -> None:
    """One user: GET and POST in turn, over one connection for as long as the edge keeps it."""
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=40)
    headers = {"Cookie": f"uid=user{number}", "Content-Type": "application/x-www-form-urlencoded"}
    turn = 0
    while not stop.exists() and time.monotonic() < END:
        turn += 1
        method, body = ("POST", "a=1") if turn % 2 else ("GET", None)
        try:
            connection.request(method, url.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            wrong = "" if answer.status == 200 else f"status {answer.status}"
            slot = answer.headers.get("X-Served-By-Slot", "nobody")
            if answer.will_close:
                connection.close()
        except OSError as error:
            wrong, slot = repr(error), "nobody"
            connection.close()
        with lock:
            seen[slot] += 1
            if wrong:
                lost.append({"at": time.strftime("%H:%M:%S"), "user": number, "method": method, "why": wrong})
        time.sleep(THINK_SECONDS)


threads = [threading.Thread(target=visit, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
report.write_text(json.dumps({"requests": sum(seen.values()), "slots": seen, "lost": lost}))
