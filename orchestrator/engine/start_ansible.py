"""Run as `python -P start_ansible.py PROGRAM ARGUMENT...`, never imported: PROGRAM, whose start collects no garbage.

What Ansible loads makes 275 collections that find nothing. They are put off until the callback freezes all that was
loaded, and take place as ever from then on.
"""

from __future__ import annotations

import gc
import runpy
import sys

gc.set_threshold(200_000, 50, 50)

if __name__ == "__main__":
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
