#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Have files and unpacked archives on a host, each named by its sha256."""

from __future__ import annotations

DOCUMENTATION = r"""
module: artifact_store
short_description: Have files and unpacked archives on a host, each named by its sha256
description:
  - Checks the sha256 of each artifact on the host before anything of it is used, and puts it in place by a rename.
  - An archive (zip or tar) is unpacked without the one directory that all its files are in. Its files belong to root,
    keep whether they can be run, and are readable by all.
  - What is whole stays untouched. A file with another digest is replaced; an unpacked archive is unpacked again when
    the name, size, time or mode of one of its files changed.
  - Takes the files from the controller, in one go and only those that are missing, or downloads them on the host.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.2.0
attributes:
  check_mode:
    description: Says what would change. Files of the controller are compared with their sha256, nothing is downloaded.
    support: full
options:
  items:
    description: The artifacts.
    type: list
    elements: dict
    default: []
    suboptions:
      dest:
        description: The file, or the directory of an unpacked archive. Directories above it are made.
        type: path
        required: true
      sha256:
        description: Digest of the artifact.
        type: str
        required: true
      path:
        description: The artifact on the controller. Either this or O(items[].url).
        type: path
      url:
        description: Where the host downloads it.
        type: str
      unpack:
        description: Whether it is an archive to be unpacked.
        type: bool
        default: false
      mode:
        description: Mode of a file that is not unpacked.
        type: str
        default: "0644"
  prune:
    description: Where artifacts that nobody needs any more are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      directory:
        description:
          - The directory. Only what this module unpacked there is removed, and files whose name begins with a digest
            and C(-).
        type: path
        required: true
      in_use:
        description: Glob of links; what they point at stays.
        type: str
        default: ""
      keep:
        description: How many others, the newest, stay all the same.
        type: int
        default: 0
  timeout:
    description: Seconds a download may stand still.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Have the server and a driver
  impl.lifecycle.artifact_store:
    items:
      - dest: /opt/wildfly/35.0.1.Final
        path: /srv/artifacts/wildfly-35.0.1.Final.tar.gz
        sha256: 66dd00bbacb05bff5aa12832237977dcb5272a6d03f77e3f8a7186f5d1c1f2a9
        unpack: true
    prune:
      - {directory: /opt/wildfly, in_use: /var/lib/wildfly-instances/*/current, keep: 2}
"""

RETURN = r"""
placed:
  description: What was put in place.
  returned: success
  type: list
  elements: str
removed:
  description: What was removed.
  returned: success
  type: list
  elements: str
"""

import contextlib
import os
import tempfile
from typing import Any, Dict, Iterator, List

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.impl.lifecycle.plugins.module_utils import artifacts
from ansible_collections.impl.lifecycle.plugins.module_utils.application import BLOCK, Unusable, out_of_space


@contextlib.contextmanager
def _artifact(item: Dict[str, Any], timeout: int) -> Iterator[str]:
    """The artifact on this host: brought by the action plugin, or downloaded beside where it belongs."""
    if not item["url"]:
        yield item["path"]
        return
    os.makedirs(os.path.dirname(item["dest"]), mode=0o755, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".download-", suffix=".tmp", dir=os.path.dirname(item["dest"]))
    try:
        with os.fdopen(handle, "wb") as target:
            answer = open_url(item["url"], timeout=timeout, http_agent="impl.lifecycle")
            for block in iter(lambda: answer.read(BLOCK), b""):
                target.write(block)
        yield name
    except OSError as error:
        if out_of_space(error) or error.filename:
            raise
        raise Unusable(f"{item['url']} cannot be downloaded: {error}") from error
    finally:
        os.unlink(name)


def _run(params: Dict[str, Any], check: bool) -> Dict[str, Any]:
    items = params["items"]
    open_items = [item for item in items if not artifacts.is_whole(item["dest"], item["sha256"], item["unpack"])]
    waiting = [item["dest"] for item in open_items if not (item["path"] or item["url"])]
    placed: List[str] = [item["dest"] for item in open_items]
    if waiting and not check:
        return {"changed": True, "missing": waiting, "placed": [], "removed": []}
    if not check:
        for item in open_items:
            with _artifact(item, params["timeout"]) as artifact:
                mode = int(item["mode"], 8)
                artifacts.place(item["dest"], artifact, item["sha256"], item["unpack"], mode, item["url"] or "")
    wanted = [item["dest"] for item in items]
    removed: List[str] = []
    for place in params["prune"]:
        removed += artifacts.prune(place["directory"], place["keep"], place["in_use"], wanted, check)
    return {"changed": bool(placed or removed), "missing": waiting, "placed": placed, "removed": removed}


def main() -> None:
    """Run as an Ansible module."""
    item = {
        "dest": {"type": "path", "required": True},
        "sha256": {"type": "str", "required": True},
        "path": {"type": "path"},
        "url": {"type": "str"},
        "unpack": {"type": "bool", "default": False},
        "mode": {"type": "str", "default": "0644"},
    }
    prune = {
        "directory": {"type": "path", "required": True},
        "in_use": {"type": "str", "default": ""},
        "keep": {"type": "int", "default": 0},
    }
    module = AnsibleModule(
        argument_spec={
            "items": {"type": "list", "elements": "dict", "default": [], "options": item},
            "prune": {"type": "list", "elements": "dict", "default": [], "options": prune},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**_run(module.params, module.check_mode))
    except Unusable as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        full = out_of_space(error)
        module.fail_json(msg=f"the disk is full: {full}" if full else f"{error.filename}: {error.strerror or error}")


if __name__ == "__main__":
    main()
