#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: config_generation
short_description: Bring the configuration of a role back to what it was after one of its last changes
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - M(impl.lifecycle.config_transaction) keeps on the host what it replaces
    (O(impl.lifecycle.config_transaction#module:role)). This module puts it back, as one transaction with the validators
    of that time. It is itself a change with a number, so it can be taken back, too.
  - The next run of the role brings what the inventory asks for. Change the inventory before it.
options:
  role:
    description: The role whose configuration is meant.
    type: str
    required: true
  number:
    description:
      - The change after which the configuration was as it shall be again.
      - 0 is before the role came, and is known even when the changes in between are not kept any more.
    type: int
    required: true
  leave:
    description: Paths that stay as they are.
    type: list
    elements: path
    default: []
  validate_timeout:
    description: Seconds one validator may take.
    type: float
    default: 30
  journal_directory:
    description: Where the host keeps the journal of a transaction under way.
    type: path
    default: /var/lib/lifecycle/transactions
  generations_directory:
    description: Where the host keeps what was replaced.
    type: path
    default: /var/lib/lifecycle/generations
attributes:
  check_mode:
    description: Reports what would change, writes nothing, runs no validator.
    support: full
  diff_mode:
    description: Shows content, owner and mode; secret contents are hidden.
    support: full
"""

EXAMPLES = r"""
- name: Take the last change of nginx back
  impl.lifecycle.config_generation:
    role: nginx
    number: "{{ ansible_facts.ansible_local.lifecycle.roles.nginx.before.configuration }}"
"""

RETURN = r"""
required_action:
  description: The strongest action among what changed, as the role had said it of each file.
  returned: success
  type: str
  sample: reload
changed_files:
  description: Files and links that changed, appeared or went.
  returned: success
  type: list
  elements: str
validator_output:
  description: What the validator said.
  returned: when a validator refused
  type: str
restored:
  description: Whether everything is again what it was.
  returned: failure
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import generations
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_journal as journals
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_state as states


def run(params: dict, check_mode: bool, show_diff: bool) -> dict:
    """Do what the task asks and return its result. Raises PlanError or TransactionError."""
    kept, role = params["generations_directory"], params["role"]
    way = (kept, role, params["number"], params["leave"])
    if check_mode:
        return _result(states.pending_changes(generations.way_back(*way)[0]), show_diff)
    with journals.exclusive(params["journal_directory"], patience=60 + params["validate_timeout"]):
        journals.recover(params["journal_directory"])
        targets, validators = generations.way_back(*way)
        changes = states.pending_changes(targets)
        if changes:
            draft = generations.Draft(kept, role, changes, validators)
            try:
                tx.carry_out(changes, validators, params["validate_timeout"], params["journal_directory"])
            except tx.TransactionError as error:
                draft.discard()
                secrets = [target.wanted.content for target in targets if target.secret]
                raise tx.TransactionError(str(error), tx.mask(error.output, secrets), error.restored) from error
            draft.publish()
    return _result(changes, show_diff)


def _result(changes: list, show_diff: bool) -> dict:
    return {
        "changed": bool(changes),
        "required_action": states.strongest(change.target.on_change for change in changes),
        "changed_files": [change.path for change in changes],
        "diff": [entry for change in changes for entry in states.diff_of(change)] if show_diff else [],
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "role": {"type": "str", "required": True},
            "number": {"type": "int", "required": True},
            "leave": {"type": "list", "elements": "path", "default": []},
            "validate_timeout": {"type": "float", "default": 30},
            "journal_directory": {"type": "path", "default": "/var/lib/lifecycle/transactions"},
            "generations_directory": {"type": "path", "default": generations.ROOT},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module.params, module.check_mode, module._diff)
    except states.PlanError as error:
        module.fail_json(msg=str(error), restored=True)
    except tx.TransactionError as error:
        words = "\n" + error.output if error.output else ""
        module.fail_json(msg=str(error) + words, validator_output=error.output, restored=error.restored)
    except OSError as error:
        module.fail_json(msg="{0}: {1}".format(error.strerror or error, error.filename or ""), restored=True)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
