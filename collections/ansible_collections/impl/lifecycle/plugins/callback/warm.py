# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: warm
type: aggregate
short_description: Load once what every task needs
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Ansible forks for every task of every host, and each of these processes loads filters, tests and plugins anew,
    because the process it comes from has not needed them. This loads them there, what modules need before the first.
  - A task that is skipped, or asks its host for little, then takes 30 to 40 % less of the controller's processor.
  - What Jinja made of the expressions in the files of this collection is kept in a directory, so that neither the next
    process nor the next run compiles them anew. Those from other files are not kept, as they may come from a vault.
  - The directories of plugins are listed once, and not for the result of each task on each host.
  - Which files a module imports is found once for the files that nearly all of them import, and not for each module.
  - Prints nothing and changes nothing else.
requirements:
  - enable in configuration (C(callbacks_enabled = impl.lifecycle.warm))
options:
  expressions:
    description:
      - The directory for compiled expressions; it may be deleted at any time. It has to belong to the user who runs
        Ansible, and nobody else may write into it; else it is not used. Empty to keep none.
    type: str
    default: ~/.ansible/impl.lifecycle/expressions
    env:
      - name: IMPL_LIFECYCLE_EXPRESSIONS
    ini:
      - section: callback_warm
        key: expressions
"""

import contextlib
import datetime
import functools
import gc
import glob
import importlib
import io
import os
import types
import zipfile
from pathlib import Path

from ansible.plugins import loader as plugin_loader
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import become_loader, connection_loader, shell_loader
from ansible.template import Templar, trust_as_template

# Its filters and tests are among the common ones; looking any of them up loads all that come with Ansible.
EXPRESSION = "{{ words | map('upper') | join(' ') | length > 0 and words is defined }}"
EXPRESSIONS = "ansible_collections.impl.lifecycle.plugins.plugin_utils.expressions"
PLUGINS = (
    "ansible.plugins.action.command",
    "ansible.plugins.action.gather_facts",
    "ansible.plugins.action.include_vars",
    "ansible.plugins.action.normal",
    "ansible.plugins.action.validate_argument_spec",
    "ansible.plugins.become.sudo",
    "ansible.plugins.connection.ssh",
    "ansible.plugins.shell.sh",
    "ansible_collections.impl.lifecycle.plugins.action.assert_all",
    "ansible_collections.impl.lifecycle.plugins.action.config_transaction",
    "ansible_collections.impl.lifecycle.plugins.action.packages",
)
# To look one of them up reads its directory, and after that none of the others has to be looked for.
DIRECTORIES = ((connection_loader, "local"), (shell_loader, "sh"), (become_loader, "sudo"))
# What these do is done without a module. A play of nothing else does not pay for what modules need.
WITHOUT_MODULE = frozenset(
    (
        *("add_host", "assert", "assert_all", "debug", "environment_marker", "fail", "group_by", "import_playbook"),
        *("import_role", "import_tasks", "include_role", "include_tasks", "include_vars", "meta", "pause", "set_fact"),
        *("set_stats", "validate_argument_spec"),
    )
)


def parse_module_utils():
    """Keep the syntax trees of what modules import, and parse now what every one of them does.

    Before it sends a module, Ansible parses all that it imports, forty files, in a process that then forgets them.
    """
    common = importlib.import_module("ansible.executor.module_common")
    if hasattr(common._compile_module_ast, "cache_info"):
        return
    builder = importlib.import_module("ansible._internal._ansiballz._builder")
    ping = Path(importlib.import_module("ansible.modules.ping").__file__)
    common._compile_module_ast = functools.lru_cache(maxsize=None)(common._compile_module_ast)
    with zipfile.ZipFile(io.BytesIO(), "w") as nowhere:
        now = datetime.datetime.now(datetime.timezone.utc)
        common.recursive_finder(
            "ping", "ansible.modules.ping", ping.read_bytes(), nowhere, now, builder.ExtensionManager()
        )


def list_directories_once():
    """For each result, Ansible lists the directories of connection plugins, to know which facts no host may set.

    A directory that is added later, by a role that brings plugins, is listed when it is first asked for.
    """
    if plugin_loader.glob is glob:
        once = functools.lru_cache(maxsize=None)(glob.glob)
        plugin_loader.glob = types.SimpleNamespace(**{**vars(glob), "glob": once})


def freeze():
    """What is frozen is not walked by the garbage collection that each process makes when it ends."""
    gc.collect()
    gc.freeze()


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "impl.lifecycle.warm"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._has_modules = False

    def v2_playbook_on_start(self, playbook):
        # It only saves time: what cannot be loaded here is loaded, or complained about, by the task that needs it.
        if directory := self.get_option("expressions"):
            with contextlib.suppress(Exception):
                expressions = importlib.import_module(
                    "ansible_collections.impl.lifecycle.plugins.plugin_utils.expressions"
                )
                expressions.install(os.path.expanduser(directory))
        with contextlib.suppress(Exception):
            Templar(loader=None, variables={"words": ["one"]}).template(trust_as_template(EXPRESSION))
        with contextlib.suppress(Exception):
            list_directories_once()
        for loader, name in DIRECTORIES:
            with contextlib.suppress(Exception):
                loader.find_plugin(name)

    def v2_playbook_on_play_start(self, play):
        freeze()

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._have_modules(task)

    def v2_playbook_on_handler_task_start(self, task):
        self._have_modules(task)

    def _have_modules(self, task):
        if self._has_modules or task.action.rpartition(".")[2] in WITHOUT_MODULE:
            return
        self._has_modules = True
        with contextlib.suppress(Exception):
            parse_module_utils()
        for name in PLUGINS:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        freeze()
