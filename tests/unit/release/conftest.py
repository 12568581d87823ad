"""An environment with three versions ready to be released."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.delivery import Environment

sys.path.insert(0, str(Path(__file__).parent))  # helpers shared by tests: --import-mode=importlib leaves the path alone

from release_site import make_environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return make_environment(tmp_path)
