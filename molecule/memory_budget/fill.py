"""Fill so many MB in a process each (arguments), all at the same time; say who was killed."""

import subprocess
import sys

# The kernel shall take these first, whatever else is on the host.
FILL = """
import sys
open("/proc/self/oom_score_adj", "w").write("1000")
memory = b"x" * (int(sys.argv[1]) << 20)
print("full", flush=True)
sys.stdin.read()
"""
processes = {}
for number, size in enumerate(sys.argv[1:]):
    command = [sys.executable, "-c", FILL, size]
    processes[f"{number}: {size} MB"] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
killed = [name for name, process in processes.items() if not process.stdout.readline()]
for process in processes.values():
    process.kill()
    process.wait()
if killed:
    sys.exit("killed " + ", ".join(killed))
