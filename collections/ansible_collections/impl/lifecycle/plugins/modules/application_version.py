#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Place a version of an application on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_version
short_description: Versions of a web application, unpacked on a host
description:
  - Checks the sha256 of a WAR file on the host, unpacks it beside its directory and renames it there.
  - A version that is whole stays untouched. One that was tampered with or half unpacked is unpacked again.
  - Takes the file from the controller or downloads it on the host.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.1.0
attributes:
  check_mode:
    description: Says what would change. The artifact is neither copied nor downloaded.
    support: full
options:
  state:
    description:
      - V(present) has O(version) on the host.
      - V(pruned) removes all but the newest O(keep) versions; one a slot points at always stays.
    type: str
    choices: [present, pruned]
    default: present
  application:
    description: Name of the application.
    type: str
    required: true
  version:
    description: The version. Required for O(state=present).
    type: str
  sha256:
    description: Digest of the artifact. Required for O(state=present).
    type: str
  path:
    description: The artifact on the controller.
    type: path
  url:
    description: The artifact as the host downloads it.
    type: str
  timeout:
    description: Seconds a download may stand still.
    type: int
    default: 30
  group:
    description: Group that may read the files. They belong to root.
    type: str
    default: tomcat
  own_context:
    description: Whether the application's own META-INF/context.xml is kept, as for a WAR file in Tomcat's C(webapps).
    type: bool
    default: true
  context:
    description: Attributes of the application's context, over those of its own META-INF/context.xml.
    type: dict
    default: {}
  keep:
    description: How many versions O(state=pruned) leaves.
    type: int
    default: 3
  root:
    description: Directory of the applications.
    type: path
    default: /opt/lifecycle
  slots:
    description: Glob of the links that say which versions slots use. By default this application's Tomcat instances.
    type: str
"""

EXAMPLES = r"""
- name: Have a version on the host
  impl.lifecycle.application_version:
    application: clinic
    version: 1.1.0
    sha256: 66dd00bbacb05bff5aa12832237977dcb5272a6d03f77e3f8a7186f5d1c1f2a9
    path: /srv/artifacts/clinic-1.1.0.war
"""

RETURN = r"""
path:
  description: The version's directory.
  returned: O(state=present)
  type: str
descriptor:
  description: Content of the Tomcat context file that serves this version.
  returned: O(state=present)
  type: str
removed:
  description: Versions that were removed.
  returned: O(state=pruned)
  type: list
  elements: str
"""

import contextlib
import grp
import os
import tempfile
from typing import Any, Dict, Iterator

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.impl.lifecycle.plugins.module_utils import application as app


@contextlib.contextmanager
def _artifact(versions: app.Versions, params: Dict[str, Any]) -> Iterator[str]:
    """The artifact on this host: brought by the action plugin, or downloaded beside where it is unpacked."""
    if not params["url"]:
        yield params["path"]
        return
    handle, name = tempfile.mkstemp(prefix=".download-", suffix=".tmp", dir=versions.directory)
    try:
        with os.fdopen(handle, "wb") as target:
            answer = open_url(params["url"], timeout=params["timeout"], http_agent="impl.lifecycle")
            for block in iter(lambda: answer.read(app.BLOCK), b""):
                target.write(block)
        yield name
    except OSError as error:
        if app.out_of_space(error) or error.filename:
            raise
        raise app.Unusable(f"{params['url']} cannot be downloaded: {error}") from error
    finally:
        os.unlink(name)


def _there(versions: app.Versions, params: Dict[str, Any], changed: bool) -> Dict[str, Any]:
    descriptor = versions.descriptor(params["version"], params["context"], params["own_context"])
    return {"changed": changed, "path": versions.path(params["version"]), "descriptor": descriptor}


def _present(module: AnsibleModule, versions: app.Versions) -> Dict[str, Any]:
    params = module.params
    version = params["version"]
    if versions.is_whole(version, params["sha256"]):
        return _there(versions, params, changed=False)
    if module.check_mode or not (params["url"] or params["path"]):
        return {"changed": True, "missing": True, "path": versions.path(version), "descriptor": ""}
    gid = grp.getgrnam(params["group"]).gr_gid
    os.makedirs(versions.directory, mode=0o755, exist_ok=True)
    with _artifact(versions, params) as artifact:
        versions.place(version, artifact, params["sha256"], gid)
    return _there(versions, params, changed=True)


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "default": "present", "choices": ["present", "pruned"]},
            "application": {"type": "str", "required": True},
            "version": {"type": "str"},
            "sha256": {"type": "str"},
            "path": {"type": "path"},
            "url": {"type": "str"},
            "timeout": {"type": "int", "default": 30},
            "group": {"type": "str", "default": "tomcat"},
            "own_context": {"type": "bool", "default": True},
            "context": {"type": "dict", "default": {}},
            "keep": {"type": "int", "default": 3},
            "root": {"type": "path", "default": "/opt/lifecycle"},
            "slots": {"type": "str"},
        },
        required_if=[("state", "present", ["version", "sha256"])],
        mutually_exclusive=[("path", "url")],
        supports_check_mode=True,
    )
    versions = app.Versions(module.params["root"], module.params["application"])
    slots = module.params["slots"] or f"/var/lib/tomcat-instances/{module.params['application']}-*/release"
    try:
        if module.params["state"] == "pruned":
            removed = versions.prune(module.params["keep"], slots, module.check_mode)
            module.exit_json(changed=bool(removed), removed=removed)
        module.exit_json(**_present(module, versions))
    except app.Unusable as error:
        module.fail_json(msg=str(error))
    except KeyError:
        module.fail_json(msg=f"group {module.params['group']} does not exist; install the application server first")
    except OSError as error:
        full = app.out_of_space(error)
        where = error.filename or versions.directory
        text = f"the disk is full: {full}" if full else f"{where}: {error.strerror or error}"
        module.fail_json(msg=f"{module.params['application']} {module.params['version']} was not placed, {text}")


if __name__ == "__main__":
    main()
