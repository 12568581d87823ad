#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Have applications deployed in WildFly instances, or what was served before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wildfly_deployment
short_description: Have applications deployed in WildFly instances, or what was served before
description:
  - Replaces an artifact only when its sha256 differs, asks WildFly's deployment scanner by C(.dodeploy) to deploy it,
    and waits for C(.deployed) or C(.failed).
  - When it fails, the artifact that was served before is put back and deployed again, and the module fails with
    WildFly's own words. The other applications are brought to what is wanted all the same.
  - An artifact that was wanted where nothing was served before is removed again when it fails.
  - For an instance that does not run, the artifact is placed and is deployed at its next start.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.2.0
attributes:
  check_mode:
    description: Says what would change.
    support: full
options:
  deployments:
    description: The applications.
    type: list
    elements: dict
    required: true
    suboptions:
      instance:
        description: The instance, as messages call it.
        type: str
        required: true
      directory:
        description: Its C(deployments).
        type: path
        required: true
      name:
        description: File name, such as C(clinic.war).
        type: str
        required: true
      artifact:
        description: The artifact on this host. Needed unless absent.
        type: path
      sha256:
        description: Its digest. Needed unless absent.
        type: str
      state:
        description: Whether it should be served.
        type: str
        choices: [present, absent]
        default: present
      unit:
        description: The instance's unit; an instance that does not run is not waited for.
        type: str
        required: true
      user:
        description: The instance's user.
        type: str
        required: true
      timeout:
        description: Seconds until the scanner must have answered.
        type: int
        default: 150
"""

EXAMPLES = r"""
- name: Have the application served
  impl.lifecycle.wildfly_deployment:
    deployments:
      - instance: clinic
        directory: /var/lib/wildfly-instances/clinic/deployments
        name: clinic.war
        artifact: /opt/wildfly-artifacts/66dd...-clinic.war
        sha256: 66dd00bbacb05bff5aa12832237977dcb5272a6d03f77e3f8a7186f5d1c1f2a9
        unit: wildfly@clinic.service
        user: wildfly
"""

RETURN = r"""
deployed:
  description: What was deployed or placed, as INSTANCE/NAME.
  returned: always
  type: list
  elements: str
removed:
  description: What was taken away.
  returned: always
  type: list
  elements: str
refused:
  description: What could not be deployed, with WildFly's words.
  returned: always
  type: dict
"""

import os
import pwd
import tempfile
from typing import Any, Dict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.wildfly_deployments import Deployment, Outcome


class Work:
    """All applications of one task, one after the other."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.said: Dict[str, Any] = {"deployed": [], "removed": [], "refused": {}}

    def runs(self, unit: str) -> bool:
        argv = ["systemctl", "show", "--property", "ActiveState", "--value", unit]
        return self.module.run_command(argv)[1].strip() in ("active", "reloading")

    def do(self, item: Dict[str, Any]) -> None:
        label = f"{item['instance']}/{item['name']}"
        running = self.runs(item["unit"])
        deployment = Deployment(item["directory"], item["name"])
        if item["state"] == "absent":
            self._withdraw(deployment, item, label, running)
            return
        if deployment.is_current(item["sha256"], running):
            return
        if self.module.check_mode:
            self.said["deployed"].append(label)
            return
        owner = pwd.getpwnam(item["user"])
        deployment.gid = owner.pw_gid
        with tempfile.TemporaryDirectory(prefix="lifecycle-", dir=os.path.dirname(item["directory"])) as aside:
            kept = deployment.keep(aside)
            outcome = self._bring(deployment, item, item["artifact"], aside)
            if outcome.state in ("deployed", "placed"):
                self.said["deployed"].append(label)
                return
            self.said["refused"][label] = outcome.words + self._go_back(deployment, item, kept, aside)

    def _bring(self, deployment: Deployment, item: Dict[str, Any], artifact: str, aside: str) -> Outcome:
        deployment.put(artifact, aside)
        if not self.runs(item["unit"]):
            return Outcome("placed")
        return deployment.wait(item["timeout"], lambda: self.runs(item["unit"]))

    def _go_back(self, deployment: Deployment, item: Dict[str, Any], kept: str, aside: str) -> str:
        if not kept:
            deployment.give_up()
            return "\nNothing was served before it; it was removed again."
        back = self._bring(deployment, item, kept, aside)
        if back.state == "deployed":
            return "\nThe artifact before it was put back and is served."
        return f"\nThe artifact before it was put back, but it is not served: {back.words or back.state}"

    def _withdraw(self, deployment: Deployment, item: Dict[str, Any], label: str, running: bool) -> None:
        if not os.path.exists(deployment.path):
            return
        self.said["removed"].append(label)
        if not self.module.check_mode:
            outcome = deployment.withdraw(running, item["timeout"], lambda: self.runs(item["unit"]))
            if outcome.state != "gone":
                self.said["refused"][label] = outcome.words


def main() -> None:
    """Run as an Ansible module."""
    item = {
        "instance": {"type": "str", "required": True},
        "directory": {"type": "path", "required": True},
        "name": {"type": "str", "required": True},
        "artifact": {"type": "path"},
        "sha256": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "unit": {"type": "str", "required": True},
        "user": {"type": "str", "required": True},
        "timeout": {"type": "int", "default": 150},
    }
    required = [("state", "present", ["artifact", "sha256"])]
    deployments = {"type": "list", "elements": "dict", "required": True, "options": item, "required_if": required}
    module = AnsibleModule(argument_spec={"deployments": deployments}, supports_check_mode=True)
    work = Work(module)
    for wanted in module.params["deployments"]:
        try:
            work.do(wanted)
        except KeyError:
            module.fail_json(msg=f"user {wanted['user']} does not exist", **work.said)
        except OSError as error:
            text = f"{error.filename or wanted['directory']}: {error.strerror or error}"
            module.fail_json(
                msg=f"{wanted['name']} of instance {wanted['instance']} was not deployed, {text}", **work.said
            )
    changed = bool(work.said["deployed"] or work.said["removed"] or work.said["refused"])
    if work.said["refused"]:
        lines = [f"WildFly refused {label}: {words}" for label, words in work.said["refused"].items()]
        module.fail_json(msg="\n".join(lines), changed=changed, **work.said)
    module.exit_json(changed=changed, **work.said)


if __name__ == "__main__":
    main()
