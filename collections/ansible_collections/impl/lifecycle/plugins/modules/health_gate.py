#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait until an application says that it is well."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health_gate
short_description: Wait until an application answers its health question
description:
  - Asks an address until it answers with the expected status, then warms the application up and asks once more.
  - When the time is over it fails with the last answer and the end of the service's journal. Changes nothing.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.1.0
attributes:
  check_mode:
    description: Asks nothing; the service may not be there.
    support: full
options:
  name:
    description: What is asked, as the message calls it.
    type: str
    required: true
  url:
    description: Address of the health question.
    type: str
    required: true
  status:
    description: Status that means well.
    type: int
    default: 200
  timeout:
    description: Seconds until the answer must be there.
    type: int
    default: 60
  unit:
    description: The systemd unit of the application. When it has ended, nobody waits any longer.
    type: str
    default: ""
  warm_up:
    description: Addresses to be asked before the last health question, so that no user waits for a first compilation.
    type: list
    elements: str
    default: []
  warm_up_rounds:
    description: How often each of them is asked.
    type: int
    default: 3
  log_lines:
    description: How much of the journal a failure shows.
    type: int
    default: 40
"""

EXAMPLES = r"""
- name: Wait for the candidate
  impl.lifecycle.health_gate:
    name: clinic 1.1.0
    url: http://127.0.0.1:8180/health
    unit: tomcat@clinic-green.service
"""

RETURN = r"""
seconds:
  description: How long it took.
  returned: always
  type: float
asked:
  description: How often it was asked.
  returned: always
  type: int
last:
  description: The last answer.
  returned: always
  type: str
log:
  description: End of the unit's journal.
  returned: failure
  type: list
  elements: str
"""

import re
import time
from typing import List

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.http_probe import ask

# Short enough that a slow start costs nobody a second, long enough to leave the CPU to the JVM that starts.
PAUSE = 0.25
ONE_ANSWER = 10
SHOWN = 300
MARKUP = re.compile(r"(?s)<(style|script)\b.*?</\1>|<[^>]*>")


def _spoken(status: int, words: str) -> str:
    text = " ".join(MARKUP.sub(" ", words).split())[:SHOWN]
    return f"{status} {text}".strip() if status else f"no answer ({text})"


class Gate:
    """One wait for one address."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.options = module.params
        self.begun = time.monotonic()
        self.wall = time.time()
        self.asked = 0
        self.last = "nothing yet"

    @property
    def left(self) -> float:
        return self.begun + self.options["timeout"] - time.monotonic()

    def ask(self) -> bool:
        self.asked += 1
        answer = ask(self.options["url"], min(ONE_ANSWER, self.left))
        self.last = _spoken(answer.status, answer.text)
        return answer.status == self.options["status"]

    def ended(self) -> bool:
        """Whether the unit is not running and will not be."""
        if not self.options["unit"]:
            return False
        argv = ["systemctl", "show", "--property", "ActiveState", "--value", self.options["unit"]]
        return self.module.run_command(argv)[1].strip() in ("failed", "inactive")

    def wait(self) -> bool:
        while True:
            if self.ask():
                return True
            if self.left <= PAUSE or self.ended():
                return False
            time.sleep(PAUSE)

    def warm_up(self) -> None:
        for _dummy in range(self.options["warm_up_rounds"]):
            for url in self.options["warm_up"]:
                if self.left > 0:
                    ask(url, min(ONE_ANSWER, self.left))

    def log(self) -> List[str]:
        if not self.options["unit"]:
            return []
        # A minute before the question: the start is what people want to see.
        argv = ["journalctl", "--no-pager", "--output", "cat", "--unit", self.options["unit"]]
        argv += ["--since", f"@{self.wall - 60:.0f}", "--lines", str(self.options["log_lines"])]
        return self.module.run_command(argv)[1].splitlines()

    def result(self) -> dict:
        return {"seconds": round(time.monotonic() - self.begun, 2), "asked": self.asked, "last": self.last}


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
            "status": {"type": "int", "default": 200},
            "timeout": {"type": "int", "default": 60},
            "unit": {"type": "str", "default": ""},
            "warm_up": {"type": "list", "elements": "str", "default": []},
            "warm_up_rounds": {"type": "int", "default": 3},
            "log_lines": {"type": "int", "default": 40},
        },
        supports_check_mode=True,
    )
    gate = Gate(module)
    if module.check_mode:
        module.exit_json(changed=False, **gate.result())
    healthy = gate.wait()
    if healthy and module.params["warm_up"]:
        gate.warm_up()
        healthy = gate.wait()
    if healthy:
        module.exit_json(changed=False, **gate.result())
    log = gate.log()
    reason = f"within {module.params['timeout']} s" if gate.left <= PAUSE else "and its service has ended"
    text = f"{module.params['name']} is not healthy {reason}: GET {module.params['url']} last answered {gate.last}"
    module.fail_json(msg="\n".join([text, *log]), log=log, **gate.result())


if __name__ == "__main__":
    main()
