"""Make `ansible_collections.impl.lifecycle...` importable from this checkout, as Ansible itself would."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLLECTIONS = HERE.parents[2] / "collections"


def _install_finder() -> None:
    from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

    if any(type(finder).__name__ == "_AnsibleCollectionFinder" for finder in sys.meta_path):
        return
    _AnsibleCollectionFinder(paths=[str(COLLECTIONS)])._install()


_install_finder()
sys.path.insert(0, str(HERE))  # helpers shared by tests: --import-mode=importlib leaves the path alone
